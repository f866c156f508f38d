"""
Read-only links: a lead who trades elsewhere connects an exchange account, and its balances become the portfolio.

A key that can trade or withdraw is refused, at the start and whenever it is found to have got that right. The exchange
is asked with no transaction open, and what it says is taken in one transaction with the lead locked.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop

from accounts.transactions import in_transaction, outside_transaction
from copytrading.engine.rules import Rules
from copytrading.exchange.errors import KeyRefused, VenueBusy, VenueUnreachable
from copytrading.exchange.live.own_trades import OwnTrade
from copytrading.models import Alarm, Lead, LinkedAccount, Notice, UntradedHolding
from copytrading.queries.leads import links
from copytrading.queries.rules import platform_rules
from copytrading.services import bell
from copytrading.services.leads import account_reading, observing, recounts, untraded
from copytrading.services.leads.account_reading import AccountHoldings, KeyMayDoTooMuch
from copytrading.services.leads.observing import Sight
from copytrading.services.locks import lock_lead
from copytrading.services.market import mark_ranges
from copytrading.services.refusals import Refusal
from copytrading.services.safety import access, alarms, sealed_keys
from copytrading.services.safety.sealed_keys import ExchangeKey, KeyDoesNotOpen
from copytrading.services.telling import notices

log = structlog.get_logger()

# Looks in a row that read nothing, then the link counts as broken.
FAILURES_MAX = 3
# Clocks differ: what was traded so long before a look may not have been in its balances.
TRADES_BEFORE = timedelta(seconds=10)
# Of what cannot be bought or valued here so many coins are named.
NAMED_MAX = 50
NAME_LENGTH_MAX = 20


class LinkNotPossible(Refusal, code="link_not_possible"):
    """This lead, or this installation, has no account elsewhere to link."""


class KeyNotTaken(Refusal, code="key_not_taken", field="key"):
    """The exchange refuses the key."""


class ExchangeNotReadable(Refusal, code="exchange_not_readable"):
    """The exchange does not answer, or not in a way that can be trusted. Nothing is known of the key."""


@outside_transaction
def connect_account(*, lead_id: int, exchange: str, key: ExchangeKey, now: datetime) -> LinkedAccount:
    """
    Connect a lead's account at an exchange, in place of the one before if there was one, and take its balances.

    1. Ask the exchange what the key may do, and what the account holds. Nothing is stored yet.
    2. In one transaction, lead locked: seal the key to its row, and note what the account holds. What differs from
       what the lead was seen to hold before was brought along: no trade comes of it.

    :raises Refusal: if the lead trades here or has ended, the key may do more than read, the exchange does not take it
        or cannot be read. Then nothing is stored.
    """
    _refuse_lead(Lead.objects.get(pk=lead_id), exchange)
    try:
        held = account_reading.read_account(exchange=exchange, key=key, checks_rights=True, now=now)
    except KeyRefused as refusal:
        raise KeyNotTaken(access.reason_of(refusal, exchange=exchange)) from refusal
    except VenueUnreachable as silence:
        raise ExchangeNotReadable(access.reason_of(silence, exchange=exchange)) from silence
    with transaction.atomic():
        lead = lock_lead(lead_id)
        _refuse_lead(lead, exchange)
        # The row is there before its key, because its id is part of the seal.
        link, _ = LinkedAccount.objects.select_for_update().get_or_create(lead=lead)
        was_unseen = link.connected_at is not None and link.status != LinkedAccount.Status.CONNECTED
        link.exchange, link.connected_at, link.checked_at, link.tried_at = exchange, now, now, now
        sealed_keys.seal_key(link, key)
        observing.observe_balances(
            lead_id=lead.pk,
            held=held,
            is_opening=True,
            is_second_look=True,
            idempotency_key=_look_key(link, now),
            now=now,
            rules=platform_rules(),
        )
        link.agreed_at, link.doubted_at, link.traded_until = now, None, None
        _note_seen(link, held, now, was_unseen=was_unseen)
    log.info("A lead connected an account elsewhere.", lead_id=lead_id, exchange=exchange)
    return link


def disconnect_account(*, lead_id: int, now: datetime) -> LinkedAccount:
    """
    Erase a lead's key. What the lead was seen to hold stays as it was; nothing is traded on it any more.

    :raises LinkNotPossible: if no account is connected.
    """
    with transaction.atomic():
        lead = lock_lead(lead_id)
        link = LinkedAccount.objects.select_for_update().filter(lead=lead).first()
        if link is None or link.status == LinkedAccount.Status.REVOKED:
            raise LinkNotPossible(gettext("No account is connected."))
        was_seen = link.status == LinkedAccount.Status.CONNECTED
        sealed_keys.erase_key_of(lead, reason=gettext_noop("You disconnected it."))
        link.refresh_from_db()
        if was_seen:
            notices.tell_followers(lead, Notice.Kind.LEAD_UNSEEN, None, now)
        alarms.clear_alarm(key=links.alarm_key(link.lead_id), now=now)
        bell.publish(f"lead:{lead.pk}", "lead")
    return link


def look_at_links(*, now: datetime) -> int:
    """Ring for every linked account that is due and return how many; each is looked at in a task of its own."""
    mark_ranges.drop_ranges(now=now)
    due = links.links_to_look_at(now=now)
    for link_id in due:
        bell.ring_for_link(link_id)
    return len(due)


@outside_transaction
def look_at_link(*, link_id: int, now: datetime) -> Sight | None:
    """
    Read one linked account and take what it holds; return what came of it, None where nothing was read.

    1. Claim the look: whoever moves `tried_at` makes it.
    2. Ask the exchange; once an hour also what the key may do. Where balances do not tell what happened, ask for the
       account's own trades.
    3. Take it in one transaction with the lead locked, unless the account was replaced meanwhile, or a coin seems to be
       counted in another unit: then nothing is taken, and a second look like it halts the coin.

    A failure is counted. After three in a row the link is broken: operators are alarmed, followers told once, and
    nothing is traded on the old numbers until a look succeeds. A key that may do more than read breaks it at once.
    """
    rules = platform_rules()
    link = LinkedAccount.objects.select_related("lead").get(pk=link_id)
    claimed = LinkedAccount.objects.filter(
        Q(tried_at=link.tried_at) if link.tried_at else Q(tried_at__isnull=True), pk=link_id
    ).exclude(status=LinkedAccount.Status.REVOKED)
    if not claimed.update(tried_at=now):
        return None
    check_before = now - timedelta(seconds=rules.link_check_seconds)
    checks_rights = link.checked_at is None or link.checked_at <= check_before
    try:
        key = sealed_keys.open_key(link)
        held = account_reading.read_account(
            exchange=link.exchange,
            key=key,
            checks_rights=checks_rights,
            memory=f"linked:{link.pk}:{link.connected_at:%s}" if link.connected_at else "",
            may_lack=frozenset(link.unread),
            now=now,
        )
    except VenueBusy as busy:
        # Being asked to wait is no failure; the next look comes when the wait is over.
        wait = timedelta(seconds=busy.wait_seconds - rules.link_look_seconds)
        LinkedAccount.objects.filter(pk=link_id, tried_at=now).update(tried_at=now + max(wait, timedelta(0)))
    except KeyMayDoTooMuch as refusal:
        _note_failure(link, str(refusal), now, breaks_at_once=True)
    except KeyDoesNotOpen:
        log.error("The seal of a linked account does not open.", link_id=link_id)
        _note_failure(link, gettext_noop("The platform cannot open the key any more; connect the account again."), now)
    except VenueUnreachable as trouble:
        _note_failure(link, access.reason_of(trouble, exchange=link.exchange), now)
    else:
        own_trades = _explain(link, held, key, now, rules)
        return _wait_for_people(link, held, own_trades, now, rules) or _take(
            link, held, own_trades, now, rules, has_checked=checks_rights
        )
    return None


def _wait_for_people(
    link: LinkedAccount, held: AccountHoldings, own_trades: list[OwnTrade], now: datetime, rules: Rules
) -> Sight | None:
    """Doubt a look that shows a coin in another unit: the second one in a row halts the coin. None: it shows none."""
    found = observing.find_recounts(
        lead_id=link.lead_id, held=held, own_trades=own_trades, since=link.agreed_at, now=now, rules=rules
    )
    if not found:
        return None
    if link.doubted_at is not None:
        recounts.halt_recounted(lead=link.lead, recounts=found, now=now)
    with transaction.atomic():
        lock_lead(link.lead_id)
        current = LinkedAccount.objects.select_for_update().select_related("lead").get(pk=link.pk)
        if current.connected_at != link.connected_at or current.status == LinkedAccount.Status.REVOKED:
            return None
        current.doubted_at = now
        _note_seen(current, held, now, was_unseen=current.status == LinkedAccount.Status.BROKEN)
    return Sight.DOUBTED if link.doubted_at is None else Sight.WAITS_FOR_PEOPLE


def _explain(
    link: LinkedAccount, held: AccountHoldings, key: ExchangeKey, now: datetime, rules: Rules
) -> list[OwnTrade]:
    """Return the account's own trades since the last look where balances alone leave a puzzle, else none."""
    puzzle = observing.find_puzzle(lead_id=link.lead_id, held=held, since=link.agreed_at, now=now, rules=rules)
    if puzzle is None or link.agreed_at is None:
        return []
    since = link.agreed_at - TRADES_BEFORE
    try:
        own_trades = account_reading.read_own_trades(
            exchange=link.exchange, key=key, changed=puzzle.changed, held=puzzle.held, since=since
        )
    except VenueUnreachable as silence:
        # The balances are known; without the trades they are read as far as they tell.
        log.warning("An account's own trades could not be read.", link_id=link.pk, trouble=type(silence).__name__)
        return []
    return [trade for trade in own_trades if link.traded_until is None or trade.executed_at > link.traded_until]


