"""
Two thousand linked accounts, each looked at twice: coins listed here or not, in all places of the account, under the
exchange's names, and marks that run on between the looks. What is expected is computed here in fractions, from what
the account really did, and never from what the platform made of it.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction

import numpy as np
import pytest

from accounts.models import Asset, User
from copytrading.engine.holdings import weights
from copytrading.engine.holdings.balance_changes import BalanceChange, PriceRange
from copytrading.engine.holdings.portfolios import LeadPortfolio
from copytrading.engine.market.board import Board
from copytrading.engine.units import units_of
from copytrading.exchange.live.holdings import Holdings, Place, PriceBoard, own_names
from copytrading.exchange.live.own_trades import OwnTrade
from copytrading.models import Copy, Lead, LeadFlow
from copytrading.services.leads import observing, places, untraded
from copytrading.services.leads.observing import Sight
from copytrading.services.leads.places import Places
from copytrading.services.leads.untraded import Untraded
from tests.cast import World
from tests.elsewhere import Elsewhere, connect, look

ACCOUNTS = 2_000
# For what is no claim of the platform in itself.
FEW = 500
SEED = 20_261_129
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
STEP = Decimal(1).scaleb(-8)
DECIMALS = 8
LISTED = ("BTC", "ETH", "SOL", "XRP", "BNB", "LDO")
ELSEWHERE = ("USDC", "EUR", "PEPE", "WBETH", "BTCUP", "O")
FEE_RATES = (Decimal(0), Decimal("0.00075"), Decimal("0.001"))


def rounded(quantity: Decimal) -> Decimal:
    return quantity.quantize(STEP, rounding=ROUND_DOWN)


@dataclass
class Account:
    """An account at Binance as its owner knows it: quantities by place and coin, and a price for everything."""

    chance: random.Random
    prices: dict[str, Decimal]
    kept: dict[Place, dict[str, Decimal]] = field(default_factory=lambda: {place: {} for place in Place})
    low: dict[str, Decimal] = field(default_factory=dict)
    high: dict[str, Decimal] = field(default_factory=dict)
    trades: list[OwnTrade] = field(default_factory=list)
    fees: Decimal = Decimal(0)

    @property
    def spot(self) -> dict[str, Decimal]:
        return self.kept[Place.SPOT]

    def add(self, place: Place, coin: str, quantity: Decimal) -> None:
        self.kept[place][coin] = self.kept[place].get(coin, Decimal(0)) + quantity
        assert self.kept[place][coin] >= 0

    def total_of(self, coin: str) -> Decimal:
        own = sum((quantities.get(coin, Decimal(0)) for quantities in self.kept.values()), Decimal(0))
        return own + (self.spot.get(f"LD{coin}", Decimal(0)) if coin != "O" else 0)

    def worth(self) -> Fraction:
        """Return everything in USDT, as the owner would add it up."""
        return sum(
            (Fraction(self.total_of(coin)) * Fraction(price) for coin, price in self.prices.items()), Fraction(0)
        )

    def look(self) -> None:
        """Begin to count what happens from here."""
        self.low, self.high = dict(self.prices), dict(self.prices)
        self.trades = []

    def prices_run(self) -> None:
        """Let all marks run for a second."""
        for coin in [*self.prices][1:]:
            swing = 0.002 if coin in ("USDC", "EUR") else self.chance.choice((0.001, 0.01, 0.03))
            factor = Decimal(repr(round(1 + self.chance.uniform(-swing, swing), 6)))
            # What is not traded here has no marks between two looks, and runs less far in ten seconds.
            if coin not in LISTED:
                factor = 1 + (factor - 1) / 10
            self.prices[coin] = (self.prices[coin] * factor).quantize(STEP)
            self.low[coin] = min(self.low[coin], self.prices[coin])
            self.high[coin] = max(self.high[coin], self.prices[coin])

    def trade(self, base: str, quote: str, *, is_buy: bool, share: float, fee_in: str) -> bool:
        """Trade a share of what is at hand for the present price; False where there is nothing to give."""
        price = self.prices[base] / self.prices[quote]
        given = rounded(self.spot.get(quote if is_buy else base, Decimal(0)) * Decimal(repr(round(share, 4))))
        quantity = rounded(given / price / Decimal("1.002")) if is_buy else given
        value = rounded(quantity * price)
        if quantity <= 0 or value * self.prices[quote] < 5:
            return False
        fee_rate = self.chance.choice(FEE_RATES)
        paid = {"quote": value / price * price, "base": quantity}[fee_in] if fee_in != "BNB" else None
        coin = {"quote": quote, "base": base, "BNB": "BNB"}[fee_in]
        fee = value * self.prices[quote] / self.prices["BNB"] * fee_rate if paid is None else paid * fee_rate
        fee = rounded(fee)
        if fee_in == "BNB" and (coin in (base, quote) or self.spot.get("BNB", Decimal(0)) < fee):
            fee = Decimal(0)
        sign = 1 if is_buy else -1
        self.add(Place.SPOT, base, sign * quantity)
        self.add(Place.SPOT, quote, -sign * value)
        self.add(Place.SPOT, coin, -fee)
        self.trades.append(
            OwnTrade(
                base=base,
                quote=quote,
                base_quantity=sign * quantity,
                quote_quantity=-sign * value,
                fee_coin=coin,
                fee_quantity=fee,
                executed_at=NOON + timedelta(seconds=len(self.trades)),
            )
        )
        return True

    def moves_within(self) -> None:
        """Move something to another place of the account, or into flexible Earn, which Binance names LD…."""
        coins = [coin for coin, quantity in self.spot.items() if quantity > 0 and not coin.startswith("LD")]
        coin = self.chance.choice(coins)
        quantity = rounded(self.spot[coin] * Decimal(repr(round(self.chance.uniform(0.1, 1), 3))))
        self.add(Place.SPOT, coin, -quantity)
        # A claim on O would be called LDO, which is another coin; no exchange lists both.
        target = self.chance.choice((Place.FUNDING, Place.EARN, Place.SPOT)[: 2 if coin == "O" else 3])
        self.add(target, f"LD{coin}" if target is Place.SPOT else coin, quantity)

    def holdings(self) -> dict[str, Decimal]:
        """Return what the platform reads of it."""
        held = Holdings(by_place={place: dict(quantities) for place, quantities in self.kept.items()})
        pairs = {f"{coin}USDT": price for coin, price in self.prices.items() if coin != "USDT"}
        board = PriceBoard(cash="USDT", prices=pairs)
        return own_names(held.totals(), exchange="binance", trades=lambda coin: board.price_of(coin) is not None)


def open_account(chance: random.Random) -> Account:
    prices = {"USDT": Decimal(1), "BTC": Decimal(50_000), "ETH": Decimal(2_500), "SOL": Decimal(100)}
    prices |= {"XRP": Decimal("0.6"), "BNB": Decimal(500), "LDO": Decimal("1.8"), "USDC": Decimal("0.9997")}
    prices |= {"EUR": Decimal("1.08"), "PEPE": Decimal("0.00001234"), "WBETH": Decimal(2_650), "BTCUP": Decimal(12)}
    prices |= {"O": Decimal("0.03")}
    account = Account(chance=chance, prices=prices)
    for coin in ("USDT", *chance.sample(LISTED, chance.randint(1, 6)), *chance.sample(ELSEWHERE, chance.randint(0, 5))):
        value = Decimal(repr(round(10 ** chance.uniform(2, 5), 2)))
        place = Place.SPOT if chance.random() < 0.7 else chance.choice(list(Place))
        account.add(place, coin, rounded(value / account.prices[coin]))
    account.add(Place.SPOT, "USDT", Decimal(500))
    for _ in range(chance.randint(0, 3)):
        account.moves_within()
    return account


def as_looks(account: Account, before: dict[str, Decimal], prices_before: dict[str, Decimal]) -> Places:
    """Return both looks at an account as the platform lines them up, on a board of the coins that trade here."""
    after = account.holdings()
    cash = Asset(pk=1, symbol="USDT", decimals=DECIMALS)
    count = len(LISTED)
    marks = [float(account.prices[coin]) for coin in LISTED]
    board = Board(
        asset_ids=np.arange(2, 2 + count),
        market_ids=np.arange(count),
        unit_prices=np.array(marks),
        lot_units=np.ones(count, dtype=np.int64),
        value_min_units=np.ones(count, dtype=np.int64),
        decimals=np.full(count, DECIMALS),
        quote_decimals=np.full(count, DECIMALS),
        tick_sizes=np.full(count, STEP, dtype=object),
        marks=np.array([account.prices[coin] for coin in LISTED], dtype=object),
        fresh=np.ones(count, dtype=np.bool_),
        listed=np.ones(count, dtype=np.bool_),
        tradable=np.ones(count, dtype=np.bool_),
        frozen=np.zeros(count, dtype=np.bool_),
        priced_at=np.zeros(count),
        doubted_prices=np.full(count, np.nan),
    )
    others = tuple(
        Untraded(
            symbol=coin,
            quantity_before=before.get(coin, Decimal(0)),
            quantity=after.get(coin, Decimal(0)),
            price_before=prices_before[coin],
            price=account.prices[coin],
            priced_at=NOON,
        )
        for coin in sorted((before.keys() | after.keys()) - {"USDT", *LISTED})
    )
    tail = [places.decimals_of(other) for other in others]
    ranges = [places.range_of(other, decimals, cash) for other, decimals in zip(others, tail, strict=True)]
    lows, highs, nows = (np.array([row[column] for row in ranges], dtype=np.float64) for column in range(3))

    def units(held: dict[str, Decimal], quantities: list[Decimal]) -> np.ndarray:
        listed = [units_of(held.get(coin, Decimal(0)), DECIMALS) for coin in LISTED]
        other = [units_of(quantity, decimals) for quantity, decimals in zip(quantities, tail, strict=True)]
        return np.array(listed + other, dtype=np.int64)

    return Places(
        board=board,
        cash=cash,
        others=others,
        symbols=(*LISTED, *(other.symbol for other in others)),
        decimals=np.array([DECIMALS] * count + tail),
        before_units=units(before, [other.quantity_before for other in others]),
        units=units(after, [other.quantity for other in others]),
        cash_before_units=units_of(before.get("USDT", Decimal(0)), DECIMALS),
        cash_units=units_of(after.get("USDT", Decimal(0)), DECIMALS),
        prices=PriceRange(
            low=np.append([float(account.low[coin]) for coin in LISTED], lows),
            high=np.append([float(account.high[coin]) for coin in LISTED], highs),
            now=np.append(marks, nows),
        ),
    )


def portfolio_of(looks: Places) -> LeadPortfolio:
    count = len(LISTED)
    nothing = np.zeros(count, dtype=np.int64)
    quantities = {other.symbol: other.quantity for other in looks.others}
    return LeadPortfolio(
        account_id=None,
        cash_units=looks.cash_units,
        cash_held_units=0,
        units=looks.units[:count],
        held_units=nothing,
        survival=np.ones(count),
        epoch=nothing,
        touched=np.zeros(count, dtype=np.bool_),
        pending_units=nothing,
        pending_orders=nothing,
        other_value_units=untraded.value_units(looks.others, cash=looks.cash, quantities=quantities),
    )


def read_as_the_platform(account: Account, looks: Places) -> BalanceChange:
    """Return the reading of one look: balances alone, and the account's own trades where they leave a puzzle."""
    reading = looks.read()
    is_clear = reading.moved_turnover(looks.prices.now) < observing.QUIET_VALUE * 10**DECIMALS
    return reading if is_clear else looks.read(account.trades)


