"""
What a lead's page says: figures of its unit prices, of its days, and of its trades.

The record is a series of (time, unit price), oldest first, in seconds of UTC. Unit prices know no deposits, so none
of the figures here can be lifted by one. Most of them look at days:

    records     9:00 1.00   21:00 1.10  |  8:00 1.05  |              |  23:00 1.21
    day closes            1.10          |    1.05     |  1.05 still  |    1.21
    returns             +10 %           |   −4.5 %    |     0        |  +15.2 %

A day's close is its last record; a day without one keeps the close before. The first day counts from the first record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.track_record import performance

DAY_SECONDS = 86_400
DAYS_A_WEEK = 7
# Days are counted from 1970 on, which began three days after a Monday.
FIRST_DAY, DAYS_AFTER_MONDAY = date(1970, 1, 1), 3

# The periods a page shows; None is all of the record.
PERIOD_DAYS: tuple[int | None, ...] = (7, 30, 90, 365, None)


@dataclass(frozen=True, kw_only=True)
class DayCloses:
    """One price a day: `prices` (D + 1,) begins with the first record, then has the close of each of `days` (D,)."""

    days: IntArray
    prices: FloatArray

    @property
    def returns(self) -> FloatArray:
        """The gain of each day, (D,), as fractions."""
        return performance.returns_per_bar(values=self.prices)


@dataclass(frozen=True, kw_only=True)
class DatedDrawdown:
    """The deepest fall: a fraction 0..1, with the seconds of its peak, its bottom, and its recovery if any."""

    fraction: float
    peak_at: int
    bottom_at: int
    recovered_at: int | None


@dataclass(frozen=True, kw_only=True)
class DayCount:
    """How many days a lead won, lost, and ended where they began."""

    won: int
    lost: int
    flat: int

    @property
    def win_rate(self) -> float | None:
        """Won days by days that were won or lost: flat days, as of a lead in cash, are left out. None without any."""
        decided = self.won + self.lost
        return self.won / decided if decided else None


@dataclass(frozen=True, kw_only=True)
class PeriodFigures:
    """
    A record over some days, or over all of it (`days` None); fractions, and ratios a year by daily returns and 365.

    What is too early to say is None: a return of 30 days needs a record of 30 days.
    """

    days: int | None
    time_weighted_return: float | None
    drawdown: DatedDrawdown | None
    volatility: float | None
    sharpe_ratio: float | None
    sortino_ratio: float | None
    day_count: DayCount


def day_closes(*, times: IntArray, unit_prices: FloatArray) -> DayCloses:
    """Return one unit price for each day from the first record's to the last's; a record has at least one entry."""
    _check(times, unit_prices)
    record_days = times // DAY_SECONDS
    days = np.arange(record_days[0], record_days[-1] + 1)
    closes = unit_prices[np.searchsorted(record_days, days, side="right") - 1]
    return DayCloses(days=days, prices=np.concatenate([unit_prices[:1], closes]))


def figures_of(*, times: IntArray, unit_prices: FloatArray, now_seconds: int, days: int | None) -> PeriodFigures:
    """Return the figures of the last `days` before now, or of the whole record; for an ended lead, now is its end."""
    _check(times, unit_prices)
    if days is None:
        first = 0
    else:
        begins_at = now_seconds - days * DAY_SECONDS
        # The price a period begins with is the last one known then.
        first = int(np.searchsorted(times, begins_at, side="right")) - 1
        if first < 0:
            return _too_early(days)
    times, unit_prices = times[first:], unit_prices[first:]
    if days is not None:
        # A stale price still stands when the period begins; its day is that of the beginning.
        times = np.maximum(times, begins_at)
    closes = day_closes(times=times, unit_prices=unit_prices)
    returns = closes.returns
    return PeriodFigures(
        days=days,
        time_weighted_return=performance.total_return(unit_prices=unit_prices),
        drawdown=drawdown_of(times=times, unit_prices=unit_prices),
        volatility=performance.volatility(returns=returns),
        sharpe_ratio=performance.sharpe_ratio(returns=returns),
        sortino_ratio=performance.sortino_ratio(returns=returns),
        day_count=count_days(returns=returns),
    )


def all_figures_of(*, times: IntArray, unit_prices: FloatArray, now_seconds: int) -> tuple[PeriodFigures, ...]:
    """Return the figures of every period that a page shows."""
    return tuple(
        figures_of(times=times, unit_prices=unit_prices, now_seconds=now_seconds, days=days) for days in PERIOD_DAYS
    )


def drawdown_of(*, times: IntArray, unit_prices: FloatArray) -> DatedDrawdown | None:
    """Return the deepest fall with its dates, on all records and not on days only; None where the price never fell."""
    deepest = performance.max_drawdown(unit_prices=unit_prices)
    if deepest.fraction == 0.0:
        return None
    return DatedDrawdown(
        fraction=deepest.fraction,
        peak_at=int(times[deepest.start_index]),
        bottom_at=int(times[deepest.end_index]),
        recovered_at=None if deepest.recovery_index is None else int(times[deepest.recovery_index]),
    )


def count_days(*, returns: FloatArray) -> DayCount:
    """Return how many days were won, lost and flat."""
    return DayCount(won=int((returns > 0).sum()), lost=int((returns < 0).sum()), flat=int((returns == 0).sum()))


def monthly_returns(*, times: IntArray, unit_prices: FloatArray) -> dict[tuple[int, int], float]:
    """Return the gain of each calendar month by (year, month): from the close before it, or from the first record."""
    closes = day_closes(times=times, unit_prices=unit_prices)
    months = closes.days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return {(1970 + number // 12, number % 12 + 1): gain for number, gain in _gains_of(closes, months).items()}


def weekly_returns(*, times: IntArray, unit_prices: FloatArray) -> dict[date, float]:
    """Return the gain of each week by its Monday: from the close before it, or from the first record."""
    closes = day_closes(times=times, unit_prices=unit_prices)
    mondays = closes.days - (closes.days + DAYS_AFTER_MONDAY) % DAYS_A_WEEK
    return {FIRST_DAY + timedelta(days=number): gain for number, gain in _gains_of(closes, mondays).items()}


def _gains_of(closes: DayCloses, spans: IntArray) -> dict[int, float]:
    """Return the gain of each span of days, whose numbers (D,) are those of the days' spans."""
    # Where a span's last day lies; the price before its first day is that of the span before.
    lasts = np.append(np.flatnonzero(spans[1:] != spans[:-1]), len(spans) - 1) + 1
    firsts = np.concatenate([[0], lasts[:-1]])
    gains = closes.prices[lasts] / closes.prices[firsts] - 1.0
    return dict(zip(spans[lasts - 1].tolist(), gains.tolist(), strict=True))


def _too_early(days: int) -> PeriodFigures:
    return PeriodFigures(
        days=days,
        time_weighted_return=None,
        drawdown=None,
        volatility=None,
        sharpe_ratio=None,
        sortino_ratio=None,
        day_count=DayCount(won=0, lost=0, flat=0),
    )


def _check(times: IntArray, unit_prices: FloatArray) -> None:
    assert len(times) == len(unit_prices) > 0, "a record has a unit price at each of its times"
    assert (np.diff(times) >= 0).all(), "a record is written forward"
