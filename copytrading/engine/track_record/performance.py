"""
What a series of unit prices says about the one who made it.

A *unit price* here is the value of one unit of a portfolio, as of a fund: deposits buy
units and withdrawals redeem them at the current price, so money that moves in or out never looks like
profit. Every figure below is read off that one series, oldest first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import FloatArray

# Coins trade every day of the year; stocks would have 252.
DAYS_A_YEAR = 365

# Returns that differ by less are one return, written by floats.
NO_DEVIATION = 1e-14


@dataclass(frozen=True, kw_only=True)
class Drawdown:
    """
    The deepest fall from a peak: a fraction 0..1, and where in the series it began and ended.

    `recovery_index` is where the peak was reached again, None while it was not.
    """

    fraction: float
    start_index: int
    end_index: int
    recovery_index: int | None = None


def total_return(*, unit_prices: FloatArray) -> float:
    """Return the gain over the whole series as a fraction: 0.1 is +10 %, 0 for fewer than two prices."""
    _check(unit_prices)
    if len(unit_prices) < 2:
        return 0.0
    return float(unit_prices[-1] / unit_prices[0] - 1.0)


def max_drawdown(*, unit_prices: FloatArray) -> Drawdown:
    """Return the deepest fall below an earlier peak; from the first of equals, and 0 where the series never fell."""
    _check(unit_prices)
    if len(unit_prices) == 0:
        return Drawdown(fraction=0.0, start_index=0, end_index=0)
    falls = 1.0 - unit_prices / np.maximum.accumulate(unit_prices)
    end_index = int(np.argmax(falls))
    start_index = int(np.argmax(unit_prices[: end_index + 1]))
    back = np.flatnonzero(unit_prices[end_index:] >= unit_prices[start_index])
    return Drawdown(
        fraction=float(falls[end_index]),
        start_index=start_index,
        end_index=end_index,
        recovery_index=end_index + int(back[0]) if len(back) and falls[end_index] > 0 else None,
    )


def returns_per_bar(*, values: FloatArray) -> FloatArray:
    """Return the gain from each value to the next as fractions, one fewer along the last axis."""
    return values[..., 1:] / values[..., :-1] - 1.0


def volatility(*, returns: FloatArray, periods: int = DAYS_A_YEAR) -> float | None:
    """Return the yearly standard deviation (n − 1) of returns (T,), None for fewer than two."""
    if len(returns) < 2:
        return None
    return float(returns.std(ddof=1) * np.sqrt(periods))


def sharpe_ratio(*, returns: FloatArray, periods: int = DAYS_A_YEAR) -> float | None:
    """
    Return mean return by standard deviation (n − 1), a year, above a riskless rate of 0.

    None for fewer than two returns and where they do not vary. (Sharpe, The Sharpe Ratio, 1994.)
    """
    if len(returns) < 2 or not returns.std(ddof=1) > NO_DEVIATION:
        return None
    return float(returns.mean() / returns.std(ddof=1) * np.sqrt(periods))


def sortino_ratio(*, returns: FloatArray, periods: int = DAYS_A_YEAR) -> float | None:
    """
    Return mean return by downside deviation, a year: the root mean square of the losses, gains counting as 0.

    None for fewer than two returns and without a loss. (Sortino and Price, 1994.)
    """
    if len(returns) < 2:
        return None
    downside = np.sqrt(np.square(np.minimum(returns, 0.0)).mean())
    return float(returns.mean() / downside * np.sqrt(periods)) if downside > NO_DEVIATION else None


def tracking_error_per_bar(*, values: FloatArray, lead_values: FloatArray) -> FloatArray:
    """
    Return the standard deviation of (copy − lead) returns per bar.

    `values` is (…, T) and `lead_values` (T,); the result has one figure a copy. Fewer than two bars deviate by 0.
    """
    if values.shape[-1] < 2:
        return np.zeros(values.shape[:-1])
    gaps = returns_per_bar(values=values) - returns_per_bar(values=lead_values)
    return np.asarray(gaps.std(axis=-1))


def _check(unit_prices: FloatArray) -> None:
    assert unit_prices.ndim == 1, "a series of unit prices has one axis"
    assert (unit_prices > 0).all(), "a unit price is positive; a portfolio without value has no units"
