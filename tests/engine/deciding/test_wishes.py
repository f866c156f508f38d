"""What each copy and the lead would trade now: whom old prices and an unseen lead hold up, and what pays for whom."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from copytrading.engine.adjustments import Reason
from copytrading.engine.deciding.lead_orders import ROUNDING_SLACK_UNITS
from copytrading.engine.deciding.wishes import Wishes, hold_ratios
from copytrading.engine.holdings.terms import Terms
from tests.engine.deciding.stage import (
    ALIKE,
    FAR,
    NEAR,
    UNIT,
    a_board,
    a_lead,
    an_order,
    coins_of,
    copies_of,
    decided,
    units,
)
from tests.engine.stage import rules

FIXED = Terms(mode="CUSTOM_FIXED", buy_existing=False, order_value_units=200 * UNIT)
RATIO = Terms(mode="CUSTOM_RATIO", buy_existing=False, order_ratio=0.5)


def wished(**changes: Any) -> Wishes:
    """Return what is wished without books, where a buy may cost as much as the mark."""
    return decided(books=None, **changes).wishes


def trades(**changes: Any) -> Any:
    """Return the coins that each copy would trade."""
    return coins_of(wished(**changes).copies)


class TestACopyAtRatios:
    def test_buys_what_it_has_less_of_and_sells_what_it_has_more_of(self) -> None:
        assert trades(copies=copies_of({"cash": 500, "coins": (3, 20), "aligning": True}))[0] == [3, 0]
        assert trades(copies=copies_of({"cash": 100, "coins": (7, 20), "aligning": True}))[0] == [-1, 0]

    @pytest.mark.parametrize(("coins", "is_repaired"), [((6.09, 20), False), ((6.11, 20), True)])
    def test_is_repaired_once_it_is_a_hundredth_of_its_worth_from_its_target(
        self, coins: tuple[float, float], is_repaired: bool
    ) -> None:
        drifted = copies_of({"cash": 800 - 100 * coins[0], "coins": coins})

        assert wished(copies=drifted).copies.any() == is_repaired

    def test_is_not_repaired_while_the_leads_own_money_settles(self) -> None:
        drifted = copies_of({"cash": 0, "coins": (8, 20)})

        for until, is_repaired in ((1_001.0, False), (1_000.0, True), (np.nan, True)):
            assert wished(lead=a_lead(settling_until=until), copies=drifted).copies.any() == is_repaired

    def test_follows_what_the_lead_touched_even_so(self) -> None:
        drifted = copies_of({"cash": 0, "coins": (7, 10)})

        lead = a_lead(settling_until=2_000.0, touched=[True, False])
        assert trades(lead=lead, copies=drifted) == [[-2.2, 0]]

    @pytest.mark.parametrize("status", ["PAUSED", "STOPPING"])
    def test_is_not_kept_at_ratios_unless_it_runs(self, status: str) -> None:
        other = copies_of({"cash": 1_000, "status": status})

        assert not wished(copies=other, lead=a_lead(touched=[True, True])).copies.any()

    def test_sells_everything_when_it_stops(self) -> None:
        stopping = copies_of(ALIKE | {"status": "STOPPING"}, ALIKE)

        assert trades(copies=stopping) == [[-6, -20], [0, 0]]

    def test_sells_nothing_that_is_promised_to_an_order(self) -> None:
        stopping = copies_of(ALIKE | {"status": "STOPPING", "held": (4, 0)})

        assert trades(copies=stopping) == [[-2, -20]]

    def test_spends_nothing_that_is_promised_to_an_order_or_on_its_way_out(self) -> None:
        lead = a_lead(coins=(10, 0), cash=0)

        assert trades(lead=lead, copies=copies_of({"aligning": True, "cash_held": 300}))[0][NEAR] == pytest.approx(
            6.965, abs=0.002
        )
        assert trades(lead=lead, copies=copies_of({"aligning": True, "owed": 300}))[0][NEAR] == pytest.approx(
            6.965, abs=0.002
        )

    def test_keeps_a_few_units_of_cash_for_what_is_rounded(self) -> None:
        exact, all_in = rules(fee_rate=Decimal(0), slippage_cap=0), a_lead(coins=(100, 0), cash=0)

        bought = wished(board=a_board((1, 1)), lead=all_in, copies=copies_of({"aligning": True}), rules=exact).copies[0]

        assert 1_000 * UNIT - 3 * ROUNDING_SLACK_UNITS < bought[NEAR] <= 1_000 * UNIT - 2 * ROUNDING_SLACK_UNITS

    def test_is_sized_by_what_stays_when_money_is_on_its_way_out(self) -> None:
        # A hundredth more than is owed is sold, so that fees do not leave it short.
        owing = copies_of({"cash": 0, "coins": (10, 0), "owed": 400})

        assert trades(lead=a_lead(coins=(10, 0), cash=0), copies=owing) == [[-4.04, 0]]

    def test_aims_at_what_the_lead_will_hold_once_the_own_orders_are_filled(self) -> None:
        wishes = wished(lead=a_lead(coins=(0, 0), cash=1_000), orders=[an_order(NEAR, 2)])

        assert coins_of(wishes.copies) == [[2, 0]]
        assert coins_of(wishes.lead) == [2, 0]
        assert coins_of(wishes.net) == [4, 0]
        assert wishes.markets.tolist() == [True, False]

    def test_asks_a_market_although_it_has_no_cash(self) -> None:
        poor = copies_of({"cash": 1_000, "cash_held": 1_000, "aligning": True})

        wishes = wished(copies=poor)

        assert wishes.is_nothing
        assert wishes.markets.tolist() == [True, True]

    def test_is_explained_where_somebody_waits(self) -> None:
        some = copies_of({}, {"aligning": True}, ALIKE | {"status": "STOPPING"})

        assert wished(copies=some).explained.tolist() == [[False, False], [True, True], [True, True]]
        touched = wished(copies=some, lead=a_lead(touched=[False, True]))
        assert touched.explained.tolist() == [[False, True], [True, True], [True, True]]
        ordered = wished(copies=some, orders=[an_order(NEAR, 1)])
        assert ordered.explained[0].tolist() == [True, False]


class TestAnOldPrice:
    """The coin at 10 has a price that is too old to act on."""

    board = a_board(fresh=[True, False])

    def test_holds_up_who_holds_that_coin(self) -> None:
        some = copies_of({"cash": 0, "coins": (9, 10)}, {"cash": 0, "coins": (10, 0)})

        lead = a_lead(coins=(5, 0), cash=500)
        assert trades(board=self.board, lead=lead, copies=some) == [[0, 0], [-5, 0]]

    def test_holds_up_everybody_where_the_lead_holds_that_coin(self) -> None:
        some = copies_of({"aligning": True}, {"cash": 0, "coins": (10, 0)})

        assert not wished(board=self.board, copies=some).copies.any()

    def test_holds_up_everybody_where_the_lead_is_buying_that_coin(self) -> None:
        lead = a_lead(coins=(0, 0), cash=1_000)

        wishes = wished(board=self.board, lead=lead, orders=[an_order(FAR, 10), an_order(NEAR, 1)])
        assert wishes.is_nothing

    def test_holds_up_whoever_holds_a_single_unit_of_that_coin(self) -> None:
        aligning = copies_of({"cash": 0, "coins": (10, 0)}, {"cash": 0, "coins": (10, 1 / UNIT)})

        assert trades(board=self.board, lead=a_lead(coins=(5, 0), cash=500), copies=aligning) == [[-5, 0], [0, 0]]
        assert trades(board=self.board, lead=a_lead(coins=(5, 1 / UNIT), cash=500), copies=aligning) == [[0, 0]] * 2

    def test_lets_exits_go_on(self) -> None:
        assert trades(board=self.board, copies=copies_of(ALIKE | {"status": "STOPPING"})) == [[-6, -20]]


class TestALeadUnseen:
    def test_is_followed_by_nobody(self) -> None:
        some = copies_of({"aligning": True}, {"cash": 0, "coins": (10, 0)}, {"terms": FIXED})

        wishes = wished(lead=a_lead(is_seen=False), copies=some, orders=[an_order(NEAR, 1)])

        assert wishes.is_nothing

    def test_lets_exits_go_on(self) -> None:
        stopping = copies_of(ALIKE | {"status": "STOPPING"})

        assert trades(lead=a_lead(is_seen=False), copies=stopping) == [[-6, -20]]

    def test_lets_money_out_of_all_coins_alike(self) -> None:
        # 101 for the 100 that are owed, of 800 in coins, where all the cash is promised already.
        owing = copies_of(ALIKE | {"owed": 100, "cash_held": 200})

        sold = trades(lead=a_lead(is_seen=False), copies=owing)
        assert sold == [[pytest.approx(-6 * 101 / 800, abs=0.001), pytest.approx(-20 * 101 / 800, abs=0.001)]]


class TestAReduction:
    """A copy that is not kept at ratios sells all its coins alike for what its cash does not pay."""

    def test_of_a_paused_copy_sells_all_coins_alike(self) -> None:
        owing = copies_of({"cash": 50, "coins": (6, 20), "status": "PAUSED", "owed": 200})

        # 202 are due with the margin, 50 are there, and 152 of 800 go.
        assert trades(copies=owing) == [[-1.14, -3.8]]

    def test_that_cash_pays_for_sells_nothing(self) -> None:
        owing = copies_of(ALIKE | {"status": "PAUSED", "owed": 150})

        assert not wished(copies=owing).copies.any()

    def test_of_more_than_there_is_sells_everything(self) -> None:
        owing = copies_of({"cash": 0, "coins": (6, 20), "status": "PAUSED", "owed": 900})

        assert trades(copies=owing) == [[-6, -20]]

    def test_pays_the_profit_share_that_is_due_too(self) -> None:
        # 800 are worth 1,000 now, and a tenth of the 200 won is the lead's: 20 of the coins go for it.
        owing = copies_of(
            {"cash": 0, "coins": (8, 20), "invested": 800, "rate_millionths": 100_000, "status": "PAUSED", "owed": 100}
        )

        assert trades(copies=owing) == [[pytest.approx(-8 * 121 / 1_000), pytest.approx(-20 * 121 / 1_000)]]

    def test_of_a_copy_that_answers_orders_sells_all_coins_alike(self) -> None:
        owing = copies_of({"cash": 0, "coins": (6, 20), "terms": FIXED, "owed": 100})

        assert trades(copies=owing) == [
            [pytest.approx(-6 * 101 / 800, abs=0.001), pytest.approx(-20 * 101 / 800, abs=0.001)]
        ]

    def test_waits_where_the_price_of_a_coin_that_is_held_is_old(self) -> None:
        owing = copies_of({"cash": 0, "coins": (6, 20), "status": "PAUSED", "owed": 100})

        assert not wished(board=a_board(fresh=[True, False]), copies=owing).copies.any()

    def test_leaves_other_copies_as_they_are(self) -> None:
        some = copies_of(ALIKE | {"status": "PAUSED"}, {"cash": 0, "coins": (6, 20), "status": "PAUSED", "owed": 80})

        assert not wished(copies=some).copies[0].any()


class TestACopyThatAnswersOrders:
    def test_answers_a_buy_with_its_value_and_a_sell_with_the_same_fraction(self) -> None:
        some = copies_of({"terms": FIXED}, {"terms": RATIO}, {"cash": 0, "coins": (2, 30), "terms": FIXED})
        orders = [an_order(NEAR, 1), an_order(FAR, -5)]

        wishes = wished(copies=some, orders=orders)

        # A quarter of the lead's 20 coins go.
        assert coins_of(wishes.copies)[:2] == [[2, 0], [0.5, 0]]
        assert coins_of(wishes.wanted)[2] == [2, -7.5]

    def test_answers_each_of_two_orders_with_its_value(self) -> None:
        orders = [an_order(NEAR, 0.5, number=1), an_order(NEAR, 0.5, number=2)]

        assert trades(copies=copies_of({"terms": FIXED}), orders=orders) == [[4, 0]]

    def test_answers_what_is_left_of_an_order_in_part(self) -> None:
        assert trades(copies=copies_of({"terms": FIXED}), orders=[an_order(NEAR, 0.5, of=2)]) == [[0.5, 0]]

    def test_answers_what_the_lead_bought_elsewhere(self) -> None:
        lead = a_lead(pending_units=units((1, 0)), pending_orders=np.array([2, 0]))

        assert trades(lead=lead, copies=copies_of({"terms": FIXED}, {"terms": RATIO})) == [[4, 0], [0.5, 0]]

    def test_answers_what_the_lead_sold_elsewhere_with_the_fraction_of_what_was_there_before(self) -> None:
        # The lead holds 6 now and held 8 before.
        lead = a_lead(pending_units=units((-2, 0)))

        assert trades(lead=lead, copies=copies_of({"cash": 0, "coins": (4, 0), "terms": FIXED})) == [[-1, 0]]

    def test_buys_nothing_for_less_than_a_coin_of_the_lead_that_was_sold(self) -> None:
        lead = a_lead(coins=(0, 0), cash=1_000, pending_units=units((-6, 0)))

        wishes = wished(lead=lead, copies=copies_of({"cash": 0, "coins": (4, 0), "terms": FIXED}))
        assert wishes.copies.tolist() == [[-4 * UNIT, 0]], "to the last unit"

    def test_is_not_repaired_and_not_aligned(self) -> None:
        some = copies_of({"terms": FIXED}, {"terms": FIXED, "cash": 0, "coins": (10, 0)})

        assert not wished(lead=a_lead(touched=[True, True]), copies=some).copies.any()

    def test_answers_nothing_while_it_pauses(self) -> None:
        assert not wished(
            copies=copies_of({"terms": FIXED, "status": "PAUSED"}), orders=[an_order(NEAR, 1)]
        ).copies.any()

    def test_answers_nothing_at_an_old_price_or_in_a_shut_market(self) -> None:
        lead = a_lead(coins=(0, 20), cash=800)
        for board in (a_board(tradable=[False, True]), a_board(fresh=[False, True])):
            wishes = wished(board=board, lead=lead, copies=copies_of({"terms": FIXED}), orders=[an_order(NEAR, 1)])
            assert not wishes.copies.any()

    def test_stands_beside_copies_at_ratios(self) -> None:
        some = copies_of(
            {"terms": RATIO}, {"aligning": True}, {"terms": Terms(weight_max=0.1), "aligning": True}, {"terms": FIXED}
        )

        wishes = wished(copies=some, orders=[an_order(NEAR, 1)])

        assert coins_of(wishes.copies) == [[0.5, 0], [7, 20], [1, 10], [2, 0]]
        assert wishes.capped.tolist() == [[False, False], [False, False], [True, True], [False, False]]
        assert hold_ratios(some).tolist() == [False, True, True, False]
        assert coins_of(wishes.asked_values) == [[50, 0], [0, 0], [0, 0], [200, 0]]

    def test_says_which_of_its_terms_cut_it(self) -> None:
        modest = Terms(mode="CUSTOM_RATIO", buy_existing=False, order_ratio=1.0, order_value_max_units=30 * UNIT)
        some = copies_of({"terms": modest}, {"aligning": True}, {"terms": FIXED})

        wishes = wished(copies=some, orders=[an_order(NEAR, 1)])

        assert wishes.cuts[Reason.ORDER_MAX_CAPPED].tolist() == [[True, False], [False, False], [False, False]]
        assert not wishes.cuts[Reason.TOTAL_MAX_CAPPED].any()


class TestWishes:
    def test_can_be_taken_of_some_markets_only(self) -> None:
        wishes = wished(copies=copies_of({"aligning": True}), orders=[an_order(NEAR, 1), an_order(FAR, 1)])

        near = wishes.within(np.array([True, False]))

        assert coins_of(near.copies) == [[7, 0]]
        assert coins_of(near.wanted) == [[7, 0]]
        assert coins_of(near.lead) == [1, 0]

    def test_can_be_taken_without_some_copies_or_the_lead(self) -> None:
        wishes = wished(copies=copies_of({"aligning": True}), orders=[an_order(NEAR, 1), an_order(FAR, 1)])

        others = wishes.without(copies=np.array([[False, True]]), lead=np.array([True, False]))

        assert coins_of(others.copies) == [[7, 0]]
        assert coins_of(others.wanted) == [[7, 0]]
        assert coins_of(others.lead) == [0, 1]
        assert others.markets.tolist() == [True, True]
