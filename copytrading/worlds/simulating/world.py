"""
The world of one seed: a clock that we hold, markets with true prices, a feed that quotes them, leads and followers.

Time only moves when the story says so. The feed quotes every market at each move, unless its prices are stale, and
now and then tells a price at which nothing was traded.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.exchange.markets import MarketStatus, Quote
from copytrading.exchange.paper.models import PaperMarket
from copytrading.models import Lead, Market
from copytrading.queries.rules import platform_rules
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import observing
from copytrading.services.leads import orders as lead_orders
from copytrading.services.leads import verbs as leads
from copytrading.services.market import quotes as market
from copytrading.services.wallet import transfers
from copytrading.worlds.simulating.deeds.coin_fates import CoinFates
from copytrading.worlds.simulating.deeds.gifts import Gifts
from copytrading.worlds.simulating.deeds.limit_orders import LimitDeeds
from copytrading.worlds.simulating.deeds.loss_limits import LossLimitDeeds
from copytrading.worlds.simulating.deeds.own_accounts import OwnDeeds
from copytrading.worlds.simulating.rings import RingQueue
from copytrading.worlds.simulating.rules.of_copies import Press
from copytrading.worlds.simulating.swarm import Swarm
from copytrading.worlds.simulating.venue import SimulatedVenue
from copytrading.worlds.simulating.venue_orders import ORDINARY_LEVEL_VALUE, THIN_LEVEL_VALUE, SimulatedMarket
from copytrading.worlds.simulating.workers import Crew

# A Sunday night, so that a story of an hour or two may pass the end of a week.
BEGINS_AT = datetime(2026, 1, 4, 21, 0, tzinfo=UTC)
CASH = "USDT"
UNIT = 10**8
COINS = {
    "BTC": ("50000", "0.00001", "0.01"),
    "ETH": ("2500", "0.0001", "0.01"),
    "SOL": ("100", "0.01", "0.01"),
    "DOGE": ("0.2", "1", "0.00001"),
}
PRICE_MIN_FACTOR, PRICE_MAX_FACTOR = Decimal("0.05"), Decimal(20)


@dataclass(kw_only=True)
class World:
    """Everything around the platform. `presses` are the keys that people used, `log` what happened, line by line."""

    random: Random
    swarm: Swarm
    crew: Crew
    now: datetime = BEGINS_AT
    log: list[str] = field(default_factory=list)
    presses: dict[str, Press] = field(default_factory=dict)
    stale_until: dict[str, datetime] = field(default_factory=dict)
    closed_until: dict[str, datetime] = field(default_factory=dict)
    people: list[int] = field(default_factory=list)
    lead_users: list[int] = field(default_factory=list)
    operators: list[int] = field(default_factory=list)
    coin_random: Random = field(default_factory=lambda: Random(0))
    gift_random: Random = field(default_factory=lambda: Random(0))
    limit_random: Random = field(default_factory=lambda: Random(0))
    loss_random: Random = field(default_factory=lambda: Random(0))
    own_random: Random = field(default_factory=lambda: Random(0))
    has_own_accounts: bool = False
    # What a coin is worth beside what it began with, by market, since it was counted anew.
    scales: dict[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.venue = SimulatedVenue(swarm=self.swarm, clock=self.clock, point=self.crew.point)
        self.fates = CoinFates(world=self, random=self.coin_random)
        self.gifts = Gifts(world=self, random=self.gift_random)
        self.limit_deeds = LimitDeeds(world=self, random=self.limit_random)
        self.loss_limit_deeds = LossLimitDeeds(world=self, random=self.loss_random)
        self.own_deeds = OwnDeeds(world=self, random=self.own_random, is_there=self.has_own_accounts)
        if self.has_own_accounts:
            # What owners have at the exchange would be counted anew there by nobody.
            self.fates.recount_chance = 0.0
        self.rings = RingQueue(swarm=self.swarm, clock=self.clock, point=self.crew.point)

    def clock(self) -> datetime:
        """Return the true time."""
        return self.now

    def note(self, line: str) -> None:
        """Write a line of the log."""
        self.log.append(f"{self.now:%a %H:%M:%S.%f}"[:-3] + f"  {line}")

    def press(self, table: str, units: int | None = None) -> str:
        """Return a new key that somebody presses a button with."""
        key = f"key-{len(self.presses) + 1}"
        self.presses[key] = Press(table=table, units=units)
        return key

    # -- The market ----------------------------------------------------------------------------------------------------

    def open_markets(self, symbols: list[str]) -> None:
        """List markets at the venue and quote them."""
        fee_rate = platform_rules().fee_rate
        for symbol in symbols:
            price, lot_size, tick_size = COINS[symbol]
            self.venue.markets[f"{symbol}-{CASH}"] = SimulatedMarket(
                paper=PaperMarket(
                    symbol=f"{symbol}-{CASH}",
                    base=symbol,
                    quote=CASH,
                    lot_size=Decimal(lot_size),
                    tick_size=Decimal(tick_size),
                    value_min=Decimal(5),
                    fee_rate=fee_rate,
                    spread_rate=Decimal("0.0004"),
                    level_gap_rate=Decimal("0.0003"),
                    level_value=ORDINARY_LEVEL_VALUE,
                    level_count=12,
                    status=MarketStatus.TRADING.value,
                )
            )
            self.set_price(f"{symbol}-{CASH}", Decimal(price))
        market.list_markets()
        self.feed()

    def pass_time(self, seconds: float) -> None:
        """Let time pass: orders that are on their way arrive, prices move and are told."""
        self.now += timedelta(seconds=seconds)
        for order in self.venue.let_arrive():
            self.note(f"order {order.sending.client_order_id} arrives late and fills {order.filled_quantity}")
        volatility = min(0.0004 * max(seconds, 1.0) ** 0.5, 0.08)
        for symbol in sorted(self.venue.markets):
            move = self.random.gauss(0, volatility)
            if self.swarm.strikes("price jump") and self.random.random() < 0.25:
                move += self.random.choice([-1, 1]) * self.random.uniform(0.02, 0.35)
                self.note(f"{symbol} jumps by {move:+.1%}")
            self._move(symbol, Decimal(str(round(1 + max(move, -0.9), 6))))
        self._open_and_close()
        self.fates.pass_time()
        self.gifts.pass_time()
        self.own_deeds.pass_time()
        self.feed()

    def feed(self) -> None:
        """Tell the platform the prices, as far as the feed works."""
        quotes = []
        for symbol in sorted(self.venue.markets):
            if self.swarm.strikes("stale prices") and self.random.random() < 0.2:
                self.stale_until[symbol] = self.now + timedelta(seconds=self.random.uniform(5, 60))
                self.note(f"{symbol} is not quoted for a while")
            if self.stale_until.get(symbol, self.now) > self.now:
                continue
            price = self.price(symbol)
            if self.swarm.strikes("wick") and self.random.random() < 0.2:
                price = self._rounded(symbol, price * Decimal(str(round(self.random.uniform(0.2, 1.6), 3))))
                self.note(f"{symbol} is told at {price}, a price that nobody traded at")
            quotes.append(Quote(symbol=symbol, price=price, as_of=self.now, source="feed"))
        if quotes:
            market.record_quotes(quotes=quotes, now=self.now)
            self.crew.committed = True

    def price(self, symbol: str) -> Decimal:
        """Return the true price of a market."""
        price = self.venue.markets[symbol].paper.price
        assert price is not None, "a market is opened with its price"
        return price

    def calm_down(self) -> None:
        """End all faults: markets are open, deep and quoted."""
        self.swarm.ended = True
        self.stale_until.clear()
        self.closed_until.clear()
        for symbol in self.venue.markets:
            self.venue.markets[symbol].paper.status = MarketStatus.TRADING.value
        self.fates.keep_closed()
        market.list_markets()

    def _open_and_close(self) -> None:
        changed = False
        for symbol in sorted(self.venue.markets):
            paper = self.venue.markets[symbol].paper
            if symbol in self.closed_until and self.closed_until[symbol] <= self.now:
                del self.closed_until[symbol]
                paper.status, changed = MarketStatus.TRADING.value, True
                self.note(f"{symbol} trades again")
            elif symbol not in self.closed_until and self.swarm.strikes("market suspended"):
                self.closed_until[symbol] = self.now + timedelta(seconds=self.random.uniform(3, 120))
                paper.status = MarketStatus.SUSPENDED.value
                # Sometimes we are told, and sometimes the venue just refuses.
                changed |= self.random.random() < 0.5
                self.note(f"{symbol} is suspended")
        if changed:
            ended, self.swarm.ended = self.swarm.ended, True
            market.list_markets()
            self.swarm.ended = ended
            self.crew.committed = True

    def _move(self, symbol: str, factor: Decimal) -> None:
        first = Decimal(COINS[symbol.partition("-")[0]][0]) * self.scales.get(symbol, Decimal(1))
        price = min(max(self.price(symbol) * factor, first * PRICE_MIN_FACTOR), first * PRICE_MAX_FACTOR)
        self.set_price(symbol, price)

    def set_price(self, symbol: str, price: Decimal) -> None:
        """Let a true price come, with a fresh book around it."""
        thin = self.swarm.strikes("thin book")
        self.venue.markets[symbol].set_price(
            self._rounded(symbol, price), now=self.now, level_value=THIN_LEVEL_VALUE if thin else ORDINARY_LEVEL_VALUE
        )

    def _rounded(self, symbol: str, price: Decimal) -> Decimal:
        tick = self.venue.markets[symbol].paper.tick_size
        return max((price / tick).to_integral_value() * tick, tick)


def populate(world: World) -> None:
    """Let leads and followers come, with their money; some follow from the beginning. Nothing fails meanwhile."""
    random, swarm = world.random, world.swarm
    ended, swarm.ended = swarm.ended, True
    world.open_markets(sorted(random.sample(sorted(COINS), random.choice([2, 3, 3, 4]))))
    transfers.fund_dust_account(now=world.now)
    for number in range(1, random.choice([1, 2, 2]) + 1):
        _bring_lead(world, number, is_observed=random.random() < (0.6 if number == 2 else 0.25))
    for number in range(1, random.choice([2, 3, 4]) + 1):
        person = User.objects.create_user(f"follower{number}@simulation.invalid")
        world.people.append(person.pk)
        _deposit(world, person, random.choice([2_000, 10_000, 50_000]))
    world.pass_time(1)
    _start_first_copies(world)
    world.operators = [
        User.objects.create_user(f"operator{number}@simulation.invalid", is_staff=True).pk for number in (1, 2)
    ]
    world.own_deeds.begin()
    swarm.ended = ended


def _bring_lead(world: World, number: int, *, is_observed: bool) -> None:
    person = User.objects.create_user(f"lead{number}@simulation.invalid")
    world.lead_users.append(person.pk)
    lead = leads.apply_as_lead(
        user=person,
        name=f"Lead {number}",
        bio="",
        tags=[],
        profit_share_rate=Decimal(str(world.random.choice([0, 0.1, 0.1, 0.3]))),
        followers_max=100,
        now=world.now,
        source=Lead.Source.OBSERVED if is_observed else Lead.Source.PLATFORM,
    )
    leads.approve_lead(lead_id=lead.pk, now=world.now)
    stake = world.random.choice([5_000, 20_000]) * UNIT
    if is_observed:
        key = world.press("lead_flows", stake)
        observing.observe_flow(lead_id=lead.pk, units=stake, idempotency_key=key, now=world.now)
    else:
        _deposit(world, person, 50_000)
        key = world.press("lead_flows", stake)
        leads.deposit_to_lead(lead_id=lead.pk, units=stake, idempotency_key=key, now=world.now)
    # The first money is no change of ratios that anybody follows yet.
    Lead.objects.filter(pk=lead.pk).update(settling_until=None)
    symbol = world.random.choice(sorted(world.venue.markets))
    price, units = world.price(symbol), int(stake * world.random.uniform(0.1, 0.6))
    traded = Market.objects.get(symbol=symbol)
    quantity = int(Decimal(units) / price) // traded.lot_units * traded.lot_units
    if is_observed:
        observing.observe_trade(
            lead_id=lead.pk,
            asset_id=traded.base_id,
            signed_units=quantity,
            cash_units=-int(quantity * price * (1 + platform_rules().fee_rate)) - 1,
            now=world.now,
        )
        return
    lead_orders.submit_lead_order(
        lead_id=lead.pk,
        market_id=traded.pk,
        side="BUY",  # type: ignore[arg-type]
        quantity_units=quantity,
        idempotency_key=world.press("lead_orders", quantity),
        now=world.now,
    )


def _deposit(world: World, person: User, value: int) -> None:
    key = world.press("transfers", value * UNIT)
    transfers.deposit(user=person, units=value * UNIT, idempotency_key=key, now=world.now)


def _start_first_copies(world: World) -> None:
    first_lead = Lead.objects.order_by("pk").first()
    assert first_lead is not None, "there is a lead"
    for user_id in world.people[:2]:
        units = world.random.choice([137, 1_000]) * UNIT
        copies.start_copy(
            follower=User.objects.get(pk=user_id),
            lead_id=first_lead.pk,
            investment_units=units,
            terms=Terms(),
            idempotency_key=world.press("copies", units),
            now=world.now,
        )
