"""What copies are worth: four figures, each with its own use."""

from __future__ import annotations

import numpy as np

from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.holdings.valuation import Valuation, value_portfolios, values_of

NAN = np.nan


def valued(*, cash: list[int], held: list[list[int]], prices: list[float], owed: int = 0, rate: int = 0) -> Valuation:
    """Return the valuation of copies that began with 1,000 each."""
    invested = np.full(len(cash), 1_000)
    return value_portfolios(
        cash_units=np.array(cash),
        held_units=np.array(held),
        unit_prices=np.array(prices),
        share_state=ShareState(
            issued_units=invested, mark_value_units=invested, rate_millionths=np.full(len(cash), rate)
        ),
        owed_units=np.full(len(cash), owed),
    )


class TestValues:
    def test_are_whole_units_rounded_down_coin_by_coin(self) -> None:
        values = values_of(held_units=np.array([[3, 1], [7, 0]]), unit_prices=np.array([0.5, 1.9]))

        assert values.tolist() == [[1, 1], [3, 0]]

    def test_forgive_the_rounding_of_a_product(self) -> None:
        # As floats, 100 · 0.29 is a little less than 29.
        assert values_of(held_units=np.array([100]), unit_prices=np.array([0.29])).tolist() == [29]

    def test_are_nothing_without_a_price(self) -> None:
        assert values_of(held_units=np.array([5, 5]), unit_prices=np.array([NAN, 2.0])).tolist() == [0, 10]


class TestAValuation:
    def test_takes_the_share_off_the_worth_and_what_is_owed_off_the_sizing(self) -> None:
        valuation = valued(cash=[200], held=[[100, 0]], prices=[10.0, 1.0], owed=300, rate=100_000)

        assert valuation.gross.tolist() == [1_200]
        assert valuation.accrued.tolist() == [20]
        assert valuation.worth.tolist() == [1_180]
        assert valuation.sizing.tolist() == [880]

    def test_is_known_where_every_coin_that_is_held_has_a_price(self) -> None:
        held = [[1, 0], [0, 1], [1, 1], [0, 0]]

        assert valued(cash=[0] * 4, held=held, prices=[NAN, 1.0]).known.tolist() == [False, True, False, True]
        assert valued(cash=[0] * 4, held=held, prices=[NAN, NAN]).known.tolist() == [False, False, False, True]
        assert valued(cash=[0] * 4, held=held, prices=[1.0, 1.0]).known.all()

    def test_counts_what_is_known_where_a_price_is_not(self) -> None:
        assert valued(cash=[5], held=[[1, 2]], prices=[NAN, 3.0]).gross.tolist() == [11]
