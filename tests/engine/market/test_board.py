"""The market as a decision sees it: a place for each coin, and what its market accepts."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from copytrading.engine import units
from tests.engine.deciding.stage import a_board


class TestBoard:
    def test_knows_the_place_of_each_coin(self) -> None:
        board = a_board(prices=(1, 2, 3), asset_ids=[4, 7, 9])

        assert board.places_of(np.array([9, 4, 9])).tolist() == [2, 0, 2]

    @pytest.mark.parametrize("unknown", [3, 5, 10])
    def test_refuses_a_coin_that_has_no_place(self, unknown: int) -> None:
        with pytest.raises(AssertionError, match="an asset has no market"):
            a_board(prices=(1, 2, 3), asset_ids=[4, 7, 9]).places_of(np.array([unknown]))

    def test_awaits_what_is_closed_and_not_given_up(self) -> None:
        board = a_board(prices=(1, 2, 3), listed=[False, False, True], frozen=[True, False, False])

        assert board.awaited.tolist() == [False, True, False]

    def test_tells_what_one_market_accepts(self) -> None:
        board = a_board(lot_units=[10, 20], decimals=[8, 6], quote_decimals=[4, 2], value_min_units=[5, 7])

        market = board.market(1)

        assert (market.market_id, market.lot_units, market.value_min_units) == (12, 20, 7)
        assert (market.base_decimals, market.quote_decimals) == (6, 2)
        assert (market.mark, market.tick_size) == (10, Decimal("0.01"))
        # Two decimals against six: a price of 25 is 25 / 10,000 cents a millionth.
        assert market.unit_price(Decimal(25)) == 0.0025

    def test_tells_nothing_of_a_market_without_a_mark(self) -> None:
        with pytest.raises(AssertionError, match="a market without a mark"):
            a_board(marks=np.array([None, Decimal(1)], dtype=object)).market(0)


class TestUnits:
    def test_are_coins_and_coins_are_units(self) -> None:
        assert units.coins(50_000_000, 8) == Decimal("0.5")
        assert units.units_of(Decimal("0.5"), 8) == 50_000_000

    def test_are_rounded_to_the_nearest(self) -> None:
        assert [units.units_of(Decimal(coins), 2) for coins in ("1.234", "1.236")] == [123, 124]
