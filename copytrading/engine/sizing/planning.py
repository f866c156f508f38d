"""
From targets to trades: whose holdings of what are touched, and by how much.

A plan has three steps. `acting_mask` says which cells of the (copies, assets) grid may
trade at all; `plan_sells` frees cash; `plan_buys` spends it. Sells come first because
buys are sized on what the sells really brought in:

    target 0, held 40        sell exactly 40
    target 30, held 40       sell 10
    target 50, held 40       buy 10, or less by one common factor when cash is short

Everything rounds toward zero: a plan may fall short of its target, but never sells more
than is held and never spends more than there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray

# How far, relative to its size, a float may fall short of the whole unit it means: a target
# is a product of four rounded numbers, each half a unit in the last place off at most.
ROUNDING_NOISE = 8 * float(np.finfo(np.float64).eps)

# Kept back, relative to the cash, when buys are shrunk: far above the noise of summing a
# row of costs, far below any unit that matters.
CASH_MARGIN = 1e-13


@dataclass(frozen=True, kw_only=True)
class BuyPlan:
    """
    What each copy buys, (N, A) ≥ 0, beside what it wanted before cash was looked at.

    `factors` (N,) is the common factor by which a copy's buys were shrunk: 1 when cash sufficed.
    """

    trade_units: IntArray
    wanted_units: IntArray
    factors: FloatArray


def acting_mask(
    *,
    target_units: FloatArray,
    held_units: IntArray,
    unit_prices: FloatArray,
    equity: FloatArray,
    touched: BoolArray,
    aligning: BoolArray,
    drift_band: float,
    settling: bool,
    tradable: BoolArray,
) -> BoolArray:
    """
    Return which holdings of which copies this plan may trade, (N, A).

    An asset the lead touched, (A,) or (N, A), is followed at once; a copy that is aligning (it just started, or
    changed its size) trades everything; any other holding only when it has drifted, in value, by more than
    `drift_band` of the copy's equity, and not while the lead's own money is settling. What is not
    tradable, or has no positive price, is left alone.
    """
    assert drift_band >= 0, "a drift band is a share of equity"
    priced = unit_prices > 0
    acting = touched | aligning[:, None]
    if not settling:
        drift_value = np.abs(target_units - held_units) * unit_prices
        acting = acting | (drift_value > drift_band * equity[:, None])
    return acting & (tradable & priced) & ~np.isnan(target_units)


def plan_sells(*, target_units: FloatArray, held_units: IntArray, acting: BoolArray) -> IntArray:
    """
    Return the units each copy sells of each asset, (N, A) ≤ 0, never more than it holds.

    A target of 0 sells the whole holding, exactly, so that no dust is left by a float.
    """
    assert (held_units >= 0).all(), "a spot portfolio holds no negative quantity"
    if not acting.any():
        return np.zeros_like(held_units)
    surplus = _whole_units(np.where(acting, held_units - target_units, 0.0), scale=target_units)
    surplus = np.where(acting & (target_units <= 0), held_units, surplus)
    return -np.minimum(surplus, held_units)


def plan_buys(
    *,
    target_units: FloatArray,
    held_units: IntArray,
    cash_units: IntArray,
    unit_prices: FloatArray,
    fee_rate: float,
    acting: BoolArray,
) -> BuyPlan:
    """
    Return what each copy buys of each asset within its cash, fees included.

    When cash is short every asset gives up the same share, so the mix stays close to the
    lead's. For each copy Σ ceil(units · unit price · (1 + fee rate)) ≤ cash holds exactly.
    """
    assert fee_rate >= 0, "a venue does not pay for trading"
    wanted = _whole_units(np.where(acting, target_units - held_units, 0.0), scale=target_units)
    if not wanted.any():
        return BuyPlan(trade_units=wanted, wanted_units=wanted, factors=np.ones(len(wanted)))
    priced = unit_prices > 0
    cost_of_unit = np.where(priced, unit_prices, 0.0) * (1.0 + fee_rate)
    assert priced.all() or not wanted[:, ~priced].any(), "nothing is bought without a price"

    costs = wanted * cost_of_unit
    # Who owes more than there is has none, and whoever buys nothing is not short of it.
    cash = np.maximum(cash_units, 0)
    short = np.ceil(costs).sum(axis=1) > cash
    if not short.any():
        return BuyPlan(trade_units=wanted, wanted_units=wanted, factors=np.ones(len(wanted)))

    # Each cost may round up by one unit when it is paid, so that much is set aside first.
    budget = np.maximum(cash * (1.0 - CASH_MARGIN) - (wanted > 0).sum(axis=1), 0.0)
    factors = np.ones(len(wanted))
    factors[short] = budget[short] / costs[short].sum(axis=1)
    trade = np.where(short[:, None], np.floor(wanted * factors[:, None]).astype(np.int64), wanted)

    spent = np.ceil(trade * cost_of_unit).sum(axis=1)
    assert (spent <= cash).all(), "a plan spends no more than there is"
    return BuyPlan(trade_units=trade, wanted_units=wanted, factors=factors)


def cap_concentration(
    *, target_units: FloatArray, unit_prices: FloatArray, equity: FloatArray, weight_max: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """
    Return the targets with no asset above its copy's own cap, and which were capped, both (N, A).

    `weight_max` (N,) is a share of the copy's equity; NaN is a copy without a cap. What is cut stays cash.
    """
    assert not (weight_max < 0).any(), "a cap is a share of equity"
    values_max = (weight_max * equity)[:, None]
    # NaN compares false, so copies without a cap and assets without a price stay as they are.
    capped = target_units * unit_prices > values_max
    units_max = np.divide(values_max, unit_prices, out=np.zeros_like(target_units), where=capped)
    return np.where(capped, units_max, target_units), capped


def _whole_units(differences: FloatArray, *, scale: FloatArray) -> IntArray:
    """
    Return the positive differences in whole units, rounded toward zero, and 0 for the others.

    `scale` is the target a difference came from: its float noise is forgiven, so that a
    target that means 50 coins buys 50 and not one unit less.
    """
    # Half a unit at most, else a huge holding's noise would buy what was never wanted.
    forgiven = differences + np.minimum(np.abs(scale) * ROUNDING_NOISE, 0.5)
    units: IntArray = np.floor(np.where(differences > 0, forgiven, 0.0)).astype(np.int64)
    return units
