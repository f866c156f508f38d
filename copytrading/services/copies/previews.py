"""What starting, changing or stopping a copy would trade and cost: decided as in earnest, nothing written."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from copytrading.engine.holdings.portfolios import CopyTable
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.sizing import registry
from copytrading.models import Copy, Lead
from copytrading.queries import holdings
from copytrading.queries.copies.terms import terms_of
from copytrading.queries.rules import platform_rules
from copytrading.queries.shown.visibility import visibility_of
from copytrading.queries.shown.weights import KeptWeights, kept_weights
from copytrading.services.copies.quoting import Quote, one_copy, quote_copy
from copytrading.services.copies.refusals import (
    refuse_inactive,
    refuse_increase,
    refuse_reduction,
    refuse_start,
    refuse_terms,
)
from copytrading.services.cycle.scene import Scene, load_scene
from copytrading.services.orders.pricing import PlannedTrade
from copytrading.services.own.accounts import OwnCash
from copytrading.services.refusals import Refusal

# Shares are counted out in so much cash, so that whole units of any coin are as good as fractions of it.
SHARES_OF_CASH = 1_000_000
NO_PRICE = gettext_noop("A coin of this copy has no price at the moment; try again shortly.")


@dataclass(frozen=True, kw_only=True)
class CopyPreview:
    """
    What starting a copy would trade and cost; values in quote units.

    `as_of` is the time of the lead's shares that it is sized by, None for now: who does not copy yet may be shown older
    ones. `is_shown` is False where none may be shown yet, and so no trade.
    """

    trades: tuple[PlannedTrade, ...]
    cost_units: int
    cash_after_units: int
    equity_units: int
    as_of: datetime | None = None
    is_shown: bool = True


@dataclass(frozen=True, kw_only=True)
class ChangePreview:
    """
    What a change of the investment would trade and cost, and what changes with it; values in quote units.

    A level is the equity at which the copy stops itself: invested − stop loss; None without a stop loss.
    """

    trades: tuple[PlannedTrade, ...]
    cost_units: int
    invested_before_units: int
    invested_after_units: int
    stop_loss_before_units: int | None
    stop_loss_after_units: int | None
    level_before_units: int | None
    level_after_units: int | None


@dataclass(frozen=True, kw_only=True)
class StopQuote:
    """What stopping now would bring; values in quote units."""

    trades: tuple[PlannedTrade, ...]
    equity_units: int
    cost_units: int
    payout_units: int


def preview_copy(
    *,
    follower: User,
    lead_id: int,
    investment_units: int,
    terms: Terms,
    now: datetime,
    own: OwnCash | None = None,
    invitation: str = "",
) -> CopyPreview:
    """
    Return the orders that a start would place, and what they cost. Nothing is written.

    They are sized by what the follower may see of the lead: the very orders where that is the whole book, else those of
    the shares that are shown. A start itself always goes by what the lead holds then.

    :raises Refusal: the same ones as start_copy.
    """
    rules, lead = platform_rules(), Lead.objects.get(pk=lead_id)
    # The row of an own account is locked for the look.
    with transaction.atomic() if own else nullcontext():
        refuse_start(lead, follower, investment_units, terms, now, rules=rules, own=own, invitation=invitation)
    refuse_terms(terms, investment_units)
    if not registry.mode_of(terms.mode).holds_ratios:
        # It buys nothing of what is there: it answers the orders to come.
        return CopyPreview(trades=(), cost_units=0, cash_after_units=investment_units, equity_units=investment_units)
    scene = load_scene(lead, now=now, rules=rules)
    visibility, as_of = visibility_of(lead, follower, now=now), None
    # Who buys nothing of what is there is shown nothing of it.
    if terms.buy_existing and visibility.weights_until is not None:
        kept = kept_weights({lead.pk: visibility}).get(lead.pk)
        if kept is None:
            return CopyPreview(
                trades=(),
                cost_units=0,
                cash_after_units=investment_units,
                equity_units=investment_units,
                is_shown=False,
            )
        scene, as_of = _as_shown(scene, kept), kept.recorded_at
    quote = quote_copy(
        scene,
        one_copy(
            scene,
            cash_units=investment_units,
            terms=terms,
            baseline_units=None if terms.buy_existing else scene.portfolio.units,
        ),
    )
    return CopyPreview(
        trades=quote.trades,
        cost_units=quote.cost_units,
        cash_after_units=quote.cash_after_units,
        equity_units=quote.equity_units - quote.cost_units,
        as_of=as_of,
    )


def preview_change(*, copy_id: int, change_units: int, now: datetime) -> ChangePreview:
    """
    Return what increasing (positive) or reducing (negative) would trade, cost and change. Nothing is written.

    :raises Refusal: the same ones as increase_copy and reduce_copy.
    """
    rules = platform_rules()
    copy = Copy.objects.select_related("lead", "follower").get(pk=copy_id)
    scene = load_scene(copy.lead, now=now, rules=rules)
    row = _row_of(copy, scene)
    equity = worth_of(row, scene)
    if change_units > 0:
        refuse_increase(copy, change_units, now, rules=rules)
    else:
        refuse_reduction(copy, -change_units, equity, rules=rules)
    invested, stop_loss = terms_after(copy, change_units, equity)
    quote = quote_copy(
        scene,
        one_copy(
            scene,
            terms=terms_of(copy),
            cash_units=int(row.cash_units[0]) + max(change_units, 0),
            units=row.units[0],
            baseline_units=row.baseline_units[0],
            owed_units=int(row.owed_units[0]) + max(-change_units, 0),
            share_state=row.share_state,
        ),
    )
    return ChangePreview(
        trades=quote.trades,
        cost_units=quote.cost_units,
        invested_before_units=copy.invested_units,
        invested_after_units=invested,
        stop_loss_before_units=copy.stop_loss_units,
        stop_loss_after_units=stop_loss,
        level_before_units=_level(copy.invested_units, copy.stop_loss_units),
        level_after_units=_level(invested, stop_loss),
    )


def quote_stop(*, copy_id: int, now: datetime) -> StopQuote:
    """
    Return what stopping now would pay out, and what it costs. Nothing is written.

    :raises CopyNotActive: if the copy is stopped or stopping already.
    :raises Refusal: if a coin of the copy has no price.
    """
    rules = platform_rules()
    copy = Copy.objects.select_related("lead").get(pk=copy_id)
    scene = load_scene(copy.lead, now=now, rules=rules)
    row = _row_of(copy, scene)
    # Without a price nobody can say what selling brings; the stop itself waits for none.
    worth_of(row, scene)
    exiting = one_copy(
        scene,
        cash_units=int(row.cash_units[0]),
        # An exit sells everything on whatever terms the copy was, known here or not.
        terms=Terms(),
        units=row.units[0],
        share_state=row.share_state,
        stopping=True,
    )
    quote: Quote = quote_copy(scene, exiting)
    return StopQuote(
        trades=quote.trades,
        equity_units=quote.equity_units,
        cost_units=quote.cost_units,
        payout_units=max(quote.equity_units - quote.cost_units, 0),
    )


def terms_after(copy: Copy, change_units: int, equity: int) -> tuple[int, int | None]:
    """Return what is invested and the stop loss after a change: out in proportion, in as it comes."""
    if change_units >= 0 or equity <= 0:
        return copy.invested_units + change_units, copy.stop_loss_units
    left = equity + change_units
    stop_loss = None if copy.stop_loss_units is None else max(copy.stop_loss_units * left // equity, 1)
    return copy.invested_units * left // equity, stop_loss


def gross_of(row: CopyTable, scene: Scene) -> int:
    """Return what a copy, a table of one row, has in cash and coins, in quote units.

    :raises Refusal: if a coin of the copy has no price.
    """
    valuation = row.valued(scene.board)
    if not valuation.known[0]:
        raise Refusal(gettext(NO_PRICE))
    return int(valuation.gross[0])


def worth_of(row: CopyTable, scene: Scene) -> int:
    """Return what a copy, a table of one row, is worth less what is on its way out, in quote units.

    :raises Refusal: if a coin of the copy has no price.
    """
    valuation = row.valued(scene.board)
    if not valuation.known[0]:
        raise Refusal(gettext(NO_PRICE))
    return int(valuation.sizing[0])


def _as_shown(scene: Scene, kept: KeptWeights) -> Scene:
    """Return the scene as it would be if the lead held what is shown of it, and nothing else were known."""
    weights = np.array([kept.weights.get(asset_id, 0.0) for asset_id in scene.board.asset_ids.tolist()])
    prices = np.where(np.isnan(scene.board.unit_prices), np.inf, scene.board.unit_prices)
    whole = SHARES_OF_CASH * 10**scene.cash.decimals
    nothing = np.zeros_like(scene.portfolio.units)
    return replace(
        scene,
        portfolio=replace(
            scene.portfolio,
            cash_units=round(whole * kept.cash_weight),
            cash_held_units=0,
            units=(whole * weights / prices).astype(np.int64),
            held_units=nothing,
            survival=np.ones(len(weights)),
            epoch=nothing,
            touched=np.zeros(len(weights), dtype=np.bool_),
            told=None,
            pending_units=nothing,
            pending_orders=nothing,
            other_value_units=0,
        ),
    )


def _row_of(copy: Copy, scene: Scene) -> CopyTable:
    """
    Return the table of one copy that is running.

    :raises CopyNotActive: if it is stopped or stopping, be it since a moment ago.
    """
    row = holdings.load_copies(copy.lead, board=scene.board, cash=scene.cash, copy_id=copy.pk)
    # What is paid out has no row; asked after the row was read, it says so.
    copy.refresh_from_db(fields=["status"])
    refuse_inactive(copy)
    return row


def _level(invested_units: int, stop_loss_units: int | None) -> int | None:
    return None if stop_loss_units is None else invested_units - stop_loss_units
