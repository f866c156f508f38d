"""What leads and operators do: apply, approve, move money, change terms, write, pause, end."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_noop

from accounts import ledger
from accounts.identity.places import written
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount, User
from accounts.request_keys import Request
from accounts.transactions import in_transaction, owns_transaction
from copytrading.engine.rules import Rules
from copytrading.models import (
    Copy,
    Lead,
    LeadOrder,
    LeadStatusChange,
    Notice,
)
from copytrading.queries import holdings
from copytrading.queries.leads import links
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services import bell, keys, queueing
from copytrading.services.books import flows, gaps, positions, stops
from copytrading.services.locks import lock_lead
from copytrading.services.market import doubts
from copytrading.services.refusals import NotEnoughCash, Refusal
from copytrading.services.safety import alarms, sealed_keys
from copytrading.services.telling import notices

FOLLOWERS_MAX = 100_000


class LeadNotActive(Refusal, code="lead_not_active"):
    """The lead's state does not allow this."""


class AlreadyLeading(Refusal, code="already_leading"):
    """One person is one lead at a time."""


class NameTaken(Refusal, code="name_taken", field="name"):
    """Somebody leads under that name, or it is no name."""


class RateTooHigh(Refusal, code="profit_share_too_high", field="profit_share_rate"):
    """The profit share is above the platform's cap."""


class CapacityTooSmall(Refusal, code="capacity_too_small", field="followers_max"):
    """Nobody, or nobody's money, would fit in."""


def apply_as_lead(
    *,
    user: User,
    name: str,
    bio: str,
    tags: list[str],
    profit_share_rate: Decimal,
    followers_max: int,
    now: datetime,
    money_max_units: int | None = None,
    source: Lead.Source = Lead.Source.PLATFORM,
) -> Lead:
    """
    Ask to become a lead; an operator decides.

    :raises Refusal: if the person leads already, the name is taken, or the rate is above 30 %.
    """
    _refuse_terms(profit_share_rate, followers_max, money_max_units, platform_rules())
    if not slugify(name):
        raise NameTaken(gettext("A name needs at least one letter from a to z or a digit."))
    try:
        with transaction.atomic():
            return Lead.objects.create(
                user=user,
                name=name,
                slug=slugify(name),
                bio=bio,
                tags=tags,
                profit_share_rate=profit_share_rate,
                followers_max=followers_max,
                money_max_units=money_max_units,
                source=source,
                applied_at=now,
            )
    except IntegrityError as conflict:
        if "one_running_lead_per_user" in str(conflict):
            raise AlreadyLeading(gettext("You lead already; end that first.")) from conflict
        raise NameTaken(gettext("Somebody leads under that name already; choose another.")) from conflict


@owns_transaction
def approve_lead(*, lead_id: int, now: datetime) -> Lead:
    """
    Let a lead start: open the lead account, and take followers from now on.

    :raises LeadNotActive: if the lead is not waiting for approval.
    """
    lead = lock_lead(lead_id)
    if lead.status != Lead.Status.APPLIED:
        raise LeadNotActive(f"{lead.name} is {lead.get_status_display()}; only an application can be approved.")
    if lead.source == Lead.Source.PLATFORM:
        lead.ledger_account = ledger.open_account(kind=LedgerAccount.Kind.LEAD, owner=lead.user, guard=lead.pk, now=now)
    lead.status, lead.started_at = Lead.Status.ACTIVE, now
    lead.save(update_fields=["ledger_account", "status", "started_at"])
    notices.tell_person(lead.user_id, Notice.Kind.APPLICATION_ACCEPTED, now, lead=lead)
    return lead


