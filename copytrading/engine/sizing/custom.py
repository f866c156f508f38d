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

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings.terms import CopyTerms, Terms
from copytrading.engine.sizing.mode import Aim, Ordered, Sight, SizingMode, nowhere

# A sold fraction is a rounded quotient: forgiven, so that a quarter of 8 is 2 and not 1.
ROUNDING_NOISE = 4 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True, kw_only=True)
class BuyValues:
    """
    What each copy puts into each buy, (N, A) in quote units, and which were cut and why, all (N, A).

    `asked_values` is what it would put in without its maxima and its choice of markets.
    """

    values: FloatArray
    asked_values: FloatArray
    order_max_capped: BoolArray
    total_max_capped: BoolArray
    market_not_chosen: BoolArray


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What N copies hold (N, A) once they have answered what a lead ordered at one moment, and what was cut."""

    held_units: IntArray
    buys: BuyValues


class CustomMode(SizingMode):
    """Answer the lead's orders one by one; the aim is what a copy has, and the answers on top."""

    holds_ratios = False
    allows = ("order_value_max_units", "total_value_max_units", "market_ids")

    def aim(self, sight: Sight) -> Aim:
        """Return what N copies hold once they have answered; orders of one moment are sized together."""
        held, asked = sight.copies.units, np.zeros(sight.copies.units.shape)
        order_max, total_max, not_chosen = nowhere(sight), nowhere(sight), nowhere(sight)
        for ordered in sight.ordered:
            answered = answer(ordered, held_units=held, unit_prices=sight.board.unit_prices, terms=sight.copies.terms)
            held = answered.held_units
            asked += answered.buys.asked_values
            order_max |= answered.buys.order_max_capped
            total_max |= answered.buys.total_max_capped
            not_chosen |= answered.buys.market_not_chosen
        return Aim(
            target_units=held.astype(np.float64),
            capped=nowhere(sight),
            answers=held != sight.copies.units,
            cuts={
                Reason.ORDER_MAX_CAPPED: order_max,
                Reason.TOTAL_MAX_CAPPED: total_max,
                Reason.MARKET_NOT_CHOSEN: not_chosen,
            },
            asked_values=asked,
        )


class CustomFixed(CustomMode):
    name = "CUSTOM_FIXED"
    label = "Custom copy, a fixed value per order"
    short_label = "Custom, fixed value"
    requires = ("order_value_units",)


class CustomRatio(CustomMode):
    name = "CUSTOM_RATIO"
    label = "Custom copy, a ratio of the lead's order"
    short_label = "Custom, ratio"
    requires = ("order_ratio",)


CUSTOM_FIXED, CUSTOM_RATIO = CustomFixed(), CustomRatio()


def custom_terms(
    *,
    order_value_units: int | None = None,
    order_ratio: float | None = None,
    order_value_max_units: int | None = None,
    total_value_max_units: int | None = None,
    market_ids: tuple[int, ...] = (),
    stop_loss_units: int | None = None,
) -> Terms:
    """Return the terms of a copy that answers orders: by a value where one is given, else by a ratio."""
    return Terms(
        mode=(CUSTOM_RATIO if order_value_units is None else CUSTOM_FIXED).name,
        buy_existing=False,
        stop_loss_units=stop_loss_units,
        order_value_units=order_value_units,
        order_ratio=order_ratio,
        order_value_max_units=order_value_max_units,
        total_value_max_units=total_value_max_units,
        market_ids=market_ids,
    )


def answer(ordered: Ordered, *, held_units: IntArray, unit_prices: FloatArray, terms: CopyTerms) -> Answer:
    """
    Return what copies with these terms and holdings (N, A) hold once they have answered.

    The total is what a copy has in coins after its own sells. Nothing is bought without a price. Whether cash suffices
    is the plan's question, not this one's.
    """
    priced = unit_prices > 0
    prices = np.where(priced, unit_prices, 0.0)
    held = held_units - sold_units(held_units=held_units, fractions=ordered.sold_fractions)
    buys = buy_values(
        lead_values=np.where(priced, ordered.bought_values, 0.0),
        fixed_values=terms.order_values,
        ratios=terms.order_ratios,
        order_values_max=terms.order_values_max,
        total_values_max=terms.total_values_max,
        coin_values=held.astype(np.float64) @ prices,
        chosen=terms.chosen,
        lead_orders=ordered.orders,
    )
    bought = np.divide(buys.values, prices, where=priced, out=np.zeros_like(buys.values))
    return Answer(held_units=held + np.floor(bought).astype(np.int64), buys=buys)


def sold_units(*, held_units: IntArray, fractions: FloatArray) -> IntArray:
    """Return what is sold of holdings (N, A) when the lead sells these fractions (A,) or (N, A); 1 sells all."""
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
    Return what N copies put into the lead's buys of `lead_values` (A,) or (N, A), 0 where it buys nothing.

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
        asked_values=wanted,
        order_max_capped=order_max_capped,
        total_max_capped=(values > 0) & short[:, None],
        market_not_chosen=(wanted > 0) & ~chosen,
    )
