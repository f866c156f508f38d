"""
What a follower does with a copy: start, change, pause, stop. Each verb is one transaction with the lead locked, so that
a change is either before or after a decision of the cycle, never inside it.
"""

from datetime import datetime
from decimal import Decimal

import numpy as np
from django.db import transaction
from django.utils.translation import gettext

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount, User
from accounts.request_keys import Request
from accounts.transactions import owns_transaction
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.rules import Rules
from copytrading.engine.sizing import registry
from copytrading.models import Copy, CopyBaseline, CopyFlow, Invitation, Lead, Notice, OwnSeat
from copytrading.queries import holdings
from copytrading.queries.copies.terms import columns_of
from copytrading.queries.leading.invitations import rate_by
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services import bell, keys, queueing
from copytrading.services.books import gaps, profit_shares, stops
from copytrading.services.copies import self_copies
from copytrading.services.copies.previews import gross_of, terms_after, worth_of
from copytrading.services.copies.refusals import (
    CopyNotActive,
    refuse_inactive,
    refuse_increase,
    refuse_reduction,
    refuse_start,
    refuse_stop_loss,
    refuse_terms,
    refuse_unconnected,
)
from copytrading.services.cycle.scene import load_scene
from copytrading.services.locks import lock_copy, lock_lead
from copytrading.services.own import accounts
from copytrading.services.own.accounts import OwnCash
from copytrading.services.refusals import NotEnoughCash
from copytrading.services.telling import notices


@owns_transaction
def start_copy(
    *,
    follower: User,
    lead_id: int,
    investment_units: int,
    terms: Terms,
    idempotency_key: str,
    now: datetime,
    is_reference: bool = False,
    own: OwnCash | None = None,
    invitation: str = "",
) -> Copy:
    """
    Put a follower's money behind a lead and return the copy; the same key again returns the same copy.

    1. Take the key, then lock the lead, so that vacancies, and who comes by an invitation, are counted once.
    2. Open the copy's own ledger account and move the investment there.
    3. Without existing assets, note what the lead holds now: that much is not followed.
    4. Ask for a cycle, which buys the lead's ratios.

    :param is_reference: whether it is the platform's own, which takes nobody's place and no room for money.
    :param own: the follower's own account at the exchange, which it is to trade on; see `own_verbs`.
    :param invitation: the token of the invitation that the follower comes by, which gives the copy its profit share.
    :raises Refusal: if the lead takes nobody, the money or the stop loss does not fit, a copy runs already, the
        invitation lets nobody in, or the key stands for another request.
    """
    rules = platform_rules()
    asked = Request.of(
        "start",
        f"a copy of {Lead.objects.get(pk=lead_id).name} with {keys.cash_words(investment_units)}",
        lead=lead_id,
        units=investment_units,
        **columns_of(terms),
        **({} if own is None else {"own_account": own.account_id}),
        **({"invitation": invitation} if invitation else {}),
    )
    if keys.is_repeated(user=follower, key=idempotency_key, request=asked, now=now):
        return Copy.objects.get(follower=follower, idempotency_key=idempotency_key)
    lead = lock_lead(lead_id)
    came_by = refuse_start(
        lead, follower, investment_units, terms, now,
        rules=rules, is_reference=is_reference, own=own, invitation=invitation,
    )  # fmt: skip
    refuse_terms(terms, investment_units)
    holds_ratios = registry.mode_of(terms.mode).holds_ratios
    request = queueing.request_sync(lead_id=lead.pk, now=now)
    copy = Copy.objects.create(
        follower=follower,
        lead=lead,
        **columns_of(terms),
        ledger_account=ledger.open_account(kind=LedgerAccount.Kind.COPY, owner=follower, guard=lead.pk, now=now),
        invested_units=investment_units,
        paid_in_units=investment_units,
        own_account_id=None if own is None else own.account_id,
        profit_share_rate=_rate(lead, came_by) if own is None else 0,
        invitation=came_by,
        issued_units=investment_units,
        mark_value_units=investment_units,
        shared_until=now,
        align_request=request if holds_ratios else None,
        idempotency_key=idempotency_key,
        is_reference=is_reference,
        started_at=now,
    )
    if own is not None:
        OwnSeat.objects.create(copy=copy)
    _move_in(copy, CopyFlow.Kind.START, Journal.Kind.COPY_START, investment_units, idempotency_key, now)
    gaps.open_gap(copy=copy, now=now, rules=rules)
    if holds_ratios and not terms.buy_existing:
        _note_baseline(copy, lead, now, rules)
    _note(copy, Notice.Kind.COPY_STARTED, now, units=investment_units)
    self_copies.flag_likeness(copy, now=now)
    return copy


