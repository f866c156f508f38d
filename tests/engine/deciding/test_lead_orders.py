"""Which of a lead's open orders take part in a decision, and what they come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from copytrading.engine.deciding.lead_orders import ROUNDING_SLACK_UNITS, LeadWish, OpenOrder, is_reached, join_orders
from copytrading.engine.market.books import Book, Side
from tests.engine.deciding.stage import BOOKS, FAR, FREE, NEAR, UNIT, a_board, a_book, a_lead, an_order, coins_of
from tests.engine.stage import rules

NOWHERE = np.array([False, False])


def joined(*orders: OpenOrder, **changes: Any) -> LeadWish:
    usual = {"board": a_board(), "lead": a_lead(cash=10_000), "exits": NOWHERE, "books": None, "rules": FREE}
    return join_orders(orders, **usual | changes)


class TestMarketOrders:
    def test_take_part_at_once_and_add_up(self) -> None:
        wish = joined(
            an_order(NEAR, 2, number=1), an_order(FAR, -5, number=2), an_order(NEAR, 3, number=3, of=4),
            an_order(FAR, -1, number=4),
        )  # fmt: skip

        assert coins_of(wish.units) == [5, -6]
        # One purchase and three quarters of another; sales are counted by what they sell.
        assert wish.orders.tolist() == [1.75, 0]
        assert wish.order_ids == {NEAR: (1, 3), FAR: (2, 4)}
        assert wish.limits == {}

    def test_of_both_sides_leave_their_difference(self) -> None:
        wish = joined(an_order(NEAR, 2), an_order(NEAR, -3))

        assert coins_of(wish.units) == [-1, 0]
        assert wish.orders[NEAR] == 1

    def test_take_part_whatever_the_book_says(self) -> None:
        assert coins_of(joined(an_order(NEAR, 2), books={}).units) == [2, 0]

    def test_sell_no_more_than_is_held_and_not_promised(self) -> None:
        lead = a_lead(coins=(6, 20), held_units=np.array([2 * UNIT, 0]))

        assert coins_of(joined(an_order(NEAR, -9), an_order(FAR, -25), lead=lead).units) == [-4, -20]

    def test_shrink_alike_to_the_cash_that_is_not_promised(self) -> None:
        lead = a_lead(coins=(0, 0), cash=1_000, cash_held_units=400 * UNIT)
        dear = rules(fee_rate=Decimal("0.01"), slippage_cap=0.1)

        wish = joined(an_order(NEAR, 6), an_order(FAR, 40), lead=lead, rules=dear)

        # What they may cost is 1,000 with a tenth and a hundredth on top.
        part = 600 / (1_000 * 1.1 * 1.01)
        assert wish.units / UNIT == pytest.approx([6 * part, 40 * part])
        assert float(wish.units @ a_board().unit_prices) * 1.1 * 1.01 <= 600 * UNIT

    def test_leave_what_is_sold_as_it_is_where_cash_is_short(self) -> None:
        wish = joined(an_order(NEAR, -1), an_order(FAR, 40), lead=a_lead(cash=0))

        assert coins_of(wish.units) == [-1, 0]

    def test_keep_a_few_units_of_cash_for_what_is_rounded(self) -> None:
        free = rules(fee_rate=Decimal(0), slippage_cap=0)
        board = a_board(prices=(1, 1))
        slack = ROUNDING_SLACK_UNITS * 2

        for spare, is_whole in ((slack, True), (slack - 1, False)):
            lead = a_lead(coins=(0, 0), cash=0, cash_units=5 * UNIT + spare)
            wish = joined(an_order(NEAR, 5), board=board, lead=lead, rules=free)
            assert bool(wish.units[NEAR] == 5 * UNIT) is is_whole

    def test_of_a_lead_elsewhere_are_none_of_ours(self) -> None:
        wish = joined(an_order(NEAR, 2), lead=a_lead(account_id=None))

        assert not wish.units.any()
        assert not wish.orders.any()


class TestLimitOrders:
    @pytest.mark.parametrize(
        ("coins", "limit", "joins"),
        [(1, "100", True), (1, "99.99", False), (-1, "100", True), (-1, "100.01", False)],
    )
    def test_take_part_once_the_mark_is_as_good_as_their_price(self, coins: float, limit: str, joins: bool) -> None:
        wish = joined(an_order(NEAR, coins, limit=limit))

        assert coins_of(wish.units) == [coins if joins else 0, 0]
        assert wish.limits == ({NEAR: Decimal(limit)} if joins else {})

    def test_wait_where_there_is_no_mark(self) -> None:
        unpriced = a_board(marks=np.array([None, Decimal(10)], dtype=object))

        assert not joined(an_order(NEAR, 1, limit="1000"), board=unpriced).units.any()

    @pytest.mark.parametrize(
        ("coins", "price", "joins"), [(1, 99.99, True), (1, 100, False), (-1, 100.01, True), (-1, 100, False)]
    )
    def test_wait_until_the_book_gives_something_within_their_price(
        self, coins: float, price: float, joins: bool
    ) -> None:
        # Half a cent from the price on either side.
        books = BOOKS | {NEAR: a_book(price)}

        assert bool(joined(an_order(NEAR, coins, limit="100"), books=books).units[NEAR]) is joins

    def test_wait_where_there_is_no_book_or_an_empty_one(self) -> None:
        empty = Book(symbol="", as_of=None, bids=(), asks=())

        for books in ({}, {NEAR: empty}):
            assert not joined(an_order(NEAR, 1, limit="101"), books=books).units.any()

    def test_wait_for_the_market_orders_of_their_market(self) -> None:
        wish = joined(an_order(NEAR, 1, number=1, limit="101"), an_order(NEAR, 2, number=2))

        assert coins_of(wish.units) == [2, 0]
        assert (wish.limits, wish.order_ids) == ({}, {NEAR: (2,)})

    def test_wait_while_a_copy_leaves_their_market(self) -> None:
        orders = an_order(NEAR, 1, number=1, limit="101"), an_order(FAR, 1, number=2, limit="11")

        assert coins_of(joined(*orders, exits=np.array([True, False])).units) == [0, 1]
        assert coins_of(joined(an_order(NEAR, 1), exits=np.array([True, True])).units) == [1, 0]

    @pytest.mark.parametrize(
        ("sign", "prices", "first"),
        [(1, ("101", "102"), 2), (1, ("102", "101"), 1), (-1, ("98", "99"), 1), (-1, ("99", "98"), 2)],
    )
    def test_take_part_one_at_a_time_and_the_price_that_gives_most_first(
        self, sign: int, prices: tuple[str, str], first: int
    ) -> None:

        wish = joined(
            *(an_order(NEAR, sign, number=number, limit=price) for number, price in enumerate(prices, start=1))
        )

        assert coins_of(wish.units) == [sign, 0]
        assert wish.order_ids == {NEAR: (first,)}

    def test_take_part_by_age_where_two_give_alike(self) -> None:
        wish = joined(an_order(NEAR, 1, number=1, limit="101"), an_order(NEAR, 2, number=2, limit="101"))

        assert wish.order_ids == {NEAR: (1,)}

    def test_take_part_on_the_side_of_the_oldest_that_is_due(self) -> None:
        orders = (
            an_order(NEAR, 1, number=1, limit="99"), an_order(NEAR, -1, number=2, limit="99"),
            an_order(NEAR, 1, number=3, limit="105"),
        )  # fmt: skip

        assert joined(*orders).order_ids == {NEAR: (2,)}


class TestALeadWish:
    def test_can_be_taken_without_some_places(self) -> None:
        wish = joined(an_order(NEAR, 1, number=1, limit="101"), an_order(FAR, 2, number=2, limit="11"))

        left = wish.without(iter([NEAR]))

        assert coins_of(left.units) == [0, 2]
        assert left.orders.tolist() == [0, 1]
        assert (left.limits, left.order_ids) == ({FAR: Decimal(11)}, {FAR: (2,)})
        assert coins_of(wish.units) == [1, 2], "the wish itself stays as it was"


class TestIsReached:
    def test_is_at_the_price_and_beyond_it_on_the_good_side(self) -> None:
        for price, is_bought, is_sold in ((99, True, False), (100, True, True), (101, False, True)):
            reached = {side: is_reached(side=side, price_limit=Decimal(100), price=Decimal(price)) for side in Side}
            assert reached == {Side.BUY: is_bought, Side.SELL: is_sold}

    def test_is_nowhere_without_a_price(self) -> None:
        assert is_reached(side=Side.BUY, price_limit=Decimal(100), price=None) is False
