"""
From portfolios to wishes: what each copy and the lead would trade now, before anything meets.

A lead who trades here is a participant: the own orders are known before they trade, so the copies aim at the portfolio
that the lead will have, and one bunched order serves everybody at one price.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.deciding.lead_orders import ROUNDING_SLACK_UNITS, LeadWish
from copytrading.engine.holdings.portfolios import CopyTable, LeadPortfolio
from copytrading.engine.holdings.valuation import Valuation
from copytrading.engine.market.board import Board
from copytrading.engine.sizing import planning, registry
from copytrading.engine.sizing.mode import Aim, Ordered, Sight

# A reduction sells a little more than it needs, so that fees and slippage do not leave it short.
REDUCTION_MARGIN = 0.01


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """
    Signed units to trade: `copies` (N, A), `lead` (A,); positive buys.

    `wanted` is what the copies wished before cash was looked at, `explained` which cells somebody waits for, so that an
    adjustment there is worth a sentence. `capped` and `cuts` are cells that a copy's own terms cut, and `asked_values`
    what it would have bought there without them, in quote units. `valuation` is what the copies were sized by.
    """

    copies: IntArray
    lead: IntArray
    wanted: IntArray
    targets: FloatArray
    capped: BoolArray
    explained: BoolArray
    cash_factors: FloatArray
    cuts: dict[Reason, BoolArray]
    asked_values: FloatArray
    valuation: Valuation

    @property
    def net(self) -> IntArray:
        """Return what each market nets to (A,)."""
        return np.asarray(self.copies.sum(axis=0) + self.lead, dtype=np.int64)

    @property
    def markets(self) -> BoolArray:
        """Return the markets (A,) that somebody wishes to trade in, cash or not."""
        return np.asarray(self.wanted.any(axis=0) | (self.lead != 0), dtype=np.bool_)

    @property
    def is_nothing(self) -> bool:
        return not (self.copies.any() or self.lead.any())

    def within(self, places: BoolArray) -> Wishes:
        """Return the wishes in some markets only (A,)."""
        return replace(
            self,
            copies=np.where(places, self.copies, 0),
            lead=np.where(places, self.lead, 0),
            wanted=np.where(places, self.wanted, 0),
        )

    def without(self, *, copies: BoolArray, lead: BoolArray) -> Wishes:
        """Return the wishes without some cells of the copies (N, A) and some places of the lead (A,)."""
        return replace(
            self,
            copies=np.where(copies, 0, self.copies),
            wanted=np.where(copies, 0, self.wanted),
            lead=np.where(lead, 0, self.lead),
        )


def wish(
    *, board: Board, lead: LeadPortfolio, own: LeadWish, copies: CopyTable, buy_prices: FloatArray, fee_rate: float,
    drift_band: float, settling: bool, ordered: tuple[Ordered, ...] | None = None,
) -> Wishes:  # fmt: skip
    """
    Return what everybody wishes to trade now.

    :param own: what the lead's own open orders ask for.
    :param buy_prices: unit prices (A,) that a buy may cost at most; they size the buys.
    :param settling: the lead's own money moved a moment ago, so that drift is not repaired.
    :param ordered: what copies that answer orders have to answer, where it is not what the lead's own and pending
        orders say.
    """
    following = copies.has_status("STARTING", "ACTIVE")
    stopping = copies.has_status("STOPPING")
    valuation = copies.valued(board)
    holding = hold_ratios(copies)
    by_order = following & ~holding
    aim = _aim(board, lead, own, copies, valuation, ordered)
    trimming = _trimming(copies, lead, holding)
    targets = _sell_alike(aim.target_units, copies, valuation, trimming)
    if stopping.any():
        targets = np.where(stopping[:, None], 0.0, targets)
    # A ratio needs every price in it, and a lead who is seen: till then nobody is rebalanced, and exits go on.
    valued, priced = lead.is_seen, np.ones(len(following), dtype=np.bool_)
    if not board.fresh.all():
        valued = valued and bool(board.fresh[(lead.units > 0) | (own.units != 0)].all())
        priced &= ~((copies.units > 0) & ~board.fresh).any(axis=1)
    touched = lead.touched | (own.units != 0)
    aligning = copies.aligning | copies.short
    rebalanced = following & priced & valued & ~by_order
    acting = np.zeros(targets.shape, dtype=np.bool_)
    if rebalanced.any():
        acting = rebalanced[:, None] & planning.acting_mask(
            target_units=targets,
            held_units=copies.units,
            unit_prices=board.unit_prices,
            equity=np.where(valuation.known, valuation.sizing, 0.0),
            touched=touched,
            aligning=aligning,
            drift_band=drift_band,
            settling=settling,
            tradable=board.tradable,
        )
    if aim.answers is not None:
        acting |= (by_order & valued)[:, None] & aim.answers & (board.tradable & board.fresh)[None, :]
    acting |= (stopping | trimming & priced)[:, None] & board.tradable[None, :]
    explained = acting & (touched | aligning[:, None] | stopping[:, None])

    sells = planning.plan_sells(target_units=targets, held_units=copies.units, acting=acting)
    sells = np.maximum(sells, copies.held_units - copies.units)
    cash = copies.cash_units - copies.cash_held_units - copies.owed_units
    plan = planning.plan_buys(
        target_units=targets,
        held_units=copies.units,
        cash_units=np.maximum(cash - ROUNDING_SLACK_UNITS * len(board.asset_ids), 0),
        unit_prices=buy_prices,
        fee_rate=fee_rate,
        acting=acting & following[:, None] & (buy_prices > 0),
    )
    return Wishes(
        copies=sells + plan.trade_units,
        # A lead whose portfolio cannot be valued waits too: trading ahead of the followers would be another price.
        lead=np.where(board.tradable & valued, own.units, 0),
        wanted=sells + plan.wanted_units,
        targets=targets,
        capped=aim.capped & explained,
        explained=explained,
        cash_factors=plan.factors,
        cuts={reason: cells & by_order[:, None] for reason, cells in aim.cuts.items()},
        asked_values=np.zeros(targets.shape) if aim.asked_values is None else aim.asked_values,
        valuation=valuation,
    )


def hold_ratios(copies: CopyTable) -> BoolArray:
    """Return which copies (N,) are kept at ratios, and do not answer orders."""
    holds = np.array([mode.holds_ratios for mode in registry.modes()], dtype=np.bool_)
    return np.asarray(holds[copies.terms.modes], dtype=np.bool_)


def _aim(
    board: Board, lead: LeadPortfolio, own: LeadWish, copies: CopyTable, valuation: Valuation,
    ordered: tuple[Ordered, ...] | None,
) -> Aim:  # fmt: skip
    """Return what all copies aim at, each by its own mode."""
    lead_equity = lead.equity(board)
    sight = Sight(
        board=board,
        lead=lead,
        lead_units=lead.units + own.units,
        lead_equity=lead_equity if np.isfinite(lead_equity) else 0.0,
        copies=copies,
        sizing=np.where(valuation.known, valuation.sizing - copies.owed_units * REDUCTION_MARGIN, 0.0),
        ordered=(_ordered_now(board, lead, own),) if ordered is None else ordered,
    )
    modes = copies.terms.modes
    if len(modes) and (modes == modes[0]).all():
        return registry.modes()[int(modes[0])].aim(sight)
    present = np.unique(modes).tolist()
    targets, asked = np.zeros(copies.units.shape), np.zeros(copies.units.shape)
    capped, answers = (np.zeros(copies.units.shape, dtype=np.bool_) for _ in range(2))
    cuts: dict[Reason, BoolArray] = {}
    for number in present:
        rows = modes == number
        aim = registry.modes()[number].aim(_of_rows(sight, rows))
        targets[rows], capped[rows] = aim.target_units, aim.capped
        if aim.answers is not None:
            answers[rows] = aim.answers
        if aim.asked_values is not None:
            asked[rows] = aim.asked_values
        for reason, cells in aim.cuts.items():
            cuts.setdefault(reason, np.zeros(copies.units.shape, dtype=np.bool_))[rows] = cells
    return Aim(target_units=targets, capped=capped, answers=answers, cuts=cuts, asked_values=asked)


def _of_rows(sight: Sight, rows: BoolArray) -> Sight:
    """Return what some of the copies (N,) look at; where each has its own part of the orders, their parts."""

    def part(column: FloatArray) -> FloatArray:
        return column[rows] if column.ndim > 1 else column

    ordered = tuple(
        Ordered(bought_values=part(one.bought_values), orders=part(one.orders), sold_fractions=part(one.sold_fractions))
        for one in sight.ordered
    )
    return replace(sight, copies=sight.copies.narrow(rows), sizing=sight.sizing[rows], ordered=ordered)


def _ordered_now(board: Board, lead: LeadPortfolio, own: LeadWish) -> Ordered:
    """Return what the lead orders now, or traded elsewhere since the last cycle, valued at the marks."""
    traded = own.units + lead.pending_units
    bought = np.maximum(traded, 0)
    # A sale seen elsewhere is out of the portfolio already; its fraction is of what was there before.
    held = lead.units - np.minimum(lead.pending_units, 0)
    sold = np.minimum(np.maximum(-traded, 0), held)
    return Ordered(
        bought_values=bought * np.nan_to_num(board.unit_prices),
        orders=np.where(bought > 0, own.orders + lead.pending_orders, 0.0),
        sold_fractions=np.divide(sold, held, out=np.zeros(len(held)), where=sold > 0),
    )


def _trimming(copies: CopyTable, lead: LeadPortfolio, holding: BoolArray) -> BoolArray:
    """Return which copies (N,) have to pay something out and are not kept at the lead's ratios."""
    asked = (copies.owed_units > 0) | copies.aligning
    if not asked.any():
        return asked
    has_no_ratios = ~holding | (not lead.is_seen)
    on_its_own = copies.has_status("PAUSED") | (has_no_ratios & copies.has_status("STARTING", "ACTIVE"))
    return np.asarray(on_its_own & asked, dtype=np.bool_)


def _sell_alike(targets: FloatArray, copies: CopyTable, valuation: Valuation, trimming: BoolArray) -> FloatArray:
    """Return the targets (N, A) where copies without ratios sell all coins alike for what cash is short."""
    if not trimming.any():
        return targets
    due = valuation.accrued + copies.owed_units * (1.0 + REDUCTION_MARGIN)
    coins = valuation.gross - copies.cash_units
    short = np.clip(due - (copies.cash_units - copies.cash_held_units), 0.0, None)
    left = 1.0 - np.divide(short, coins, out=np.zeros(len(due)), where=coins > 0)
    return np.where(trimming[:, None], copies.units * np.clip(left, 0.0, 1.0)[:, None], targets)
