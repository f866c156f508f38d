"""One decision for everybody: whose orders join, which phase takes which market, how far exits reach, what is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from copytrading.engine.adjustments import Reason
from copytrading.engine.deciding.decision import Phase, _Sitting
from copytrading.engine.deciding.lead_orders import LeadWish
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.market.books import Side
from tests.engine.deciding.stage import (
    ALIKE,
    BOOKS,
    FAR,
    FREE,
    LEAD_ACCOUNT,
    NEAR,
    UNIT,
    a_board,
    a_book,
    a_lead,
    an_order,
    coins_of,
    copies_of,
    decided,
    told,
    units,
)
from tests.engine.stage import rules

# A lead of 1,000 in cash alone, and a copy of it: what the lead buys, the copy buys too.
IN_CASH: dict[str, Any] = {"coins": (0, 0), "cash": 1_000}


class TestALeadsOrder:
    def test_goes_out_with_what_the_copies_buy_at_one_price(self) -> None:
        decision = decided(lead=a_lead(**IN_CASH), orders=[an_order(NEAR, 2, number=5)], phase=Phase.BUYING)

        (order,) = decision.orders
        assert (order.side, coins_of(order.quantity_units)) == (Side.BUY, 4)
        assert order.participant_ids.tolist() == [101, LEAD_ACCOUNT]
        assert coins_of(order.wish_units) == [2, 2]
        assert decision.lead_order_ids == (5,)
        assert not decision.has_rest

    def test_is_named_only_where_its_market_is_sent_to(self) -> None:
        orders = [an_order(NEAR, 2, number=5), an_order(FAR, 10, number=6)]

        decision = decided(lead=a_lead(**IN_CASH), orders=orders, books={NEAR: BOOKS[NEAR]}, phase=Phase.BUYING)

        assert [order.market.market_id for order in decision.orders] == [11]
        assert decision.lead_order_ids == (5,)

    def test_needs_no_copy(self) -> None:
        nobody = copies_of({}).narrow(np.array([False]))

        decision = decided(lead=a_lead(**IN_CASH), copies=nobody, orders=[an_order(NEAR, 2)], phase=Phase.BUYING)

        assert [coins_of(order.wish_units) for order in decision.orders] == [[2]]

    def test_with_a_limit_goes_out_no_dearer(self) -> None:
        order = an_order(NEAR, 2, limit="100.02", number=5)

        decision = decided(lead=a_lead(**IN_CASH), orders=[order], phase=Phase.BUYING)

        assert [order.price_limit for order in decision.orders] == [Decimal("100.02")]
        assert decision.lead_order_ids == (5,)

    def test_with_a_limit_waits_where_its_market_as_a_whole_goes_the_other_way(self) -> None:
        # The copy has ten coins where its lead has none, and sells more than the lead would buy.
        selling = copies_of({"cash": 0, "coins": (10, 0), "aligning": True})

        decision = decided(
            lead=a_lead(**IN_CASH), copies=selling, orders=[an_order(NEAR, 1, limit="101")], phase=Phase.SELLING
        )

        (order,) = decision.orders
        assert (order.side, coins_of(order.wish_units)) == (Side.SELL, [-10])
        assert decision.lead_order_ids == ()
        assert coins_of(decision.own.units) == [0, 0]

    def test_at_the_market_joins_where_its_market_as_a_whole_goes_the_other_way(self) -> None:
        selling = copies_of({"cash": 0, "coins": (10, 0), "aligning": True})

        decision = decided(
            lead=a_lead(**IN_CASH), copies=selling, orders=[an_order(NEAR, 1, number=5)], phase=Phase.SELLING
        )

        (order,) = decision.orders
        assert order.side is Side.SELL
        assert coins_of(order.wish_units)[-1] == 1
        assert decision.lead_order_ids == (5,)

    @pytest.mark.parametrize(("stops", "joins"), [("STOPPING", False), ("PAUSED", True)])
    def test_with_a_limit_waits_where_a_copy_stops(self, stops: str, joins: bool) -> None:
        others = copies_of({}, {"cash": 0, "coins": (1, 0), "status": stops})

        decision = decided(lead=a_lead(**IN_CASH), copies=others, orders=[an_order(NEAR, 4, limit="101")])

        assert bool(decision.own.units[NEAR]) is joins

    def test_with_a_limit_does_not_wait_for_a_stop_in_another_market(self) -> None:
        others = copies_of({}, {"cash": 0, "coins": (0, 1), "status": "STOPPING"})

        decision = decided(lead=a_lead(**IN_CASH), copies=others, orders=[an_order(NEAR, 4, limit="101")])

        assert coins_of(decision.own.units) == [4, 0]


class TestAnOffer:
    """What a book offered to the side that a market netted to; sized by its price, the wishes may net otherwise."""

    def planned(self, *coins: float) -> list[tuple[Side, float]]:
        copies = copies_of(*({"cash": 0, "coins": (10, 0)} for _ in coins))
        sitting = _Sitting(board=a_board(), lead=a_lead(), copies=copies, rules=FREE, now=1_000.0)
        wishes = sitting.wishes(LeadWish.nothing(a_board()), buy_prices=sitting.cap_prices)
        bought = replace(wishes, copies=units([[4, 0]] * len(coins)), lead=units([0, 0]))
        offers = sitting.offers(LeadWish.nothing(a_board()), replace(bought, wanted=bought.copies), BOOKS)
        turned = replace(bought, copies=units([[each, 0] for each in coins]))
        return [(order.side, coins_of(order.quantity_units)) for order in sitting.plan(turned, offers)]

    def test_is_taken_by_a_net_of_its_side(self) -> None:
        assert self.planned(4) == [(Side.BUY, 4)]

    def test_is_not_taken_where_the_net_has_changed_sides(self) -> None:
        assert self.planned(-4) == []

    def test_is_not_taken_by_nobody(self) -> None:
        assert self.planned(0) == []

    def test_lets_wishes_meet_that_leave_nothing_to_send(self) -> None:
        assert self.planned(4, -4) == [(Side.BUY, 0)]


class TestAPhase:
    """The copy holds the coin at 10 where its lead holds the one at 100: it sells one and buys the other."""

    lead = a_lead(coins=(8, 0), cash=200)

    def decided(self, phase: Phase | None, **changes: Any) -> Any:
        turning = copies_of({"cash": 500, "coins": (0, 50), "aligning": True})
        return decided(lead=self.lead, copies=turning, phase=phase, **changes)

    def test_sells_first(self) -> None:
        decision = self.decided(Phase.SELLING)

        assert [(order.side, order.market.market_id) for order in decision.orders] == [(Side.SELL, 12)]
        assert coins_of(decision.wishes.copies) == [[0, -50]]

    def test_buys_then(self) -> None:
        decision = self.decided(Phase.BUYING)

        assert [(order.side, order.market.market_id) for order in decision.orders] == [(Side.BUY, 11)]
        assert (decision.wishes.copies[0, NEAR] > 0) and decision.wishes.copies[0, FAR] == 0

    def test_is_not_needed_to_see_what_is_wished(self) -> None:
        decision = self.decided(None)

        assert decision.orders == ()
        assert decision.wishes.copies[0, NEAR] > 0 > decision.wishes.copies[0, FAR]
        assert decision.places.tolist() == [NEAR, FAR]

    def test_buys_nothing_in_a_market_that_this_cycle_has_an_order_in(self) -> None:
        assert self.decided(Phase.BUYING, traded=np.array([True, False])).orders == ()
        assert len(self.decided(Phase.BUYING, traded=np.array([False, True])).orders) == 1

    def test_sells_although_this_cycle_has_an_order_there(self) -> None:
        assert len(self.decided(Phase.SELLING, traded=np.array([True, True])).orders) == 1

    def test_asks_no_book_and_plans_nothing_before_books_are_there(self) -> None:
        decision = self.decided(Phase.SELLING, books=None)

        assert (decision.orders, decision.offers) == ((), {})
        assert decision.places.tolist() == [NEAR, FAR]
        assert not decision.is_nothing


class TestWhatIsLeft:
    def test_is_nothing_where_everybody_is_as_the_lead(self) -> None:
        decision = decided(copies=copies_of(ALIKE), phase=Phase.BUYING)

        assert decision.is_nothing
        assert not decision.has_rest
        assert decision.places.tolist() == []

    def test_is_something_where_the_book_gave_less_than_was_wished(self) -> None:
        shallow = {NEAR: a_book(100, quantity=4), FAR: BOOKS[FAR]}

        decision = decided(lead=a_lead(**IN_CASH), orders=[an_order(NEAR, 2)], books=shallow, phase=Phase.BUYING)

        # A quarter of what the book shows may be taken.
        assert [coins_of(order.quantity_units) for order in decision.orders] == [1]
        assert decision.has_rest

    def test_is_something_where_a_copy_sold_and_could_not_spend_it_yet(self) -> None:
        # The lead changes 4 of its 6 coins at 100 for coins at 10. Two copies come later and buy the coin at 100, so
        # that its market buys, and what the first sells there is sold in the phase of the buys.
        lead = a_lead(coins=(6, 40), cash=0)
        turning = {"cash": 0, "coins": (10, 0), "aligning": True}
        buying = {"cash": 1_000, "aligning": True}

        decision = decided(lead=lead, copies=copies_of(turning, buying, buying), phase=Phase.BUYING)

        assert decision.wishes.copies[0, NEAR] < 0
        assert decision.has_rest

    @pytest.mark.parametrize(
        ("listed", "tradable", "waits"), [(True, False, True), (False, False, False), (True, True, False)]
    )
    def test_is_something_where_a_listed_market_takes_no_order_this_moment(
        self, listed: bool, tradable: bool, waits: bool
    ) -> None:
        board = a_board(listed=[listed, True], tradable=[tradable, True])

        for lead in (a_lead(touched=[True, False]), a_lead(coins=(0, 20), cash=800, touched=[True, False])):
            assert decided(board=board, lead=lead, copies=copies_of(ALIKE), books=None).has_rest is waits

    @pytest.mark.parametrize(
        ("changes", "copy", "waits"),
        [
            ({"tradable": [False, True]}, ALIKE, False),
            ({"tradable": [False, True]}, ALIKE | {"coins": (3, 20), "cash": 500}, True),
            ({"tradable": [True, True]}, ALIKE | {"coins": (3, 20), "cash": 500}, False),
            ({"tradable": [False, True], "fresh": [False, True]}, ALIKE, True),
            ({"tradable": [False, True], "listed": [False, True]}, ALIKE | {"coins": (3, 20), "cash": 500}, False),
        ],
        ids=["at its ratios", "far from them", "open", "no ratio without a price", "not listed"],
    )
    def test_is_something_where_a_trade_beside_a_shut_market_makes_trades_due_there(
        self, changes: dict[str, Any], copy: dict[str, Any], waits: bool
    ) -> None:
        # The lead traded the coin at 10: whoever follows may have to trade the other one too.
        board, lead = a_board(**changes), a_lead(touched=[False, True])

        assert decided(board=board, lead=lead, copies=copies_of(copy), books=None).has_rest is waits

    def test_is_nothing_in_a_shut_market_that_nobody_waits_for(self) -> None:
        board = a_board(tradable=[False, True])

        assert not decided(board=board, copies=copies_of(ALIKE), books=None).has_rest

    @pytest.mark.parametrize(("status", "waits"), [("ACTIVE", True), ("STARTING", True), ("PAUSED", False)])
    def test_is_something_where_a_copy_waits_for_a_coin_of_the_lead(self, status: str, waits: bool) -> None:
        board = a_board(tradable=[False, True])
        aligning = copies_of(ALIKE | {"aligning": True, "coins": (0, 20), "cash": 800, "status": status})

        assert decided(board=board, copies=aligning, books=None).has_rest is waits

    def test_is_something_where_a_copy_has_to_sell_what_the_lead_does_not_hold(self) -> None:
        board = a_board(tradable=[False, True])
        owing = copies_of({"cash": 0, "coins": (10, 0), "owed": 500, "status": "PAUSED"})

        assert decided(board=board, lead=a_lead(coins=(0, 20), cash=800), copies=owing, books=None).has_rest

    def test_is_something_where_the_lead_is_not_seen_and_somebody_waits(self) -> None:
        unseen = a_lead(is_seen=False)

        assert decided(lead=unseen, copies=copies_of(ALIKE | {"aligning": True}), books=None).has_rest
        assert decided(lead=a_lead(is_seen=False, touched=[True, False]), copies=copies_of(ALIKE), books=None).has_rest
        assert not decided(lead=unseen, copies=copies_of(ALIKE), books=None).has_rest

    def test_is_awaited_by_one_copy_that_is_brought_to_all_ratios_beside_one_that_is_not(self) -> None:
        closed = a_board(listed=[False, True], tradable=[False, True])
        aligning = ALIKE | {"aligning": True, "coins": (0, 20), "cash": 800}

        assert not decided(board=closed, copies=copies_of(ALIKE | {"aligning": True}, aligning), books=None).is_nothing
        assert not decided(board=closed, copies=copies_of(ALIKE, aligning), books=None).is_nothing
        assert decided(board=closed, copies=copies_of(ALIKE), books=None).is_nothing

    def test_is_awaited_where_a_trade_is_to_be_followed_in_a_closed_market(self) -> None:
        closed = a_board(listed=[False, True], tradable=[False, True])

        assert not decided(board=closed, lead=a_lead(touched=[True, False]), copies=copies_of(ALIKE)).is_nothing
        assert not decided(board=closed, copies=copies_of(ALIKE | {"aligning": True})).is_nothing
        assert decided(board=closed, copies=copies_of(ALIKE)).is_nothing
        # What followers know already is not told again while the market stays closed.
        known = a_lead(touched=[True, False], told=[True, False])
        assert decided(board=closed, lead=known, copies=copies_of(ALIKE)).is_nothing


class TestAnExit:
    """Usually an order reaches half a per cent from the mark; an exit that finds no buyer reaches further."""

    @pytest.mark.parametrize(
        ("seconds", "reach"),
        [(0, "0.005"), (9.9, "0.005"), (10, "0.01"), (25, "0.015"), (190, "0.1"), (1_000, "0.1")],
    )
    def test_reaches_one_cap_further_each_ten_seconds_and_a_tenth_at_most(self, seconds: float, reach: str) -> None:
        leaving = copies_of({"cash": 0, "coins": (10, 0), "status": "STOPPING", "stopping_at": 1_000.0 - seconds})

        (order,) = decided(copies=leaving, phase=Phase.SELLING).orders

        assert order.price_limit == 100 * (1 - Decimal(reach))
        assert coins_of(order.quantity_units) == 10

    def test_reaches_no_less_far_than_a_cap_that_is_wider_than_a_tenth(self) -> None:
        wide = rules(fee_rate=Decimal(0), slippage_cap=0.2, price_collar=0.3)
        leaving = copies_of({"cash": 0, "coins": (10, 0), "status": "STOPPING", "stopping_at": 0.0})

        (order,) = decided(copies=leaving, phase=Phase.SELLING, rules=wide).orders

        assert order.price_limit == 80

    def test_that_waits_in_one_market_reaches_no_further_in_another(self) -> None:
        leaving = copies_of(
            {"cash": 0, "coins": (10, 0), "status": "STOPPING", "stopping_at": 980.0},
            {"cash": 0, "coins": (0, 10), "status": "STOPPING", "stopping_at": 999.0},
        )

        decision = decided(copies=leaving, phase=Phase.SELLING)

        assert [order.price_limit for order in decision.orders] == [Decimal("98.5"), Decimal("9.95")]

    def test_goes_alone_once_it_reaches_further(self) -> None:
        others = copies_of(
            {"cash": 0, "coins": (10, 0), "status": "STOPPING", "stopping_at": 980.0},
            {"cash": 0, "coins": (10, 0), "aligning": True},
        )

        decision = decided(
            lead=a_lead(coins=(1, 0), cash=0), copies=others, orders=[an_order(NEAR, -1)], phase=Phase.SELLING
        )

        assert [coins_of(order.wish_units) for order in decision.orders] == [[-10]]
        # The others are served by the next cycle.
        assert decision.has_rest
        assert decision.lead_order_ids == ()

    def test_takes_others_along_while_it_does_not(self) -> None:
        others = copies_of(
            {"cash": 0, "coins": (10, 0), "status": "STOPPING", "stopping_at": 995.0},
            {"cash": 0, "coins": (10, 0), "aligning": True},
        )

        decision = decided(lead=a_lead(**IN_CASH), copies=others, phase=Phase.SELLING)

        assert [coins_of(order.wish_units) for order in decision.orders] == [[-10, -10]]
        assert not decision.has_rest


class TestWhatIsTold:
    def test_is_what_a_book_without_depth_leaves_undone(self) -> None:
        shallow = {NEAR: a_book(100, quantity=4), FAR: BOOKS[FAR]}
        follower = copies_of({"aligning": True})

        decision = decided(lead=a_lead(coins=(4, 0), cash=600), copies=follower, books=shallow, phase=Phase.BUYING)

        adjusted = told(decision, Reason.DEPTH_CAPPED)
        assert adjusted is not None
        assert (adjusted.copy_ids.tolist(), adjusted.asset_ids.tolist()) == ([1], [1])
        assert coins_of(adjusted.wanted_values) == [400]
        assert coins_of(adjusted.planned_values) == [100]

    def test_is_told_to_whom_the_order_is_for_and_not_to_who_sold_to_them_inside(self) -> None:
        shallow = {NEAR: a_book(100, quantity=0.4), FAR: BOOKS[FAR]}
        some = copies_of({"aligning": True}, {"cash": 0, "coins": (5, 0), "aligning": True})

        decision = decided(lead=a_lead(coins=(4, 0), cash=600), copies=some, books=shallow, phase=Phase.BUYING)

        adjusted = told(decision, Reason.DEPTH_CAPPED)
        assert adjusted is not None
        assert adjusted.copy_ids.tolist() == [1]

    def test_is_told_to_sellers_of_a_sale_and_to_nobody_else(self) -> None:
        shallow = {NEAR: a_book(100, quantity=4), FAR: BOOKS[FAR]}
        selling, buying = {"cash": 0, "coins": (5, 0), "aligning": True}, {"cash": 200, "aligning": True}

        decision = decided(
            lead=a_lead(coins=(4, 0), cash=600), copies=copies_of(selling, buying, {"aligning": True, "cash": 0}),
            books=shallow, phase=Phase.SELLING,
        )  # fmt: skip

        adjusted = told(decision, Reason.DEPTH_CAPPED)
        assert adjusted is not None
        assert adjusted.copy_ids.tolist() == [1]
        # 3 are to be sold, of which 0.8 meet inside and one goes to the book.
        assert coins_of(adjusted.wanted_values) == [300]
        assert adjusted.planned_values[0] / UNIT == pytest.approx(180, rel=0.01)

    def test_is_no_drift_that_nobody_waits_for(self) -> None:
        shallow = {NEAR: a_book(100, quantity=4), FAR: BOOKS[FAR]}

        decision = decided(lead=a_lead(coins=(4, 0), cash=600), copies=copies_of({}), books=shallow, phase=Phase.BUYING)

        assert len(decision.orders) == 1
        assert decision.adjustments == ()

    @pytest.mark.parametrize("price", [0.0099, 0.0101])
    def test_is_nothing_below_a_cent(self, price: float) -> None:
        closed = a_board(prices=(100, price), listed=[True, False], tradable=[True, False])
        lead = a_lead(coins=(10, 1), cash=0, touched=[False, True])
        follower = copies_of({"cash": 0, "coins": (10, 0)})

        adjusted = told(
            decided(board=closed, lead=lead, copies=follower, phase=Phase.SELLING), Reason.MARKET_UNAVAILABLE
        )

        assert (adjusted is not None) is (price > 0.01)

    def test_is_a_coin_of_the_lead_whose_market_is_closed(self) -> None:
        closed = a_board(listed=[False, True], tradable=[False, True])
        some = copies_of(
            {"aligning": True}, {"aligning": True, "status": "STARTING"}, {"aligning": True, "status": "PAUSED"}, {}
        )

        adjusted = told(decided(board=closed, copies=some, phase=Phase.SELLING), Reason.MARKET_UNAVAILABLE)

        assert adjusted is not None
        assert (adjusted.copy_ids.tolist(), adjusted.asset_ids.tolist()) == ([1, 2], [1, 1])
        assert coins_of(adjusted.wanted_values) == [600, 600]
        assert adjusted.planned_values.tolist() == [0, 0]

    def test_is_a_sale_of_the_leads_own_whose_market_is_closed(self) -> None:
        closed = a_board(listed=[False, True], tradable=[False, True])

        decision = decided(board=closed, copies=copies_of(ALIKE), orders=[an_order(NEAR, -2)], phase=Phase.SELLING)

        adjusted = told(decision, Reason.MARKET_UNAVAILABLE)
        assert adjusted is not None
        assert (adjusted.copy_ids.tolist(), coins_of(adjusted.wanted_values)) == ([1], [200])

    def test_is_told_of_a_closed_market_once_a_cycle(self) -> None:
        closed = a_board(listed=[False, True], tradable=[False, True])

        decision = decided(board=closed, copies=copies_of({"aligning": True}), phase=Phase.BUYING)

        assert told(decision, Reason.MARKET_UNAVAILABLE) is None

    def test_is_cash_that_was_short(self) -> None:
        # Half of its cash is promised to an order that is on its way.
        follower = copies_of({"aligning": True, "cash_held": 500})

        decision = decided(lead=a_lead(coins=(8, 0), cash=200), copies=follower, phase=Phase.BUYING)

        adjusted = told(decision, Reason.CASH_SHORT)
        assert adjusted is not None
        assert coins_of(adjusted.wanted_values) == [800]
        assert adjusted.planned_values[0] / UNIT == pytest.approx(500, rel=0.001)

    def test_is_no_cash_that_is_kept_back_for_fee_and_slippage(self) -> None:
        # A lead who is fully invested is followed with all the cash, less what a buy may cost besides.
        decision = decided(
            lead=a_lead(coins=(10, 0), cash=0), copies=copies_of({"aligning": True}), phase=Phase.BUYING,
            rules=rules(fee_rate=Decimal("0.001")),
        )  # fmt: skip

        assert coins_of(decision.wishes.copies)[0][0] < 10
        assert told(decision, Reason.CASH_SHORT) is None

    def test_is_what_a_copys_own_cap_on_one_coin_cut(self) -> None:
        capped = copies_of({"aligning": True, "terms": Terms(weight_max=0.25)})

        adjusted = told(decided(copies=capped, phase=Phase.BUYING), Reason.CONCENTRATION_CAPPED)

        assert adjusted is not None
        assert adjusted.asset_ids.tolist() == [1]
        assert coins_of(adjusted.wanted_values) == [600]
        assert coins_of(adjusted.planned_values) == [250]

    def test_is_a_cap_measured_against_what_the_lead_will_hold(self) -> None:
        capped = copies_of({"terms": Terms(weight_max=0.25)})
        orders = [an_order(NEAR, 4)]

        adjusted = told(
            decided(lead=a_lead(coins=(2, 0), cash=800), copies=capped, orders=orders, phase=Phase.BUYING),
            Reason.CONCENTRATION_CAPPED,
        )

        assert adjusted is not None
        assert coins_of(adjusted.wanted_values) == [600]

    def test_is_what_a_followers_own_maximum_cut_of_an_answer(self) -> None:
        terms = Terms(
            mode="CUSTOM_RATIO", buy_existing=False, order_ratio=1.0, order_value_max_units=150 * UNIT
        )  # fmt: skip

        decision = decided(
            lead=a_lead(**IN_CASH), copies=copies_of({"terms": terms}), orders=[an_order(NEAR, 2)], phase=Phase.BUYING
        )

        adjusted = told(decision, Reason.ORDER_MAX_CAPPED)
        assert adjusted is not None
        assert coins_of(adjusted.wanted_values) == [200]
        assert coins_of(adjusted.planned_values) == [150]

    def test_says_nothing_of_a_maximum_while_it_sells(self) -> None:
        terms = Terms(mode="CUSTOM_FIXED", buy_existing=False, order_value_units=200 * UNIT, market_ids=(12,))

        for phase, is_told in ((Phase.SELLING, False), (Phase.BUYING, True)):
            decision = decided(
                lead=a_lead(**IN_CASH), copies=copies_of({"terms": terms}), orders=[an_order(NEAR, 2)], phase=phase
            )
            assert (told(decision, Reason.MARKET_NOT_CHOSEN) is not None) is is_told
