"""What copies on own accounts trade: an order for each account, minimums borne alone, each at its own pace."""

from __future__ import annotations

from typing import Any

import numpy as np

from copytrading.engine.adjustments import Reason
from copytrading.engine.deciding.own_accounts import OwnDecision, decide_own
from copytrading.engine.holdings.portfolios import CopyTable
from copytrading.engine.market.books import Side
from tests.engine.deciding.stage import ALIKE, BOOKS, FAR, FREE, NEAR, a_board, a_book, a_lead, coins_of, copies_of


def decided(copies: CopyTable, **changes: Any) -> OwnDecision:
    cells = np.zeros(copies.units.shape, dtype=np.bool_)
    given: dict[str, Any] = {
        "board": a_board(),
        "lead": a_lead(),
        "touched": cells,
        "may_sell": np.ones(len(copies.ids), dtype=np.bool_),
        "closed": cells,
        "books": BOOKS,
        "rules": FREE,
        "now": 1_000.0,
    }
    return decide_own(copies=copies, **(given | changes))


def orders_of(decision: OwnDecision) -> list[tuple[int, int, str, float]]:
    """Return row, market, side and coins of each order."""
    return [
        (order.row, order.planned.market.market_id, order.planned.side.value, coins_of(order.planned.quantity_units))
        for order in decision.orders
    ]


class TestOrders:
    def test_are_one_for_each_account_and_market(self) -> None:
        decision = decided(copies_of({"aligning": True}, {"aligning": True, "cash": 100}))

        assert [(row, market) for row, market, _, _ in orders_of(decision)] == [(0, 11), (1, 11), (0, 12), (1, 12)]
        assert all(order.planned.participant_ids.tolist() == [101 + order.row] for order in decision.orders)

    def test_are_as_large_as_the_ratio_says(self) -> None:
        decision = decided(copies_of({"aligning": True, "cash": 500}))

        assert orders_of(decision) == [(0, 11, Side.BUY.value, 3.0), (0, 12, Side.BUY.value, 10.0)]
        assert decision.buying.tolist() == [True]

    def test_never_meet_inside(self) -> None:
        # One has coins that its lead has not, another wants them: each goes to the venue by itself.
        copies = copies_of({"aligning": True, "cash": 0, "coins": (10, 0)}, {"aligning": True})

        decision = decided(copies)

        assert {(row, side) for row, market, side, _ in orders_of(decision) if market == 11} == {
            (0, Side.SELL.value),
            (1, Side.BUY.value),
        }

    def test_of_a_copy_that_sells_are_sales_alone(self) -> None:
        decision = decided(copies_of({"aligning": True, "cash": 0, "coins": (10, 0)}))

        assert orders_of(decision) == [(0, 11, Side.SELL.value, 4.0)]
        assert (decision.selling.tolist(), decision.buying.tolist()) == ([True], [False])

    def test_of_one_that_has_sold_are_buys(self) -> None:
        copies = copies_of({"aligning": True, "cash": 300, "coins": (7, 0)})

        decision = decided(copies, may_sell=np.array([False]))

        assert [(market, side) for _, market, side, _ in orders_of(decision)] == [(12, Side.BUY.value)]

    def test_follow_what_was_traded_since_that_copy_followed_last(self) -> None:
        # Both hold a little less than their lead of the coin at 100, within the band.
        copies = copies_of({"cash": 205, "coins": (5.95, 20)}, {"cash": 205, "coins": (5.95, 20)})

        decision = decided(copies, touched=np.array([[True, False], [False, False]]))

        assert [row for row, *_ in orders_of(decision)] == [0]

    def test_hold_what_they_cost_at_their_limit(self) -> None:
        (first, _) = decided(copies_of({"aligning": True})).orders

        planned = first.planned
        cost = planned.quantity_units * planned.market.unit_price(planned.price_limit)
        assert cost <= planned.quote_holds[0] <= cost + 3
        assert planned.base_holds.tolist() == [0]


class TestWhatABookGives:
    def test_is_shared_in_proportion(self) -> None:
        # A quarter of 12 coins may be taken; 6 and 3 are wanted.
        books = {NEAR: a_book(100, quantity=12), FAR: BOOKS[FAR]}
        copies = copies_of({"aligning": True}, {"aligning": True, "cash": 500})

        decision = decided(copies, books=books)

        assert [coins for _, market, _, coins in orders_of(decision) if market == 11] == [2.0, 1.0]
        assert decision.short.tolist() == [True, True]
        assert Reason.DEPTH_CAPPED in {one.reason for one in decision.adjustments}

    def test_is_waited_for_where_it_is_nothing(self) -> None:
        decision = decided(copies_of({"aligning": True}), books={NEAR: a_book(100, quantity=0), FAR: BOOKS[FAR]})

        assert [market for _, market, _, _ in orders_of(decision)] == [12]
        assert decision.arrived.tolist() == [False]


class TestAMinimum:
    def test_is_borne_alone_and_told(self) -> None:
        # 1 USDT is the least; a fiftieth of 20 coins at 10 would be 0.4.
        copies = copies_of({"aligning": True, "cash": 2})

        decision = decided(copies)

        assert [market for _, market, _, _ in orders_of(decision)] == [11]
        (told,) = decision.adjustments
        assert (told.reason, told.asset_ids.tolist()) == (Reason.BELOW_VENUE_MINIMUM, [2])
        assert (told.wanted_values / 1e8).round(2).tolist() == [0.4]

    def test_keeps_nobody_from_having_arrived(self) -> None:
        decision = decided(copies_of({"aligning": True, "cash": 1}))

        assert orders_of(decision) == []
        assert decision.arrived.tolist() == [True]


class TestACopy:
    def test_that_is_as_its_lead_has_arrived(self) -> None:
        assert decided(copies_of(ALIKE | {"aligning": True})).arrived.tolist() == [True]

    def test_waits_where_its_account_was_refused_a_moment_ago(self) -> None:
        decision = decided(copies_of({"aligning": True}), closed=np.array([[True, False]]))

        assert [market for _, market, _, _ in orders_of(decision)] == [12]
        assert decision.waiting.tolist() == [True]

    def test_waits_for_a_market_that_is_halted(self) -> None:
        decision = decided(copies_of({"aligning": True}), board=a_board(tradable=[False, True]))

        assert decision.waiting.tolist() == [True]

    def test_that_stops_sells_all_and_reaches_further_for_itself(self) -> None:
        copies = copies_of(
            ALIKE | {"status": "STOPPING", "stopping_at": 1_000.0}, ALIKE | {"status": "STOPPING", "stopping_at": 970.0}
        )

        decision = decided(copies)

        limits = {
            order.row: order.planned.price_limit for order in decision.orders if order.planned.market.market_id == 11
        }
        assert [coins for _, market, _, coins in orders_of(decision) if market == 11] == [6.0, 6.0]
        assert (str(limits[0]), str(limits[1])) == ("99.50", "98.00")

    def test_that_is_paused_trades_nothing(self) -> None:
        decision = decided(copies_of({"aligning": True, "status": "PAUSED"}))

        assert orders_of(decision) == []

    def test_follows_a_lead_who_is_unseen_in_nothing(self) -> None:
        decision = decided(copies_of({"aligning": True}), lead=a_lead(is_seen=False))

        assert orders_of(decision) == []
        assert decision.waiting.tolist() == [True]
