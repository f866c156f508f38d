from __future__ import annotations

import numpy as np
import pytest

from copytrading.engine.holdings import weights

PRICES = np.array([100.0, 10.0])


class TestEquityOf:
    def test_counts_cash_and_coins_of_each_portfolio(self):
        equity = weights.equity_of(
            cash_units=np.array([500, 0]), held_units=np.array([[3, 20], [0, 7]]), unit_prices=PRICES
        )

        assert equity.tolist() == [1000.0, 70.0]

    def test_ignores_a_missing_price_only_where_nothing_is_held(self):
        equity = weights.equity_of(
            cash_units=np.array([500, 500]),
            held_units=np.array([[3, 0], [3, 1]]),
            unit_prices=np.array([100.0, np.nan]),
        )

        assert equity[0] == 800.0
        assert np.isnan(equity[1])

    def test_is_unknown_where_one_of_several_coins_without_a_price_is_held(self):
        equity = weights.equity_of(
            cash_units=np.array([500, 500, 500]),
            held_units=np.array([[3, 0, 0], [3, 1, 0], [3, 0, 1]]),
            unit_prices=np.array([100.0, np.nan, np.nan]),
        )

        assert equity[0] == 800.0
        assert np.isnan(equity).tolist() == [False, True, True]


class TestWeightsOf:
    def test_are_shares_of_equity_and_leave_the_rest_to_cash(self):
        shares = weights.weights_of(cash_units=np.array([500]), held_units=np.array([[3, 20]]), unit_prices=PRICES)

        assert shares.tolist() == [[0.3, 0.2]]

    def test_are_zero_without_equity(self):
        shares = weights.weights_of(cash_units=np.array([0]), held_units=np.array([[0, 0]]), unit_prices=PRICES)

        assert shares.tolist() == [[0.0, 0.0]]

    def test_ignore_the_missing_price_of_a_coin_nobody_holds(self):
        shares = weights.weights_of(
            cash_units=np.array([500]), held_units=np.array([[5, 0]]), unit_prices=np.array([100.0, np.nan])
        )

        assert shares.tolist() == [[0.5, 0.0]]


class TestDistanceOf:
    def test_is_zero_for_a_smaller_portfolio_of_the_same_ratios(self):
        distance = weights.distance_of(weights=np.array([[0.9, 0.0]]), lead_weights=np.array([0.9, 0.0]))

        assert distance.tolist() == [0.0]

    def test_counts_the_cash_that_should_have_been_coins(self):
        distance = weights.distance_of(weights=np.array([[0.5, 0.2]]), lead_weights=np.array([0.6, 0.3]))

        assert distance == pytest.approx([0.2])

    def test_is_one_when_nothing_is_shared(self):
        distance = weights.distance_of(weights=np.array([[1.0, 0.0]]), lead_weights=np.array([0.0, 1.0]))

        assert distance.tolist() == [1.0]


class TestTargetUnits:
    def test_scales_the_followed_share_of_each_position_to_the_copy(self):
        target = weights.target_units(
            equity=np.array([1000.0, 500.0]),
            lead_equity=10_000.0,
            followed_shares=np.array([[1.0, 1.0], [0.0, 0.5]]),
            lead_units=np.array([90, 40]),
        )

        assert target == pytest.approx(np.array([[9.0, 4.0], [0.0, 1.0]]))

    @pytest.mark.parametrize("lead_equity", [0.0, -5.0, np.nan])
    def test_is_nothing_when_the_lead_has_no_equity(self, lead_equity):
        target = weights.target_units(
            equity=np.array([1000.0]),
            lead_equity=lead_equity,
            followed_shares=np.ones((1, 1)),
            lead_units=np.array([90]),
        )

        assert target.tolist() == [[0.0]]

    def test_is_nothing_and_never_negative_for_a_copy_that_owes_more_than_it_has(self):
        target = weights.target_units(
            equity=np.array([-3.0]),
            lead_equity=10_000.0,
            followed_shares=np.ones((1, 1)),
            lead_units=np.array([90]),
        )

        assert target.tolist() == [[0.0]]
