"""
What changed between two looks at somebody's balances: trades, or money and coins that came and went.

Balances tell what there is and not why, so the why is read from the values. What came in and what went out are two
sums. A trade adds as much to the one as to the other, but for its fee; a deposit or a withdrawal is in one of them
alone. Nobody knows at which moment between the looks a trade was made, so each coin may be worth anything from the
lowest to the highest price since: moves that pay for each other at some prices of that range were a trade, whatever
the market has done since.

Where the exchange told its own trades, they are taken first, one after the other, and only the rest is read so.

A *place* is one coin. Cash has none; in the legs of a fill it stands as CASH.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray

CASH = -1

# How far what came in may fall short of what went out, as a share of the larger: fees, spread, a thin book.
LOSS_MAX = 0.02
# How far it may exceed it. A price better than all that were seen is rare, and money paid in beside a trade must not
# look like one that went well.
GAIN_MAX = 0.005
# Of what was traded: more than this no exchange takes in a coin of its own for the trade.
FEE_SHARE_MAX = 0.005
# Of all that changed: what rounding leaves of a trade that is explained.
NOISE = 1e-6
# A coin that is worth less than this share of everything is dust.
DUST_SHARE_MAX = 0.001


class Trade(NamedTuple):
    """
    Coins that were bought or sold: signed units of a place, and what that changed the cash by, fee included.

    `fee_units` is that fee in quote units, whichever of the two it was taken of, where the exchange named it; a trade
    that was read from balances has 0, since nobody knows. A fee in a third coin is in no trade.
    """

    place: int
    units: int
    cash_units: int
    fee_units: int = 0


@dataclass(frozen=True, kw_only=True)
class PriceRange:
    """Quote units for one unit of each coin (P,): the least and the most since the last look, and now."""

    low: FloatArray
    high: FloatArray
    now: FloatArray

    @classmethod
    def of(cls, unit_prices: FloatArray) -> "PriceRange":
        """Return the range of prices that stood still."""
        return cls(low=unit_prices, high=unit_prices, now=unit_prices)


@dataclass(frozen=True, kw_only=True)
class Fill:
    """
    A trade as the exchange tells it: signed units by place, CASH among them, that paid for each other.

    `fee_place` is the coin of a fee that is none of the two, and `fee_units` what was taken of it. A fee in one of the
    two is in the units already, and `kept_value_units` is what it was worth in quote units.
    """

    base: int
    base_units: int
    quote: int
    quote_units: int
    fee_place: int | None = None
    fee_units: int = 0
    kept_value_units: int = 0


@dataclass(frozen=True, kw_only=True)
class BalanceChange:
    """
    A change of balances taken apart: `trades` in the order in which they are booked; `moved_units` (P,) and
    `moved_cash_units` came or went. `fee_units` (P,) of what went paid for the trades. `is_told`: the exchange named
    trades among them, so these are certain whatever the rest may be.
    """

    trades: tuple[Trade, ...]
    moved_units: IntArray
    moved_cash_units: int
    fee_units: IntArray
    is_told: bool = False

    def without_moves(self) -> "BalanceChange":
        """Return the trades and their fees alone."""
        return replace(self, moved_units=-self.fee_units, moved_cash_units=0)

    @property
    def traded_units(self) -> IntArray:
        """Return what was bought less what was sold of each coin (P,)."""
        return self._sum_of(1)

    @property
    def paid_units(self) -> IntArray:
        """Return what the trades of each coin (P,) changed the cash by."""
        return self._sum_of(2)

    def moved_value(self, unit_prices: FloatArray) -> float:
        """Return what came less what went, in quote units; a fee is a cost and does not count."""
        return self.moved_cash_units + float(_values(self.moved_units + self.fee_units, unit_prices).sum())

    def moved_turnover(self, unit_prices: FloatArray) -> float:
        """Return how much came and went together, in quote units; fees do not count."""
        moved = self.moved_units + self.fee_units
        return abs(self.moved_cash_units) + float(np.abs(_values(moved, unit_prices)).sum())

    def _sum_of(self, column: int) -> IntArray:
        sums = np.zeros_like(self.moved_units)
        for trade in self.trades:
            sums[trade.place] += trade[column]
        return sums


def read_change(
    *,
    change_units: IntArray,
    cash_change_units: int,
    prices: PriceRange,
    pays_fees: BoolArray | None = None,
    fills: Sequence[Fill] = (),
) -> BalanceChange:
    """
    Return what a change of coins (P,) and of cash was, in this order:

    1. What the exchange says was traded, as far as it makes the rest smaller: the fills are oldest first, and those
       that were in the balances of the last look already are the first ones.
    2. In and out are balanced: every coin that changed was traded, and the cash went into those trades. A little of a
       coin that pays fees, gone beside them, was the fee.
    3. They are balanced without one asset, the cash or one coin: that one came or went, the rest was traded.
    4. Neither: everything came or went, and nothing of it is called a trade.

    Balanced means: at some prices of the range what came in is at most 2 % less and 0.5 % more than what went out.

    :param prices: finite for every coin that changed.
    :param pays_fees: coins (P,) that the exchange takes fees in.
    """
    fees = np.zeros(len(change_units), dtype=np.bool_) if pays_fees is None else pays_fees
    best = _read_balances(change_units, cash_change_units, prices, fees)
    noise = NOISE * (abs(cash_change_units) + float(np.abs(_values(change_units, prices.now)).sum()))
    # With as many fills as leave least unexplained, of equals the most. A fill that is not in this change leaves both
    # its coin and its cash; so how many assets are left tells more than their value.
    for first in range(len(fills) - 1, -1, -1):
        found = _read_fills(change_units, cash_change_units, prices, fees, fills[first:])
        if _unexplained(found, prices, noise) <= _unexplained(best, prices, noise):
            best = found
    return best


def is_dust_conversion(
    *, change_units: IntArray, cash_change_units: int, held_units: IntArray, prices: PriceRange, equity_units: float
) -> bool:
    """
    Return whether a change was small rests of coins turned into one other asset, as exchanges offer it.

    Two coins or more went to nothing (`held_units` (P,) are those of the look before), each next to nothing of the
    equity, and one asset came for them. A rest that was sold alone is a trade like any other.
    """
    values = _values(change_units, prices.now)
    gone = change_units < 0
    came = int(np.count_nonzero(change_units > 0)) + (cash_change_units > 0)
    if np.count_nonzero(gone) < 2 or came != 1 or cash_change_units < 0 or equity_units <= 0:
        return False
    is_dust = (held_units + change_units == 0) & (-values <= DUST_SHARE_MAX * equity_units)
    return bool(is_dust[gone].all()) and _is_balanced(change_units, cash_change_units, prices)


def _read_balances(
    change_units: IntArray, cash_change_units: int, prices: PriceRange, pays_fees: BoolArray
) -> BalanceChange:
    values = _values(change_units, prices.now)
    assert np.isfinite(values).all(), "a coin that changed has no price"
    changed = change_units != 0
    fees = _fees(change_units, cash_change_units, prices, pays_fees)
    rest = np.where(fees, 0, change_units)
    if _is_balanced(rest, cash_change_units, prices):
        return _read(change_units, cash_change_units, prices, traded=changed & ~fees, cash_was_paid=True, fees=fees)
    if _is_balanced(rest, 0, prices) or not changed.any():
        return _read(change_units, cash_change_units, prices, traded=changed & ~fees, cash_was_paid=False, fees=fees)
    for place in np.argsort(-np.abs(values))[: np.count_nonzero(changed)]:
        alone = np.arange(len(values)) == place
        if _is_balanced(np.where(alone, 0, rest), cash_change_units, prices):
            traded = changed & ~alone & ~fees
            return _read(change_units, cash_change_units, prices, traded=traded, cash_was_paid=True, fees=fees & ~alone)
    nothing = np.zeros_like(changed)
    return _read(change_units, cash_change_units, prices, traded=nothing, cash_was_paid=False, fees=nothing)


def _unexplained(reading: BalanceChange, prices: PriceRange, noise: float) -> tuple[int, float]:
    """Return how many assets came or went, and how much of them."""
    moved = np.abs(_values(reading.moved_units + reading.fee_units, prices.now))
    count = np.count_nonzero(moved > noise) + (abs(reading.moved_cash_units) > noise)
    return int(count), reading.moved_turnover(prices.now)


def _read_fills(
    change_units: IntArray, cash_change_units: int, prices: PriceRange, pays_fees: BoolArray, fills: Sequence[Fill]
) -> BalanceChange:
    """Return the change with these fills booked as they were told, and the rest of it read from the balances."""
    trades: list[Trade] = []
    left, cash_left, fee_units = change_units.copy(), cash_change_units, np.zeros_like(change_units)
    for fill in fills:
        trades += _trades_of(fill, prices)
        left[fill.base] -= fill.base_units
        if fill.quote == CASH:
            cash_left -= fill.quote_units
        else:
            left[fill.quote] -= fill.quote_units
        if fill.fee_place is not None:
            fee_units[fill.fee_place] += fill.fee_units
    rest = _read_balances(left + fee_units, cash_left, prices, pays_fees)
    return BalanceChange(
        trades=(*trades, *rest.trades),
        moved_units=rest.moved_units - fee_units,
        moved_cash_units=rest.moved_cash_units,
        fee_units=rest.fee_units + fee_units,
        is_told=True,
    )


def _trades_of(fill: Fill, prices: PriceRange) -> list[Trade]:
    """Return one trade for cash, or the sale of one coin and the purchase of another for what it was worth."""
    if fill.quote == CASH:
        return [Trade(fill.base, fill.base_units, fill.quote_units, fill.kept_value_units)]
    value = round(abs(fill.quote_units) * float(prices.now[fill.quote]))
    legs = ((fill.base, fill.base_units), (fill.quote, fill.quote_units))
    sold_first = sorted(legs, key=lambda leg: leg[1])
    # The quote counts at its price, so whatever was kept is missing from the base.
    kept = {fill.base: fill.kept_value_units}
    return [Trade(place, units, -value if units > 0 else value, kept.get(place, 0)) for place, units in sold_first]


def _values(units: IntArray, unit_prices: FloatArray) -> FloatArray:
    # A coin that did not change may be without a price.
    return np.where(units != 0, units * unit_prices, 0.0)


def _is_balanced(units: IntArray, cash_units: int, prices: PriceRange) -> bool:
    """Return whether coins and cash paid for each other at some prices of the range."""
    lows, highs = _values(units, prices.low), _values(units, prices.high)
    came, went = units > 0, units < 0
    came_low, came_high = (float(values[came].sum()) + max(cash_units, 0) for values in (lows, highs))
    went_low, went_high = (float(-values[went].sum()) + max(-cash_units, 0) for values in (lows, highs))
    if came_high <= 0 or went_high <= 0:
        return False
    return came_high >= went_low * (1 - LOSS_MAX) and came_low * (1 - GAIN_MAX) <= went_high


def _fees(change_units: IntArray, cash_units: int, prices: PriceRange, pays_fees: BoolArray) -> BoolArray:
    """Return the coins (P,) that only paid for the trades: too little of them went to have been sold."""
    values = np.abs(_values(change_units, prices.now))
    small = pays_fees & (change_units < 0)
    turnover = max(float(values[~small].sum()), abs(cash_units))
    return np.asarray(small & (values <= FEE_SHARE_MAX * turnover), dtype=np.bool_)


def _read(
    change_units: IntArray,
    cash_units: int,
    prices: PriceRange,
    *,
    traded: BoolArray,
    cash_was_paid: bool,
    fees: BoolArray,
) -> BalanceChange:
    places = np.flatnonzero(traded)
    shares = _share_cash(_values(change_units, prices.now)[places], cash_units if cash_was_paid and len(places) else 0)
    # What brings cash comes first, so that nobody is seen to spend more than there was.
    order = np.argsort(-shares, kind="stable")
    has_fees = bool(len(places))
    return BalanceChange(
        trades=tuple(
            Trade(int(place), int(change_units[place]), int(share))
            for place, share in zip(places[order], shares[order], strict=True)
        ),
        moved_units=np.where(traded, 0, change_units),
        moved_cash_units=0 if cash_was_paid and len(places) else cash_units,
        fee_units=np.where(fees & has_fees, -change_units, 0),
    )


def _share_cash(values: FloatArray, cash_units: int) -> IntArray:
    """
    Return what each trade (T,) changed the cash by, in whole units that sum to all of it.

    Each coin costs its value, and what is left over (fees, and what the market did since) is shared in proportion.
    """
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    weights = np.abs(values) / np.abs(values).sum()
    exact = -values + weights * (cash_units + values.sum())
    running = np.rint(np.cumsum(exact)).astype(np.int64)
    running[-1] = cash_units
    return np.asarray(np.diff(running, prepend=0), dtype=np.int64)
