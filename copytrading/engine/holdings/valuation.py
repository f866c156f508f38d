"""
What copies are worth: one noun, four figures, each with its own use.

    gross    cash and coins at the marks                       what the profit share is counted on
    accrued  the profit share that would be due at this gross  what a follower reads as due
    worth    gross − accrued                                   what a follower has: pages, records, gaps, statements
    sizing   worth − owed                                      what stays: ratios and the stop loss are taken of it

`owed` is what was asked to be taken out and is not paid yet: it still counts to the follower's worth, and no more to
what the copy is sized by. Every coin is valued in whole quote units, rounded toward zero, so that the lines of a page
sum to its heading to the unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings import profit_share
from copytrading.engine.holdings.profit_share import ShareState

# A value is a product of rounded numbers: what falls short of a whole unit by that much means the unit.
ROUNDING_NOISE = 4 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, kw_only=True)
class Valuation:
    """
    N copies, columns (N,) in whole quote units. Where a coin that is held has no price, `known` is False.

    What is not known counts without those coins: whoever acts on a figure asks `known` first.
    """

    gross: IntArray
    accrued: IntArray
    owed: IntArray
    known: BoolArray

    @property
    def worth(self) -> IntArray:
        """Return gross less the profit share accrued: what the follower has."""
        return self.gross - self.accrued

    @property
    def sizing(self) -> IntArray:
        """Return the worth less what is on its way out: what ratios and stop losses are taken of."""
        return self.worth - self.owed


def values_of(*, held_units: IntArray, unit_prices: FloatArray) -> IntArray:
    """Return the value of holdings (N, A) or (A,) in whole quote units each; 0 where there is no price."""
    prices = np.where(np.isnan(unit_prices), 0.0, unit_prices)
    return np.floor(held_units * prices * (1.0 + ROUNDING_NOISE)).astype(np.int64)


def value_portfolios(
    *,
    cash_units: IntArray,
    held_units: IntArray,
    unit_prices: FloatArray,
    share_state: ShareState,
    owed_units: IntArray,
) -> Valuation:
    """Return what N portfolios (N, A) with cash (N,) are worth at the marks (A,)."""
    unpriced = np.isnan(unit_prices)
    gross = cash_units + values_of(held_units=held_units, unit_prices=unit_prices).sum(axis=-1)
    known = ~(held_units[:, unpriced] != 0).any(axis=1) if unpriced.any() else None
    return value_gross(gross_units=gross, share_state=share_state, owed_units=owed_units, known=known)


def value_gross(
    *, gross_units: IntArray, share_state: ShareState, owed_units: IntArray, known: BoolArray | None = None
) -> Valuation:
    """Return the valuation of N copies whose cash and coins (N,) were added up already."""
    return Valuation(
        gross=gross_units,
        accrued=profit_share.accrued_units(state=share_state, equity_units=gross_units),
        owed=owed_units,
        known=np.ones(len(gross_units), dtype=np.bool_) if known is None else known,
    )
