"""
What people do with their own money: bring it in, take it out. Trading verbs live elsewhere.

Each verb here moves one transfer to its next state, and the ledger with it, in the caller's transaction; who may do so
and what the venue says is the caller's to know.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext

from accounts import ledger, queries, request_keys
from accounts.ledger import Lines
from accounts.models import Asset, Balance, Journal, LedgerAccount, Transfer, User
from accounts.request_keys import Request
from accounts.transactions import in_transaction, owns_transaction

DAY = timedelta(days=1)
# An amount that is announced already gets a few units more, or less, until it is the only one; so many at most.
TAIL_UNITS_MAX = 100_000
# Longer than any key that somebody sends.
RETURN_KEY = "given back, since somebody looked at it and said no to transfer: "


class NothingToTransfer(Exception):
    """The value is zero or negative."""


class TooMuchToday(Exception):
    """The person's deposits of the last day would come to more than they may."""


class TooMuchInAll(Exception):
    """Everybody's money would come to more than is kept here."""


class TransferEnded(Exception):
    """The transfer is done, or over otherwise."""


class TransferHeld(Exception):
    """The withdrawal waits for its time, and its person may cancel it until then."""


class OwnConfirmation(Exception):
    """The same person has confirmed this transfer; it takes a second one to book it."""


def open_main_account(*, user: User, **_: Any) -> None:
    """Open the main account of somebody who has just signed up, so that money can be put there."""
    ledger.main_account(user=user, now=timezone.now())


@owns_transaction
def request_deposit(
    *,
    user: User,
    asset: Asset,
    units: int,
    idempotency_key: str,
    now: datetime,
    day_units_max: int,
    total_units_max: int,
    channel: Transfer.Channel = Transfer.Channel.PAPER,
    verdict: Transfer.Verdict = Transfer.Verdict.NOT_ASKED,
) -> Transfer:
    """
    Note that money is on its way in. The same key again returns the same transfer.

    :param day_units_max: the most that this person may ask to bring in within a day.
    :param total_units_max: the most that everybody's money, with what is on its way, may come to.
    :param verdict: WAITING for one that is held once it has come, until `pass_deposit` or `fail_deposit`.

    To the exchange it is announced by its amount, so a few units are added to one that is announced already.

    :raises NothingToTransfer: if units is not positive.
    :raises TooMuchToday: if it is more than the person may bring in a day.
    :raises TooMuchInAll: if it is more than there may be of everybody's.
    :raises request_keys.KeyUsedOtherwise: if the key stands for another request.
    """
    transfer, is_new = _request(
        Transfer.Direction.DEPOSIT, user, asset, units, idempotency_key, now, channel, verdict=verdict
    )
    if is_new:
        _refuse_too_much(user, asset, day_units_max=day_units_max, total_units_max=total_units_max, now=now)
    return transfer


@owns_transaction
def request_withdrawal(
    *,
    user: User,
    asset: Asset,
    units: int,
    idempotency_key: str,
    now: datetime,
    channel: Transfer.Channel = Transfer.Channel.PAPER,
    held_until: datetime | None = None,
) -> Transfer:
    """
    Hold money in the main account that is to leave. The same key again returns the same transfer.

    :param held_until: nothing of it moves before.

    From the exchange it is known by its amount, so a few units are left behind where one like it is on its way.

    :raises ledger.NotEnoughMoney: if less is available.
    :raises NothingToTransfer: if units is not positive.
    :raises request_keys.KeyUsedOtherwise: if the key stands for another request.
    """
    transfer, is_new = _request(
        Transfer.Direction.WITHDRAWAL, user, asset, units, idempotency_key, now, channel, held_until=held_until
    )
    if is_new:
        _hold(_key(transfer), transfer, ledger.main_account(user=user, now=now).pk, now)
    return transfer


@in_transaction
def let_go(*, transfer_id: int, now: datetime) -> Transfer:
    """Go on with a withdrawal whose time to wait is over: it cannot be canceled any more. Before, do nothing."""
    transfer = lock_transfer(transfer_id)
    if transfer.status in Transfer.OPEN and transfer.held_until is not None and transfer.held_until <= now:
        transfer.held_until = None
        transfer.save(update_fields=["held_until"])
    return transfer


