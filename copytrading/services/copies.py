"""
What a follower does with a copy: start, change, pause, stop. Each verb is one transaction with the lead locked, so that
a change is either before or after a decision of the cycle, never inside it.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount, User
from copytrading.models import Copy, CopyBaseline, CopyFlow, Lead, Market, Notice
from copytrading.queries import holdings
from copytrading.queries import market as market_queries
from copytrading.services import bell, queueing, sharing, stopping
from copytrading.services.quoting import PlannedTrade, Quote, one_copy, quote_copy
from copytrading.services.refusals import NotEnoughCash, Refusal
from copytrading.services.scene import Scene, load_scene

# A ratio above this is a slip of the keyboard.
RATIO_MAX = 100.0


class LeadNotOpen(Refusal):
    code = "lead_not_open"


class LeadFull(Refusal):
    code = "lead_full"


class OwnLead(Refusal):
    code = "own_lead"


class AlreadyCopying(Refusal):
    code = "already_copying"


class InvestmentTooSmall(Refusal):
    code = "investment_below_minimum"
    field = "investment"


class StopLossTooHigh(Refusal):
    code = "stop_loss_too_high"
    field = "stop_loss"


class CopyNotActive(Refusal):
    code = "copy_not_active"


class ReductionTooLarge(Refusal):
    code = "reduction_too_large"
    field = "value"


class TermsNotPossible(Refusal):
    code = "terms_not_possible"
    field = "order_value"


class KeyReused(Refusal):
    code = "idempotency_key_reused"


@dataclass(frozen=True, kw_only=True)
class CustomCopyTerms:
    """
    How a Custom copy answers each order of the lead: by a fixed value or by a ratio of the order's value.

    Values in quote units; a maximum of None is none, no market named is all of them.
    """

    order_value_units: int | None = None
    order_ratio: float | None = None
    order_value_max_units: int | None = None
    total_value_max_units: int | None = None
    market_ids: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CopyPreview:
    """What starting a copy would trade and cost; values in quote units."""

    trades: tuple[PlannedTrade, ...]
    cost_units: int
    cash_after_units: int
    equity_units: int


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
    buy_existing: bool,
    stop_loss_units: int | None,
    now: datetime,
    weight_max: float | None = None,
    terms: CustomCopyTerms | None = None,
) -> CopyPreview:
    """
    Return the very orders that a start would place, and what they cost. Nothing is written.

    :raises Refusal: the same ones as start_copy.
    """
    lead = Lead.objects.get(pk=lead_id)
    _refuse_start(lead, follower, investment_units, stop_loss_units)
    if terms is not None:
        # A Custom copy buys nothing of what is there: it answers the orders to come.
        _refuse_terms(terms, investment_units)
        return CopyPreview(trades=(), cost_units=0, cash_after_units=investment_units, equity_units=investment_units)
    scene = load_scene(lead, now=now)
    quote = quote_copy(
        scene,
        one_copy(
            scene,
            cash_units=investment_units,
            baseline_units=None if buy_existing else scene.portfolio.units,
            weight_max=np.nan if weight_max is None else weight_max,
        ),
    )
    return CopyPreview(
        trades=quote.trades,
        cost_units=quote.cost_units,
        cash_after_units=quote.cash_after_units,
        equity_units=quote.equity_units - quote.cost_units,
    )


def start_copy(
    *,
    follower: User,
    lead_id: int,
    investment_units: int,
    buy_existing: bool,
    stop_loss_units: int | None,
    idempotency_key: str,
    now: datetime,
    weight_max: float | None = None,
    terms: CustomCopyTerms | None = None,
) -> Copy:
    """
    Put a follower's money behind a lead and return the copy; the same key again returns the same copy.

    1. Lock the lead, so that vacancies are counted once.
    2. Open the copy's own ledger account and move the investment there.
    3. Without existing assets, note what the lead holds now: that much is not followed.
    4. Ask for a cycle, which buys the lead's ratios.

    :raises Refusal: if the lead takes nobody, the money or the stop loss does not fit, or a copy runs already.
    """
    with transaction.atomic():
        lead = Lead.objects.select_for_update().get(pk=lead_id)
        existing = Copy.objects.filter(follower=follower, idempotency_key=idempotency_key).first()
        if existing is not None:
            if (existing.lead_id, existing.flows.get(kind=CopyFlow.Kind.START).units) != (lead.pk, investment_units):
                raise KeyReused("This start was already made with other values; open the lead again to make a new one.")
            return existing
        _refuse_start(lead, follower, investment_units, stop_loss_units)
        if terms is not None:
            _refuse_terms(terms, investment_units)
        copy = Copy.objects.create(
            follower=follower,
            lead=lead,
            **_columns_of(terms),
            ledger_account=ledger.open_account(kind=LedgerAccount.Kind.COPY, owner=follower, now=now),
            invested_units=investment_units,
            paid_in_units=investment_units,
            stop_loss_units=stop_loss_units,
            buy_existing=buy_existing and terms is None,
            weight_max=weight_max,
            profit_share_rate=lead.profit_share_rate,
            issued_units=investment_units,
            mark_value_units=investment_units,
            shared_until=now,
            align_wanted_at=now if terms is None else None,
            idempotency_key=idempotency_key,
            started_at=now,
        )
        _move_in(copy, CopyFlow.Kind.START, Journal.Kind.COPY_START, investment_units, idempotency_key, now)
        if not buy_existing and terms is None:
            _note_baseline(copy, lead, now)
        _note(copy, Notice.Kind.COPY_STARTED, now, units=investment_units)
        queueing.request_sync(lead_id=lead.pk, now=now)
    return copy


def preview_change(*, copy_id: int, change_units: int, now: datetime) -> ChangePreview:
    """
    Return what increasing (positive) or reducing (negative) would trade, cost and change. Nothing is written.

    :raises Refusal: the same ones as increase_copy and reduce_copy.
    """
    copy = Copy.objects.select_related("lead", "follower").get(pk=copy_id)
    scene = load_scene(copy.lead, now=now)
    row = holdings.load_copies(copy.lead, board=scene.board, cash=scene.cash, copy_id=copy.pk)
    equity = _equity(row, scene)
    if change_units > 0:
        _refuse_increase(copy, change_units)
    else:
        _refuse_reduction(copy, -change_units, equity)
    invested, stop_loss = _after_change(copy, change_units, equity)
    quote = quote_copy(
        scene,
        one_copy(
            scene,
            custom=row.custom,
            cash_units=int(row.cash_units[0]) + max(change_units, 0),
            units=row.units[0],
            baseline_units=row.baseline_units[0],
            owed_units=int(row.owed_units[0]) + max(-change_units, 0),
            share_state=row.share_state,
            weight_max=float(row.weight_max[0]),
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


def increase_copy(*, copy_id: int, units: int, idempotency_key: str, now: datetime) -> Copy:
    """
    Add money to a copy; it is invested at the lead's present ratios by the next cycle.

    :raises Refusal: if the copy is not running, the lead is full in money, or the main account has less.
    """
    copy = Copy.objects.select_related("lead").get(pk=copy_id)
    scene = load_scene(copy.lead, now=now)
    with transaction.atomic():
        copy = _lock(copy_id)
        if _is_done_before(copy, idempotency_key, units):
            return copy
        _refuse_increase(copy, units)
        row = holdings.load_copies(copy.lead, board=scene.board, cash=scene.cash, copy_id=copy.pk)
        gross = _known(float(row.gross(scene.board)[0]))
        _move_in(copy, CopyFlow.Kind.INCREASE, Journal.Kind.COPY_INCREASE, units, idempotency_key, now)
        copy.invested_units += units
        copy.paid_in_units += units
        bought = sharing.bought_units(copy=copy, equity_units=gross, paid_in_units=units)
        copy.issued_units, copy.mark_value_units = bought
        _realign(copy, now, "invested_units", "paid_in_units", "issued_units", "mark_value_units")
        _note(copy, Notice.Kind.COPY_INCREASED, now, units=units)
    return copy


def reduce_copy(*, copy_id: int, units: int, idempotency_key: str, now: datetime) -> Copy:
    """
    Take money out of a copy: the next cycle sells at the present ratios, then the money is in the main account.

    What counts as invested falls in proportion, and the stop loss with it, so a loss stays the same share.

    :raises Refusal: if the copy is not running, or less than the minimum investment would stay.
    """
    copy = Copy.objects.select_related("lead").get(pk=copy_id)
    scene = load_scene(copy.lead, now=now)
    with transaction.atomic():
        copy = _lock(copy_id)
        if _is_done_before(copy, idempotency_key, -units):
            return copy
        equity = _equity(holdings.load_copies(copy.lead, board=scene.board, cash=scene.cash, copy_id=copy.pk), scene)
        _refuse_reduction(copy, units, equity)
        CopyFlow.objects.create(
            copy=copy,
            kind=CopyFlow.Kind.REDUCE,
            units=-units,
            status=CopyFlow.Status.REQUESTED,
            idempotency_key=idempotency_key,
            moved_at=now,
        )
        copy.invested_units, copy.stop_loss_units = _after_change(copy, -units, equity)
        _realign(copy, now, "invested_units", "stop_loss_units")
        _note(copy, Notice.Kind.COPY_REDUCED, now, units=units)
    return copy


def change_stop_loss(*, copy_id: int, stop_loss_units: int | None, now: datetime) -> Copy:
    """
    Set the loss in quote units at which the copy stops itself, or None for never. Takes effect at once.

    :raises Refusal: if the copy is not running or the stop loss is not below what is invested.
    """
    with transaction.atomic():
        copy = _lock(copy_id)
        _refuse_inactive(copy)
        _refuse_stop_loss(stop_loss_units, copy.invested_units)
        copy.stop_loss_units, copy.breached_at = stop_loss_units, None
        copy.fence += 1
        copy.save(update_fields=["stop_loss_units", "breached_at", "fence"])
        _note(copy, Notice.Kind.STOP_LOSS_CHANGED, now, units=stop_loss_units)
    return copy


def pause_copy(*, copy_id: int, now: datetime) -> Copy:
    """
    Stop following for a while; holdings stay, and the stop loss still guards them.

    :raises CopyNotActive: if the copy is not following.
    """
    with transaction.atomic():
        copy = _lock(copy_id)
        if copy.status not in Copy.FOLLOWING:
            raise CopyNotActive("Only a copy that follows can be paused.")
        copy.status = Copy.Status.PAUSED
        copy.fence += 1
        copy.save(update_fields=["status", "fence"])
        _note(copy, Notice.Kind.COPY_PAUSED, now)
    return copy


def resume_copy(*, copy_id: int, now: datetime) -> Copy:
    """
    Follow again, starting with the lead's present ratios.

    :raises CopyNotActive: if the copy is not paused.
    """
    with transaction.atomic():
        copy = _lock(copy_id)
        if copy.status != Copy.Status.PAUSED:
            raise CopyNotActive("Only a paused copy can be resumed.")
        copy.status = Copy.Status.ACTIVE
        _realign(copy, now, "status")
        _note(copy, Notice.Kind.COPY_RESUMED, now)
    return copy


def quote_stop(*, copy_id: int, now: datetime) -> StopQuote:
    """
    Return what stopping now would pay out, and what it costs. Nothing is written.

    :raises CopyNotActive: if the copy is stopped or stopping already.
    """
    copy = Copy.objects.select_related("lead").get(pk=copy_id)
    _refuse_inactive(copy)
    scene = load_scene(copy.lead, now=now)
    row = holdings.load_copies(copy.lead, board=scene.board, cash=scene.cash, copy_id=copy.pk)
    exiting = one_copy(
        scene, cash_units=int(row.cash_units[0]), units=row.units[0], share_state=row.share_state, stopping=True
    )
    quote: Quote = quote_copy(scene, exiting)
    return StopQuote(
        trades=quote.trades,
        equity_units=quote.equity_units,
        cost_units=quote.cost_units,
        payout_units=max(quote.equity_units - quote.cost_units, 0),
    )


def stop_copy(*, copy_id: int, now: datetime, reason: Copy.StopReason = Copy.StopReason.FOLLOWER) -> Copy:
    """
    Stop a copy for good: from now on nothing is bought for it; everything is sold and paid out by itself.

    :raises CopyNotActive: if the copy is stopped or stopping already.
    """
    with transaction.atomic():
        copy = _lock(copy_id)
        if copy.status in (Copy.Status.STOPPING, Copy.Status.STOPPED):
            raise CopyNotActive("This copy is stopped already.")
        stopping.stop_copies(lead_id=copy.lead_id, copy_ids=[copy.pk], reason=reason, now=now)
        copy.refresh_from_db()
    return copy


def _lock(copy_id: int) -> Copy:
    """Lock the lead, then the copy: the order that every writer keeps."""
    lead_id = Copy.objects.values_list("lead_id", flat=True).get(pk=copy_id)
    Lead.objects.select_for_update().get(pk=lead_id)
    return Copy.objects.select_for_update(of=("self",)).select_related("lead", "follower").get(pk=copy_id)


def _refuse_start(lead: Lead, follower: User, investment_units: int, stop_loss_units: int | None) -> None:
    if lead.status == Lead.Status.ENDED:
        raise LeadNotOpen(f"{lead.name} has ended and cannot be copied any more.")
    if lead.status != Lead.Status.ACTIVE:
        raise LeadNotOpen(f"{lead.name} takes no new followers at the moment.")
    if lead.user_id == follower.pk:
        raise OwnLead("This is your own portfolio; you cannot copy yourself.")
    live = Copy.objects.filter(lead=lead).exclude(status=Copy.Status.STOPPED)
    if live.filter(follower=follower).exists():
        raise AlreadyCopying(f"You copy {lead.name} already; change the investment of that copy instead.")
    if live.count() >= lead.followers_max:
        raise LeadFull(f"{lead.name} has no vacancy: all {lead.followers_max} places are taken.")
    minimum = settings.SMARTSYNC_INVESTMENT_MIN
    if investment_units < minimum * 10**settings.SMARTSYNC_CASH_DECIMALS:
        raise InvestmentTooSmall(f"The investment must be at least {minimum} {settings.SMARTSYNC_CASH}.")
    _refuse_over_capacity(lead, investment_units)
    _refuse_stop_loss(stop_loss_units, investment_units)
    _refuse_without_cash(follower, investment_units)


def _refuse_over_capacity(lead: Lead, units: int) -> None:
    if lead.money_max_units is None:
        return
    live = Copy.objects.filter(lead=lead).exclude(status=Copy.Status.STOPPED)
    taken = live.aggregate(total=Sum("invested_units"))["total"] or 0
    if taken + units > lead.money_max_units:
        left = _cash_text(max(lead.money_max_units - taken, 0))
        raise LeadFull(f"{lead.name} has room for {left} more; choose a smaller investment.", field="investment")


def _refuse_stop_loss(stop_loss_units: int | None, invested_units: int) -> None:
    if stop_loss_units is None:
        return
    if stop_loss_units <= 0:
        raise StopLossTooHigh("The stop loss must be above zero; leave it empty for none.")
    if stop_loss_units >= invested_units:
        raise StopLossTooHigh(f"The stop loss must be less than the investment of {_cash_text(invested_units)}.")


def _refuse_terms(terms: CustomCopyTerms, investment_units: int) -> None:
    if (terms.order_value_units is None) == (terms.order_ratio is None):
        raise TermsNotPossible("Choose either a fixed value for each order or a ratio of the lead's order.")
    if terms.order_value_units is not None and not 0 < terms.order_value_units <= investment_units:
        raise TermsNotPossible(f"The value of an order must be above zero and at most {_cash_text(investment_units)}.")
    if terms.order_ratio is not None and not 0 < terms.order_ratio <= RATIO_MAX:
        raise TermsNotPossible(f"The ratio must be above zero and at most {RATIO_MAX}.", field="order_ratio")
    for units, field in (
        (terms.order_value_max_units, "order_value_max"),
        (terms.total_value_max_units, "total_value_max"),
    ):
        if units is not None and units <= 0:
            raise TermsNotPossible("A maximum must be above zero; leave it empty for none.", field=field)
    known = Market.objects.filter(pk__in=terms.market_ids).count()
    if known != len(set(terms.market_ids)):
        raise TermsNotPossible("One of the chosen markets is not listed here.", field="markets")


def _columns_of(terms: CustomCopyTerms | None) -> dict[str, Any]:
    if terms is None:
        return {"mode": Copy.Mode.SMART_SYNC}
    by_value = terms.order_value_units is not None
    return {
        "mode": Copy.Mode.CUSTOM_FIXED if by_value else Copy.Mode.CUSTOM_RATIO,
        "order_value_units": terms.order_value_units,
        "order_ratio": terms.order_ratio,
        "order_value_max_units": terms.order_value_max_units,
        "total_value_max_units": terms.total_value_max_units,
        "market_ids": sorted(set(terms.market_ids)),
    }


def _refuse_without_cash(follower: User, units: int, field: str = "investment") -> None:
    available = market_queries.available_cash_units_of(follower)
    if units > available:
        raise NotEnoughCash(f"Your wallet has {_cash_text(available)}; choose less or deposit first.", field=field)


def _refuse_inactive(copy: Copy) -> None:
    if copy.status not in Copy.GUARDED:
        raise CopyNotActive("This copy is stopped; nothing can be changed any more.")


def _refuse_increase(copy: Copy, units: int) -> None:
    _refuse_inactive(copy)
    if units <= 0:
        raise Refusal("Enter a value above zero.", field="value")
    if copy.lead.status != Lead.Status.ACTIVE:
        raise LeadNotOpen(f"{copy.lead.name} takes no more money at the moment.")
    _refuse_over_capacity(copy.lead, units)
    _refuse_without_cash(copy.follower, units, field="value")


def _refuse_reduction(copy: Copy, units: int, equity: int) -> None:
    _refuse_inactive(copy)
    if units <= 0:
        raise Refusal("Enter a value above zero.", field="value")
    minimum = settings.SMARTSYNC_INVESTMENT_MIN
    left = equity - units
    if left < minimum * 10**settings.SMARTSYNC_CASH_DECIMALS:
        raise ReductionTooLarge(
            f"At least {minimum} {settings.SMARTSYNC_CASH} must stay in a copy that is worth {_cash_text(equity)};"
            " take out less, or stop the copy."
        )


def _after_change(copy: Copy, change_units: int, equity: int) -> tuple[int, int | None]:
    """Return what is invested and the stop loss after a change: out in proportion, in as it comes."""
    if change_units >= 0 or equity <= 0:
        return copy.invested_units + change_units, copy.stop_loss_units
    left = equity + change_units
    stop_loss = None if copy.stop_loss_units is None else max(copy.stop_loss_units * left // equity, 1)
    return copy.invested_units * left // equity, stop_loss


def _move_in(copy: Copy, kind: CopyFlow.Kind, journal: Journal.Kind, units: int, key: str, now: datetime) -> None:
    flow = CopyFlow.objects.create(copy=copy, kind=kind, units=units, idempotency_key=key, moved_at=now)
    main = ledger.main_account(user=copy.follower, now=now)
    cash = market_queries.cash_asset()
    try:
        ledger.post(
            kind=journal,
            idempotency_key=f"flow:{flow.pk}",
            lines=Lines.of([main.pk, copy.ledger_account_id], cash.pk, [-units, units]),
            now=now,
        )
    except ledger.NotEnoughMoney as shortage:
        raise NotEnoughCash("Your wallet has not enough for this any more; choose less or deposit first.") from shortage
    bell.publish(f"user:{copy.follower_id}", "wallet")


def _note_baseline(copy: Copy, lead: Lead, now: datetime) -> None:
    scene = load_scene(lead, now=now)
    places = np.flatnonzero(scene.portfolio.units)
    CopyBaseline.objects.bulk_create(
        CopyBaseline(
            copy=copy,
            asset_id=int(scene.board.asset_ids[place]),
            units=int(scene.portfolio.units[place]),
            survival=float(scene.portfolio.survival[place]),
            epoch=int(scene.portfolio.epoch[place]),
        )
        for place in places
    )


def _is_done_before(copy: Copy, idempotency_key: str, units: int) -> bool:
    flow = CopyFlow.objects.filter(copy=copy, idempotency_key=idempotency_key).first()
    if flow is not None and (flow.units > 0) != (units > 0):
        raise KeyReused("This change was already made with other values; reload the page to make a new one.")
    return flow is not None


def _realign(copy: Copy, now: datetime, *changed: str) -> None:
    # A Custom copy has no ratios to be brought to.
    copy.align_wanted_at = now if copy.mode == Copy.Mode.SMART_SYNC else None
    copy.fence += 1
    copy.save(update_fields=[*changed, "align_wanted_at", "fence"])
    queueing.request_sync(lead_id=copy.lead_id, now=now)


def _note(copy: Copy, kind: Notice.Kind, now: datetime, *, units: int | None = None) -> None:
    Notice.objects.create(copy=copy, kind=kind, units=units, noted_at=now)
    bell.publish(f"user:{copy.follower_id}", "copies")


def _equity(row: holdings.CopyTable, scene: Scene) -> int:
    return _known(float(row.equity(scene.board)[0]))


def _known(equity: float) -> int:
    if not np.isfinite(equity):
        raise Refusal("A coin of this copy has no price at the moment; try again shortly.")
    return int(equity)


def _level(invested_units: int, stop_loss_units: int | None) -> int | None:
    return None if stop_loss_units is None else invested_units - stop_loss_units


def _cash_text(units: int) -> str:
    value = Decimal(units).scaleb(-settings.SMARTSYNC_CASH_DECIMALS)
    return f"{value:,.2f} {settings.SMARTSYNC_CASH}"
