"""
Wicks and true breaches, second by second, through the real services.

Every coin has a lead who holds nothing else, and each lead the same followers, with stop losses from close to far. A
wick lasts at most five seconds, and is over then; a breach stays. What the market does is drawn from a seed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from time import perf_counter

import pytest
from django.db.models import Sum

from accounts.models import Journal, LedgerAccount, Posting, User
from copytrading.exchange.markets import Quote
from copytrading.models import Allocation, Copy, Fill, Lead, Notice
from copytrading.services.books import stops
from copytrading.services.cycle import syncing
from copytrading.services.market import quotes as market
from copytrading.services.safety import reconciling
from tests.cast import World, build_world, usdt
from tests.simulation.test_random_worlds import WORLDS

SEED = 4
COINS = 25
# `make worlds` looks at 500 wicks and 500 breaches.
FOLLOWERS = 20 if WORLDS >= 200 else 4
WICKS = COINS * FOLLOWERS
BREACHES = COINS * FOLLOWERS
WICK_SECONDS_MAX = 5.0
STOPPED_WITHIN_SECONDS = 15
# A fall to a fifth or less may be another unit of the coin, and waits for people: see test_doubts.py.
DEPTH_MAX = 0.79
# Of the coins, so many are quoted by three sources; the others have one, which nobody can contradict.
COINS_OF_THREE_SOURCES = 5
FULL = Decimal(100)

# Seconds since the start of a stretch → what part of its value a coin has then.
Shape = Callable[[float], float]


def wick(random: Random, *, came_twice: bool) -> Shape:
    """Return a coin that is worth less for five seconds or less, some of them for exactly five, and then as before."""
    depth = random.choice([0.9, random.uniform(0.06, 0.09), random.uniform(0.1, 0.9)])
    seconds = random.choice([WICK_SECONDS_MAX, WICK_SECONDS_MAX, random.uniform(0.2, WICK_SECONDS_MAX)])
    is_deep_at_once = random.random() < 0.7

    def part(second: float) -> float:
        if came_twice and second > seconds + 1:
            second -= seconds + 1  # one look at the old price, and down again
        if not 0 <= second <= seconds:
            return 1.0
        return 1 - depth if is_deep_at_once else 1 - depth * (1 - abs(2 * second / seconds - 1) * 0.5)

    return part


def breach(random: Random) -> Shape:
    """Return a coin that falls within three seconds, in one step or in several, and stays there."""
    depth = random.choice([DEPTH_MAX, random.uniform(0.35, DEPTH_MAX)])
    seconds = random.choice([0.0, 0.0, random.uniform(0.5, 3.0)])

    def part(second: float) -> float:
        if second < 0:
            return 1.0
        return 1 - depth if second >= seconds else 1 - depth * second / seconds

    return part


@dataclass
class Street:
    """The coins, their leads and copies, and a clock that goes by the second."""

    world: World
    leads: list[Lead]
    copies: list[Copy]
    symbols: list[str]
    random: Random = field(default_factory=lambda: Random(SEED))

    def play(self, shapes: list[Shape], *, seconds: int) -> None:
        """Let so many seconds pass, each coin by its own shape, a quote a second of every source."""
        began = self.world.now
        # The quotes of a coin come at their own moment of each second; every other one just as it falls.
        lags = [self.random.choice([0.0, self.random.random()]) for _ in self.symbols]
        for _ in range(seconds):
            self.world.now += timedelta(seconds=1)
            quotes = []
            for number, (symbol, shape, lag) in enumerate(zip(self.symbols, shapes, lags, strict=True)):
                as_of = self.world.now - timedelta(seconds=lag)
                price = self.price(shape, as_of=as_of, began=began, lag=lag)
                sources = ("test", "second", "third") if number < COINS_OF_THREE_SOURCES else ("test",)
                quotes += [Quote(symbol=symbol, price=price, as_of=as_of, source=source) for source in sources]
            market.record_quotes(quotes=quotes, now=self.world.now)
            stops.check_stop_losses(now=self.world.now)
            for lead_id in syncing.leads_to_sync(now=self.world.now):
                syncing.sync_lead(lead_id=lead_id, now=self.world.now)

    def price(self, shape: Shape, *, as_of: datetime, began: datetime, lag: float) -> Decimal:
        # The second quote is the first that can show it: a wick of five seconds is then quoted six times.
        part = shape((as_of - began).total_seconds() - 2 + lag)
        return (FULL * Decimal(str(part))).quantize(Decimal("0.01"))

    def statuses(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for status in Copy.objects.values_list("status", flat=True):
            found[status] = found.get(status, 0) + 1
        return found


@pytest.fixture
def street(db: None, settings: object) -> Street:
    settings.SMARTSYNC_SLIPPAGE_CAP = 0.0  # type: ignore[attr-defined]
    settings.SMARTSYNC_LIMIT_CUSHION = 0.0  # type: ignore[attr-defined]
    settings.SMARTSYNC_PRICE_JUMP = 0.1  # type: ignore[attr-defined]
    symbols = [f"C{number:02}" for number in range(COINS)]
    coin = {"price": str(FULL), "lot_size": "0.001", "tick_size": "0.01", "level_value": "20000"}
    world = build_world(smooth=True, coins=dict.fromkeys(symbols, coin))
    leads = []
    for number, symbol in enumerate(symbols):
        user = User.objects.create_user(f"lead{number}@example.org", "correct horse battery")
        leads.append(world.make_lead(user, name=f"Lead {number}", stake="1000"))
        world.lead_trades(leads[-1], symbol, "BUY", "9.5")
    world.settle()
    copies = []
    for number in range(FOLLOWERS):
        follower = User.objects.create_user(f"follower{number}@example.org", "correct horse battery")
        world.deposit(follower, "5000")
        # From 5 % of the investment to a quarter of it.
        stop_loss = usdt(5 + number % 5 * 5)
        copies += [world.start(follower, lead, "100", stop_loss_units=stop_loss) for lead in leads]
    world.settle()
    return Street(world=world, leads=leads, copies=copies, symbols=[f"{symbol}-USDT" for symbol in symbols])


@pytest.mark.django_db
class TestTheTotalStopLoss:
    def test_sleeps_through_wicks_and_stops_at_true_breaches(self, street: Street) -> None:
        began = perf_counter()
        for stretch in range(WICKS // COINS):
            came_twice = stretch % 4 == 0
            shapes = [wick(street.random, came_twice=came_twice) for _ in street.symbols]
            street.play(shapes, seconds=15 if came_twice else 9)
        after_wicks = street.statuses()
        wicks_took = perf_counter() - began

        cash_before = dict(
            Posting.objects.filter(ledger_account__kind=LedgerAccount.Kind.COPY, asset__symbol="USDT")
            .values_list("ledger_account_id")
            .annotate(units=Sum("units"))
        )
        shapes = [breach(street.random) for _ in street.symbols]
        breached_at = street.world.now + timedelta(seconds=1)
        street.play(shapes, seconds=16)

        assert after_wicks == {Copy.Status.ACTIVE: BREACHES}
        assert street.statuses() == {Copy.Status.STOPPED: BREACHES}
        stopped = list(Copy.objects.select_related("ledger_account"))
        waits = sorted((copy.stopped_at - breached_at).total_seconds() for copy in stopped if copy.stopped_at)
        print(  # noqa: T201
            f"\n{WICKS} wicks over {COINS * FOLLOWERS} copies: 0 stopped."
            f" {BREACHES} breaches: {len(waits)} stopped and paid out, after {waits[len(waits) // 2]:g} s in the middle"
            f" and {waits[-1]:g} s at most. {wicks_took:.1f} s of work for the wicks,"
            f" {perf_counter() - began - wicks_took:.1f} s for the breaches."
        )
        assert waits[-1] <= STOPPED_WITHIN_SECONDS
        assert {copy.stop_reason for copy in stopped} == {Copy.StopReason.STOP_LOSS}
        self.check_payouts(stopped, cash_before)
        assert reconciling.check_ledger().is_clean

    def check_payouts(self, stopped: list[Copy], cash_before: dict[int, int]) -> None:
        """Hold every payout against the cash that was there, the copy's share of the fills, and its dust."""
        sold = Allocation.objects.filter(quantity_units__lt=0, ledger_account__kind=LedgerAccount.Kind.COPY)
        proceeds: dict[int, int] = {}
        for share in sold:
            proceeds[share.ledger_account_id] = (
                proceeds.get(share.ledger_account_id, 0) + share.value_units - share.fee_units
            )
        dust = dict(
            Posting.objects.filter(
                journal__kind=Journal.Kind.DUST, asset__symbol="USDT", ledger_account__kind=LedgerAccount.Kind.COPY
            )
            .values_list("ledger_account_id")
            .annotate(units=Sum("units"))
        )
        for copy in stopped:
            account = copy.ledger_account_id
            expected = cash_before[account] + proceeds[account] + dust.get(account, 0)
            assert copy.paid_out_units == expected, copy
            assert Notice.objects.get(copy=copy, kind=Notice.Kind.COPY_STOPPED).units == expected
        returned = Posting.objects.filter(
            journal__kind=Journal.Kind.COPY_PAYOUT, ledger_account__kind=LedgerAccount.Kind.MAIN
        )
        assert returned.aggregate(units=Sum("units"))["units"] == sum(copy.paid_out_units for copy in stopped)
        # A fill is its quantity at the quoted price, to the unit.
        for fill in Fill.objects.filter(order__side="SELL"):
            assert fill.value_units == int(fill.quantity_units * fill.price)
