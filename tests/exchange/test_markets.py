from decimal import Decimal

from copytrading.exchange.markets import Book, Level, MarketRules
from copytrading.exchange.orders import Side


def rules() -> MarketRules:
    return MarketRules(
        symbol="BTC-USDT",
        base="BTC",
        quote="USDT",
        lot_size=Decimal("0.001"),
        tick_size=Decimal("0.05"),
        value_min=Decimal(5),
    )


def book(*, bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> Book:
    def levels(pairs: list[tuple[str, str]]) -> tuple[Level, ...]:
        return tuple(Level(price=Decimal(price), quantity=Decimal(quantity)) for price, quantity in pairs)

    return Book(symbol="BTC-USDT", bids=levels(bids), asks=levels(asks), as_of=None)


class TestMarketRules:
    def test_rounds_a_quantity_toward_zero(self):
        assert rules().whole_lots(Decimal("0.0029")) == Decimal("0.002")
        assert rules().whole_lots(Decimal("0.0009")) == 0

    def test_keeps_a_quantity_of_whole_lots(self):
        assert rules().whole_lots(Decimal("1.234")) == Decimal("1.234")

    def test_never_lets_a_buy_pay_more_than_the_price(self):
        assert rules().price_limit(side=Side.BUY, price=Decimal("100.09")) == Decimal("100.05")

    def test_never_lets_a_sell_take_less_than_the_price(self):
        assert rules().price_limit(side=Side.SELL, price=Decimal("100.06")) == Decimal("100.10")


class TestBook:
    def test_has_its_mid_half_way(self):
        assert book(bids=[("99", "1")], asks=[("102", "1")]).mid == Decimal("100.5")

    def test_has_no_mid_while_a_side_is_empty(self):
        assert book(bids=[("99", "1")], asks=[]).mid is None

    def test_offers_a_buy_the_asks_up_to_its_limit(self):
        asks = [("100", "1"), ("101", "2"), ("102", "4")]

        depth = book(bids=[("99", "8")], asks=asks).depth_within(Side.BUY, Decimal(101))

        assert depth == 3

    def test_offers_a_sell_the_bids_down_to_its_limit(self):
        bids = [("99", "1"), ("98", "2"), ("97", "4")]

        depth = book(bids=bids, asks=[("100", "8")]).depth_within(Side.SELL, Decimal(98))

        assert depth == 3
