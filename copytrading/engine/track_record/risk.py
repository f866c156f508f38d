"""
How much a portfolio swings and falls, from 1 (hardly) to 10, beside Bitcoin in the same days.

    risk = 7 × (σ / σ of Bitcoin + deepest fall / deepest fall of Bitcoin) / 2, rounded, 1 at the least and 10 at most

Bitcoin itself is 7 by this, in calm months and in wild ones, so the figure says how bold somebody is and not how the
market was. Swings and falls weigh the same: a portfolio that is calm for months and then breaks is no calm one.
Both are taken from closes of days, over the days that both have; fewer than thirty say nothing.
"""

from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import FloatArray
from copytrading.engine.track_record import performance

BITCOIN, LEAST, MOST = 7, 1, 10
DAYS_MIN = 30


@dataclass(frozen=True, kw_only=True)
class Risk:
    """A risk of 1 to 10, and what it is made of: swings of a year and deepest falls as fractions of 1."""

    points: int
    volatility: float
    fall_fraction: float
    bitcoin_volatility: float
    bitcoin_fall_fraction: float


def risk_of(*, unit_prices: FloatArray, bitcoin_prices: FloatArray) -> Risk | None:
    """
    Return the risk of a series of daily unit prices (D,) beside the closes of Bitcoin (E,), both ending today.

    None for fewer than thirty common days, and where Bitcoin did not move at all.
    """
    days = min(len(unit_prices), len(bitcoin_prices))
    if days <= DAYS_MIN:
        return None
    own_volatility, own_fall = _figures(unit_prices[-days:])
    volatility, fall = _figures(bitcoin_prices[-days:])
    if volatility <= performance.NO_DEVIATION or fall <= 0:
        return None
    share = (own_volatility / volatility + own_fall / fall) / 2
    return Risk(
        points=int(np.clip(np.floor(BITCOIN * share + 0.5), LEAST, MOST)),
        volatility=own_volatility,
        fall_fraction=own_fall,
        bitcoin_volatility=volatility,
        bitcoin_fall_fraction=fall,
    )


def _figures(prices: FloatArray) -> tuple[float, float]:
    """Return the volatility of a year and the deepest fall of daily prices, two or more."""
    volatility = performance.volatility(returns=performance.returns_per_bar(values=prices))
    return volatility or 0.0, performance.max_drawdown(unit_prices=prices).fraction
