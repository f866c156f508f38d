"""
Best execution: each order that went to a venue, beside the mid it was decided at and the limit it might not pass.

The difference is in basis points of the mid, and positive where it cost: dearer bought, cheaper sold. Read by the index
of what was booked, from one order on to the next, so that the last page is as quick as the first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from copytrading.engine.units import coins
from copytrading.models import Market, Order
from copytrading.queries.market.board import cash_asset
from copytrading.queries.reports.tables import Cell, Table

ORDERS_A_PAGE = 100
# What is summed up or taken along at once.
DAYS_MAX = 92
ROWS_AT_ONCE = 2_000

COLUMNS = (
    "booked", "order", "lead", "venue", "market", "side", "status", "wanted", "filled", "value", "mid", "limit",
    "limit, bp", "average", "difference, bp", "fee", "fee in the coin", "answered in, ms",
)  # fmt: skip

# An order that was asked about later has only the two times; those that nobody measured are of one reading.
ANSWERED = """coalesce(placed.answer_milliseconds,
    nullif(round(extract(epoch FROM placed.answered_at - placed.claimed_at) * 1000), 0))"""
CHOSEN = """
    placed.booked_at >= %(begins_at)s AND placed.booked_at < %(ends_at)s AND placed.quantity_units > 0
        AND (%(market_id)s::bigint IS NULL OR placed.market_id = %(market_id)s)
        AND (%(venue)s = '' OR placed.venue_account = %(venue)s)
"""
ORDERS = f"""
    SELECT placed.booked_at, placed.id, placed.client_order_id, lead.name, placed.venue_account, market.symbol,
        placed.side, placed.status, placed.quantity_units, placed.filled_units, placed.value_units, placed.price_mid,
        placed.price_limit, placed.fee_units, placed.fee_base_units, base.decimals,
        {ANSWERED}
    FROM copytrading_order AS placed
    JOIN copytrading_market AS market ON market.id = placed.market_id
    JOIN accounts_asset AS base ON base.id = market.base_id
    LEFT JOIN copytrading_synccycle AS cycle ON cycle.id = placed.cycle_id
    LEFT JOIN copytrading_lead AS lead ON lead.id = cycle.lead_id
    WHERE {CHOSEN} AND (placed.booked_at, placed.id) > (%(after_at)s, %(after_id)s)
    ORDER BY placed.booked_at, placed.id LIMIT %(limit)s
