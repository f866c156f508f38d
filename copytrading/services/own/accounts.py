"""
Own accounts: connected by a key that can trade and cannot withdraw, looked at again and again, disconnected.

The exchange is asked with no transaction open. A key that is not taken any more, that may do too much, or an account
that holds less than its copies have, pauses the copies on that account, tells their follower, and nobody else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop

from accounts import ledger
from accounts.models import Asset, Balance, LedgerAccount, User
from accounts.transactions import outside_transaction
from copytrading.engine.units import units_of
from copytrading.exchange import registry
from copytrading.exchange.errors import KeyRefused, VenueUnreachable
from copytrading.exchange.live.client import ExchangeUnknown
from copytrading.models import Copy, Notice, Order, OwnAccount, OwnHolding
from copytrading.queries.leads import links
from copytrading.queries.rules import cash_symbol, platform_rules
from copytrading.services import bell, queueing
from copytrading.services.locks import lock_lead
from copytrading.services.own import venues
from copytrading.services.refusals import Refusal
from copytrading.services.safety import access, sealed_keys
from copytrading.services.safety.sealed_keys import ExchangeKey, KeyDoesNotOpen
from copytrading.services.telling import notices

log = structlog.get_logger()

# An account with copies is looked at so often; at once where something speaks for it.
LOOK_SECONDS = 300
# What is missing is believed when a second look, so much later, finds it missing still.
DOUBT_SECONDS = 30
LOOKS_A_RING = 40


class OwnAccountNotPossible(Refusal, code="own_account_not_possible"):
    """This installation, or this person's account, does not allow it."""


class OwnKeyNotTaken(Refusal, code="own_key_not_taken", field="key"):
    """The exchange refuses the key, or the key may do too much or too little."""


class OwnAccountNotReadable(Refusal, code="own_account_not_readable"):
    """The exchange does not answer. Nothing is known of the key."""


class OwnAccountInUse(Refusal, code="own_account_in_use"):
    """Copies still trade on it."""


@dataclass(frozen=True, kw_only=True)
class OwnCash:
    """What an account has of the platform's cash, asked just now, and what of that no copy uses; in quote units."""

    account_id: int
    kept_units: int
    free_units: int


def offered_exchange() -> str:
    """Return the exchange at which people may connect accounts of their own; empty where none can be."""
    return registry.own_exchange() if sealed_keys.can_seal() else ""


@outside_transaction
def connect_account(*, user: User, exchange: str, key: ExchangeKey, now: datetime) -> OwnAccount:
    """
    Connect a person's own account at the exchange, or give the one that is there a new key.

    1. Ask what the key may do and what the account holds. Nothing is stored yet.
    2. Seal the key to its row, and note what the account holds beside what copies have there.

    :raises Refusal: if the key can withdraw, cannot trade, is not taken, or opens an account that holds less than
        this person's copies have there.
    """
    _refuse_exchange(exchange)
    try:
        venue = venues.open_with(key, exchange=exchange)
        _refuse_rights(venue.permissions(), exchange)
        kept = venue.balances()
    except ExchangeUnknown:
        raise OwnAccountNotPossible(gettext("Accounts at this exchange cannot be connected here.")) from None
    except KeyRefused as refusal:
        raise OwnKeyNotTaken(access.reason_of(refusal, exchange=exchange)) from refusal
    except VenueUnreachable as silence:
        raise OwnAccountNotReadable(access.reason_of(silence, exchange=exchange)) from silence
    with transaction.atomic(durable=True):
        # Whoever connects twice at once waits here for the first one.
        User.objects.select_for_update().get(pk=user.pk)
        account = OwnAccount.objects.select_for_update().filter(user=user, exchange=exchange).first()
        if account is None:
            mirror = ledger.open_account(kind=LedgerAccount.Kind.OWN, owner=user, now=now)
            account = OwnAccount.objects.create(user=user, exchange=exchange, ledger_account=mirror)
        if any(units < 0 for units in _beyond(account, kept).values()) and not _has_orders(account):
            raise OwnKeyNotTaken(
                gettext("The account that this key opens holds less than your copies have there. Is it another one?")
            )
        sealed_keys.seal_key(account, key)
        account.status, account.reason, account.doubted_at = OwnAccount.Status.CONNECTED, "", None
        account.connected_at = account.checked_at = account.tried_at = account.looked_at = now
        account.save()
        if not _has_orders(account):
            _note_beyond(account, _beyond(account, kept), now)
    bell.publish(f"user:{user.pk}", "copies")
    log.info("Somebody connected an own account.", user_id=user.pk, exchange=exchange)
    return account


@outside_transaction
def disconnect_account(*, account_id: int, now: datetime) -> OwnAccount:
    """
    Erase an account's key.

    :raises OwnAccountInUse: if copies trade on it: they are stopped first.
    """
    with transaction.atomic(durable=True):
        account = OwnAccount.objects.select_for_update().get(pk=account_id)
        if account.copies.exclude(status=Copy.Status.STOPPED).exists():
            raise OwnAccountInUse(gettext("Copies still trade on this account: stop them first."))
        account.status, account.sealed_key, account.seal_id = OwnAccount.Status.REVOKED, b"", ""
        account.reason, account.fingerprint, account.doubted_at = gettext_noop("You disconnected it."), "", None
        account.save()
        account.holdings.all().delete()
    bell.publish(f"user:{account.user_id}", "copies")
    return account