@in_transaction
def confirm_transfer(*, transfer_id: int, by: User, units: int | None, note: str, now: datetime) -> Transfer:
    """
    Note that an operator has seen the money come, or has paid it. Nothing moves before a second one books it.

    :param units: what really came, where that is not what was announced; a withdrawal is paid as it was asked for.
    :raises TransferEnded: if it is over, or was confirmed before.
    :raises TransferHeld: if it still waits for its time.
    """
    transfer = let_go(transfer_id=transfer_id, now=now)
    if transfer.status != Transfer.Status.REQUESTED:
        raise TransferEnded(_over(transfer))
    _refuse_held(transfer)
    if units is not None and transfer.direction == Transfer.Direction.DEPOSIT:
        transfer.units = units
    transfer.status, transfer.confirmed_by, transfer.note = Transfer.Status.CONFIRMED, by, note
    transfer.save(update_fields=["status", "confirmed_by", "note", "units"])
    return transfer


@in_transaction
def approve_transfer(*, transfer_id: int, by: User, now: datetime) -> Transfer:
    """
    Book a transfer that another operator has confirmed: a deposit out of what lies unassigned at the venue, and a
    withdrawal, paid elsewhere, into it.

    :raises TransferEnded: if nobody has confirmed it, or it is over.
    :raises OwnConfirmation: if the same person has confirmed it.
    :raises ledger.NotEnoughMoney: if less is unassigned at the venue than came.
    :raises TransferHeld: if it still waits for its time.
    """
    transfer = let_go(transfer_id=transfer_id, now=now)
    _refuse_held(transfer)
    if transfer.status == Transfer.Status.BOOKED:
        return transfer
    if transfer.status != Transfer.Status.CONFIRMED:
        raise TransferEnded(_over(transfer))
    if transfer.confirmed_by_id == by.pk:
        raise OwnConfirmation("You confirmed this transfer yourself; it takes a second operator to book it.")
    transfer.approved_by = by
    return _book(transfer, LedgerAccount.Kind.UNASSIGNED, now)


@in_transaction
def book_transfer(*, transfer_id: int, now: datetime, venue_reference: str = "", cost_units: int = 0) -> Transfer:
    """
    Book a transfer that the venue has confirmed, once.

    :param venue_reference: what the venue calls it, where it tells it.
    :param cost_units: what the venue took for it beyond the transfer itself: the platform's to bear.
    :raises TransferEnded: if it was refused, canceled or reversed.
    """
    transfer = lock_transfer(transfer_id)
    if transfer.status == Transfer.Status.BOOKED:
        return transfer
    if transfer.status not in Transfer.OPEN:
        raise TransferEnded(_over(transfer))
    transfer.venue_reference = venue_reference
    return _book(transfer, LedgerAccount.Kind.EXTERNAL, now, cost_units=cost_units)


@in_transaction
def end_transfer(*, transfer_id: int, status: Transfer.Status, note: str, now: datetime) -> Transfer:
    """
    End a transfer of which nothing has moved, and give back what was held for it.

    :raises TransferEnded: if it is done or over.
    """
    transfer = lock_transfer(transfer_id)
    if transfer.status not in Transfer.OPEN:
        raise TransferEnded(_over(transfer))
    ledger.release_hold(key=_key(transfer), now=now)
    transfer.status, transfer.note, transfer.ended_at = status, note, now
    transfer.save(update_fields=["status", "note", "ended_at"])
    return transfer


@in_transaction
def reverse_transfer(*, transfer_id: int, note: str, now: datetime) -> tuple[Transfer, int]:
    """
    Take a booked transfer back, because the venue did, by a journal of its own, once.

    A deposit is taken from the main account as far as it has that available; the rest is the suspense account's until
    people have dealt with it.

    :returns: the transfer, and the units that the person had no more.
    """
    transfer = lock_transfer(transfer_id)
    if transfer.status == Transfer.Status.REVERSED:
        return transfer, 0
    assert transfer.status == Transfer.Status.BOOKED, "only what is booked can be reversed"
    if transfer.verdict == Transfer.Verdict.WAITING:
        # There is nothing left to look at, and what is held is what is taken.
        ledger.release_hold(key=_waiting_key(transfer), now=now)
        transfer.verdict = Transfer.Verdict.FAILED
    elif transfer.verdict == Transfer.Verdict.FAILED:
        # It is on its way back by another way already, as long as that has not been paid.
        for back in Transfer.objects.filter(idempotency_key=_return_key(transfer), status__in=Transfer.OPEN):
            end_transfer(transfer_id=back.pk, status=Transfer.Status.REFUSED, note=note, now=now)
    main = ledger.main_account(user=transfer.user, now=now)
    external = ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=now)
    suspense = ledger.platform_account(LedgerAccount.Kind.SUSPENSE, now=now)
    is_deposit = transfer.direction == Transfer.Direction.DEPOSIT
    missing = 0
    if is_deposit:
        taken = min(transfer.units, max(queries.available_units_in(main, asset=transfer.asset), 0))
        missing = transfer.units - taken
        units = [-taken, -missing, transfer.units]
    else:
        units = [transfer.units, 0, -transfer.units]
    ledger.post(
        kind=Journal.Kind.REVERSAL,
        idempotency_key=f"{_key(transfer)}:reversed",
        lines=Lines.of([main.pk, suspense.pk, external.pk], transfer.asset_id, units),
        now=now,
    )
    transfer.status, transfer.note, transfer.ended_at = Transfer.Status.REVERSED, note, now
    transfer.save(update_fields=["status", "note", "ended_at", "verdict"])
    return transfer, missing


