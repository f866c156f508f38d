"""
What a month does to a platform: cycle after cycle of one lead, and whether the last cost what the first did.

Everything grows meanwhile: orders, allocations, journals, postings. Balances, positions and leads do not, they are
written over and over, so their tables are weighed against a copy of them without a gap. Needs a database of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import cycle
from statistics import median

from django.db import connection
from django.test.utils import override_settings

from accounts.models import Posting
from copytrading.models import LeadOrder
from copytrading.services.safety import reconciling
from copytrading.worlds.benchmarking.crowd import CROWD_SETTINGS, LEAD_STAKE, PRICES, Crowd
from copytrading.worlds.benchmarking.meters import Cost, metered

TRADE_VALUE = Decimal(LEAD_STAKE) / 50
# So many cycles at either end are compared: a round of purchases and sales, which do not cost the same.
ENDS = 2 * len(PRICES)
REWRITTEN = (
    "accounts_balance",
    "accounts_hold",
    "copytrading_copy",
    "copytrading_lead",
    "copytrading_leadposition",
    "copytrading_order",
)


@dataclass(frozen=True, kw_only=True)
class MonthFigures:
    """
    Medians of the first and the last cycles, in milliseconds by the wall and by the processor.

    `bloat_of` is by table the part of its pages that a copy without a gap would not need.
    """

    cycles: int
    copies: int
    postings: int
    seconds: float
    first: Cost
    last: Cost
    is_clean: bool
    bloat_of: dict[str, float] = field(default_factory=dict)

    @property
    def growth(self) -> float:
        return self.last.seconds / self.first.seconds

    @property
    def growth_processor(self) -> float:
        return self.last.processor_seconds / self.first.processor_seconds


def measure_month(*, cycles: int, copies: int, now: datetime, show: Callable[[str], object]) -> MonthFigures:
    """Let a lead trade so many times and return what became of a cycle's cost. Owns its commits."""
    costs: list[Cost] = []
    with override_settings(**CROWD_SETTINGS):
        crowd = Crowd(copies=copies, now=now)
        show(f"Bringing in {copies:,} copies ...")
        crowd.gather()
        # What is bought in one round is sold in the next, so nobody runs out of anything.
        rounds = cycle([(side, symbol) for side in (LeadOrder.Side.BUY, LeadOrder.Side.SELL) for symbol in PRICES])
        for number, (side, symbol) in zip(range(cycles), rounds, strict=False):
            crowd.lead_trades(symbol, side, value=TRADE_VALUE)
            with metered() as cost:
                crowd.sync()
            costs.append(cost)
            if (number + 1) % 100 == 0:
                show(f"{number + 1:,} of {cycles:,} cycles")
    ends = min(ENDS, max(cycles // 2, 1))
    return MonthFigures(
        cycles=cycles,
        copies=copies,
        postings=Posting.objects.count(),
        seconds=sum(cost.seconds for cost in costs),
        first=_median(costs[:ends]),
        last=_median(costs[-ends:]),
        is_clean=reconciling.check_ledger().is_clean,
        bloat_of={table: _bloat(table) for table in REWRITTEN},
    )


def _median(costs: list[Cost]) -> Cost:
    return Cost(
        seconds=median(cost.seconds for cost in costs),
        processor_seconds=median(cost.processor_seconds for cost in costs),
        statements=round(median(cost.statements for cost in costs)),
        wal_mb=median(cost.wal_mb for cost in costs),
    )


def _bloat(table: str) -> float:
    """Return which part of a table's pages a copy of it, filled as far as it is to be, does not need."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(array_to_string(reloptions, ', '), '') FROM pg_class WHERE relname = %s", [table]
        )
        (options,) = cursor.fetchone()
        fillfactor = ", ".join(one for one in options.split(", ") if one.startswith("fillfactor"))
        cursor.execute(f"CREATE TABLE weighed (LIKE {table}){f' WITH ({fillfactor})' if fillfactor else ''}")
        cursor.execute(f"INSERT INTO weighed SELECT * FROM {table}")
        cursor.execute("SELECT pg_relation_size('weighed'), pg_relation_size(%s::regclass)", [table])
        needed, taken = cursor.fetchone()
        cursor.execute("DROP TABLE weighed")
    return 1 - needed / taken if taken else 0.0