def increase_copy(*, copy_id: int, units: int, idempotency_key: str, now: datetime) -> Copy:
    """
    Add money to a copy; it is invested at the lead's present ratios by the next cycle. The same key again adds nothing.

    Where the copy trades on an account of the follower's own, the exchange is asked first what is free there.

    :raises Refusal: if the copy is not running, the lead has no room or stake for more, the main account has less, or
        the key stands for another request.
    """
    copy = Copy.objects.select_related("lead", "follower", "own_account").get(pk=copy_id)
    rules = platform_rules()
    asked = Request.of("increase", f"an increase of {keys.cash_words(units)}", copy=copy_id, units=units)
    scene = load_scene(copy.lead, now=now, rules=rules)
    own = None if copy.own_account is None else accounts.ask_cash(copy.own_account)
    with transaction.atomic(durable=True):
        if keys.is_repeated(user=copy.follower, key=idempotency_key, request=asked, now=now):
            return Copy.objects.select_related("lead", "follower").get(pk=copy_id)
        copy = lock_copy(copy_id)
        refuse_increase(copy, units, now, rules=rules, own=own)
        row = holdings.load_copies(copy.lead, board=scene.board, cash=scene.cash, copy_id=copy.pk)
        gross = gross_of(row, scene)
        gaps.measure_lead(lead=copy.lead, now=now, rules=rules)
        _move_in(copy, CopyFlow.Kind.INCREASE, Journal.Kind.COPY_INCREASE, units, idempotency_key, now)
        gaps.add_money(copy=copy, units=units)
        copy.invested_units += units
        copy.paid_in_units += units
        bought = profit_shares.bought_units(copy=copy, equity_units=gross, paid_in_units=units)
        copy.issued_units, copy.mark_value_units = bought
        request = queueing.request_sync(lead_id=copy.lead_id, now=now)
        _realign(copy, request, "invested_units", "paid_in_units", "issued_units", "mark_value_units")
        _note(copy, Notice.Kind.COPY_INCREASED, now, units=units)
    return copy


def reduce_copy(*, copy_id: int, units: int, idempotency_key: str, now: datetime) -> Copy:
    """
    Take money out of a copy: the next cycle sells at the present ratios, then the money is in the main account.

    What counts as invested falls in proportion, and the stop loss with it, so a loss stays the same share. The same key
    again takes nothing more.

    :raises Refusal: if the copy is not running, less than the minimum investment would stay, or the key stands for
        another request.
    """
    copy = Copy.objects.select_related("lead", "follower").get(pk=copy_id)
    rules = platform_rules()
    asked = Request.of("reduce", f"a reduction of {keys.cash_words(units)}", copy=copy_id, units=units)
    scene = load_scene(copy.lead, now=now, rules=rules)
    with transaction.atomic(durable=True):
        if keys.is_repeated(user=copy.follower, key=idempotency_key, request=asked, now=now):
            return Copy.objects.select_related("lead", "follower").get(pk=copy_id)
        copy = lock_copy(copy_id)
        # A copy that was stopped meanwhile has no equity to look at.
        refuse_inactive(copy)
        equity = worth_of(holdings.load_copies(copy.lead, board=scene.board, cash=scene.cash, copy_id=copy.pk), scene)
        refuse_reduction(copy, units, equity, rules=rules)
        copy.invested_units, copy.stop_loss_units = terms_after(copy, -units, equity)
        # What was decided before would spend what is to be paid out.
        copy.fence = queueing.request_sync(lead_id=copy.lead_id, now=now)
        _realign(copy, copy.fence, "invested_units", "stop_loss_units", "fence")
        CopyFlow.objects.create(
            copy=copy,
            kind=CopyFlow.Kind.REDUCE,
            units=-units,
            status=CopyFlow.Status.REQUESTED,
            request=copy.fence,
            idempotency_key=idempotency_key,
            moved_at=now,
        )
        _note(copy, Notice.Kind.COPY_REDUCED, now, units=units)
    return copy


@owns_transaction
def change_stop_loss(*, copy_id: int, stop_loss_units: int | None, now: datetime) -> Copy:
    """
    Set the loss in quote units at which the copy stops itself, or None for never. Takes effect at once.

    :raises Refusal: if the copy is not running or the stop loss is not below what is invested.
    """
    copy = lock_copy(copy_id)
    refuse_inactive(copy)
    refuse_stop_loss(stop_loss_units, copy.invested_units)
    copy.stop_loss_units, copy.breached_at = stop_loss_units, None
    # No fence: no decision looks at a stop loss, so what was planned before is what would be planned now. But it
    # counts, for whoever keeps stop losses in memory.
    queueing.number_change(lead_id=copy.lead_id)
    copy.save(update_fields=["stop_loss_units", "breached_at"])
    _note(copy, Notice.Kind.STOP_LOSS_CHANGED, now, units=stop_loss_units)
    return copy


