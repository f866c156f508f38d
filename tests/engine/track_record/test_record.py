"""The record of a lead: figures told by hand, and ratios against an independent library on recorded prices."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import empyrical
import numpy as np
import pytest

from copytrading.engine.track_record import performance, record

DAY = record.DAY_SECONDS
SERIES = 20


@pytest.fixture(scope="module")
def recorded_prices(recorded_data: Path) -> dict[str, np.ndarray]:
    """Return the daily closes of twenty coins, which serve as the unit prices of twenty leads."""
    closes: dict[str, list[float]] = {}
    with gzip.open(recorded_data / "prices" / "prices_1d_2018-01_2022-04.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            closes.setdefault(row["symbol"], []).append(float(row["close"]))
    return {symbol: np.array(prices) for symbol, prices in sorted(closes.items())[:SERIES]}


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def figures(prices: np.ndarray, *, days: int | None = None) -> record.PeriodFigures:
    times = np.arange(len(prices)) * DAY
    return record.figures_of(times=times, unit_prices=prices, now_seconds=int(times[-1]), days=days)


class TestRatios:
    def test_equal_a_second_library_on_twenty_recorded_series(self, recorded_prices):
        assert len(recorded_prices) == SERIES
        for prices in recorded_prices.values():
            found = figures(prices)
            # The first day counts from the first record, so it is a return of 0.
            returns = np.diff(prices, prepend=prices[0]) / np.concatenate([prices[:1], prices[:-1]])

            assert found.time_weighted_return == pytest.approx(empyrical.cum_returns_final(returns), rel=1e-9)
            assert found.drawdown.fraction == pytest.approx(-empyrical.max_drawdown(returns), rel=1e-9)
            assert found.volatility == pytest.approx(empyrical.annual_volatility(returns, annualization=365), rel=1e-9)
            assert found.sharpe_ratio == pytest.approx(empyrical.sharpe_ratio(returns, annualization=365), rel=1e-9)
            assert found.sortino_ratio == pytest.approx(empyrical.sortino_ratio(returns, annualization=365), rel=1e-9)

    def test_are_none_where_nothing_varies(self):
        returns = np.full(10, 0.01)

        assert performance.sharpe_ratio(returns=returns) is None
        assert performance.sortino_ratio(returns=returns) is None
        assert performance.volatility(returns=returns[:1]) is None

    def test_do_not_change_when_money_moves(self, recorded_prices):
        prices = next(iter(recorded_prices.values()))
        units, equity = 1000.0, []
        unit_prices = []
        for day, price in enumerate(prices):
            value = units * price
            if day == len(prices) // 2:
                value += 50_000.0
                units += 50_000.0 / price
            equity.append(value)
            unit_prices.append(value / units)

        assert equity[-1] / equity[0] != pytest.approx(prices[-1] / prices[0])
        with_flow, without = figures(np.array(unit_prices)), figures(prices)
        assert with_flow.time_weighted_return == pytest.approx(without.time_weighted_return, rel=1e-9)
        assert with_flow.sharpe_ratio == pytest.approx(without.sharpe_ratio, rel=1e-9)
        assert with_flow.drawdown.fraction == pytest.approx(without.drawdown.fraction, rel=1e-9)


class TestFiguresOf:
    def test_start_with_the_price_known_then(self):
        found = figures(np.array([1.0, 2.0, 1.5, 3.0, 3.3, 3.3, 3.0, 3.6, 6.0]), days=7)

        assert found.time_weighted_return == pytest.approx(2.0)
        assert (found.day_count.won, found.day_count.lost, found.day_count.flat) == (4, 2, 2)
        assert found.day_count.win_rate == pytest.approx(4 / 6)

    def test_count_days_won_lost_and_flat_apart(self):
        found = record.count_days(returns=np.array([0.1, -0.1, -0.2, 0.0, 0.0, 0.0]))

        assert found == record.DayCount(won=1, lost=2, flat=3)

    def test_cover_a_period_that_begins_with_the_record(self):
        assert figures(np.linspace(1, 2, 8), days=7).time_weighted_return == pytest.approx(1.0)

    def test_say_nothing_of_a_period_longer_than_the_record(self):
        found = figures(np.array([1.0, 2.0, 3.0]), days=7)

        assert (found.time_weighted_return, found.drawdown, found.volatility) == (None, None, None)
        assert (found.sharpe_ratio, found.sortino_ratio) == (None, None)
        assert found.day_count == record.DayCount(won=0, lost=0, flat=0)
        assert found.day_count.win_rate is None

    def test_keep_the_price_of_days_without_a_record(self):
        closes = record.day_closes(times=np.array([DAY // 2, DAY - 1, 3 * DAY]), unit_prices=np.array([1.0, 1.1, 1.21]))

        assert closes.days.tolist() == [0, 1, 2, 3]
        assert closes.returns == pytest.approx([0.1, 0.0, 0.0, 0.1])

    def test_cover_every_period_of_a_page(self):
        found = record.all_figures_of(
            times=np.arange(40) * DAY, unit_prices=np.linspace(1, 2, 40), now_seconds=39 * DAY
        )

        assert [figure.time_weighted_return is None for figure in found] == [False, False, True, True, False]
        assert [figure.days for figure in found] == [7, 30, 90, 365, None]


class TestDrawdown:
    def test_has_the_dates_of_peak_bottom_and_recovery(self):
        found = record.drawdown_of(times=np.arange(6) * 10, unit_prices=np.array([1.0, 4.0, 2.0, 3.0, 4.0, 5.0]))

        assert found == record.DatedDrawdown(fraction=0.5, peak_at=10, bottom_at=20, recovered_at=40)

    def test_has_no_recovery_while_it_lasts(self):
        assert record.drawdown_of(times=np.arange(3), unit_prices=np.array([4.0, 2.0, 3.0])).recovered_at is None

    def test_is_none_where_the_price_never_fell(self):
        assert record.drawdown_of(times=np.arange(3), unit_prices=np.array([1.0, 1.0, 2.0])) is None


class TestWeeklyReturns:
    def test_begin_on_mondays(self):
        # Wednesday, Sunday, Monday, and a week without a record in between.
        days = ("2021-11-10", "2021-11-14T23:59", "2021-11-15", "2021-11-24")

        table = record.weekly_returns(
            times=np.array([seconds(day) for day in days]), unit_prices=np.array([1.0, 2.0, 3.0, 1.5])
        )

        assert table == {date(2021, 11, 8): 1.0, date(2021, 11, 15): 0.5, date(2021, 11, 22): -0.5}

    def test_multiply_to_the_whole_return(self, recorded_prices):
        for prices in recorded_prices.values():
            table = record.weekly_returns(times=np.arange(len(prices)) * DAY, unit_prices=prices)

            whole = np.prod([1 + gain for gain in table.values()]) - 1
            assert whole == pytest.approx(prices[-1] / prices[0] - 1, rel=1e-9)
            assert {day.weekday() for day in table} == {0}


class TestMonthlyReturns:
    def test_run_from_close_to_close(self):
        times = np.array([seconds(day) for day in ("2021-11-10", "2021-11-30", "2022-01-05", "2022-01-31T23:00")])

        table = record.monthly_returns(times=times, unit_prices=np.array([1.0, 2.0, 3.0, 1.0]))

        assert table == {(2021, 11): 1.0, (2021, 12): 0.0, (2022, 1): -0.5}

    def test_multiply_to_the_whole_return(self, recorded_prices):
        for prices in recorded_prices.values():
            table = record.monthly_returns(times=np.arange(len(prices)) * DAY, unit_prices=prices)

            whole = np.prod([1 + gain for gain in table.values()]) - 1
            assert whole == pytest.approx(prices[-1] / prices[0] - 1, rel=1e-9)