@outside_transaction
def ask_cash(account: OwnAccount) -> OwnCash:
    """
    Ask what an account has of the platform's cash, and what of it no copy uses.

    :raises Refusal: if the account is not connected, or the exchange does not take the key or does not answer.
    """
    if account.status != OwnAccount.Status.CONNECTED:
        raise OwnAccountNotPossible(
            gettext("Your account at %(exchange)s is not connected: give it a working key first.")
            % {"exchange": links.exchange_name(account.exchange)}
        )
    cash = Asset.objects.get(symbol=cash_symbol())
    try:
        (venue,) = venues.open_accounts([account.pk]).values()
        kept = venue.balances()
    except ValueError:
        raise OwnAccountNotPossible(
            gettext("The platform cannot open the key any more; connect the account again.")
        ) from None
    except KeyRefused as refusal:
        raise OwnKeyNotTaken(access.reason_of(refusal, exchange=account.exchange)) from refusal
    except VenueUnreachable as silence:
        raise OwnAccountNotReadable(access.reason_of(silence, exchange=account.exchange)) from silence
    units = units_of(kept.get(cash.symbol, Decimal(0)), cash.decimals)
    return OwnCash(account_id=account.pk, kept_units=units, free_units=max(units - used_cash_units(account), 0))


def used_cash_units(account: OwnAccount) -> int:
    """Return how much of an account's cash copies use, in quote units."""
    mirrored = Balance.objects.filter(ledger_account=account.ledger_account_id, asset__symbol=cash_symbol())
    return -(mirrored.values_list("posted", flat=True).first() or 0)


def look_at_accounts(*, now: datetime) -> int:
    """Look at the accounts that are due, and return how many; one's trouble stays its own."""
    patience = Q(doubted_at__isnull=True, tried_at__lte=now - timedelta(seconds=LOOK_SECONDS))
    doubted = Q(doubted_at__isnull=False, tried_at__lte=now - timedelta(seconds=DOUBT_SECONDS))
    due = OwnAccount.objects.exclude(status=OwnAccount.Status.REVOKED).filter(
        Q(tried_at__isnull=True) | patience | doubted
    )
    in_use = due.filter(copies__in=Copy.objects.exclude(status=Copy.Status.STOPPED)).distinct()
    ids = list(in_use.order_by("tried_at", "pk").values_list("pk", flat=True)[:LOOKS_A_RING])
    for account_id in ids:
        look_at_account(account_id=account_id, now=now)
    return len(ids)


@outside_transaction
def look_at_account(*, account_id: int, now: datetime) -> None:
    """
    Ask what an account holds, once an hour also what its key may do, and take what that means for its copies.

    1. Claim the look: whoever moves `tried_at` makes it.
    2. Ask the exchange.
    3. Where nothing is on its way, compare. Less than the copies have is believed at the second look.
    """
    account = OwnAccount.objects.get(pk=account_id)
    claimed = OwnAccount.objects.filter(
        Q(tried_at=account.tried_at) if account.tried_at else Q(tried_at__isnull=True), pk=account_id
    ).exclude(status=OwnAccount.Status.REVOKED)
    if not claimed.update(tried_at=now):
        return
    check_before = now - timedelta(seconds=platform_rules().link_check_seconds)
    checks = account.checked_at is None or account.checked_at <= check_before
    before = _mirror(account)
    try:
        venue = venues.open_with(sealed_keys.open_key(account), exchange=account.exchange)
        if checks or account.status == OwnAccount.Status.REFUSED:
            _refuse_rights(venue.permissions(), account.exchange)
        kept = venue.balances()
    except (KeyDoesNotOpen, ExchangeUnknown):
        reason = gettext_noop("The platform cannot open the key any more; connect the account again.")
        refuse_account(account_id=account_id, reason=reason, now=now)
    except OwnKeyNotTaken as refusal:
        refuse_account(account_id=account_id, reason=str(refusal), now=now)
    except KeyRefused as refusal:
        refuse_account(account_id=account_id, reason=access.reason_of(refusal, exchange=account.exchange), now=now)
    except VenueUnreachable as silence:
        log.warning("An own account could not be looked at.", account_id=account_id, trouble=type(silence).__name__)
    else:
        _take(account_id, kept, before, now, has_checked=checks)


