"""
Equity, weights and the quantities that would make two portfolios alike.

A portfolio is cash and a row of holdings. Its *equity* is both, marked at one price
row; its *weights* are each holding's share of that equity, and cash is what is left to
one. Lead and copies are always marked at the same prices, so their weights compare:

    lead   cash 1,000   BTC 9,000      weights 0.9, cash 0.1
    copy   cash   100   BTC   900      weights 0.9, cash 0.1     distance 0
"""

from __future__ import annotations

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray


def equity_of(*, cash_units: IntArray, held_units: IntArray, unit_prices: FloatArray) -> FloatArray:
    """
    Return the equity of each portfolio in quote units, shape (N,).

    An asset without a price (NaN) counts nothing where none is held. Where some is held the
    equity is unknown, and NaN says so: nothing may act on it.
    """
    priced = ~np.isnan(unit_prices)
    equity = cash_units + held_units @ np.where(priced, unit_prices, 0.0)
    if not priced.all():
        equity = np.where((held_units[:, ~priced] != 0).any(axis=1), np.nan, equity)
    return np.asarray(equity, dtype=np.float64)


def weights_of(*, cash_units: IntArray, held_units: IntArray, unit_prices: FloatArray) -> FloatArray:
    """Return each holding's share of its portfolio's equity, shape (N, A); zeros where there is no equity."""
    equity = equity_of(cash_units=cash_units, held_units=held_units, unit_prices=unit_prices)
    # NaN × 0 is NaN, but a coin nobody holds weighs nothing whatever its price.
    values = np.where(held_units == 0, 0.0, held_units * unit_prices)
    # Whatever an empty portfolio divides by, its values are zeros.
    weights: FloatArray = values / np.where(equity == 0, 1.0, equity)[:, None]
    return weights


def distance_of(*, weights: FloatArray, lead_weights: FloatArray) -> FloatArray:
    """
    Return how far each portfolio (N, A) is from its lead's, (A,) or (N, A), shape (N,): 0 is alike, 1 shares nothing.

    It is half the sum of the absolute differences of the weights, cash included: the
    share of the portfolio that would have to be traded to make both alike.
    """
    assert weights.shape[1:] == lead_weights.shape[-1:], "weights and lead weights name the same assets"
    differences = weights - lead_weights
    return np.asarray((np.abs(differences).sum(axis=1) + np.abs(differences.sum(axis=1))) / 2)


def target_units(
    *, equity: FloatArray, lead_equity: float, followed_shares: FloatArray, lead_units: IntArray
) -> FloatArray:
    """
    Return the quantity each copy should hold, (N, A), in fractions of a unit.

    `q* = (e / E) · φ · Q`: the copy's share of the lead's size, of the followed share of
    each position. A lead without equity holds nothing that could be followed.
    """
    if not lead_equity > 0:
        return np.zeros_like(followed_shares)
    # A copy that owes more than it has aims at nothing, not at negative coins.
    size = np.maximum(equity, 0.0) / lead_equity
    return size[:, None] * (followed_shares * lead_units)
