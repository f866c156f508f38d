"""What people do with their own money: bring it in, take it out. Trading verbs live elsewhere."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import QuerySet, Sum

from accounts import ledger, request_keys
from accounts.ledger import Lines
from accounts.models import Asset, Balance, Journal, LedgerAccount, Transfer, User
from accounts.request_keys import Request
from accounts.transactions import in_transaction, owns_transaction

DAY = timedelta(days=1)


class NothingToTransfer(Exception):
    """The value is zero or negative."""


class TooMuchToday(Exception):
    """The person's deposits of the last day would come to more than they may."""


class TooMuchInAll(Exception):
    """Everybody's money would come to more than is kept here."""


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
) -> Transfer:
    """
    Note that money is on its way in. The same key again returns the same transfer.

    :param day_units_max: the most that this person may ask to bring in within a day.
    :param total_units_max: the most that everybody's money, with what is on its way, may come to.
    :raises NothingToTransfer: if units is not positive.
    :raises TooMuchToday: if it is more than the person may bring in a day.
    :raises TooMuchInAll: if it is more than there may be of everybody's.
    :raises request_keys.KeyUsedOtherwise: if the key stands for another request.
    """
    transfer, is_new = _request(Transfer.Direction.DEPOSIT, user, asset, units, idempotency_key, now)
    if is_new:
        _refuse_too_much(user, asset, day_units_max=day_units_max, total_units_max=total_units_max, now=now)
    return transfer


@owns_transaction
def request_withdrawal(*, user: User, asset: Asset, units: int, idempotency_key: str, now: datetime) -> Transfer:
    """
    Hold money in the main account that is to leave. The same key again returns the same transfer.

    :raises ledger.NotEnoughMoney: if less is available.
    :raises NothingToTransfer: if units is not positive.
    :raises request_keys.KeyUsedOtherwise: if the key stands for another request.
    """
    transfer, is_new = _request(Transfer.Direction.WITHDRAWAL, user, asset, units, idempotency_key, now)
    if is_new:
        main = ledger.main_account(user=user, now=now)
        ledger.place_hold(
            key=_key(transfer),
            asset=asset,
            ledger_account_ids=np.array([main.pk]),
            units=np.array([units]),
            now=now,
        )
    return transfer


@in_transaction
def book_transfer(*, transfer_id: int, now: datetime) -> Transfer:
    """Book a transfer that the venue has confirmed, once."""
    transfer = Transfer.objects.select_for_update().select_related("user", "asset").get(pk=transfer_id)
    if transfer.status == Transfer.Status.BOOKED:
        return transfer
    is_deposit = transfer.direction == Transfer.Direction.DEPOSIT
    main = ledger.main_account(user=transfer.user, now=now)
    external = ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=now)
    units = transfer.units if is_deposit else -transfer.units
    ledger.post(
        kind=Journal.Kind.DEPOSIT if is_deposit else Journal.Kind.WITHDRAWAL,
        idempotency_key=_key(transfer),
        lines=Lines.of([main.pk, external.pk], transfer.asset_id, [units, -units]),
        now=now,
        releases=[] if is_deposit else [_key(transfer)],
    )
    transfer.status, transfer.booked_at = Transfer.Status.BOOKED, now
    transfer.save(update_fields=["status", "booked_at"])
    return transfer


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


def _request(
    direction: Transfer.Direction, user: User, asset: Asset, units: int, idempotency_key: str, now: datetime
) -> tuple[Transfer, bool]:
    if units <= 0:
        raise NothingToTransfer("Enter a value above zero.")
    words = f"a {direction.label} of {Decimal(units).scaleb(-asset.decimals):,.2f} {asset.symbol}"
    asked = Request.of(direction.value, words, asset=asset.pk, units=units)
    if request_keys.is_repeated(user=user, key=idempotency_key, request=asked, now=now):
        return Transfer.objects.get(user=user, idempotency_key=idempotency_key), False
    transfer = Transfer.objects.create(
        user=user,
        asset=asset,
        direction=direction,
        units=units,
        idempotency_key=idempotency_key,
        requested_at=now,
    )
    return transfer, True
