"""
What a late joiner does not follow, in constant state.

A copy that does not buy existing assets ignores the coins the lead held when it joined,
but follows every coin bought later. To tell the two apart for good, the lead keeps a
*survival index* for each asset: it starts at 1 and is multiplied by the part that remains at each
sale. A copy keeps only its *baseline*: the lead's quantity, index and epoch when it joined.
What is left of the old coins is then

    L = Q(start) · S(now) / S(start)          φ = 1 − L / Q

so φ, the followed share, is one array expression for all copies of a lead. When the lead
closes a position nothing old is left: a new *epoch* opens and L is 0 for good.
"""

from __future__ import annotations

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray


def followed_shares(
    *,
    lead_units: IntArray,
    survival: FloatArray,
    epoch: IntArray,
    baseline_units: IntArray,
    baseline_survival: FloatArray,
    baseline_epoch: IntArray,
) -> FloatArray:
    """
    Return the share of each lead position that each copy follows, (N, A), 0 to 1.

    The lead's arrays are (A,), the copies' are (N, A). A copy that bought existing assets has
    baseline units of 0 and follows everything.
    """
    assert (survival > 0).all(), "an index of 0 is a closed position, which opens a new epoch instead"
    # Old coins of an earlier epoch were all sold.
    old_units = np.where(baseline_epoch == epoch, baseline_units * (survival / baseline_survival), 0.0)
    # Where the lead holds nothing any share of it is nothing.
    unfollowed = np.divide(old_units, lead_units, out=np.zeros_like(old_units), where=lead_units > 0)
    return np.clip(1.0 - unfollowed, 0.0, 1.0)


def after_sale(*, survival: float, epoch: int, held_units: int, sold_units: int) -> tuple[float, int]:
    """Return the lead's survival index and epoch of an asset after it sold some; selling all opens a new epoch."""
    assert held_units > 0, "a sale needs a holding"
    assert 0 <= sold_units <= held_units, "a spot lead cannot sell more than it holds"
    if sold_units == held_units:
        return 1.0, epoch + 1
    return survival * ((held_units - sold_units) / held_units), epoch
