"""What a book offers, and what that may cost at most."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from copytrading.engine.adjustments import Reason
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

    def test_makes_who_buys_pay_the_limit_or_the_middle_at_most(self) -> None:
        book = Book(symbol="BTC-USDT", bids=(level(49_990),), asks=(level(50_010),), as_of=None)

        offer = self.offered(book, net_units=1)
        assert offer.price_buy_max == offer.price_limit > offer.price_mid
        # A lead's limit order may be far below the middle, at which others meet.
        low = self.offered(book, net_units=1, price_limit=Decimal(49_900))
        assert (low.price_limit, low.price_buy_max) == (49_900, 50_000)

    def test_has_the_mark_for_its_middle_where_a_side_is_empty(self) -> None:
        book = Book(symbol="BTC-USDT", bids=(level(49_990),), asks=(), as_of=None)

        offer = self.offered(book, net_units=1)

        assert (offer.price_mid, offer.price_limit, offer.depth_units) == (50_000, 50_250, 0)

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


class TestPlanOrder:
    """A purchase at 50,000 at the dearest, of a coin with eight decimals: 500 of cash are a hundredth of it."""

    @staticmethod
    def planned(
        wishes: list[int], *, depth_units: int = 10**12, limit: str = "50000", mid: str = "49000", **changes: object
    ) -> bunching.PlannedOrder:
        net = sum(wishes)
        offer = bunching.Offer(
            side=bunching.Side.BUY if net > 0 else bunching.Side.SELL,
            depth_units=depth_units,
            price_limit=Decimal(limit),
            price_mid=Decimal(mid),
            price_buy_max=Decimal(50_250),
        )
        return bunching.plan_order(
            market=market(),
            offer=offer,
            participant_ids=np.arange(len(wishes)),
            wish_units=np.array(wishes),
            rules=rules(**changes),
        )

    def test_sends_what_does_not_meet_inside_and_tells_which_part_of_the_heavier_side_that_brings(self) -> None:
        order = self.planned([60_000_000, 40_000_000, -20_000_000], depth_units=40_000_000)

        assert (order.side, order.quantity_units) == (bunching.Side.BUY, 40_000_000)
        assert order.planned_fraction == pytest.approx(0.6)
        assert order.reasons == (Reason.DEPTH_CAPPED,)

    def test_brings_everything_where_nothing_is_in_the_way(self) -> None:
        assert self.planned([-60_000_000, 20_000_000]).planned_fraction == 1
        assert self.planned([20_000_000, -20_000_000]).planned_fraction == 1
        assert self.planned([0, 0]).planned_fraction == 0

    @pytest.mark.parametrize(
        ("depth_units", "quantity_units", "reasons"),
        [(50_000_000, 20_000_000, (Reason.ORDER_SIZE_CAPPED,)), (20_000_000, 20_000_000, (Reason.DEPTH_CAPPED,)),
         (10_000_000, 10_000_000, (Reason.DEPTH_CAPPED,))],
    )  # fmt: skip
    def test_is_worth_no_more_than_one_order_may_be(
        self, depth_units: int, quantity_units: int, reasons: tuple[Reason, ...]
    ) -> None:
        order = self.planned([100_000_000], depth_units=depth_units, order_value_max=10_000)

        assert order.quantity_units == quantity_units
        assert order.reasons == reasons

    @pytest.mark.parametrize(("limit", "mid"), [("50000", "49000"), ("49000", "50000")])
    def test_is_counted_at_the_lower_price_where_the_venue_asks_for_a_least_value(self, limit: str, mid: str) -> None:
        # The venue takes five or more: 10,205 units at 49,000, which 10,000 at 50,000 would be.
        assert self.planned([10_000], limit=limit, mid=mid).quantity_units == 0
        assert self.planned([11_000], limit=limit, mid=mid).quantity_units == 11_000

    def test_holds_the_dearest_price_of_buyers_and_the_coins_of_sellers(self) -> None:
        order = self.planned([100_000_000, -30_000_000], fee_rate=Decimal(0))

        assert order.quote_holds.tolist() == [50_250 * 10**8 + 2, 0]
        assert order.base_holds.tolist() == [0, 30_000_000]
