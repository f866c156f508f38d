"""
The lead's share of a follower's profit, to the unit, above a high-water mark.

A copy is counted like a fund of one: money paid in *buys* units at the current unit price and
money taken out *redeems* them, so that flows never look like profit. The *mark* is the highest unit price on
which the share was paid. Only what lies above it is profit, so a loss is made good before the lead earns again:

    result   +200   −150   +100   +150      a copy of 1,000, share 10 %
    equity   1200   1030   1130   1280      the equity after +200 is 1,180 once its share is paid
    mark     1180   1180   1180   1270
    paid       20      0      0     10      30, where netting by the week would take 45

What a database must keep of a copy, three whole numbers:

    issued_units      bigint > 0    units issued and not redeemed; at the start one for each quote unit paid in
    mark_value_units  bigint > 0    the mark times the units issued, in quote units: what equity must pass
    rate_millionths   integer       the lead's share when the copy started, 0.1 is 100,000; it never changes

Keeping the mark as a *value* makes it exact: the share is `rate · (equity − mark value)`, with no unit price in
between. What rounds, rounds for the follower: the share down, the mark value up. Equity here is cash and coins
before the share is taken; *net* is after.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray

MILLION = 1_000_000

# Below this part of its mark a copy's units are recounted, else its next deposit would buy more than bigint holds.
WORTH_COUNTING = 1_000


@dataclass(frozen=True, kw_only=True)
class ShareState:
    """What N copies keep to know what they owe, all (N,); see the module's head for the columns."""

    issued_units: IntArray
    mark_value_units: IntArray
    rate_millionths: IntArray


@dataclass(frozen=True, kw_only=True)
class Payment:
    """The share that N copies pay now, (N,) in quote units, and what they keep afterwards."""

    share_units: IntArray
    state: ShareState


def open_state(*, paid_in_units: IntArray, rate_millionths: IntArray) -> ShareState:
    """Return the state of N copies that start with the money paid in, (N,) > 0, at their leads' rates."""
    assert (paid_in_units > 0).all(), "a copy starts with money"
    assert ((rate_millionths >= 0) & (rate_millionths < MILLION)).all(), "a share is a part of the profit"
    return ShareState(
        issued_units=paid_in_units.copy(), mark_value_units=paid_in_units.copy(), rate_millionths=rate_millionths.copy()
    )


def accrued_units(*, state: ShareState, equity_units: IntArray) -> IntArray:
    """Return what N copies would owe their leads if it were settled at this equity, (N,) ≥ 0, rounded down."""
    if not state.rate_millionths.any():
        return np.zeros_like(equity_units)
    profit = np.maximum(equity_units - state.mark_value_units, 0)
    # In two parts, for the product of the whole would pass 64 bits.
    whole, rest = np.divmod(profit, MILLION)
    return np.asarray(whole * state.rate_millionths + rest * state.rate_millionths // MILLION)


def net_unit_prices(*, state: ShareState, equity_units: IntArray) -> FloatArray:
    """Return the value of one unit after the share, (N,): 1 at the start, and the series that a record is made of."""
    net = equity_units - accrued_units(state=state, equity_units=equity_units)
    return np.asarray(net / state.issued_units)


def buy_units(*, state: ShareState, equity_units: IntArray, paid_in_units: IntArray) -> ShareState:
    """
    Return the state after N copies were paid more money in, (N,) ≥ 0, at the equity before it.

    Each unit bought is marked at its own price, or at the copy's mark where that is higher: above the
    mark new money owes nothing for profits it was not part of, below it the old loss is made good first. A copy
    that lost all but a thousandth is recounted from the new money, and its loss stays to be made good in whole.
    """
    assert (paid_in_units >= 0).all(), "what is taken out is redeemed"
    net = equity_units - accrued_units(state=state, equity_units=equity_units)

    def bought(issued: int, mark_value: int, net: int, paid_in: int) -> tuple[int, int]:
        if paid_in == 0:
            return issued, mark_value
        if net * WORTH_COUNTING < mark_value:
            return max(net, 0) + paid_in, mark_value + paid_in
        marked = max(paid_in, _divide_up(paid_in * mark_value, net))
        return issued + paid_in * issued // net, mark_value + marked

    return _each(bought, state, net, paid_in_units)


def redeem_units(*, state: ShareState, equity_units: IntArray, paid_out_units: IntArray) -> Payment:
    """
    Return what N copies pay when money is taken out, (N,) ≥ 0 and at most their net equity.

    Redeemed units settle their part of what has accrued, besides the money that is paid out; the others keep
    theirs, and their mark. Taking out the whole net equity settles everything, which is how a copy stops.
    """
    accrued = accrued_units(state=state, equity_units=equity_units)
    net = equity_units - accrued
    assert ((paid_out_units >= 0) & (paid_out_units <= np.maximum(net, 0))).all(), "no more goes out than is there"

    def kept(issued: int, mark_value: int, net: int, paid_out: int) -> tuple[int, int]:
        if paid_out == 0:
            return issued, mark_value
        if paid_out == net:
            return 0, 0
        # Whoever leaves money in keeps a unit to own it by.
        remaining = max(issued - _divide_up(issued * paid_out, net), 1)
        return remaining, _divide_up(mark_value * remaining, issued)

    after = _each(kept, state, net, paid_out_units)
    share = [
        owed if redeemed == issued else owed * redeemed // issued
        for owed, issued, redeemed in zip(
            accrued.tolist(),
            state.issued_units.tolist(),
            (state.issued_units - after.issued_units).tolist(),
            strict=True,
        )
    ]
    return Payment(share_units=np.array(share, dtype=np.int64), state=after)


def crystallise(*, state: ShareState, equity_units: IntArray, payable_units: IntArray | None = None) -> Payment:
    """
    Return what N copies pay at the end of a period, and their state with the mark raised to the net equity.

    `payable_units` (N,) is the cash at hand, where it may be short: then only as much profit is settled as that pays
    for, and the rest stays owed. A copy below its mark pays nothing and keeps it: losses are carried forward.
    """
    accrued = accrued_units(state=state, equity_units=equity_units)
    share = accrued if payable_units is None else np.minimum(accrued, np.maximum(payable_units, 0))

    # In part: the profit that this payment is the share of, less the payment, so that the rest is owed as before.
    rates = np.maximum(state.rate_millionths, 1)
    # Kept in two parts for the same reason as above.
    whole, rest = np.divmod(share, rates)
    settled = whole * (MILLION - rates) - (-rest * (MILLION - rates) // rates)
    in_part = np.minimum(state.mark_value_units + settled, equity_units - share)
    mark_value = np.where(share == accrued, equity_units - share, in_part)
    mark_value = np.maximum(state.mark_value_units, mark_value)
    return Payment(share_units=share, state=replace(state, mark_value_units=mark_value))


def _each(
    rule: Callable[[int, int, int, int], tuple[int, int]], state: ShareState, net: IntArray, flow: IntArray
) -> ShareState:
    """Return the state after a rule was applied to each copy; flows are rare and their products pass 64 bits."""
    rows = zip(state.issued_units.tolist(), state.mark_value_units.tolist(), net.tolist(), flow.tolist(), strict=True)
    pairs = np.array([rule(*row) for row in rows], dtype=np.int64).reshape(-1, 2)
    return replace(state, issued_units=pairs[:, 0], mark_value_units=pairs[:, 1])


def _divide_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