def accounts(seeds: range) -> Iterator[tuple[int, Account]]:
    for seed in seeds:
        yield seed, open_account(random.Random(SEED + seed))


class TestLinkedAccounts:
    def test_are_worth_what_their_owners_say_and_copies_weigh_the_same(self) -> None:
        for seed, account in accounts(range(ACCOUNTS)):
            account.look()
            for _ in range(account.chance.randint(0, 5)):
                account.prices_run()
            looks = as_looks(account, {}, account.prices)
            portfolio = portfolio_of(looks)
            equity_units = 1_000 * 10**DECIMALS

            targets = weights.target_units(
                equity=np.array([float(equity_units)]),
                lead_equity=portfolio.equity(looks.board),
                followed_shares=np.ones((1, len(LISTED))),
                lead_units=portfolio.units,
            )[0]

            worth = account.worth()
            for place, coin in enumerate(LISTED):
                expected = Fraction(account.total_of(coin)) * Fraction(account.prices[coin]) / worth
                weight = targets[place] * looks.board.unit_prices[place] / equity_units
                assert weight == pytest.approx(float(expected), abs=1e-9), (seed, coin)

    def test_have_their_trades_seen_as_trades_at_the_next_look(self) -> None:
        seen = 0
        for seed, account in accounts(range(ACCOUNTS)):
            before, prices_before = account.holdings(), dict(account.prices)
            account.look()
            traded = self.trade_a_while(account)
            looks = as_looks(account, before, prices_before)

            reading = read_as_the_platform(account, looks)

            found = dict(zip(looks.symbols, reading.traded_units.tolist(), strict=True))
            for coin in traded:
                place = looks.symbols.index(coin)
                change = int(looks.change_units[place] + reading.fee_units[place])
                assert abs(found[coin] - change) <= 1, (seed, coin, account.trades, reading)
            turnover = reading.moved_turnover(looks.prices.now)
            equity = float(account.worth()) * 10**DECIMALS
            assert turnover < observing.QUIET_SHARE * equity, (seed, account.trades, reading)
            seen += bool(traded)
        assert seen > ACCOUNTS * 0.8

    def test_that_move_money_between_their_places_have_done_nothing(self) -> None:
        for seed, account in accounts(range(FEW)):
            before, prices_before = account.holdings(), dict(account.prices)
            account.look()
            account.moves_within()
            account.prices_run()

            looks = as_looks(account, before, prices_before)

            assert not looks.is_changed, seed

    def test_that_got_or_sent_money_are_seen_to_and_have_traded_nothing(self) -> None:
        for seed, account in accounts(range(FEW)):
            before, prices_before = account.holdings(), dict(account.prices)
            account.look()
            value = self.move_money(account)
            looks = as_looks(account, before, prices_before)

            reading = read_as_the_platform(account, looks)

            assert not reading.trades, seed
            assert reading.moved_value(looks.prices.now) / 10**DECIMALS == pytest.approx(value(), rel=1e-6), seed

    def test_that_got_or_sent_money_beside_a_trade_are_told_apart(self) -> None:
        for seed, account in accounts(range(FEW)):
            before, prices_before = account.holdings(), dict(account.prices)
            account.look()
            traded = self.trade_a_while(account)
            value = self.move_money(account)
            if len(account.trades) != 1 or abs(value()) < 0.03 * float(account.worth()):
                continue
            looks = as_looks(account, before, prices_before)

            reading = read_as_the_platform(account, looks)

            assert {looks.symbols[trade.place] for trade in reading.trades} >= traded, seed
            moved = reading.moved_value(looks.prices.now) / 10**DECIMALS
            # Money beside a trade is told apart to what the market ran and the trade cost.
            assert moved == pytest.approx(value(), rel=0.1), (seed, account.trades, reading)

    @staticmethod
    def move_money(account: Account) -> Callable[[], float]:
        """Let cash or a coin come or go, between two marks; return how to value it, in USDT at the last mark."""
        chance = account.chance
        account.prices_run()
        coin = chance.choice(
            [coin for coin, quantity in account.spot.items() if quantity > 0 and coin in account.prices]
        )
        share = Decimal(repr(round(chance.choice((-1, 1)) * chance.uniform(0.3, 0.9), 3)))
        quantity = rounded(account.spot[coin] * share)
        account.add(Place.SPOT, coin, quantity)
        account.prices_run()
        return lambda: float(quantity * account.prices[coin])

    @staticmethod
    def trade_a_while(account: Account) -> set[str]:
        """Let marks run and the owner trade one to three times; return the coins that were traded."""
        chance, traded = account.chance, set()
        orders = chance.choice((1, 1, 1, 2, 3))
        known = (*LISTED, *ELSEWHERE)
        for _ in range(orders):
            for _ in range(chance.randint(1, 3)):
                account.prices_run()
            base = chance.choice(known)
            quote = "USDT" if chance.random() < 0.8 else chance.choice([coin for coin in known if coin != base])
            is_buy = not account.spot.get(base) or chance.random() < 0.5
            # An exchange takes its fee of what is received, or in its own coin.
            fee_in = chance.choice(("base" if is_buy else "quote", "BNB"))
            if account.trade(base, quote, is_buy=is_buy, share=chance.uniform(0.2, 1), fee_in=fee_in):
                traded |= {base, quote}
        for _ in range(chance.randint(0, 6)):
            account.prices_run()
        return traded - {"USDT"}