@owns_transaction
def pause_copy(*, copy_id: int, now: datetime) -> Copy:
    """
    Stop following for a while; holdings stay, and the stop loss still guards them.

    :raises CopyNotActive: if the copy is not following.
    """
    copy = lock_copy(copy_id)
    if copy.status not in Copy.FOLLOWING:
        raise CopyNotActive(gettext("Only a copy that follows can be paused."))
    copy.status = Copy.Status.PAUSED
    copy.fence = queueing.number_change(lead_id=copy.lead_id)
    copy.save(update_fields=["status", "fence"])
    _note(copy, Notice.Kind.COPY_PAUSED, now)
    return copy


@owns_transaction
def resume_copy(*, copy_id: int, now: datetime) -> Copy:
    """
    Follow again, starting with the lead's present ratios.

    :raises CopyNotActive: if the copy is not paused.
    """
    copy = lock_copy(copy_id)
    if copy.status != Copy.Status.PAUSED:
        raise CopyNotActive(gettext("Only a paused copy can be resumed."))
    refuse_unconnected(copy)
    copy.status = Copy.Status.ACTIVE
    _realign(copy, queueing.request_sync(lead_id=copy.lead_id, now=now), "status")
    _note(copy, Notice.Kind.COPY_RESUMED, now)
    return copy


@owns_transaction
def stop_copy(
    *,
    copy_id: int,
    now: datetime,
    reason: Copy.StopReason = Copy.StopReason.FOLLOWER,
    idempotency_key: str | None = None,
) -> Copy:
    """
    Stop a copy for good: from now on nothing is bought for it; everything is sold and paid out by itself.

    :param idempotency_key: the follower's, so that pressing twice is answered as once; None where nobody presses.
    :raises CopyNotActive: if the copy is stopped or stopping already.
    :raises KeyReused: if the key stands for another request.
    """
    if idempotency_key is not None:
        copy = Copy.objects.select_related("lead", "follower").get(pk=copy_id)
        asked = Request.of("stop", f"the stop of your copy of {copy.lead.name}", copy=copy_id)
        if keys.is_repeated(user=copy.follower, key=idempotency_key, request=asked, now=now):
            return copy
    copy = lock_copy(copy_id)
    if copy.status in (Copy.Status.STOPPING, Copy.Status.STOPPED):
        raise CopyNotActive(gettext("This copy is stopped already."))
    stops.stop_copies(lead_id=copy.lead_id, copy_ids=[copy.pk], reason=reason, now=now)
    copy.refresh_from_db()
    return copy


def _rate(lead: Lead, came_by: Invitation | None) -> Decimal:
    return lead.profit_share_rate if came_by is None else rate_by(came_by, lead)


def _move_in(copy: Copy, kind: CopyFlow.Kind, journal: Journal.Kind, units: int, key: str, now: datetime) -> None:
    flow = CopyFlow.objects.create(copy=copy, kind=kind, units=units, idempotency_key=key, moved_at=now)
    if copy.own_account is not None:
        home = copy.own_account.ledger_account_id
    else:
        home = ledger.main_account(user=copy.follower, now=now).pk
    cash = market_queries.cash_asset()
    try:
        ledger.post(
            kind=journal,
            idempotency_key=f"flow:{flow.pk}",
            lines=Lines.of([home, copy.ledger_account_id], cash.pk, [-units, units]),
            now=now,
        )
    except ledger.NotEnoughMoney as shortage:
        raise NotEnoughCash(
            gettext("Your wallet has not enough for this any more; choose less or deposit first.")
        ) from shortage
    bell.publish(f"user:{copy.follower_id}", "wallet")


def _note_baseline(copy: Copy, lead: Lead, now: datetime, rules: Rules) -> None:
    scene = load_scene(lead, now=now, rules=rules)
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


def _realign(copy: Copy, request: int, *changed: str) -> None:
    """Save a copy that was changed, to be brought to the lead's ratios by the cycle that was requested."""
    # What answers orders has no ratios to be brought to.
    if registry.holds_ratios(copy.mode):
        copy.align_request = request
    copy.save(update_fields=[*changed, "align_request"])


def _note(copy: Copy, kind: Notice.Kind, now: datetime, *, units: int | None = None) -> None:
    notices.tell_copies([copy.pk], kind, now, units=[units])
    bell.publish(f"user:{copy.follower_id}", "copies")
