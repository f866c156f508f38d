"""
Why a copy is not exactly where its lead's return would have put it, in parts that sum to the difference.

The *ideal* of a copy is its investment grown by the lead's return on money; the *gap* is what the copy is worth less
its ideal. Both are looked at again and again, and a *stretch* is what happened between two looks:

    held    Σ q1·p1 − q0·p0 − Δq·m      what the coins brought; m is the mid an order was decided at
    price   Σ Δq·m + value              what the orders cost beside the mid; value is negative when paid
    fees    −Σ fee

Of a lead who trades elsewhere a fee is known where the exchange was asked and named it; any other is in the price.

The lead's stretch has the same three, and r, its return, is their sum by the equity it began with. So the ideal goes
from V to V·(1 + r), and the gap, with e and E the equities at the beginning of the stretch, by

    copy's held + price + fees − V·r  =  each part of the copy less e/E of the same of the lead  +  (e − V)·r

The last term is the gap of before that grows with the lead: each part is carried on times 1 + r, and what is new is
added to it. What the coins held brought is told apart by its cause, coin by coin: not followed, not invested,
a lot's rounding, or else timing. Money that moves in or out is outside of all stretches.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray

# Shares of fills are whole units, and so is what is paid for them.
ROUNDING_UNITS = 4
# A lead that lost everything leaves an ideal of next to nothing, but one that can be divided by.
GROWTH_MIN = 1e-9


class Part(IntEnum):
    """What a gap is made of, in the order of its columns."""

    PRICE = 0
    FEES = 1
    TIMING = 2
    UNINVESTED = 3
    UNFOLLOWED = 4
    ROUNDING = 5
    PROFIT_SHARE = 6


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Unit prices (A,) at the two looks; NaN where nobody has named one."""

    before: FloatArray
    after: FloatArray


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """
    What N portfolios did between two looks, grids (N, A) and columns (N,).

    `equity_units` and `units` are those of the second look; `traded_units` are signed, and `traded_at_mid` is what they
    were worth at the mids of their orders; `value_units` is what was received less what was paid, without fees.
    `untraded_units` is what coins brought that are not on the board at all; of a lead elsewhere alone.
    """

    equity_units: IntArray
    units: IntArray
    traded_units: IntArray
    traded_at_mid: FloatArray
    value_units: IntArray
    fee_units: IntArray
    untraded_units: int = 0

    @property
    def units_before(self) -> IntArray:
        return self.units - self.traded_units

    @property
    def price_results(self) -> FloatArray:
        """Return what each portfolio (N,) got from its orders beside their mids."""
        return np.asarray(self.traded_at_mid.sum(axis=1) + self.value_units, dtype=np.float64)

    def held_results(self, prices: Prices) -> FloatArray:
        """Return what each coin (N, A) brought by being held."""
        after = self.units * np.nan_to_num(prices.after)
        return after - self.units_before * np.nan_to_num(prices.before) - self.traded_at_mid

    def results(self, prices: Prices) -> FloatArray:
        """Return what each portfolio (N,) earned, fees paid."""
        held = self.held_results(prices).sum(axis=1) + self.untraded_units
        return np.asarray(held + self.price_results - self.fee_units)


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """
    The gaps of N copies: `parts` (N, Part) sum to equity − ideal to the unit; all in quote units.

    `unexplained_units` (N,) is what had to be put into the rounding for that: a few units, or something moved money
    that nobody told of.
    """

    equity_units: IntArray
    ideal_units: IntArray
    parts: IntArray
    unexplained_units: IntArray


def lead_growth(*, lead: Stretch, prices: Prices) -> float:
    """Return what the lead made of each unit of money in a stretch, 1 + r; 1 where there was no money."""
    result = float(lead.results(prices)[0])
    equity_before = float(lead.equity_units[0]) - result
    return max(1.0 + result / equity_before, GROWTH_MIN) if equity_before > 0 else 1.0


def followed_parts(*, followed_shares: FloatArray, lead: Stretch, prices: Prices, weight_max: FloatArray) -> FloatArray:
    """
    Return the part of each of the lead's positions (N, A) that each copy follows by its own choice.

    `followed_shares` (N, A) leaves out what the lead held before and markets that were not chosen; on top of that a
    copy's own cap `weight_max` (N,), NaN for none, cuts a coin that weighs more.
    """
    weights = followed_shares * lead.units * np.nan_to_num(prices.after) / max(float(lead.equity_units[0]), 1.0)
    capped = weights > weight_max[:, None]
    return np.asarray(
        followed_shares * np.divide(weight_max[:, None], weights, out=np.ones_like(weights), where=capped)
    )


