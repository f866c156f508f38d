"""
The total stop loss: a copy that has lost too much stops.

A breach is a fact about the prices of one moment, and that moment may be a wick. So a breach is remembered by the
moment of its newest price, and it stops the copy only when it still stands at prices that are *all* more than
`confirm_seconds` younger. What lasted no longer than that, however often it was quoted, cannot be in both looks.
A price that recovers in between clears it.
"""

from __future__ import annotations

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings.profit_share import MILLION, ShareState

CONFIRM_SECONDS = 5.0
# Moments are floats, a quarter of a microsecond apart: exactly five seconds must not count as more.
ROUNDING_SECONDS = 1e-3
# By how much a sum of rounded values may be off: relatively, and by the units that so many coins round away.
ROUNDING_FRACTION = 1e-9
ROUNDING_UNITS = 1_000.0


def breached(*, equity: FloatArray, invested: FloatArray, stop_loss: FloatArray) -> BoolArray:
    """
    Return which copies have lost their stop loss or more, (N,).

    All are in quote units; the loss is net invested − equity, unrealised included. A stop loss of NaN is
    none, and an equity of NaN (no price for something held) breaches nothing.
    """
    return np.asarray(invested - equity >= stop_loss, dtype=np.bool_)


def gross_at_stop(
    *, invested_units: IntArray, stop_loss_units: IntArray, owed_units: IntArray, share_state: ShareState
) -> FloatArray:
    """
    Return the gross worth at which each copy has lost its stop loss, (N,) in quote units, a few units too high.

    A copy that is worth more than that is not `breached`, so most copies need one comparison and no exact figure: the
    gross g with invested − (g − accrued(g) − owed) = stop loss, where the share accrues above the mark only.
    """
    net = (invested_units - stop_loss_units + owed_units).astype(np.float64)
    mark, rate = share_state.mark_value_units.astype(np.float64), share_state.rate_millionths / MILLION
    gross = np.where(net <= mark, net, mark + (net - mark) / (1.0 - rate))
    # Shares round down and values toward zero, by a unit each; floats by far less than a billionth.
    return np.asarray(gross + np.abs(gross) * ROUNDING_FRACTION + ROUNDING_UNITS, dtype=np.float64)


def confirm(
    *,
    breached: BoolArray,
    breached_at: FloatArray,
    oldest_price_at: FloatArray,
    newest_price_at: FloatArray,
    confirm_seconds: float = CONFIRM_SECONDS,
) -> tuple[FloatArray, BoolArray]:
    """
    Return when each standing breach was first seen, NaN for none, and which copies must stop now; both (N,).

    `breached_at` is what this function returned at the look before (NaN: not seen). The prices that a copy is valued
    by were made between `oldest_price_at` and `newest_price_at`. Times are in seconds. Call it only with breaches found
    on fresh marks.
    """
    first_seen = np.where(np.isnan(breached_at), newest_price_at, breached_at)
    seen_at = np.where(breached, first_seen, np.nan)
    # NaN compares false: what is not breached does not stop.
    return seen_at, np.asarray(oldest_price_at - seen_at > confirm_seconds + ROUNDING_SECONDS, dtype=np.bool_)
