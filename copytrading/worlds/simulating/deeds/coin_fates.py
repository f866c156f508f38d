"""
What becomes of coins: now and then one is counted anew at the venue, as exchanges do it, or operators halt one.

    suspended ──→ counted anew ──→ trades again     balance, lots, ticks and price turn; orders of before are too old
    in doubt  ──→ judged by two operators           who know the truth, sooner or later

Drawn from a randomness of its own, so that a seed to which nothing of this happens stays the story that it was.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from accounts.models import Balance, LedgerAccount, User
from copytrading.exchange.markets import MarketStatus
from copytrading.models import CoinVerdict, Copy, CopyFlow, Halt, Mark, Market
from copytrading.services.books import profit_shares
from copytrading.services.market import quotes, verdicts
from copytrading.services.refusals import Refusal
from copytrading.services.safety import halts

if TYPE_CHECKING:
    from copytrading.worlds.simulating.world import World

# A coin and how it may be counted anew: those that are worth much become more, the others fewer. Of most of what
# people hold of ETH a part is left over that is no whole unit.
COUNTS = {"BTC": (1, 1_000), "ETH": (4, 125), "SOL": (1_000, 1), "DOGE": (1_000, 1)}
# Longer than an order may be late, and than one may wait to be sent.
SUSPENDED_SECONDS = 75.0
# Everybody has their part of it: of the seeds, and of the occasions.
RECOUNTING_SEEDS, HALTING_SEEDS = 0.5, 0.5
RECOUNT_CHANCE, HALT_CHANCE = 0.12, 0.05
# How soon operators look, at each occasion.
JUDGE_CHANCE, LIFT_CHANCE = 0.35, 0.08
# Halts come when they matter most: while somebody is about to be paid.
HALT_CHANCE_AT_PAYMENTS = 0.4


@dataclass(kw_only=True)
class Recount:
    """A coin that is counted anew: `turned_at` once the venue has done it."""

    old_count: int
    new_count: int
    suspended_at: datetime
    turned_at: datetime | None = None


@dataclass(kw_only=True)
class CoinFates:
    """
    The fates of the coins of one world. `recounts` are by market symbol, one for each coin at most.

    `calm`: nothing new begins any more.
    """

    world: "World"
    random: Random
    recounts: dict[str, Recount] = field(default_factory=dict)
    calm: bool = False

    def __post_init__(self) -> None:
        self.recount_chance = RECOUNT_CHANCE if self.random.random() < RECOUNTING_SEEDS else 0.0
        self.halt_chance = HALT_CHANCE if self.random.random() < HALTING_SEEDS else 0.0

    # -- The venue -----------------------------------------------------------------------------------------------------

    def pass_time(self) -> None:
        """Go on with what the venue does to a coin, or let it begin."""
        changed = False
        for symbol, recount in self.recounts.items():
            is_over = self.world.now >= (recount.turned_at or recount.suspended_at) + timedelta(
                seconds=SUSPENDED_SECONDS
            )
            if recount.turned_at is None and is_over and not self._is_awaited(symbol):
                self._turn(symbol, recount)
                changed = True
            elif recount.turned_at is not None and is_over and symbol in self.world.closed_until:
                del self.world.closed_until[symbol]
                self.world.venue.markets[symbol].paper.status = MarketStatus.TRADING.value
                self.world.note(f"{symbol} trades again, counted anew")
                changed = True
        if self.recount_chance and not self.calm and self.random.random() < self.recount_chance:
            symbol = self.random.choice(sorted(self.world.venue.markets))
            if symbol not in self.recounts and not any(
                order.is_past_its_time and order.sending.symbol == symbol for order in self.world.venue.orders
            ):
                self._suspend(symbol)
                changed = True
        if changed:
            self._list()

    def keep_closed(self) -> None:
        """Leave what is being counted anew closed, whoever opens everything else."""
        self.calm = True
        for symbol, recount in list(self.recounts.items()):
            if recount.turned_at is None:
                del self.recounts[symbol]
            elif self.world.now < recount.turned_at + timedelta(seconds=SUSPENDED_SECONDS):
                self.world.closed_until[symbol] = datetime.max.replace(tzinfo=self.world.now.tzinfo)
                self.world.venue.markets[symbol].paper.status = MarketStatus.SUSPENDED.value

    def _is_awaited(self, symbol: str) -> bool:
        return any(one.sending.symbol == symbol for one in self.world.venue.underway)

    def _suspend(self, symbol: str) -> None:
        base = symbol.partition("-")[0]
        old_count, new_count = COUNTS[base]
        self.recounts[symbol] = Recount(old_count=old_count, new_count=new_count, suspended_at=self.world.now)
        self.world.closed_until[symbol] = datetime.max.replace(tzinfo=self.world.now.tzinfo)
        self.world.venue.markets[symbol].paper.status = MarketStatus.SUSPENDED.value
        self.world.note(f"{symbol} is suspended to be counted anew, {old_count}:{new_count}")

    def _turn(self, symbol: str, recount: Recount) -> None:
        venue, paper = self.world.venue, self.world.venue.markets[symbol].paper
        recount.turned_at = self.world.now
        ratio = Decimal(recount.new_count) / recount.old_count
        units = int(venue.balance[paper.base].scaleb(8)) * recount.new_count // recount.old_count
        venue.balance[paper.base] = Decimal(units).scaleb(-8)
        venue.recounted[symbol] = (recount.old_count, recount.new_count)
        paper.lot_size, paper.tick_size = paper.lot_size * ratio, paper.tick_size / ratio
        self.world.scales[symbol] = self.world.scales.get(symbol, Decimal(1)) / ratio
        self.world.set_price(symbol, self.world.price(symbol) / ratio)
        self.world.note(f"{symbol} is counted anew: {recount.old_count} became {recount.new_count}")

    def _list(self) -> None:
        ended, self.world.swarm.ended = self.world.swarm.ended, True
        quotes.list_markets()
        self.world.swarm.ended = ended
        self.world.crew.committed = True

    # -- The operators -------------------------------------------------------------------------------------------------

    def next_act(self, now: datetime) -> tuple[str, int] | None:
        """
        Return what operators feel like doing, and to which row: "judge" a market, "halt" an asset, "lift" a halt.

        None most of the time. Nothing is drawn where nothing could be done.
        """
        doubted = Mark.objects.filter(doubt__in=Mark.FOR_PEOPLE).order_by("market_id")
        market_ids = list(doubted.values_list("market_id", flat=True))
        if market_ids and self.random.random() < JUDGE_CHANCE:
            return "judge", self.random.choice(market_ids)
        standing = Halt.objects.filter(lifted_at=None, scope=Halt.Scope.ASSET, placed_by__isnull=False).order_by("pk")
        halt_ids = list(standing.values_list("pk", flat=True))
        if halt_ids and self.random.random() < LIFT_CHANCE:
            return "lift", self.random.choice(halt_ids)
        if self.halt_chance and not halt_ids:
            chance = HALT_CHANCE_AT_PAYMENTS if _is_paying(now) else self.halt_chance
            held = Balance.objects.filter(posted__gt=0, ledger_account__kind=LedgerAccount.Kind.COPY)
            coins = held.filter(asset__markets__isnull=False).order_by("asset").values_list("asset", flat=True)
            if coins and self.random.random() < chance:
                return "halt", self.random.choice(list(coins.distinct()))
        return None

    def carry_out(self, act: str, row_id: int, now: datetime) -> object:
        """Do what operators feel like. :raises Refusal: as the service does."""
        first, second = self.world.operators
        if act == "halt":
            return halts.place_halt(
                scope=Halt.Scope.ASSET, target_id=row_id, reason="A look first.", now=now,
                by=User.objects.get(pk=first),
            )  # fmt: skip
        if act == "lift":
            return halts.lift_halt(halt_id=row_id, by=User.objects.get(pk=first), now=now)
        market = Market.objects.get(pk=row_id)
        verdict = CoinVerdict.objects.filter(market=market, done_at=None, withdrawn_at=None).first()
        if verdict is None:
            verdict = self._request(market, User.objects.get(pk=first), now)
        if verdict.approved_at is not None:
            return verdicts.carry_out(verdict_id=verdict.pk, now=now)
        try:
            return verdicts.approve_verdict(verdict_id=verdict.pk, by=User.objects.get(pk=second), now=now)
        except verdicts.VerdictRefused:
            # It was right when it was said; the price has gone on since.
            verdicts.withdraw_verdict(verdict_id=verdict.pk, now=now)
            raise

    def judge_all(self, now: datetime) -> None:
        """Let operators say what they know of every coin in doubt; what is refused is said again at the next look."""
        for market_id in Mark.objects.filter(doubt__in=Mark.FOR_PEOPLE).values_list("market_id", flat=True):
            try:
                self.carry_out("judge", market_id, now)
                self.world.crew.committed = True
            except Refusal as refusal:
                self.world.note(f"operators are refused: {refusal}")

    def is_ahead(self, symbol: str) -> bool:
        """Return whether the venue counts a coin anew already and the platform does not."""
        recount = self.recounts.get(symbol)
        if recount is None or recount.turned_at is None:
            return False
        done = CoinVerdict.objects.filter(market__symbol=symbol, kind=CoinVerdict.Kind.NEW_UNIT, done_at__isnull=False)
        return not done.exists()

    def _request(self, market: Market, by: User, now: datetime) -> CoinVerdict:
        kind, counts = CoinVerdict.Kind.PRICE_RIGHT, {}
        if self.is_ahead(market.symbol):
            kind, recount = CoinVerdict.Kind.NEW_UNIT, self.recounts[market.symbol]
            counts = {"old_count": recount.old_count, "new_count": recount.new_count}
        return verdicts.request_verdict(
            market_id=market.pk, kind=kind, price=self.world.price(market.symbol), reason="So it is.", by=by, now=now,
            **counts,
        )  # fmt: skip


def _is_paying(now: datetime) -> bool:
    """Return whether a reduction or a profit share is to be paid."""
    due = Copy.objects.filter(status__in=Copy.GUARDED, shared_until__lt=profit_shares.last_monday(now))
    return due.exists() or CopyFlow.objects.filter(status=CopyFlow.Status.REQUESTED).exists()
