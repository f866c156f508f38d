"""
Custom copy: follow the lead's orders one by one, as other platforms do, instead of its ratios.

A buy of the lead is answered with a fixed value, or with a ratio of the lead's own value; a sell with the same
fraction of what the copy holds:

    lead buys for 5,000        fixed 200 → buy for 200         ratio 0.1 → buy for 500, or the most an order may be
    lead sells 30 of 120       a copy that holds 8 sells 2

What a follower chose not to copy, and what passes the follower's maxima, is not bought. Sells are never limited: a way
out is always followed. The policy ends here; netting, allocation and ledger are those of every other wish.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray

# A sold fraction is a rounded quotient: forgiven, so that a quarter of 8 is 2 and not 1.
ROUNDING_NOISE = 4 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, kw_only=True)
class BuyValues:
    """What each copy puts into each buy, (N, A) in quote units, and which were cut and why, all (N, A)."""

    values: FloatArray
    order_max_capped: BoolArray
    total_max_capped: BoolArray
    market_not_chosen: BoolArray


@dataclass(frozen=True, kw_only=True)
class CustomWishes:
    """What each copy wishes to trade, (N, A): positive buys, negative sells; and which buys were cut and why."""

    wish_units: IntArray
    order_max_capped: BoolArray
    total_max_capped: BoolArray
    market_not_chosen: BoolArray


def size_wishes(
    *,
    lead_wish_units: IntArray,
    lead_held_units: IntArray,
    unit_prices: FloatArray,
    held_units: IntArray,
    fixed_values: FloatArray,
    ratios: FloatArray,
    order_values_max: FloatArray,
    total_values_max: FloatArray,
    chosen: BoolArray,
    lead_orders: FloatArray | None = None,
) -> CustomWishes:
    """
    Return what N copies wish when the lead wishes `lead_wish_units` (A,) while it still holds `lead_held_units` (A,).

    `held_units` and `chosen` are (N, A); the terms are (N,) in quote units: either a fixed value or a ratio, the other
    NaN; a maximum of NaN is none. `lead_orders` (A,) says how many orders the lead's wish is, one each where it is not
    given; a fixed value and the maximum are for each of them. The total is what the copy has in coins after its own
    sells. Nothing is bought without a price. Whether cash suffices is the plan's question, not this one's.
    """
    priced = unit_prices > 0
    prices = np.where(priced, unit_prices, 0.0)
    lead_sold = np.minimum(np.maximum(-lead_wish_units, 0), lead_held_units)
    sold = sold_units(
        held_units=held_units, fractions=np.divide(lead_sold, lead_held_units, where=lead_sold > 0, out=0.0 * prices)
    )
    buys = buy_values(
        lead_values=np.maximum(lead_wish_units, 0) * prices,
        fixed_values=fixed_values,
        ratios=ratios,
        order_values_max=order_values_max,
        total_values_max=total_values_max,
        coin_values=(held_units - sold).astype(np.float64) @ prices,
        chosen=chosen,
        lead_orders=lead_orders,
    )
    bought = np.floor(np.divide(buys.values, prices, where=priced, out=np.zeros_like(buys.values))).astype(np.int64)
    return CustomWishes(
        wish_units=bought - sold,
        order_max_capped=buys.order_max_capped,
        total_max_capped=buys.total_max_capped,
        market_not_chosen=buys.market_not_chosen,
    )


def sold_units(*, held_units: IntArray, fractions: FloatArray) -> IntArray:
    """Return what is sold of holdings (N, A) when the lead sells these fractions (A,) of its own; 1 sells all."""
    assert ((fractions >= 0) & (fractions <= 1)).all(), "a spot lead sells at most what it holds"
    part = np.floor(held_units * fractions * (1 + ROUNDING_NOISE)).astype(np.int64)
    return np.where(fractions == 1, held_units, np.minimum(part, held_units))


def buy_values(
    *,
    lead_values: FloatArray,
    fixed_values: FloatArray,
    ratios: FloatArray,
    order_values_max: FloatArray,
    total_values_max: FloatArray,
    coin_values: FloatArray,
    chosen: BoolArray,
    lead_orders: FloatArray | None = None,
) -> BuyValues:
    """
    Return what N copies put into the lead's buys of `lead_values` (A,), 0 where it buys nothing.

    First the markets that were not chosen fall out, then each order is cut to its maximum, then all are shrunk by one
    factor to what is left of the total above `coin_values` (N,), what the copy has in coins.
    """
    assert (np.isnan(fixed_values) != np.isnan(ratios)).all(), "a copy buys for a fixed value or by a ratio"
    orders = np.ones_like(lead_values) if lead_orders is None else lead_orders
    own_values = np.where(np.isnan(ratios)[:, None], fixed_values[:, None] * orders, ratios[:, None] * lead_values)
    maxima = order_values_max[:, None] * orders
    wanted = np.where(lead_values > 0, own_values, 0.0)
    values = np.where(chosen, wanted, 0.0)
    # NaN compares false: without a maximum nothing is cut.
    order_max_capped = values > maxima
    values = np.fmin(values, maxima)

    room = np.maximum(total_values_max - coin_values, 0.0)
    totals = values.sum(axis=1)
    short = totals > room
    factors = np.divide(room, totals, where=short, out=np.ones_like(totals))
    return BuyValues(
        values=values * factors[:, None],
        order_max_capped=order_max_capped,
        total_max_capped=(values > 0) & short[:, None],
        market_not_chosen=(wanted > 0) & ~chosen,
    )