def _take(
    link: LinkedAccount,
    held: AccountHoldings,
    own_trades: list[OwnTrade],
    now: datetime,
    rules: Rules,
    *,
    has_checked: bool,
) -> Sight | None:
    with transaction.atomic():
        lock_lead(link.lead_id)
        current = LinkedAccount.objects.select_for_update().select_related("lead").get(pk=link.pk)
        if current.connected_at != link.connected_at or current.status == LinkedAccount.Status.REVOKED:
            return None
        sight = observing.observe_balances(
            lead_id=link.lead_id,
            held=held,
            since=current.agreed_at,
            own_trades=own_trades,
            is_opening=False,
            is_second_look=current.doubted_at is not None,
            idempotency_key=_look_key(current, now),
            now=now,
            rules=rules,
        )
        if sight != Sight.WAITS_FOR_PRICES:
            current.doubted_at = now if sight in (Sight.DOUBTED, Sight.HALF_TAKEN) else None
        if sight in (Sight.UNCHANGED, Sight.TAKEN):
            current.agreed_at = now
        if own_trades and sight in (Sight.TAKEN, Sight.HALF_TAKEN):
            current.traded_until = own_trades[-1].executed_at
        if has_checked:
            current.checked_at = now
        _note_seen(current, held, now, was_unseen=current.status == LinkedAccount.Status.BROKEN)
    return sight


