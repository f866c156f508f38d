"""
What a platform costs while nobody trades: an hour of prices, looks and records, played as fast as it goes.

Leads and copies are written in bulk, already invested: each lead holds ten coins, its copies the same ratios. Then the
hour is played by the timetable of the installation, every ring in its turn, and what the process and its database
backend worked is set against the hour. Needs a database of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from time import perf_counter
from unittest.mock import patch

import numpy as np
from celery import current_app
from django.db import connection, transaction
from django.test.utils import override_settings
from django.utils import timezone

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount, User
from copytrading.exchange import registry
from copytrading.exchange.markets import Quote
from copytrading.exchange.paper import world as paper
from copytrading.models import Copy, Lead, LeadPosition, Market
from copytrading.queries.copies.stop_book import StopBook
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import CASH_DECIMALS, cash_symbol, platform_rules
from copytrading.services import bell
from copytrading.services.books import stops
from copytrading.services.cycle import conducting
from copytrading.services.locks import lock_lead
from copytrading.services.market import quotes as market
from copytrading.worlds.benchmarking.meters import ProcessorClock, metered

PRICES = {
    "BTC": "50000", "ETH": "2500", "SOL": "100", "ADA": "0.5", "XRP": "0.6",
    "DOGE": "0.2", "LTC": "80", "DOT": "6", "LINK": "14", "AVAX": "30",
}  # fmt: skip
CASH_SHARE = 0.1
STAKE = 100_000
# A second of an ordinary market: a price moves by half a tenth of a thousandth.
VOLATILITY = 0.00005
# The leads at rest keep the copies that they were given: none is started beside them.
SETTINGS = {"SMARTSYNC_BELL": True, "SMARTSYNC_REFERENCE_COPY_AMOUNT": 0}


@dataclass(frozen=True, kw_only=True)
class RestFigures:
    """
    What an hour at rest cost. `core_share` is the processor time of this process and its backend by the hour;
    `seconds_of` the same by what was done. A product is holdings times prices of all guarded copies.
    """

    leads: int
    copies: int
    minutes: int
    seconds: float
    processor_seconds: float
    wal_mb: float
    stop_loss_look_ms: float
    stop_loss_sieve_ms: float
    product_ms: float
    seconds_of: dict[str, float] = field(default_factory=dict)

    @property
    def core_share(self) -> float:
        return self.processor_seconds / (self.minutes * 60)

    @property
    def wal_mb_per_minute(self) -> float:
        return self.wal_mb / self.minutes

    @property
    def times_product(self) -> float:
        return self.stop_loss_sieve_ms / self.product_ms


def measure_rest(*, copies: int, leads: int, minutes: int, now: datetime, show: Callable[[str], object]) -> RestFigures:
    """Play some minutes at rest with so many copies, and return what they cost."""
    with override_settings(**SETTINGS):
        rest = Rest(now=now)
        with bell.carried_by(rest):
            rest.gather(leads=leads, copies=copies, show=show)
            return rest.play(minutes=minutes, show=show)


class Rest:
    """A platform at rest. It carries its own rings: those for leads are answered at once, and no page is open."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.random = np.random.default_rng(1)
        self.prices = {symbol: float(price) for symbol, price in PRICES.items()}
        self.book = StopBook()
        self.waiting: list[int] = []
        self.clock: ProcessorClock

    def send(self, task_name: str, *arguments: int) -> None:
        if task_name.endswith(".sync_lead"):
            self.waiting.append(arguments[0])

    def tell(self, messages: object) -> None:
        """Nobody has a page open."""

    # -- The scenery -----------------------------------------------------------------------------------------------

    def gather(self, *, leads: int, copies: int, show: Callable[[str], object]) -> None:
        """Write leads and copies, invested in the same ratios."""
        for symbol in PRICES:
            paper.open_market(
                symbol=f"{symbol}-{cash_symbol()}",
                lot_size=Decimal("0.00001"),
                tick_size=Decimal("0.00001"),
                value_min=Decimal(5),
                level_count=12,
                spread_rate=Decimal("0.0004"),
            )
        market.list_markets()
        self.quote()
        people = self._people("lead", leads)
        rows = Lead.objects.bulk_create(
            [
                Lead(
                    user=person,
                    name=f"Lead {number}",
                    slug=f"lead-{number}",
                    status=Lead.Status.ACTIVE,
                    profit_share_rate=Decimal("0.1"),
                    followers_max=max(copies, 1),
                    applied_at=self.now,
                    started_at=self.now - timedelta(days=1),
                    units_issued=STAKE,
                    looked_at=self.now,
                )
                for number, person in enumerate(people)
            ]
        )
        bases = list(Market.objects.order_by("base_id").values_list("base_id", flat=True))
        LeadPosition.objects.bulk_create([LeadPosition(lead=lead, asset_id=base) for lead in rows for base in bases])
        ends = np.linspace(0, copies, leads + 1).astype(int).tolist()
        for lead, first, last in zip(rows, ends[:-1], ends[1:], strict=True):
            (lead.ledger_account,) = self._funded(
                lead, [lead.user], LedgerAccount.Kind.LEAD, np.array([STAKE], dtype=np.int64), f"lead {lead.pk}"
            )
            self.start_copies(lead, self._people("follower", last - first, first), first=first)
            if lead.pk % 20 == 0:
                show(f"{last:,} of {copies:,} copies")
        Lead.objects.bulk_update(rows, ["ledger_account"], batch_size=1_000)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def start_copies(self, lead: Lead, people: list[User], *, first: int) -> None:
        """Write a copy of a lead for each of some people, from 100 to 1,000 by its number, which `first` begins."""
        invested = 100 + np.arange(first, first + len(people), dtype=np.int64) % 901
        accounts = self._funded(
            lead, people, LedgerAccount.Kind.COPY, invested, f"copies of {lead.pk} for {people[0].pk}"
        )
        units = invested * 10**CASH_DECIMALS
        Copy.objects.bulk_create(
            [
                Copy(
                    follower=person,
                    lead=lead,
                    ledger_account=account,
                    status=Copy.Status.ACTIVE,
                    invested_units=own,
                    paid_in_units=own,
                    issued_units=own,
                    mark_value_units=own,
                    stop_loss_units=own // 5,
                    profit_share_rate=Decimal("0.1"),
                    shared_until=self.now,
                    idempotency_key=f"rest {lead.pk}",
                    started_at=self.now,
                )
                for person, account, own in zip(people, accounts, units.tolist(), strict=True)
            ]
        )

    def _people(self, name: str, count: int, first: int = 0) -> list[User]:
        return User.objects.bulk_create(
            [User(email=f"{name}{first + number}@bench.invalid", password="!") for number in range(count)]
        )

    def _funded(
        self, lead: Lead, people: list[User], kind: LedgerAccount.Kind, values: np.ndarray, key: str
    ) -> list[LedgerAccount]:
        """Open accounts that hold some value (accounts,) each: a tenth in cash, the rest in all coins alike."""
        cash = market_queries.cash_asset()
        accounts = ledger.open_accounts(
            kind=kind, owner_ids=[person.pk for person in people], guard=lead.pk, now=self.now
        )
        ids = np.array([account.pk for account in accounts], dtype=np.int64)
        external = ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=self.now)
        parts = [(cash.pk, cash.symbol, cash.decimals, values * CASH_SHARE)]
        for one in Market.objects.select_related("base").order_by("base_id"):
            quantity = values * (1 - CASH_SHARE) / len(PRICES) / float(PRICES[one.base.symbol])
            parts.append((one.base_id, one.base.symbol, one.base.decimals, quantity))
        lines = []
        for asset_id, symbol, decimals, quantities in parts:
            units = np.round(quantities * 10**decimals).astype(np.int64)
            total = int(units.sum())
            registry.move_paper_money(
                asset=symbol, quantity=Decimal(total).scaleb(-decimals), is_deposit=True, reference=f"{key} {symbol}"
            )
            lines += [Lines.of(ids, asset_id, units), Lines.of([external.pk], asset_id, [-total])]
        with transaction.atomic():
            lock_lead(lead.pk)
            ledger.post(kind=Journal.Kind.DEPOSIT, idempotency_key=key, lines=Lines.join(*lines), now=self.now)
        return accounts

    # -- The hour --------------------------------------------------------------------------------------------------

    def play(self, *, minutes: int, show: Callable[[str], object]) -> RestFigures:
        """Play the timetable second by second, and return what it cost."""
        current_app.loader.import_default_modules()
        entries = [
            (entry["task"].rpartition(".")[2], float(entry["schedule"]))
            for entry in current_app.conf.beat_schedule.values()
            if isinstance(entry["schedule"], int | float)
        ]
        with patch.object(timezone, "now", lambda: self.now):
            # The first look of everything has more to do than all that follow, and memory has to be filled.
            for name, _ in entries:
                self._ring(name)
            self._answer()
            self._look()
            seconds_of: dict[str, float] = {}
            looks: list[float] = []
            self.clock = ProcessorClock()
            with metered() as cost:
                for second in range(1, minutes * 60 + 1):
                    self.now += timedelta(seconds=1)
                    self._timed(seconds_of, "prices", self.quote)
                    looked_at = perf_counter()
                    self._timed(seconds_of, "stop losses", self._look)
                    looks.append(perf_counter() - looked_at)
                    for name, every in entries:
                        if second % every == 0:
                            self._timed(seconds_of, name, lambda name=name: self._ring(name))  # type: ignore[misc]
                    self._timed(seconds_of, "looks at leads", self._answer)
                    if second % 600 == 0:
                        show(f"{second // 60} of {minutes} minutes")
            sieve_ms, product_ms = self._time_sieve()
        return RestFigures(
            leads=Lead.objects.count(),
            copies=Copy.objects.count(),
            minutes=minutes,
            seconds=cost.seconds,
            processor_seconds=cost.processor_seconds,
            wal_mb=cost.wal_mb,
            stop_loss_look_ms=median(looks) * 1000,
            stop_loss_sieve_ms=sieve_ms,
            product_ms=product_ms,
            seconds_of=dict(sorted(seconds_of.items(), key=lambda item: -item[1])),
        )

    def quote(self) -> None:
        """Let every price move a little."""
        for symbol in self.prices:
            self.prices[symbol] *= 1 + float(self.random.normal(0, VOLATILITY))
        quotes = [
            Quote(
                symbol=f"{symbol}-{cash_symbol()}",
                price=Decimal(str(round(price, 5))),
                as_of=self.now,
                source="bench",
            )
            for symbol, price in self.prices.items()
        ]
        market.record_quotes(quotes=quotes, now=self.now)

    def _look(self) -> None:
        stops.check_stop_losses(now=self.now, book=self.book)

    def _ring(self, name: str) -> None:
        current_app.tasks[f"copytrading.tasks.{name}"]()

    def _answer(self) -> None:
        waiting, self.waiting = self.waiting, []
        for lead_id in dict.fromkeys(waiting):
            conducting.sync_one_lead(lead_id=lead_id, clock=lambda: self.now)

    def _timed(self, seconds_of: dict[str, float], name: str, act: Callable[[], object]) -> None:
        start = self.clock.seconds()
        act()
        seconds_of[name] = seconds_of.get(name, 0.0) + self.clock.seconds() - start

    def _time_sieve(self) -> tuple[float, float]:
        """Return the milliseconds of the book's own look in memory, and of a product of its size."""
        board = market_queries.load_board(now=self.now, rules=platform_rules())
        rows = self.book.follow(board)
        prices = np.append(board.unit_prices, 1.0)
        sieve, product = [], []
        for _ in range(31):
            began_at = perf_counter()
            rows.suspects(board.unit_prices)
            between = perf_counter()
            rows.units @ prices
            sieve.append(between - began_at)
            product.append(perf_counter() - between)
        return median(sieve) * 1000, median(product) * 1000
