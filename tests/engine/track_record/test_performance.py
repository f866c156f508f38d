from __future__ import annotations

import numpy as np
import pytest

from copytrading.engine.track_record import performance


class TestTotalReturn:
    def test_compares_the_last_price_with_the_first(self):
        assert performance.total_return(unit_prices=np.array([2.0, 1.0, 2.5])) == 0.25

    def test_is_zero_before_there_is_a_second_price(self):
        assert performance.total_return(unit_prices=np.array([2.0])) == 0.0
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


class TestTrackingErrorPerBar:
    def test_is_the_deviation_of_the_differences_of_returns(self):
        # Returns +10 % and −10 % against 0 and 0: differences ±0.1 around their mean of 0.
        error = performance.tracking_error_per_bar(
            values=np.array([[100.0, 110.0, 99.0]]), lead_values=np.array([100.0, 100.0, 100.0])
        )

        assert error == pytest.approx([0.1])

    def test_is_zero_for_a_copy_of_any_size_that_moves_alike(self):
        lead = np.array([100.0, 120.0, 90.0])

        assert performance.tracking_error_per_bar(values=lead * 0.01, lead_values=lead) == pytest.approx(0.0, abs=1e-15)
