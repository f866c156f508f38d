"""
The total stop loss: a copy that has lost too much stops.

A breach is a fact about one price update, and one update may be a wick. So a breach is
remembered by the second at which it was first seen, and only one that still stands
`confirm_seconds` later stops the copy. A price that recovers in between clears it.
"""

from __future__ import annotations

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray

CONFIRM_SECONDS = 5.0


def breached(*, equity: FloatArray, invested: FloatArray, stop_loss: FloatArray) -> BoolArray:
    """
    Return which copies have lost their stop loss or more, (N,).

    All are in quote units; the loss is net invested − equity, unrealised included. A stop loss of NaN is
    none, and an equity of NaN (no price for something held) breaches nothing.
    """
    return np.asarray(invested - equity >= stop_loss, dtype=np.bool_)


def confirm(
    *, breached: BoolArray, breached_at: FloatArray, now_seconds: float, confirm_seconds: float = CONFIRM_SECONDS
) -> tuple[FloatArray, BoolArray]:
    """
    Return when each standing breach was first seen, NaN for none, and which copies must stop now; both (N,).

    `breached_at` is what this function returned at the look before (NaN: not seen). Call it only with
    breaches found on fresh marks.
    """
    first_seen = np.where(np.isnan(breached_at), now_seconds, breached_at)
    seen_at = np.where(breached, first_seen, np.nan)
    # NaN compares false: what is not breached does not stop.
    return seen_at, np.asarray(now_seconds - seen_at >= confirm_seconds, dtype=np.bool_)