"""
TOTALS = f"""
    SELECT (placed.booked_at AT TIME ZONE 'UTC')::date, placed.venue_account, market.symbol,
        count(*), count(*) FILTER (WHERE placed.filled_units > 0),
        count(*) FILTER (WHERE placed.status IN ('REJECTED', 'NOT_PLACED')),
        sum(placed.value_units), sum(placed.fee_units),
        sum(placed.filled_units::numeric / 10::numeric ^ base.decimals * placed.price_mid),
        sum((CASE placed.side WHEN 'BUY' THEN 1 ELSE -1 END) * (placed.value_units / %(cash_unit)s::numeric
            - placed.filled_units::numeric / 10::numeric ^ base.decimals * placed.price_mid)),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY {ANSWERED}),
        percentile_cont(0.95) WITHIN GROUP (ORDER BY {ANSWERED}),
        count(*) FILTER (WHERE placed.filled_units > 0 AND (CASE placed.side WHEN 'BUY' THEN 1 ELSE -1 END)
            * (placed.value_units / %(cash_unit)s::numeric
            - placed.filled_units::numeric / 10::numeric ^ base.decimals * placed.price_limit) > 0.000001)
    FROM copytrading_order AS placed
    JOIN copytrading_market AS market ON market.id = placed.market_id
    JOIN accounts_asset AS base ON base.id = market.base_id
    WHERE {CHOSEN}
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, kw_only=True)
class ExecutionQuestion:
    """Which orders: booked on these UTC days, both included, in one market or at one venue account, or all."""

    first_day: date
    last_day: date
    market_id: int | None = None
    venue: str = ""

    @property
    def arguments(self) -> dict[str, Any]:
        begins_at = datetime.combine(self.first_day, time.min, UTC)
        ends_at = datetime.combine(self.last_day, time.min, UTC) + timedelta(days=1)
        return {"begins_at": begins_at, "ends_at": ends_at, "market_id": self.market_id, "venue": self.venue}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Behind which order a page begins."""

    at: datetime
    order_id: int


BEGINNING = Place(at=datetime.min.replace(year=1970, tzinfo=UTC), order_id=0)


def order_page(question: ExecutionQuestion, *, after: Place = BEGINNING) -> tuple[Table, Place | None]:
    """Return a page of orders, and behind which one the next begins; None at the end."""
    decimals = cash_asset().decimals
    found = _read(question, after, ORDERS_A_PAGE + 1)
    rows = found[:ORDERS_A_PAGE]
    following = Place(at=rows[-1][0], order_id=rows[-1][1]) if len(found) > len(rows) else None
    return _table([_line(row, decimals) for row in rows]), following


def all_orders(question: ExecutionQuestion) -> Table:
    """Return all orders; they are read as they are wanted."""
    return _table(_all_lines(question))


def totals(question: ExecutionQuestion) -> Table:
    """Return the sums by day, venue and market, and the difference weighed by value."""
    cash = cash_asset()
    arguments = {**question.arguments, "cash_unit": 10**cash.decimals}
    with connection.cursor() as cursor:
        cursor.execute(TOTALS, arguments)
        found = cursor.fetchall()
    rows: list[tuple[Cell, ...]] = []
    for day, venue, market, count, filled, refused, value, fee, at_mid, cost, usual, slow, beyond in found:
        rows.append(
            (
                day, venue, market, count, filled, refused, coins(value, cash.decimals), coins(fee, cash.decimals),
                round(Decimal(cost), 4), _points(Decimal(cost) / at_mid) if at_mid else None, beyond,
                _whole(usual), _whole(slow),
            )
        )  # fmt: skip
    return Table(
        name="totals",
        title="By day, venue and market",
        columns=(
            "day", "venue", "market", "orders", "filled", "refused", "value", "fees", "cost against the mid",
            "difference, bp", "beyond their limit", "answered in, ms", "95 % within, ms",
        ),
        rows=rows,
        note=f"In {cash.symbol}. The difference is positive where it cost.",
    )  # fmt: skip


def markets() -> list[tuple[int, str]]:
    """Return the markets to choose from, as (id, symbol)."""
    return list(Market.objects.order_by("symbol").values_list("pk", "symbol"))


def _table(rows: Any) -> Table:
    return Table(
        name="orders",
        title="Orders",
        columns=COLUMNS,
        rows=rows,
        note="The mid is that of the decision. What met inside the platform and left nothing to send is not here.",
    )


def _all_lines(question: ExecutionQuestion) -> Iterator[tuple[Cell, ...]]:
    decimals, place = cash_asset().decimals, BEGINNING
    while found := _read(question, place, ROWS_AT_ONCE):
        for row in found:
            yield _line(row, decimals)
        place = Place(at=found[-1][0], order_id=found[-1][1])


def _read(question: ExecutionQuestion, after: Place, limit: int) -> list[tuple[Any, ...]]:
    arguments = {**question.arguments, "after_at": after.at, "after_id": after.order_id, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(ORDERS, arguments)
        return cursor.fetchall()


def _line(row: tuple[Any, ...], cash_decimals: int) -> tuple[Cell, ...]:
    (
        booked_at, _, client_order_id, lead, venue, market, side, status, wanted, filled, value, mid, limit, fee,
        fee_base, decimals, answered,
    ) = row  # fmt: skip
    sign = 1 if side == Order.Side.BUY else -1
    quantity, paid = coins(filled, decimals), coins(value, cash_decimals)
    average = paid / quantity if quantity else None
    return (
        booked_at, client_order_id, lead or "own order", venue, market, Order.Side(side).label,
        str(Order.Status(status).label), coins(wanted, decimals), quantity, paid, mid, limit,
        _points(sign * (limit / mid - 1)) if mid else None,
        None if average is None else average.quantize(Decimal("1e-8")),
        _points(sign * (average / mid - 1)) if average is not None and mid else None,
        coins(fee, cash_decimals), coins(fee_base, decimals), _whole(answered),
    )  # fmt: skip


def _points(fraction: Decimal) -> Decimal:
    return (fraction * 10_000).quantize(Decimal("0.01"))


def _whole(number: float | Decimal | None) -> int | None:
    return None if number is None else round(number)