@in_transaction
def pass_deposit(*, transfer_id: int, now: datetime) -> Transfer:
    """Free a deposit that waited for a verdict; one that has not come yet is free once it has. Once."""
    transfer = lock_transfer(transfer_id)
    if transfer.verdict == Transfer.Verdict.WAITING:
        ledger.release_hold(key=_waiting_key(transfer), now=now)
        transfer.verdict = Transfer.Verdict.PASSED
        transfer.save(update_fields=["verdict"])
    return transfer


@in_transaction
def fail_deposit(*, transfer_id: int, note: str, now: datetime) -> tuple[Transfer, Transfer | None]:
    """
    Give back a deposit that waited for a verdict, once: what has come is on its way out, what was announced is refused.

    :returns: the deposit, and the withdrawal that takes it back; none where nothing has come.
    """
    transfer = lock_transfer(transfer_id)
    if transfer.verdict != Transfer.Verdict.WAITING:
        return transfer, None
    transfer.verdict = Transfer.Verdict.FAILED
    transfer.save(update_fields=["verdict"])
    if transfer.status == Transfer.Status.BOOKED:
        ledger.release_hold(key=_waiting_key(transfer), now=now)
        return transfer, _return(transfer, note, now)
    if transfer.status in Transfer.OPEN and transfer.channel != Transfer.Channel.PAPER:
        return end_transfer(transfer_id=transfer_id, status=Transfer.Status.REFUSED, note=note, now=now), None
    # Paper money that is on its way is given back as it is booked.
    return transfer, None


def is_return(transfer: Transfer) -> bool:
    """Return whether a withdrawal takes a deposit back that failed: it is paid, and not ended otherwise."""
    return transfer.idempotency_key.startswith(RETURN_KEY)


@in_transaction
def lock_transfer(transfer_id: int) -> Transfer:
    """Return a transfer with its person and asset, its row locked."""
    return (
        Transfer.objects.select_for_update(of=("self",))
        .select_related("user", "asset", "confirmed_by")
        .get(pk=transfer_id)
    )


def _book(transfer: Transfer, kind: LedgerAccount.Kind, now: datetime, *, cost_units: int = 0) -> Transfer:
    is_deposit = transfer.direction == Transfer.Direction.DEPOSIT
    main = ledger.main_account(user=transfer.user, now=now)
    other = ledger.platform_account(kind, now=now)
    suspense = ledger.platform_account(LedgerAccount.Kind.SUSPENSE, now=now)
    signed = transfer.units if is_deposit else -transfer.units
    ledger.post(
        kind=Journal.Kind.DEPOSIT if is_deposit else Journal.Kind.WITHDRAWAL,
        idempotency_key=_key(transfer),
        lines=Lines.of([main.pk, other.pk, suspense.pk], transfer.asset_id, [signed, cost_units - signed, -cost_units]),
        now=now,
        releases=[] if is_deposit else [_key(transfer)],
    )
    # What the exchange tells has left, whether or not its time had come.
    transfer.status, transfer.booked_at, transfer.held_until = Transfer.Status.BOOKED, now, None
    transfer.save(update_fields=["status", "booked_at", "approved_by", "venue_reference", "held_until"])
    if transfer.verdict == Transfer.Verdict.WAITING:
        _hold(_waiting_key(transfer), transfer, main.pk, now)
    elif transfer.verdict == Transfer.Verdict.FAILED:
        _return(transfer, "Somebody looked at the deposit before it came.", now)
    return transfer


