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

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            # The level that is needed, and five ten-thousandths past it.
            (50_000_000, "50035"),
            (100_000_000, "50035"),
            (100_000_001, "50045.01"),
            # Past all that the book shows within the cap: the last of it.
            (900_000_000, "50045.01"),
        ],
    )
    def test_reaches_as_far_as_a_purchase_needs_and_a_little_further(self, wanted: int, expected: str) -> None:
        book = Book(symbol="BTC-USDT", bids=(level(49_990),), asks=(level(50_010), level(50_020)), as_of=None)

        offer = self.offered(book, net_units=wanted)

        assert offer.price_limit == Decimal(expected)
        assert offer.depth_units == int(2 * Decimal(10**8) * Decimal("0.25"))

    def test_lets_a_sale_go_to_the_cap_wherever_the_book_is(self) -> None:
        book = Book(symbol="BTC-USDT", bids=(level(49_990), level(49_700)), asks=(level(50_010),), as_of=None)

        offer = self.offered(book, net_units=-50_000_000)

        assert offer.price_limit == 49_750
        # What lies past the cap is not there to be taken.
        assert offer.depth_units == 25_000_000

    @pytest.mark.parametrize(("net_units", "expected"), [(1, "50015"), (-1, "49985")])
    def test_stays_within_the_limit_of_a_leads_order(self, net_units: int, expected: str) -> None:
        book = Book(symbol="BTC-USDT", bids=(level(49_990),), asks=(level(50_010),), as_of=None)

        offer = self.offered(book, net_units=net_units, price_limit=Decimal(expected))

        assert offer.price_limit == Decimal(expected)

    @staticmethod
    def offered(book: Book, *, net_units: int, price_limit: Decimal | None = None) -> bunching.Offer:
        return bunching.offer_of(
            market=market(), book=book, net_units=net_units, slippage_max=float(CAP), rules=rules(),
            price_limit=price_limit,
        )  # fmt: skip


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
