"""
How far prices may move before anybody has drifted: until then a look at a lead finds nothing to repair.

A copy is repaired in a coin once its holding v is further from its target t than `drift_band` of its sizing e, each in
value. When every price moves by some m_j with |m_j| ≤ m, coins as shares of e are c_j, of the lead's equity E l_j, and
the copy's own profit share is r, then

    e/E changes by a factor R with   |R − 1| ≤ m·(Σ|c − l| + r·Σc) / (1 − m)
    |t − v| / e                      ≤ (d + max t/e · |R − 1|) · (1 + m) / (1 − m·Σc)      where it was d before

since a copy that is worth what its lead is worth, coin by coin, moves as the lead does. A copy's own cap w on one coin
holds t at w·e, so there v/e alone moves, by max c · ((1 + m) / (1 − m·Σc) − 1) at most.
"""

from __future__ import annotations

import numpy as np

from copytrading.engine.arrays import FloatArray
from copytrading.engine.deciding.wishes import Wishes, hold_ratios
from copytrading.engine.holdings.portfolios import CopyTable, LeadPortfolio
from copytrading.engine.holdings.profit_share import MILLION
from copytrading.engine.market.board import Board

# Moves that are tried, as fractions: prices that move further are looked at anyway.
MOVES = (0.05, 0.03, 0.02, 0.015, 0.01, 0.007, 0.005, 0.003, 0.002, 0.001, 0.0005)


def price_slack(*, wishes: Wishes, copies: CopyTable, lead: LeadPortfolio, board: Board, drift_band: float) -> float:
    """
    Return by what fraction every price may move, either way, before a copy of this lead can have drifted; 0 for none.

    :param wishes: what was decided just now, with nobody's order on its way and nothing to follow.
    """
    follows = copies.has_status("STARTING", "ACTIVE") & hold_ratios(copies)
    if not follows.any():
        return MOVES[0]
    prices = np.nan_to_num(board.unit_prices)
    sizing, lead_equity = wishes.valuation.sizing[follows].astype(np.float64), lead.equity(board)
    if not (np.isfinite(lead_equity) and lead_equity > 0 and (sizing > 0).all() and wishes.valuation.known.all()):
        return 0.0
    targets = np.nan_to_num(wishes.targets[follows]) * prices / sizing[:, None]
    held = copies.units[follows] * prices / sizing[:, None]
    apart = np.abs(targets - held).max(axis=1)
    coins = held.sum(axis=1)
    unlike = np.abs(held - lead.units * prices / lead_equity).sum(axis=1)
    rates = copies.share_state.rate_millionths[follows] / MILLION
    caps = copies.terms.weight_max[follows]
    capped = np.where(np.isnan(caps), 0.0, held.max(axis=1))
    for move in MOVES:
        if _furthest(move, apart, targets.max(axis=1), unlike + rates * coins, coins, capped) < drift_band:
            return move
    return 0.0


def _furthest(
    move: float, apart: FloatArray, largest: FloatArray, pull: FloatArray, coins: FloatArray, capped: FloatArray
) -> float:
    """Return how far from its target any copy (N,) may be in any coin, as a share of its sizing, after such moves."""
    left = 1.0 - move * coins
    if (left <= 0).any():
        return np.inf
    grown = (1.0 + move) / left
    return float(((apart + largest * move * pull / (1.0 - move)) * grown + capped * (grown - 1.0)).max())
