from __future__ import annotations

import numpy as np
import pytest

from copytrading.engine.track_record import performance


class TestTotalReturn:
    def test_compares_the_last_price_with_the_first(self):
        assert performance.total_return(unit_prices=np.array([2.0, 1.0, 2.5])) == 0.25

    def test_is_zero_before_there_is_a_second_price(self):
        assert performance.total_return(unit_prices=np.array([2.0])) == 0.0
        assert performance.total_return(unit_prices=np.array([2.0, 3.0])) == 0.5
        assert performance.total_return(unit_prices=np.array([])) == 0.0

    def test_refuses_a_price_that_is_not_positive(self):
        with pytest.raises(AssertionError, match="positive"):
            performance.total_return(unit_prices=np.array([1.0, 0.0]))


class TestMaxDrawdown:
    def test_names_the_peak_and_the_bottom_of_the_deepest_fall(self):
        drawdown = performance.max_drawdown(unit_prices=np.array([1.0, 4.0, 3.0, 5.0, 2.0, 6.0, 4.0]))

        assert drawdown == performance.Drawdown(fraction=0.6, start_index=3, end_index=4, recovery_index=5)

    def test_is_zero_for_a_series_that_never_fell(self):
        drawdown = performance.max_drawdown(unit_prices=np.array([1.0, 2.0, 3.0]))

        assert drawdown.fraction == 0.0

    def test_is_zero_for_an_empty_series(self):
        assert performance.max_drawdown(unit_prices=np.array([])).fraction == 0.0

    def test_is_that_of_the_first_of_equals(self):
        drawdown = performance.max_drawdown(unit_prices=np.array([4.0, 2.0, 4.0, 2.0, 3.0]))

        assert drawdown == performance.Drawdown(fraction=0.5, start_index=0, end_index=1, recovery_index=2)

    def test_has_no_recovery_where_the_peak_was_not_reached_again(self):
        drawdown = performance.max_drawdown(unit_prices=np.array([4.0, 1.0, 3.9]))

        assert drawdown == performance.Drawdown(fraction=0.75, start_index=0, end_index=1)

    def test_of_a_series_that_never_fell_neither_began_nor_ended(self):
        for prices in ([], [2.0], [1.0, 1.0]):
            assert performance.max_drawdown(unit_prices=np.array(prices)) == performance.Drawdown(
                fraction=0.0, start_index=0, end_index=0
            )


RETURNS = np.array([0.1, -0.05, 0.02, -0.01])


class TestVolatility:
    def test_is_the_standard_deviation_of_a_year(self):
        middle = sum(RETURNS) / 4
        by_hand = (sum((gain - middle) ** 2 for gain in RETURNS) / 3) ** 0.5

        assert performance.volatility(returns=RETURNS) == pytest.approx(by_hand * 365**0.5)
        assert performance.volatility(returns=RETURNS, periods=52) == pytest.approx(by_hand * 52**0.5)

    def test_is_known_from_two_returns_on(self):
        assert performance.volatility(returns=RETURNS[:1]) is None
        assert performance.volatility(returns=RETURNS[:2], periods=1) == pytest.approx(0.15 / 2**0.5)


class TestSharpeRatio:
    def test_is_the_mean_by_the_deviation_of_a_year(self):
        by_hand = RETURNS.mean() / (sum((gain - RETURNS.mean()) ** 2 for gain in RETURNS) / 3) ** 0.5

        assert performance.sharpe_ratio(returns=RETURNS) == pytest.approx(by_hand * 365**0.5)
        assert performance.sharpe_ratio(returns=RETURNS[:2], periods=1) == pytest.approx(0.025 / (0.15 / 2**0.5))

    def test_is_not_known_of_one_return_or_of_equal_ones(self):
        assert performance.sharpe_ratio(returns=RETURNS[:1]) is None
        assert performance.sharpe_ratio(returns=np.full(7, 0.1)) is None
        # Floats write one return in two ways.
        assert performance.sharpe_ratio(returns=np.array([0.1, 0.1 + 1e-15])) is None


class TestSortinoRatio:
    def test_counts_gains_as_nothing_lost(self):
        by_hand = RETURNS.mean() / ((0.05**2 + 0.01**2) / 4) ** 0.5

        assert performance.sortino_ratio(returns=RETURNS) == pytest.approx(by_hand * 365**0.5)
        assert performance.sortino_ratio(returns=RETURNS[:2], periods=1) == pytest.approx(0.025 / (0.05 / 2**0.5))

    def test_is_not_known_of_one_return_or_without_a_loss(self):
        assert performance.sortino_ratio(returns=np.array([-0.1])) is None
        assert performance.sortino_ratio(returns=np.abs(RETURNS)) is None


class TestTrackingErrorPerBar:
    def test_is_nothing_for_fewer_than_two_bars(self):
        error = performance.tracking_error_per_bar(values=np.array([[1.0], [2.0]]), lead_values=np.array([1.0]))

        assert error.tolist() == [0.0, 0.0]

    def test_of_one_copy_and_one_bar_is_one_figure(self):
        error = performance.tracking_error_per_bar(values=np.array([1.0]), lead_values=np.array([1.0]))

        assert (error.shape, float(error)) == ((), 0.0)

    def test_is_the_deviation_of_the_differences_of_returns(self):
        # Returns +10 % and −10 % against 0 and 0: differences ±0.1 around their mean of 0.
        error = performance.tracking_error_per_bar(
            values=np.array([[100.0, 110.0, 99.0]]), lead_values=np.array([100.0, 100.0, 100.0])
        )

        assert error == pytest.approx([0.1])

    def test_is_zero_for_a_copy_of_any_size_that_moves_alike(self):
        lead = np.array([100.0, 120.0, 90.0])

        assert performance.tracking_error_per_bar(values=lead * 0.01, lead_values=lead) == pytest.approx(0.0, abs=1e-15)
