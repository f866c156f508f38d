"""
A plan carried out at known prices: what a venue without surprises would do.

The live cycle plans, sends and books what the venue answers. A what-if has no venue, so it
plans with the very same functions and books the plan itself, at the mark moved by a slippage
rate, with a fee on top.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.sizing.planning import plan_buys, plan_sells


@dataclass(frozen=True, kw_only=True)
class Rebalance:
    """N portfolios after their trades, and what these cost in cash units."""

    held_units: IntArray
    cash_units: IntArray
    fee_costs: FloatArray
    slippage_costs: FloatArray


def trade_toward(
    *,
    target_units: FloatArray,
    held_units: IntArray,
    cash_units: IntArray,
    unit_prices: FloatArray,
    fee_rate: float,
    slippage_rate: float,
    acting: BoolArray,
) -> Rebalance:
    """
    Return N portfolios after selling, then buying, toward their targets (N, A) where `acting` allows it.

    Payments round against the portfolio, as money does: costs up, proceeds down.
    """
    # What nobody may trade needs no price, and may have none.
    prices = np.where(acting.any(axis=0), unit_prices, 0.0)
    sold = -plan_sells(target_units=target_units, held_units=held_units, acting=acting)
    paid, sale_fees, sale_slippage = carry_out(
        units=-sold, unit_prices=prices, fee_rate=fee_rate, slippage_rate=slippage_rate
    )
    cash_units = cash_units + paid
    plan = plan_buys(
        target_units=target_units,
        held_units=held_units,
        cash_units=cash_units,
        unit_prices=prices * (1 + slippage_rate),
        fee_rate=fee_rate,
        acting=acting,
    )
    bought = plan.trade_units
    spent, fees, slippage = carry_out(units=bought, unit_prices=prices, fee_rate=fee_rate, slippage_rate=slippage_rate)
    return Rebalance(
        held_units=held_units - sold + bought,
        cash_units=cash_units + spent,
        fee_costs=sale_fees + fees,
        slippage_costs=sale_slippage + slippage,
    )


def carry_out(
    *, units: IntArray, unit_prices: FloatArray, fee_rate: float, slippage_rate: float
) -> tuple[IntArray, FloatArray, FloatArray]:
    """
    Trade signed units (N, A) of one direction at known prices (A,), and return what that does to each cash (N,).

    Payments round against the portfolio, as money does: costs up, proceeds down.

    :returns: the change of the cash in whole units, and the fees and the slippage that are in it.
    """
    direction = 1 if (units >= 0).all() else -1
    assert direction > 0 or (units <= 0).all(), "what is bought is paid by what was sold before"
    values = units * np.where(np.isnan(unit_prices), 0.0, unit_prices)
    moved = values * (1 + slippage_rate * direction)
    cash = -np.ceil(moved * (1 + fee_rate * direction)).sum(axis=1).astype(np.int64)
    return cash, np.abs(moved).sum(axis=1) * fee_rate, np.abs(values).sum(axis=1) * slippage_rate