def _take(
    account_id: int, kept: Mapping[str, Decimal], before: Mapping[int, int], now: datetime, *, has_checked: bool
) -> None:
    is_missing = False
    with transaction.atomic(durable=True):
        account = OwnAccount.objects.select_for_update().get(pk=account_id)
        if account.status == OwnAccount.Status.REVOKED:
            return
        account.looked_at = now
        if has_checked:
            account.checked_at = now
        if not _has_orders(account) and _mirror(account) == before:
            beyond = _beyond(account, kept)
            if any(units < 0 for units in beyond.values()):
                since = account.doubted_at
                account.doubted_at = since or now
                is_missing = since is not None and now >= since + timedelta(seconds=DOUBT_SECONDS)
            else:
                account.status, account.reason, account.doubted_at = OwnAccount.Status.CONNECTED, "", None
                _note_beyond(account, beyond, now)
        account.save()
    if is_missing:
        reason = gettext_noop("The account holds less than its copies have.")
        _end_trading(account_id, OwnAccount.Status.SHORT, reason, Notice.Kind.OWN_COINS_MISSING, now)


def refuse_account(*, account_id: int, reason: str, now: datetime) -> None:
    """Note that an account's key is of no use any more: its copies pause and their follower is told, once."""
    _end_trading(account_id, OwnAccount.Status.REFUSED, reason, Notice.Kind.OWN_KEY_REFUSED, now)


def look_soon(account_ids: list[int]) -> None:
    """Have some accounts looked at with the next ring: the exchange said something that speaks for it."""
    OwnAccount.objects.filter(pk__in=account_ids).update(tried_at=None)


@outside_transaction
def _end_trading(account_id: int, status: OwnAccount.Status, reason: str, kind: Notice.Kind, now: datetime) -> None:
    """Pause the copies of an account and tell their follower, lead by lead."""
    waiting = Copy.objects.filter(own_account=account_id, status__in=Copy.FOLLOWING)
    changed = OwnAccount.objects.filter(pk=account_id).exclude(status=OwnAccount.Status.REVOKED)
    changed.update(status=status, reason=reason[:300])
    for lead_id in sorted(set(waiting.values_list("lead_id", flat=True))):
        with transaction.atomic(durable=True):
            lock_lead(lead_id)
            copies = list(waiting.filter(lead_id=lead_id).select_for_update().values_list("pk", flat=True))
            if not copies:
                continue
            fence = queueing.number_change(lead_id=lead_id)
            Copy.objects.filter(pk__in=copies).update(status=Copy.Status.PAUSED, fence=fence, breached_at=None)
            notices.tell_copies(copies, kind, now)
    user_id = OwnAccount.objects.values_list("user_id", flat=True).get(pk=account_id)
    bell.publish(f"user:{user_id}", "copies")
    log.warning("An own account is not traded on any more.", account_id=account_id, status=status)


def _refuse_exchange(exchange: str) -> None:
    if not exchange or exchange != offered_exchange():
        raise OwnAccountNotPossible(
            gettext("Own accounts are at the exchange that is traded at here; another one cannot be connected.")
        )


def _refuse_rights(permissions: frozenset[str], exchange: str) -> None:
    """
    Refuse a key that may do more than trade, or not that.

    :raises OwnKeyNotTaken: with what to change at the exchange.
    """
    name = links.exchange_name(exchange)
    if "withdraw" in permissions:
        raise OwnKeyNotTaken(
            gettext(
                "This key can move money out of your account. Make one at %(exchange)s that can read and trade and"
                " nothing else, and connect that; delete this one there."
            )
            % {"exchange": name}
        )
    if "trade elsewhere" in permissions:
        raise OwnKeyNotTaken(
            gettext(
                "This key can trade futures or on margin. Make one at %(exchange)s that can read and trade spot, and"
                " connect that."
            )
            % {"exchange": name}
        )
    if "trade" not in permissions:
        raise OwnKeyNotTaken(
            gettext("This key can only read. Give it the right to trade spot at %(exchange)s, and connect it again.")
            % {"exchange": name}
        )


def _mirror(account: OwnAccount) -> dict[int, int]:
    """Return what copies have on an account, in units by asset."""
    rows = Balance.objects.filter(ledger_account=account.ledger_account_id).exclude(posted=0)
    return {asset_id: -posted for asset_id, posted in rows.values_list("asset_id", "posted")}


def _has_orders(account: OwnAccount) -> bool:
    return Order.objects.filter(booked_at__isnull=True, venue_account=account.venue_account).exists()


def _beyond(account: OwnAccount, kept: Mapping[str, Decimal]) -> dict[int, int]:
    """Return what an account holds beside what its copies have, in units by asset; below zero where that is missing."""
    copies_have = _mirror(account)
    concerned = Asset.objects.filter(Q(symbol__in=list(kept)) | Q(pk__in=list(copies_have)))
    return {
        asset.pk: units_of(kept.get(asset.symbol, Decimal(0)), asset.decimals) - copies_have.get(asset.pk, 0)
        for asset in concerned
    }


def _note_beyond(account: OwnAccount, beyond: Mapping[int, int], now: datetime) -> None:
    OwnHolding.objects.bulk_create(
        [
            OwnHolding(account=account, asset_id=asset_id, beyond_units=units, looked_at=now)
            for asset_id, units in sorted(beyond.items())
        ],
        update_conflicts=True,
        unique_fields=["account", "asset"],
        update_fields=["beyond_units", "looked_at"],
    )
    account.holdings.exclude(asset__in=list(beyond)).delete()
