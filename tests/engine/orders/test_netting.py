from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from copytrading.engine.adjustments import Reason
from copytrading.engine.orders.netting import NetOrder, net_market


def net(wishes, *, lot=1, depth=None, price=1.0, value_min=0):
    return net_market(
        wish_units=np.array(wishes, dtype=np.int64),
        lot_units=lot,
        depth_units=depth,
        unit_price=price,
        value_min_units=value_min,
    )


class TestNetMarket:
    def test_lets_opposite_wishes_meet_inside(self):
        assert net([70, 50, -30]) == NetOrder(side=1, quantity_units=90, crossed_units=30, reasons=())

    def test_sells_when_the_sellers_are_heavier(self):
        assert net([10, -25]) == NetOrder(side=-1, quantity_units=15, crossed_units=10, reasons=())

    def test_sends_nothing_when_all_wishes_meet(self):
        assert net([25, -25]) == NetOrder(side=0, quantity_units=0, crossed_units=25, reasons=())

    def test_sends_nothing_for_no_wishes(self):
        assert net([0, 0]) == NetOrder(side=0, quantity_units=0, crossed_units=0, reasons=())

    def test_rounds_toward_zero_to_whole_lots(self):
        assert net([-99], lot=20).quantity_units == 80

    def test_takes_no_more_than_the_book_may_give_us(self):
        order = net([100], lot=20, depth=50)

        assert order.quantity_units == 40
        assert order.reasons == (Reason.DEPTH_CAPPED,)

    def test_sends_nothing_below_the_venues_minimum(self):
        order = net([9], price=1.0, value_min=10)

        assert (order.side, order.quantity_units) == (0, 0)
        assert order.reasons == (Reason.BELOW_VENUE_MINIMUM,)

    def test_sends_exactly_the_venues_minimum(self):
        assert net([10], price=1.0, value_min=10).quantity_units == 10

    def test_counts_single_units(self):
        assert net([1, 1, -3]) == NetOrder(side=-1, quantity_units=1, crossed_units=2, reasons=())
        assert net([-1, -1, 3]) == NetOrder(side=1, quantity_units=1, crossed_units=2, reasons=())
        assert net([1, -1]) == NetOrder(side=0, quantity_units=0, crossed_units=1, reasons=())

    def test_takes_all_that_the_book_gives_and_says_so_only_where_that_is_less(self):
        assert net([40], lot=20, depth=40) == NetOrder(side=1, quantity_units=40, crossed_units=0, reasons=())
        assert net([41], lot=20, depth=40) == NetOrder(side=1, quantity_units=40, crossed_units=0, reasons=())
        assert net([60], lot=20, depth=40).reasons == (Reason.DEPTH_CAPPED,)
        assert net([-60], lot=20, depth=20) == NetOrder(
            side=-1, quantity_units=20, crossed_units=0, reasons=(Reason.DEPTH_CAPPED,)
        )

    def test_sends_nothing_below_one_lot(self):
        assert net([19], lot=20).reasons == (Reason.BELOW_VENUE_MINIMUM,)

    def test_names_the_empty_book_and_not_the_minimum(self):
        assert net([100], depth=0).reasons == (Reason.DEPTH_CAPPED,)

    def test_names_both_when_the_depth_leaves_less_than_the_minimum(self):
        assert net([100], depth=5, value_min=10).reasons == (Reason.DEPTH_CAPPED, Reason.BELOW_VENUE_MINIMUM)

    @given(
        wishes=st.lists(st.integers(-(2**50), 2**50), min_size=1, max_size=8),
        lot=st.integers(1, 2**20),
        depth=st.none() | st.integers(0, 2**50),
        value_min=st.integers(0, 2**40),
    )
    def test_never_sends_more_than_the_net_wish_nor_part_of_a_lot(self, wishes, lot, depth, value_min):
        order = net(wishes, lot=lot, depth=depth, value_min=value_min)

        assert order.quantity_units <= abs(sum(wishes))
        assert order.quantity_units % lot == 0
        assert order.side * sum(wishes) >= 0
        assert (order.side == 0) == (order.quantity_units == 0)
        assert depth is None or order.quantity_units <= depth
        assert order.quantity_units == 0 or order.quantity_units >= value_min