def grow_gaps(
    *,
    parts: IntArray,
    ideal_units: FloatArray,
    ideal_after_units: IntArray,
    lead: Stretch,
    copies: Stretch,
    prices: Prices,
    followed: FloatArray,
    lot_units: IntArray,
    waiting: BoolArray,
    share_units: IntArray,
) -> Gaps:
    """
    Return the gaps at the second look from those at the first.

    :param parts: the parts (N, Part) at the first look.
    :param ideal_units: the ideals (N,) at the first look; `ideal_after_units` those at the second.
    :param followed: see followed_parts.
    :param waiting: copies (N,) that do not hold what they should for a while: just started, paused, stopping.
    :param share_units: profit share (N,) that accrued or was paid in the stretch.
    """
    growth = lead_growth(lead=lead, prices=prices)
    equity_before = ideal_units + parts.sum(axis=1)
    lead_before = float(lead.equity_units[0]) - float(lead.results(prices)[0])
    sizes = equity_before / lead_before if lead_before > 0 else np.zeros_like(equity_before)

    fair = sizes[:, None] * lead.held_results(prices)
    apart = copies.held_results(prices) - followed * fair
    is_rounding, is_uninvested = _causes(sizes, lead, copies, prices, followed, lot_units)
    is_uninvested &= ~waiting[:, None]

    new = np.zeros((len(parts), len(Part)))
    new[:, Part.PRICE] = copies.price_results - sizes * lead.price_results
    new[:, Part.FEES] = sizes * lead.fee_units - copies.fee_units
    new[:, Part.UNFOLLOWED] = -((1.0 - followed) * fair).sum(axis=1) - sizes * lead.untraded_units
    new[:, Part.ROUNDING] = np.where(is_rounding, apart, 0.0).sum(axis=1)
    new[:, Part.UNINVESTED] = np.where(is_uninvested, apart, 0.0).sum(axis=1)
    new[:, Part.TIMING] = np.where(is_rounding | is_uninvested, 0.0, apart).sum(axis=1)
    new[:, Part.PROFIT_SHARE] = -share_units
    return close_gaps(
        parts=np.rint(parts * growth + new).astype(np.int64),
        equity_units=copies.equity_units,
        ideal_units=ideal_after_units,
    )


def take_out(*, parts: IntArray, equity_units: IntArray, ideal_units: IntArray, units: IntArray) -> Gaps:
    """
    Return the gaps after money was taken out, (N,) units at most the equity.

    Ideal and parts fall in proportion, as what counts as invested does: a gap stays the same share of it.
    """
    left = (equity_units - units) / np.maximum(equity_units, 1)
    return close_gaps(
        parts=np.rint(parts * left[:, None]).astype(np.int64),
        equity_units=equity_units - units,
        ideal_units=np.rint(ideal_units * left).astype(np.int64),
    )


def close_gaps(*, parts: IntArray, equity_units: IntArray, ideal_units: IntArray) -> Gaps:
    """Return the gaps with their parts made to sum to equity − ideal: the last units go to the rounding."""
    unexplained = equity_units - ideal_units - parts.sum(axis=1)
    closed = parts.copy()
    closed[:, Part.ROUNDING] += unexplained
    return Gaps(equity_units=equity_units, ideal_units=ideal_units, parts=closed, unexplained_units=unexplained)


def _causes(
    sizes: FloatArray, lead: Stretch, copies: Stretch, prices: Prices, followed: FloatArray, lot_units: IntArray
) -> tuple[BoolArray, BoolArray]:
    """Return where a coin (N, A) differs by rounding only, and where by cash that could not be invested."""
    sizes_after = copies.equity_units / max(float(lead.equity_units[0]), 1.0)
    targets = np.maximum(sizes_after, 0.0)[:, None] * followed * lead.units
    targets_before = np.maximum(sizes, 0.0)[:, None] * followed * lead.units_before
    slack = _lot_shares(targets, lead.units, lot_units)
    near = np.abs(copies.units - targets) <= slack
    slack_before = _lot_shares(targets_before, lead.units_before, lot_units)
    near_before = np.abs(copies.units_before - targets_before) <= slack_before
    # Only a copy that holds less coins in all has cash left over; else one coin stands in for another.
    unit_prices = np.nan_to_num(prices.after)
    has_cash = (copies.units @ unit_prices) + (slack @ unit_prices) < targets @ unit_prices
    return near & near_before, ~near & (copies.units < targets) & has_cash[:, None]


def _lot_shares(targets: FloatArray, lead_units: IntArray, lot_units: IntArray) -> FloatArray:
    """Return how far each holding (N, A) may be off because the bunched order was rounded to a lot."""
    everybody = targets + lead_units
    share = np.divide(targets, everybody, out=np.zeros_like(targets), where=everybody > 0)
    return np.asarray(lot_units * share + ROUNDING_UNITS)
