"""What a book offers, and what that may cost at most."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from copytrading.engine.market.books import Book, Level
from copytrading.engine.orders import bunching
from tests.engine.stage import market, rules

CAP = Decimal("0.005")


def level(price: int) -> Level:
    return Level(price=Decimal(price), quantity=Decimal(1))


class TestOfferOf:
    @pytest.mark.parametrize("net_units", [0, 1_000_000, -1_000_000])
    @pytest.mark.parametrize("middle", [40_000, 49_990, 50_010, 60_000])
    def test_asks_nobody_for_more_than_the_cap_allows_be_it_inside(self, net_units: int, middle: int) -> None:
        mark = Decimal(50_000)
        book = Book(symbol="BTC-USDT", bids=(level(middle - 10),), asks=(level(middle + 10),), as_of=None)

        offer = bunching.offer_of(
            market=market(mark=str(mark)),
            book=book,
            net_units=net_units,
            slippage_max=float(CAP),
            rules=rules(),
        )

        assert mark * (1 - CAP) <= offer.price_mid <= offer.price_buy_max <= mark * (1 + CAP)

    def test_lets_who_buys_inside_a_sale_pay_up_to_the_cap_above_the_middle(self) -> None:
        mark = Decimal(50_000)
        book = Book(symbol="BTC-USDT", bids=(level(49_990),), asks=(level(50_010),), as_of=None)

        offer = bunching.offer_of(
            market=market(mark=str(mark)), book=book, net_units=-1_000_000, slippage_max=float(CAP), rules=rules()
        )

        # The venue may fill the sale above its limit, and who buys from it inside pays that price.
        assert offer.price_limit < offer.price_mid
        assert offer.price_buy_max == mark * (1 + CAP)


class TestHolds:
    @pytest.mark.parametrize("wish", [1, 7, 123_457, 10**9 + 1])
    @pytest.mark.parametrize("price", ["50000.01", "0.0123", "1"])
    def test_cover_the_dearest_price_and_the_fee_to_the_unit(self, wish: int, price: str) -> None:
        terms = market(mark=price)
        offer = bunching.Offer(
            side=bunching.Side.BUY,
            depth_units=10**12,
            price_limit=Decimal(price),
            price_mid=Decimal(price),
            price_buy_max=Decimal(price),
        )

        planned = bunching.plan_order(
            market=terms,
            offer=offer,
            participant_ids=np.array([1, 2]),
            wish_units=np.array([wish, -wish]),
            rules=rules(),
        )

        # A share of a value and one of a fee may each be a unit above what is exact.
        dearest = Fraction(price) * wish * Fraction("1.001")
        assert dearest + 2 <= planned.quote_holds[0] < dearest + 4
        assert planned.quote_holds[1] == 0
        assert planned.base_holds.tolist() == [0, wish]