@owns_transaction
def change_terms(
    *, lead_id: int, profit_share_rate: Decimal, followers_max: int, money_max_units: int | None, now: datetime
) -> Lead:
    """
    Change the profit share and the capacity. A running copy keeps the rate it was started with, and its place.

    :raises Refusal: if the lead has ended, the rate is above 30 %, or nobody could follow.
    """
    lead = lock_lead(lead_id)
    if lead.status == Lead.Status.ENDED:
        raise LeadNotActive(gettext("%(name)s has ended; there are no terms to change.") % {"name": lead.name})
    _refuse_terms(profit_share_rate, followers_max, money_max_units, platform_rules())
    has_new_rate = lead.profit_share_rate != profit_share_rate
    lead.profit_share_rate, lead.followers_max = profit_share_rate, followers_max
    lead.money_max_units = money_max_units
    lead.save(update_fields=["profit_share_rate", "followers_max", "money_max_units"])
    if has_new_rate:
        share = int(profit_share_rate * 10_000)
        notices.tell_followers(lead, Notice.Kind.LEAD_TERMS_CHANGED, None, now, number=share)
    bell.publish(f"lead:{lead.pk}", "lead")
    return lead


@owns_transaction
def pause_lead(*, lead_id: int, now: datetime) -> Lead:
    """
    Take no new followers and no new lead orders; copies keep their ratios. Limit orders that wait are canceled.

    :raises LeadNotActive: if the lead is not active.
    """
    lead = _switch(lead_id, Lead.Status.ACTIVE, Lead.Status.PAUSED, Notice.Kind.LEAD_PAUSED, now)
    positions.end_lead_orders(lead.orders.filter(order_type=LeadOrder.OrderType.LIMIT), now=now)
    return lead


@owns_transaction
def resume_lead(*, lead_id: int, now: datetime) -> Lead:
    """
    Take followers and orders again; clears a quarantine too.

    :raises LeadNotActive: if the lead is not paused.
    """
    return _switch(lead_id, Lead.Status.PAUSED, Lead.Status.ACTIVE, Notice.Kind.LEAD_RESUMED, now)


@owns_transaction
def end_lead(*, lead_id: int, now: datetime, is_operators: bool = False) -> Lead:
    """
    End a lead for good: every copy is stopped, sold and paid out by itself; the record stays.

    :param is_operators: whether operators end it; of an application that is to decline it.
    :raises LeadNotActive: if the lead has ended already.
    """
    lead = lock_lead(lead_id)
    if lead.status == Lead.Status.ENDED:
        raise LeadNotActive(gettext("%(name)s has ended already.") % {"name": lead.name})
    is_declined = is_operators and lead.status == Lead.Status.APPLIED
    lead.status, lead.ended_at, lead.failures = Lead.Status.ENDED, now, 0
    lead.save(update_fields=["status", "ended_at", "failures"])
    alarms.clear_alarm(key=alarms.set_aside_key(lead.pk), now=now)
    positions.end_lead_orders(lead.orders.all(), now=now)
    sealed_keys.erase_key_of(lead, reason=gettext_noop("You have ended."))
    alarms.clear_alarm(key=links.alarm_key(lead.pk), now=now)
    if is_declined:
        notices.tell_person(lead.user_id, Notice.Kind.APPLICATION_DECLINED, now, lead=lead)
    notices.tell_followers(lead, Notice.Kind.LEAD_ENDED, None, now)
    stops.stop_copies(lead_id=lead.pk, copy_ids=None, reason=Copy.StopReason.LEAD_ENDED, now=now)
    queueing.request_sync(lead_id=lead.pk, now=now)
    return lead


@owns_transaction
def deposit_to_lead(*, lead_id: int, units: int, idempotency_key: str, now: datetime) -> Lead:
    """
    Move cash from the lead's main account to the lead account; followers are told, ratios settle for a while.

    :raises Refusal: if the lead is not active, the main account has less, or the key stands for another request.
    """
    words = f"a move of {keys.cash_words(units)} to the lead account"
    return _move(lead_id, units, Journal.Kind.LEAD_DEPOSIT, words, idempotency_key, now, platform_rules())


@owns_transaction
def withdraw_from_lead(*, lead_id: int, units: int, idempotency_key: str, now: datetime) -> Lead:
    """
    Move cash from the lead account back to the main account; followers are told, ratios settle for a while.

    :raises Refusal: if the lead account has less cash than that, or the key stands for another request.
    """
    words = f"a move of {keys.cash_words(units)} from the lead account"
    return _move(lead_id, units, Journal.Kind.LEAD_WITHDRAWAL, words, idempotency_key, now, platform_rules())