def _return(deposit: Transfer, note: str, now: datetime) -> Transfer:
    """Note that what came is on its way out again, and hold it for that."""
    units = deposit.units
    if deposit.channel == Transfer.Channel.VENUE:
        units = _units_nobody_announced(Transfer.Direction.WITHDRAWAL, deposit.asset, units)
    transfer = Transfer.objects.create(
        user=deposit.user,
        asset=deposit.asset,
        direction=Transfer.Direction.WITHDRAWAL,
        channel=deposit.channel,
        units=units,
        idempotency_key=_return_key(deposit),
        requested_at=now,
        note=note,
    )
    _hold(_key(transfer), transfer, ledger.main_account(user=deposit.user, now=now).pk, now)
    return transfer


def _hold(key: str, transfer: Transfer, account_id: int, now: datetime) -> None:
    ledger.place_hold(
        key=key,
        asset=transfer.asset,
        ledger_account_ids=np.array([account_id]),
        units=np.array([transfer.units]),
        now=now,
    )


def _refuse_too_much(user: User, asset: Asset, *, day_units_max: int, total_units_max: int, now: datetime) -> None:
    """Refuse the deposit that was just noted if the sums are too large with it; locked, so that all are counted."""
    Asset.objects.select_for_update().get(pk=asset.pk)
    deposits = Transfer.objects.filter(asset=asset, direction=Transfer.Direction.DEPOSIT)
    if _sum_of(deposits.filter(user=user, requested_at__gt=now - DAY), "units") > day_units_max:
        raise TooMuchToday
    outside = Balance.objects.filter(asset=asset, ledger_account__kind=LedgerAccount.Kind.EXTERNAL)
    on_the_way = deposits.filter(status=Transfer.Status.REQUESTED)
    if _sum_of(on_the_way, "units") - _sum_of(outside, "posted") > total_units_max:
        raise TooMuchInAll


def _sum_of(rows: QuerySet[Any], column: str) -> int:
    return int(rows.aggregate(units=Sum(column))["units"] or 0)


def _key(transfer: Transfer) -> str:
    return f"transfer:{transfer.pk}"


def _return_key(deposit: Transfer) -> str:
    return f"{RETURN_KEY}{deposit.pk}"


def _waiting_key(transfer: Transfer) -> str:
    return f"{_key(transfer)}:waits"


def _refuse_held(transfer: Transfer) -> None:
    if transfer.held_until is not None:
        raise TransferHeld(
            f"Nothing of this withdrawal moves before {transfer.held_until:%Y-%m-%d %H:%M} UTC; the person may cancel"
            " it until then."
        )


def _over(transfer: Transfer) -> str:
    return gettext("This transfer is %(status)s.") % {"status": gettext(transfer.get_status_display())}


def _request(
    direction: Transfer.Direction,
    user: User,
    asset: Asset,
    units: int,
    idempotency_key: str,
    now: datetime,
    channel: Transfer.Channel,
    *,
    verdict: Transfer.Verdict = Transfer.Verdict.NOT_ASKED,
    held_until: datetime | None = None,
) -> tuple[Transfer, bool]:
    if units <= 0:
        raise NothingToTransfer(gettext("Enter a value above zero."))
    words = f"a {direction.label} of {Decimal(units).scaleb(-asset.decimals):,.2f} {asset.symbol}"
    asked = Request.of(direction.value, words, asset=asset.pk, units=units)
    if request_keys.is_repeated(user=user, key=idempotency_key, request=asked, now=now):
        return Transfer.objects.get(user=user, idempotency_key=idempotency_key), False
    if channel == Transfer.Channel.VENUE:
        units = _units_nobody_announced(direction, asset, units)
    transfer = Transfer.objects.create(
        user=user,
        asset=asset,
        direction=direction,
        channel=channel,
        units=units,
        idempotency_key=idempotency_key,
        requested_at=now,
        verdict=verdict,
        held_until=held_until,
    )
    return transfer, True


def _units_nobody_announced(direction: Transfer.Direction, asset: Asset, units: int) -> int:
    """Return an amount near this one that no open transfer of the exchange has: more to bring in, less to take out."""
    # One at a time: two who ask for the same amount at once get different ones.
    Asset.objects.select_for_update().get(pk=asset.pk)
    near = Transfer.objects.filter(
        channel=Transfer.Channel.VENUE, status=Transfer.Status.REQUESTED, direction=direction, asset=asset
    )
    taken = set(
        near.filter(units__range=(units - TAIL_UNITS_MAX, units + TAIL_UNITS_MAX)).values_list("units", flat=True)
    )
    # Networks carry six decimals of a dollar coin, so the tail is one of those.
    step = 10 ** max(asset.decimals - 6, 0) * (1 if direction == Transfer.Direction.DEPOSIT else -1)
    while units in taken:
        units += step
    if units <= 0:
        raise NothingToTransfer(gettext("Enter a value above zero."))
    return units
