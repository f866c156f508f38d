"""What trading a quantity would cost against a book: what it reaches on average, the fee, and the way from the mid."""

from decimal import Decimal

import pytest

from copytrading.engine.adjustments import Reason
from copytrading.engine.market.books import Book, Level
from copytrading.models import Market
from copytrading.queries.rules import platform_rules
from copytrading.services.orders.pricing import PlannedTrade, trade_of
from tests.cast import World, usdt

BTC = 10**8
# A tenth of a coin on each of two levels, 100 from a mid of 50,000 and then 300.
BIDS = (Level(price=Decimal(49_900), quantity=Decimal("0.1")), Level(price=Decimal(49_700), quantity=Decimal("0.1")))
ASKS = (Level(price=Decimal(50_100), quantity=Decimal("0.1")), Level(price=Decimal(50_300), quantity=Decimal("0.1")))


def planned(coins: str, *, bids: tuple[Level, ...] = BIDS, asks: tuple[Level, ...] = ASKS) -> PlannedTrade:
    market = Market.objects.select_related("base", "quote", "mark").get(symbol="BTC-USDT")
    return trade_of(
        market=market, book=Book(symbol="BTC-USDT", bids=bids, asks=asks, as_of=None),
        signed_units=int(Decimal(coins) * BTC), rules=platform_rules(),
    )  # fmt: skip


class TestTradeOf:
    @pytest.mark.parametrize(
        ("coins", "price", "apart"),
        [("0.05", 50_100, 100), ("0.15", Decimal(7_525) / Decimal("0.15"), Decimal(25) / Decimal("0.15")),
         ("-0.05", 49_900, 100), ("-0.2", 49_800, 200)],
    )  # fmt: skip
    def test_goes_from_level_to_level(self, world: World, coins: str, price: Decimal, apart: Decimal) -> None:
        found = planned(coins)

        quantity = abs(Decimal(coins))
        assert (found.symbol, found.asset_symbol, found.quantity_units) == ("BTC-USDT", "BTC", quantity * BTC)
        assert found.side == ("BUY" if coins[0] != "-" else "SELL")
        assert float(found.price) == pytest.approx(float(price))
        assert found.value_units == pytest.approx(usdt(float(price * quantity)), abs=1)
        # A thousandth is the fee, and the rest is the way from the mid.
        assert found.cost_units == pytest.approx(usdt(float(price * quantity) / 1_000 + float(apart * quantity)), abs=1)
        assert found.adjustments == ()

    def test_is_priced_by_what_the_book_has_where_that_is_less(self, world: World) -> None:
        found = planned("0.5")

        assert (found.price, found.value_units) == (50_200, usdt(25_100))

    def test_is_priced_at_the_mark_where_the_book_is_empty(self, world: World) -> None:
        found = planned("0.1", bids=(), asks=())

        assert (found.price, found.cost_units) == (50_000, usdt(5))

    def test_of_nothing_has_a_price_and_costs_nothing(self, world: World) -> None:
        found = planned("0")

        assert (found.quantity_units, found.value_units, found.cost_units, found.price) == (0, 0, 0, 50_000)

    @pytest.mark.parametrize(("coins", "is_too_small"), [("0.0001", False), ("0.00009", True)])
    def test_says_what_is_below_the_least_value_of_the_venue(
        self, world: World, coins: str, is_too_small: bool
    ) -> None:  # fmt: skip
        # At 50,000 a ten-thousandth of a coin is just the 5 that the venue takes at least.
        at_mark = (Level(price=Decimal(50_000), quantity=Decimal(1)),)

        found = planned(coins, bids=at_mark, asks=at_mark)

        assert found.adjustments == ((Reason.BELOW_VENUE_MINIMUM,) if is_too_small else ())
