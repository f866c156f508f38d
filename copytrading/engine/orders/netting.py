"""
Many wishes in one market become one order, or none.

Each participant wishes a signed quantity: positive buys, negative sells. Opposite
wishes meet inside and never reach the venue; only their difference is sent, in whole lots:

    wishes  +70  +50  −30        crossed 30, net +90, lot 20 → the order buys 80
"""

from __future__ import annotations

from dataclasses import dataclass

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import IntArray


@dataclass(frozen=True, kw_only=True)
class NetOrder:
    """
    What one market's wishes ask of the venue.

    `side` is +1 to buy, −1 to sell, 0 when nothing is sent; `crossed_units` meet inside either way.
    """

    side: int
    quantity_units: int
    crossed_units: int
    reasons: tuple[Reason, ...]


def net_market(
    *, wish_units: IntArray, lot_units: int, depth_units: int | None, unit_price: float, value_min_units: int
) -> NetOrder:
    """
    Return the one order that a market's wishes (P,) come to.

    The net is rounded toward zero to whole lots, capped to what the book may give us
    (`depth_units`, None for a book without end), and not sent when its value is below the venue's minimum. What is
    not sent is not lost: it stays a difference and is tried by the next cycle.
    """
    assert lot_units > 0, "a lot is at least one unit"
    assert depth_units is None or depth_units >= 0, "a book has no negative depth"
    buys = int(wish_units[wish_units > 0].sum())
    sells = -int(wish_units[wish_units < 0].sum())
    net = buys - sells

    reasons = []
    quantity = abs(net) // lot_units * lot_units
    if depth_units is not None and quantity > depth_units:
        quantity = depth_units // lot_units * lot_units
        reasons.append(Reason.DEPTH_CAPPED)
    if net != 0 and (quantity == 0 or quantity * unit_price < value_min_units):
        # An empty book is short of depth, not of value.
        if quantity > 0 or not reasons:
            reasons.append(Reason.BELOW_VENUE_MINIMUM)
        quantity = 0

    side = 0 if quantity == 0 else (1 if net > 0 else -1)
    return NetOrder(side=side, quantity_units=quantity, crossed_units=min(buys, sells), reasons=tuple(reasons))
