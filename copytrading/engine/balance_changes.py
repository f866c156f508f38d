"""
What changed between two looks at somebody's balances: trades, or money and coins that came and went.

Balances tell what there is and not why, so the why is read from the values. Everything that changed is valued at the
marks, cash as it is. What came in and what went out are two sums. A trade adds as much to the one as to the other, but
for its fee and for the distance between its price and the mark; a deposit or a withdrawal is in one of them alone.
"""

from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray

# How far what came in may fall short of what went out, as a share of the larger: fees, spread, a mark that moved.
LOSS_MAX = 0.02
# How far it may exceed it. A price better than the mark is rare, and money paid in beside a trade must not look like
# one that went well.
GAIN_MAX = 0.005


@dataclass(frozen=True, kw_only=True)
class BalanceChange:
    """
    A change of balances taken apart: coins (A,) in signed units of each, cash in signed quote units.

    `traded_units` were bought or sold for `paid_units` of cash (A,), fee included; `moved_units` and `moved_cash_units`
    came or went.
    """

    traded_units: IntArray
    paid_units: IntArray
    moved_units: IntArray
    moved_cash_units: int

    def moved_value(self, unit_prices: FloatArray) -> float:
        """Return what came less what went, in quote units."""
        return self.moved_cash_units + float(_values(self.moved_units, unit_prices).sum())

    def moved_turnover(self, unit_prices: FloatArray) -> float:
        """Return how much came and went together, in quote units."""
        return abs(self.moved_cash_units) + float(np.abs(_values(self.moved_units, unit_prices)).sum())


def read_change(*, change_units: IntArray, cash_change_units: int, unit_prices: FloatArray) -> BalanceChange:
    """
    Return what a change of coins (A,) and of cash was, in this order:

    1. In and out are balanced: every coin that changed was traded, and the cash went into those trades.
    2. They are balanced without one asset, the cash or one coin: that one came or went, the rest was traded.
    3. Neither: everything came or went, and nothing of it is called a trade.

    Balanced means that what came in is at most 2 % less and 0.5 % more than what went out, of the larger of the two.

    :param unit_prices: quote units for one unit of each coin; finite for every coin that changed.
    """
    values = _values(change_units, unit_prices)
    assert np.isfinite(values).all(), "a coin that changed has no price"
    changed = change_units != 0
    if _is_balanced(values, cash_change_units):
        return _read(change_units, values, cash_change_units, traded=changed, cash_was_paid=True)
    if _is_balanced(values, 0) or not changed.any():
        return _read(change_units, values, cash_change_units, traded=changed, cash_was_paid=False)
    for place in np.argsort(-np.abs(values))[: np.count_nonzero(changed)]:
        alone = np.arange(len(values)) == place
        rest = np.where(alone, 0.0, values)
        if _is_balanced(rest, cash_change_units):
            return _read(change_units, values, cash_change_units, traded=changed & ~alone, cash_was_paid=True)
    return _read(change_units, values, cash_change_units, traded=np.zeros_like(changed), cash_was_paid=False)


def _values(units: IntArray, unit_prices: FloatArray) -> FloatArray:
    # A coin that did not change may be without a price.
    return np.where(units != 0, units * unit_prices, 0.0)


def _is_balanced(values: FloatArray, cash_units: int) -> bool:
    """Return whether coins and cash paid for each other."""
    flows = np.append(values, float(cash_units))
    came, went = float(flows[flows > 0].sum()), float(-flows[flows < 0].sum())
    if came <= 0 or went <= 0:
        return False
    return -LOSS_MAX * max(came, went) <= came - went <= GAIN_MAX * max(came, went)


def _read(
    change_units: IntArray, values: FloatArray, cash_units: int, *, traded: BoolArray, cash_was_paid: bool
) -> BalanceChange:
    paid = np.zeros_like(change_units)
    places = np.flatnonzero(traded)
    if len(places):
        paid[places] = _share_cash(values[places], cash_units if cash_was_paid else 0)
    return BalanceChange(
        traded_units=np.where(traded, change_units, 0),
        paid_units=paid,
        moved_units=np.where(traded, 0, change_units),
        moved_cash_units=0 if cash_was_paid else cash_units,
    )


def _share_cash(values: FloatArray, cash_units: int) -> IntArray:
    """
    Return what each trade changed the cash by, in whole units that sum to all of it.

    Each coin costs its value, and what is left over (fees, mostly) is shared in proportion to it.
    """
    weights = np.abs(values) / np.abs(values).sum()
    exact = -values + weights * (cash_units + values.sum())
    running = np.rint(np.cumsum(exact)).astype(np.int64)
    running[-1] = cash_units
    return np.asarray(np.diff(running, prepend=0), dtype=np.int64)
