"""What people do with their own money: bring it in, take it out. Trading verbs live elsewhere."""

from datetime import datetime
from decimal import Decimal

import numpy as np

from accounts import ledger, request_keys
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount, Transfer, User
from accounts.request_keys import Request
from accounts.transactions import in_transaction, owns_transaction


class NothingToTransfer(Exception):
    """The value is zero or negative."""


@owns_transaction
def request_deposit(*, user: User, asset: Asset, units: int, idempotency_key: str, now: datetime) -> Transfer:
    """
    Note that money is on its way in. The same key again returns the same transfer.

    :raises NothingToTransfer: if units is not positive.
    :raises request_keys.KeyUsedOtherwise: if the key stands for another request.
    """
    return _request(Transfer.Direction.DEPOSIT, user, asset, units, idempotency_key, now)[0]


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