@in_transaction
def _note_seen(link: LinkedAccount, held: AccountHoldings, now: datetime, *, was_unseen: bool) -> None:
    """Write a look that succeeded. The lead is locked."""
    link.status, link.reason, link.failures = LinkedAccount.Status.CONNECTED, "", 0
    link.looked_at, link.unread = now, sorted(held.unread)
    known = set(link.unpriced)
    rows = UntradedHolding.objects.filter(lead=link.lead_id, quantity__gt=0).order_by("symbol")
    is_unpriced = Q(price__isnull=True) | Q(priced_at__lt=untraded.unpriced_since(now))
    link.unfollowed, link.unpriced = (
        [symbol[:NAME_LENGTH_MAX] for symbol in found.values_list("symbol", flat=True)[:NAMED_MAX]]
        for found in (rows.exclude(is_unpriced), rows.filter(is_unpriced))
    )
    link.save()
    if set(link.unpriced) - known:
        notices.tell_followers(link.lead, Notice.Kind.LEAD_UNPRICED, None, now)
    if was_unseen:
        notices.tell_followers(link.lead, Notice.Kind.LEAD_SEEN, None, now)
        alarms.clear_alarm(key=links.alarm_key(link.lead_id), now=now)
    bell.publish(f"book:{link.lead_id}", "lead")


def _note_failure(link: LinkedAccount, reason: str, now: datetime, *, breaks_at_once: bool = False) -> None:
    """Count a look that read nothing; the last one of a row breaks the link."""
    with transaction.atomic():
        lead = lock_lead(link.lead_id)
        current = LinkedAccount.objects.select_for_update().get(pk=link.pk)
        if current.connected_at != link.connected_at or current.status == LinkedAccount.Status.REVOKED:
            return
        was_seen = current.status == LinkedAccount.Status.CONNECTED
        current.failures = min(current.failures + 1, 1_000)
        current.reason = reason
        if breaks_at_once or current.failures >= FAILURES_MAX:
            current.status = LinkedAccount.Status.BROKEN
        current.save(update_fields=["failures", "reason", "status"])
        if current.status != LinkedAccount.Status.BROKEN:
            return
        if was_seen:
            notices.tell_followers(lead, Notice.Kind.LEAD_UNSEEN, None, now)
        sentence = f"The linked account of {lead.name} cannot be read: {reason}"
        alarms.raise_alarm(kind=Alarm.Kind.LINK_BROKEN, key=links.alarm_key(lead.pk), sentence=sentence, now=now)


def _refuse_lead(lead: Lead, exchange: str) -> None:
    if lead.status == Lead.Status.ENDED:
        raise LinkNotPossible(gettext("%(name)s has ended; there is nothing to connect.") % {"name": lead.name})
    if lead.source != Lead.Source.OBSERVED:
        raise LinkNotPossible(
            gettext("%(name)s trades here; there is no account elsewhere to look at.") % {"name": lead.name}
        )
    if exchange not in settings.SMARTSYNC_LINK_EXCHANGES or not sealed_keys.can_seal():
        raise LinkNotPossible(gettext("Accounts at this exchange cannot be connected here."))


def _look_key(link: LinkedAccount, now: datetime) -> str:
    return f"link:{link.pk}:{now.isoformat()}"
