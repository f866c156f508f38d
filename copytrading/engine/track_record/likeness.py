"""
How much two portfolios are the same: what they hold now, and how they moved.

    overlap       Σ over coins of the smaller of both weights: 0.56 says that 56 in 100 are the same coins; cash is none
    correlation   Pearson's, of the daily returns of the days that both have
    together      the share of those days on which both rose or both fell, days without a move left out
"""

from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import FloatArray
from copytrading.engine.track_record import performance

DAYS_MIN = 10


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How two portfolios moved: `correlation` −1..1 and the share of days they went the same way, 0..1."""

    correlation: float
    together: float


def overlap_of(weights: FloatArray, other_weights: FloatArray) -> float:
    """Return the share, 0 to 1, that two portfolios hold in the same coins, by their weights (A,) without cash."""
    return float(np.minimum(weights, other_weights).sum())


def likeness_of(*, unit_prices: FloatArray, other_prices: FloatArray) -> Likeness | None:
    """
    Return how alike two series of daily unit prices (D,) and (E,) moved, both ending today.

    None for fewer than ten common days, and where one of them never moved.
    """
    days = min(len(unit_prices), len(other_prices))
    if days <= DAYS_MIN:
        return None
    one, other = (performance.returns_per_bar(values=prices[-days:]) for prices in (unit_prices, other_prices))
    if min(one.std(), other.std()) <= performance.NO_DEVIATION:
        return None
    moved = (one != 0) & (other != 0)
    return Likeness(
        correlation=float(np.clip(np.corrcoef(one, other)[0, 1], -1.0, 1.0)),
        together=float((np.sign(one) == np.sign(other))[moved].mean()) if moved.any() else 0.0,
    )
