"""The visible offers of a market: what an order meets, and on which side a price is rounded."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

import pytest

from copytrading.engine.market.books import Book, Level, Side, on_tick, steps


def level(price: str, quantity: str) -> Level:
    return Level(price=Decimal(price), quantity=Decimal(quantity))


BOOK = Book(
    symbol="BTC-USDT", as_of=None,
    bids=(level("99", "1"), level("98", "2"), level("97", "4")),
    asks=(level("101", "1.5"), level("102", "3"), level("103", "5")),
)  # fmt: skip


class TestABook:
    def test_has_its_mid_half_way_between_the_best(self) -> None:
        assert BOOK.mid == 100
        assert replace(BOOK, bids=()).mid is None
        assert replace(BOOK, asks=()).mid is None

    def test_gives_a_buy_the_best_ask_and_a_sale_the_best_bid(self) -> None:
        assert (BOOK.best_for(Side.BUY), BOOK.best_for(Side.SELL)) == (101, 99)
        assert replace(BOOK, asks=()).best_for(Side.BUY) is None

    @pytest.mark.parametrize(
        ("side", "limit", "depth"),
        [(Side.BUY, "102", "4.5"), (Side.BUY, "101.99", "1.5"), (Side.BUY, "100", "0"),
         (Side.SELL, "98", "3"), (Side.SELL, "98.01", "1"), (Side.SELL, "100", "0")],
    )  # fmt: skip
    def test_gives_what_lies_within_a_limit_the_limit_included(self, side: Side, limit: str, depth: str) -> None:
        assert BOOK.depth_within(side, Decimal(limit)) == Decimal(depth)


class TestOnTick:
    def test_rounds_to_the_careful_side(self) -> None:
        price, tick = Decimal("100.127"), Decimal("0.05")

        assert on_tick(side=Side.BUY, price=price, tick_size=tick) == Decimal("100.10")
        assert on_tick(side=Side.SELL, price=price, tick_size=tick) == Decimal("100.15")

    def test_leaves_a_price_that_is_on_one(self) -> None:
        for side in Side:
            assert on_tick(side=side, price=Decimal("100.15"), tick_size=Decimal("0.05")) == Decimal("100.15")


def test_steps_are_whole() -> None:
    assert steps(Decimal("7.9"), Decimal("2.5"), ROUND_FLOOR) == Decimal("7.5")
