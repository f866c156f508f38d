"""
From portfolios to wishes: what each copy and the lead would trade now. Arrays in, arrays out, nothing is written.

A lead who trades here is a participant: the wish is known before the trade, so the copies aim at the portfolio that
the lead will have, and one bunched order serves everybody at one price.
"""

from dataclasses import dataclass, replace

import numpy as np

from copytrading.engine import baseline, custom_sizing, planning, weights
from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.custom_sizing import CustomWishes
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
    # Where a Custom copy's own terms cut its answer to the lead's order, (N, A) by reason.
    cuts: dict[Reason, BoolArray]
    # What Custom copies would buy without those terms, in quote units (N, A).
    asked_values: FloatArray

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
    lead_orders: FloatArray,
    copies: CopyTable,
    tradable: BoolArray,
    buy_prices: FloatArray,
    settling: bool,
    rules: Rules,
) -> Wishes:
    """
    Return what everybody wishes to trade now.

    :param lead_wish: the lead's own open orders, netted, in signed units (A,).
    :param lead_orders: how many orders that is for each market (A,), one that is filled in part counting in part.
    :param tradable: markets that can be traded this moment (A,).
    :param buy_prices: unit prices (A,) that a buy may cost at most; they size the buys.
    """
    following = copies.has_status("STARTING", "ACTIVE")
    stopping = copies.has_status("STOPPING")
    targets, capped = _targets(board, lead, lead_wish, copies, rules, stopping)
    answers = _answers(board, lead, lead_wish, lead_orders, copies)
    by_order = copies.custom.applies & following
    # What a Custom copy aims at is what it has, and the lead's orders answered on top.
    trimming = _trimming(copies, lead)
    targets = np.where(by_order[:, None] & ~trimming[:, None], copies.units + answers.wish_units, targets)
    # A ratio needs every price in it, and a lead who is seen: till then nobody is rebalanced, and exits go on.
    valued = lead.is_seen and bool(board.fresh[(lead.units > 0) | (lead_wish != 0)].all())
    priced = ~((copies.units > 0) & ~board.fresh).any(axis=1)
    touched = lead.touched | (lead_wish != 0)
    aligning = copies.aligning | copies.short
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
    acting &= (following & priced & valued & ~by_order)[:, None]
    acting |= (by_order & valued)[:, None] & (answers.wish_units != 0) & (tradable & board.fresh)[None, :]
    acting |= (stopping | trimming & priced)[:, None] & tradable[None, :]
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
        cuts=_cuts(answers, by_order),
        asked_values=_asked_values(board, lead, lead_wish, lead_orders, copies),
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
    # A copy that is not kept at the lead's ratios sells all its coins alike for what its cash does not cover.
    gross = np.nan_to_num(copies.gross(board))
    due = gross - np.nan_to_num(copies.equity(board)) + copies.owed_units * REDUCTION_MARGIN
    coins = gross - copies.cash_units
    short = np.clip(due - (copies.cash_units - copies.cash_held_units), 0.0, None)
    left = 1.0 - np.divide(short, coins, out=np.zeros_like(gross), where=coins > 0)
    targets = np.where(_trimming(copies, lead)[:, None], copies.units * np.clip(left, 0.0, 1.0)[:, None], targets)
    return np.where(stopping[:, None], 0.0, targets), capped


def _trimming(copies: CopyTable, lead: LeadPortfolio) -> BoolArray:
    """Return which copies (N,) have to pay something out and are not kept at the lead's ratios."""
    has_no_ratios = copies.custom.applies | (not lead.is_seen)
    on_its_own = copies.has_status("PAUSED") | (has_no_ratios & copies.has_status("STARTING", "ACTIVE"))
    asked = (copies.owed_units > 0) | copies.aligning
    return np.asarray(on_its_own & asked, dtype=np.bool_)


def _answers(
    board: Board, lead: LeadPortfolio, lead_wish: IntArray, lead_orders: FloatArray, copies: CopyTable
) -> CustomWishes:
    """Return how Custom copies answer what the lead orders now, or traded elsewhere since the last cycle."""
    terms = copies.custom
    traded = lead_wish + lead.pending_units
    return custom_sizing.size_wishes(
        lead_wish_units=traded,
        # A sale seen elsewhere is out of the portfolio already; its fraction is of what was there before.
        lead_held_units=lead.units - np.minimum(lead.pending_units, 0),
        lead_orders=lead_orders + lead.pending_orders,
        unit_prices=board.unit_prices,
        held_units=copies.units,
        fixed_values=np.where(terms.applies, terms.order_values, 0.0),
        ratios=np.where(terms.applies, terms.ratios, np.nan),
        order_values_max=terms.order_values_max,
        total_values_max=terms.total_values_max,
        chosen=terms.chosen,
    )


def _asked_values(
    board: Board, lead: LeadPortfolio, lead_wish: IntArray, lead_orders: FloatArray, copies: CopyTable
) -> FloatArray:
    terms = copies.custom
    bought = np.maximum(lead_wish + lead.pending_units, 0)
    orders = np.where(bought > 0, lead_orders + lead.pending_orders, 0.0)
    by_value = np.outer(np.nan_to_num(terms.order_values), orders)
    return by_value + np.outer(np.nan_to_num(terms.ratios), bought * np.nan_to_num(board.unit_prices))


def _cuts(answers: CustomWishes, by_order: BoolArray) -> dict[Reason, BoolArray]:
    found = {
        Reason.ORDER_MAX_CAPPED: answers.order_max_capped,
        Reason.TOTAL_MAX_CAPPED: answers.total_max_capped,
        Reason.MARKET_NOT_CHOSEN: answers.market_not_chosen,
    }
    return {reason: cells & by_order[:, None] for reason, cells in found.items()}
