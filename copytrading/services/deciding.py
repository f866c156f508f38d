"""
From portfolios to wishes: what each copy and the lead would trade now. Arrays in, arrays out, nothing is written.

A lead who trades here is a participant: the wish is known before the trade, so the copies aim at the portfolio that
the lead will have, and one bunched order serves everybody at one price.
"""

from dataclasses import dataclass, replace

import numpy as np

from copytrading.engine import baseline, planning, weights
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.queries.holdings import CopyTable, LeadPortfolio
from copytrading.queries.market import Board

# Shares of a fill are rounded to whole units, so a participant may pay a unit or two more than was planned.
ROUNDING_SLACK_UNITS = 4
# A reduction sells a little more than it needs, so that fees and slippage do not leave it short.
REDUCTION_MARGIN = 0.01


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The platform's limits, as fractions; see the settings of the same names."""

    drift_band: float
    fee_rate: float
    slippage_max: float


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """
    Signed units to trade: `copies` (N, A), `lead` (A,); positive buys.

    `wanted` is what the copies wished before cash was looked at, `capped` which cells their own cap cut, `explained`
    which cells somebody waits for, so that an adjustment there is worth a sentence.
    """

    copies: IntArray
    lead: IntArray
    wanted: IntArray
    targets: FloatArray
    capped: BoolArray
    explained: BoolArray
    cash_factors: FloatArray

    @property
    def net(self) -> IntArray:
        """Return what each market nets to (A,)."""
        return np.asarray(self.copies.sum(axis=0) + self.lead, dtype=np.int64)

    @property
    def is_nothing(self) -> bool:
        return not (self.copies.any() or self.lead.any())


def decide_wishes(
    *,
    board: Board,
    lead: LeadPortfolio,
    lead_wish: IntArray,
    copies: CopyTable,
    tradable: BoolArray,
    buy_prices: FloatArray,
    settling: bool,
    rules: Rules,
) -> Wishes:
    """
    Return what everybody wishes to trade now.

    :param lead_wish: the lead's own open orders, netted, in signed units (A,).
    :param tradable: markets that can be traded this moment (A,).
    :param buy_prices: unit prices (A,) that a buy may cost at most; they size the buys.
    """
    following = copies.has_status("STARTING", "ACTIVE")
    stopping = copies.has_status("STOPPING")
    targets, capped = _targets(board, lead, lead_wish, copies, rules, stopping)
    # A ratio needs every price in it: while one is stale nobody is rebalanced, and exits go on.
    valued = bool(board.fresh[(lead.units > 0) | (lead_wish != 0)].all())
    priced = ~((copies.units > 0) & ~board.fresh).any(axis=1)
    touched = ~np.isnan(lead.touched_at) | (lead_wish != 0)
    aligning = ~np.isnan(copies.align_wanted_at)
    acting = planning.acting_mask(
        target_units=targets,
        held_units=copies.units,
        unit_prices=board.unit_prices,
        equity=np.nan_to_num(copies.equity(board)),
        touched=touched,
        aligning=aligning,
        drift_band=rules.drift_band,
        settling=settling,
        tradable=tradable,
    )
    acting &= (following & priced & valued)[:, None]
    acting |= (stopping | _trimming(copies) & priced)[:, None] & tradable[None, :]
    explained = acting & (touched[None, :] | aligning[:, None] | stopping[:, None])

    sells = planning.plan_sells(target_units=targets, held_units=copies.units, acting=acting)
    sells = np.maximum(sells, copies.held_units - copies.units)
    cash = copies.cash_units - copies.cash_held_units - copies.owed_units
    buying = acting & (following[:, None]) & (buy_prices > 0)
    plan = planning.plan_buys(
        target_units=targets,
        held_units=copies.units,
        cash_units=np.maximum(cash - ROUNDING_SLACK_UNITS * len(board.asset_ids), 0),
        unit_prices=buy_prices,
        fee_rate=rules.fee_rate,
        acting=buying,
    )
    return Wishes(
        copies=sells + plan.trade_units,
        # A lead whose portfolio cannot be valued waits too: trading ahead of the followers would be another price.
        lead=np.where(tradable & valued, lead_wish, 0),
        wanted=sells + plan.wanted_units,
        targets=targets,
        capped=capped & explained,
        explained=explained,
        cash_factors=plan.factors,
    )


def restrict(wishes: Wishes, places: BoolArray) -> Wishes:
    """Return the wishes in some markets only (A,)."""
    return replace(
        wishes,
        copies=np.where(places, wishes.copies, 0),
        lead=np.where(places, wishes.lead, 0),
        wanted=np.where(places, wishes.wanted, 0),
    )


def without(wishes: Wishes, *, copies: BoolArray, lead: BoolArray) -> Wishes:
    """Return the wishes without some cells of the copies (N, A) and some places of the lead (A,)."""
    return replace(
        wishes,
        copies=np.where(copies, 0, wishes.copies),
        wanted=np.where(copies, 0, wishes.wanted),
        lead=np.where(lead, 0, wishes.lead),
    )


def _targets(
    board: Board, lead: LeadPortfolio, lead_wish: IntArray, copies: CopyTable, rules: Rules, stopping: BoolArray
) -> tuple[FloatArray, BoolArray]:
    """Return the quantities (N, A) that the copies aim at, and which were cut by a copy's own cap."""
    shares = baseline.followed_shares(
        # A sale leaves the followed share as it is; a purchase adds to what is followed.
        lead_units=lead.units + np.maximum(lead_wish, 0),
        survival=lead.survival,
        epoch=lead.epoch,
        baseline_units=copies.baseline_units,
        baseline_survival=copies.baseline_survival,
        baseline_epoch=copies.baseline_epoch,
    )
    size = copies.equity(board) - copies.owed_units * REDUCTION_MARGIN
    targets = weights.target_units(
        equity=np.nan_to_num(size),
        lead_equity=np.nan_to_num(lead.equity(board)),
        followed_shares=shares,
        lead_units=lead.units + lead_wish,
    )
    targets, capped = planning.cap_concentration(
        target_units=targets,
        unit_prices=board.unit_prices,
        equity=np.maximum(np.nan_to_num(size), 0.0),
        weight_max=copies.weight_max,
    )
    # A paused copy that pays something out sells all its coins alike and follows nothing.
    gross = np.nan_to_num(copies.equity(board)) + copies.owed_units
    left = np.divide(np.maximum(size, 0.0), gross, out=np.zeros_like(gross), where=gross > 0)
    targets = np.where(_trimming(copies)[:, None], copies.units * np.nan_to_num(left)[:, None], targets)
    return np.where(stopping[:, None], 0.0, targets), capped


def _trimming(copies: CopyTable) -> BoolArray:
    return np.asarray(copies.has_status("PAUSED") & (copies.owed_units > 0), dtype=np.bool_)