def equity_of(lead: Lead, *, now: datetime, rules: Rules) -> float:
    """Return a lead's equity in quote units at the present marks."""
    board = market_queries.load_board(now=now, rules=rules)
    return holdings.load_lead(lead, board=board, cash=market_queries.cash_asset()).equity(board)


@in_transaction
def _switch(lead_id: int, before: Lead.Status, after: Lead.Status, notice: Notice.Kind, now: datetime) -> Lead:
    lead = lock_lead(lead_id)
    if lead.status != before:
        said = gettext("%(name)s is %(before)s and cannot be %(after)s from there.")
        states = {"before": gettext(lead.get_status_display()), "after": gettext(str(after.label))}
        raise LeadNotActive(said % {"name": lead.name, **states})
    lead.status, lead.failures = after, 0
    lead.save(update_fields=["status", "failures"])
    alarms.clear_alarm(key=alarms.set_aside_key(lead.pk), now=now)
    LeadStatusChange.objects.create(lead=lead, status=after, changed_at=now)
    notices.tell_followers(lead, notice, None, now)
    return lead


@in_transaction
def _move(
    lead_id: int, units: int, kind: Journal.Kind, words: str, idempotency_key: str, now: datetime, rules: Rules
) -> Lead:
    """Move units, positive, between the main account of a lead's person and the lead account, whichever way it is."""
    if units <= 0:
        raise Refusal(gettext("Enter a value above zero."), field="value")
    lead = Lead.objects.select_related("user").get(pk=lead_id)
    asked = Request.of(kind.value, words, lead=lead_id, units=units)
    if keys.is_repeated(user=lead.user, key=idempotency_key, request=asked, now=now):
        return lead
    lead = lock_lead(lead_id)
    if lead.ledger_account_id is None or lead.status == Lead.Status.APPLIED:
        raise LeadNotActive(gettext("%(name)s has no lead account to move money to.") % {"name": lead.name})
    doubts.refuse_held(lead=lead)
    gaps.measure_lead(lead=lead, now=now, rules=rules)
    equity = equity_of(lead, now=now, rules=rules)
    main = ledger.main_account(user=lead.user, now=now)
    signed = units if kind == Journal.Kind.LEAD_DEPOSIT else -units
    try:
        ledger.post(
            kind=kind,
            idempotency_key=f"lead:{lead.pk}:{idempotency_key}",
            lines=Lines.of([main.pk, lead.ledger_account_id], market_queries.cash_asset().pk, [-signed, signed]),
            now=now,
        )
    except ledger.NotEnoughMoney as shortage:
        raise NotEnoughCash(gettext("There is not enough cash for this; choose less."), field="value") from shortage
    flows.note_flow(
        lead=lead, units=signed, equity_before=equity, idempotency_key=idempotency_key, now=now, rules=rules
    )
    bell.publish(f"user:{lead.user_id}", "wallet")
    return lead


def _refuse_terms(profit_share_rate: Decimal, followers_max: int, money_max_units: int | None, rules: Rules) -> None:
    if not 0 <= profit_share_rate <= Decimal(str(rules.profit_share_max)):
        raise RateTooHigh(gettext("The profit share can be 0 to %(most)s.") % {"most": f"{rules.profit_share_max:.0%}"})
    if not 1 <= followers_max <= FOLLOWERS_MAX:
        raise CapacityTooSmall(
            gettext("You can take 1 to %(most)s followers.") % {"most": written(f"{FOLLOWERS_MAX:,}")}
        )
    if money_max_units is not None and money_max_units < rules.investment_min * 10**rules.cash_decimals:
        said = gettext("One copy starts at %(least)s %(cash)s; less room than that is none.")
        figures = {"least": written(f"{rules.investment_min}"), "cash": rules.cash}
        raise CapacityTooSmall(said % figures, field="money_max")