class TestSomeOfThemAtTheExchange:
    """The same over the wire and through the tables: a fake Binance, ccxt's client, a copy that follows."""

    COINS = ("BTC", "ETH", "SOL")

    @pytest.mark.parametrize("seed", range(4))
    def test_are_followed_within_one_look(
        self, world: World, faraway: Lead, elsewhere: Elsewhere, follower: User, seed: int
    ) -> None:
        chance = random.Random(SEED + seed)
        for symbol, price in {"ETH": "2500", "SOL": "100", "PEPE": "0.8", "USDC": "0.9998"}.items():
            elsewhere.lists(f"{symbol}-USDT", price)
        elsewhere.holds(
            USDT="4000",
            BTC=f"{chance.uniform(0.02, 0.1):.5f}",
            LDETH=f"{chance.uniform(0.5, 1):.4f}",
            ETH="0.5",
            SOL="12",
        )
        elsewhere.puts("funding", PEPE=f"{chance.uniform(100, 4_000):.0f}", USDC="300")
        link = connect(world, faraway)
        Lead.objects.filter(pk=faraway.pk).update(settling_until=None)
        copy = world.start(follower, faraway, "5000")
        world.settle()

        for _ in range(3):
            is_trade = self.act(chance, world, elsewhere)
            sight = look(world, link, seconds=4)
            world.settle()

            assert sight == (Sight.TAKEN if is_trade else Sight.UNCHANGED)
            self.assert_same_weights(world, elsewhere, copy)
        assert LeadFlow.objects.count() == 1

    def act(self, chance: random.Random, world: World, elsewhere: Elsewhere) -> bool:
        """Let the lead trade a good part of a coin, or move it to another place; then marks run. Return which."""
        coin = chance.choice(self.COINS)
        mark = float(world.last[coin])
        has = Decimal(elsewhere.has(coin))
        part = (has * Decimal("0.6")).quantize(Decimal("0.0001"))
        is_trade = chance.random() < 0.7 and part > 0
        if is_trade:
            elsewhere.trades(symbol=f"{coin}-USDT", side="SELL", quantity=str(part), price=f"{mark:.2f}")
        elif part > 0:
            elsewhere.holds(**{coin: str(has - part)})
            elsewhere.puts(chance.choice(("funding", "earn")), **{coin: str(part)})
        for _ in range(3):
            swing = {name: f"{float(world.last[name]) * (1 + chance.uniform(-0.01, 0.01)):.2f}" for name in self.COINS}
            world.wait(2, **swing)
        return bool(is_trade)

    def assert_same_weights(self, world: World, elsewhere: Elsewhere, copy: Copy) -> None:
        prices = {"USDT": 1.0, "USDC": 0.9998, "PEPE": 0.8} | {coin: float(world.last[coin]) for coin in self.COINS}
        wanted = elsewhere.everything()
        wanted["ETH"] = wanted.get("ETH", 0.0) + wanted.pop("LDETH", 0.0)
        held = {coin: units / 10**DECIMALS for coin, units in world.held(copy.ledger_account).items()}
        worth, own = (
            sum(quantity * prices[coin] for coin, quantity in quantities.items()) for quantities in (wanted, held)
        )
        for coin in self.COINS:
            expected, found = (
                quantities.get(coin, 0.0) * prices[coin] / total for quantities, total in ((wanted, worth), (held, own))
            )
            # Up to the drift band of one in a hundred nothing is traded for what the market did.
            assert found == pytest.approx(expected, abs=0.011), coin
