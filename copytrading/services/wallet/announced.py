"""
What the exchange tells of money that came to our account and left it, and to whom it belongs.

A transfer is announced by its amount, and no two open ones have the same. So what the exchange tells fits one of them
or none: then it is left alone. Money that nobody announced is found by whoever compares custody and ledger, lies
unassigned, and people say whose it is; that somebody announces it afterwards proves nothing, and is not believed.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Min

from accounts import wallet
from accounts.models import Transfer
from accounts.transactions import outside_transaction
from copytrading.engine.units import coins, units_of
from copytrading.exchange import registry
from copytrading.exchange.transfers import TransferState, VenueTransfer
from copytrading.models import Alarm
from copytrading.services import bell
from copytrading.services.safety import alarms
from copytrading.services.wallet.transfers import tell_moved

# What was announced and has not come by then never will; what comes later is unassigned.
EXPIRE_AFTER = timedelta(days=7)
# For so long the exchange may take back what it has told.
REVERSIBLE_FOR = timedelta(days=3)
# Clocks differ a little: what is told so much earlier than it was announced was there before.
CLOCK_MARGIN = timedelta(seconds=5)


@outside_transaction
def look_at_history(*, now: datetime) -> int:
    """
    Ask the exchange what came and went, and return how many transfers that moved.

    1. Ask, from the first announcement on that is open or may be taken back.
    2. Take each that is told and may be new to the transfer it belongs to, in a transaction of its own.
    3. Let expire what was announced too long ago and is not among it.

    :raises VenueUnreachable: if the exchange did not answer.
    """
    history = registry.transfer_history()
    if history is None:
        return 0
    watched = Transfer.objects.filter(channel=Transfer.Channel.VENUE)
    open_since = watched.filter(status=Transfer.Status.REQUESTED).aggregate(first=Min("requested_at"))["first"]
    booked = watched.filter(status=Transfer.Status.BOOKED, booked_at__gt=now - REVERSIBLE_FOR)
    booked_since = booked.aggregate(first=Min("requested_at"))["first"]
    since = min((moment for moment in (open_since, booked_since) if moment is not None), default=None)
    if since is None:
        return 0
    moved = sum(_take(told, now) for told in _worth_a_look(history.transfers_since(since=since - CLOCK_MARGIN)))
    _expire(now)
    return moved


def _worth_a_look(told: list[VenueTransfer]) -> list[VenueTransfer]:
    """
    Return what may move a transfer, by two statements: most of a history was taken long ago, or is nobody's.

    It only leaves out; what is taken is decided anew under the lock of its row.
    """
    references = [one.reference for one in told]
    known = {
        (direction == Transfer.Direction.DEPOSIT, reference): status
        for direction, reference, status in Transfer.objects.filter(venue_reference__in=references)
        .exclude(venue_reference="")
        .values_list("direction", "venue_reference", "status")
    }
    open_ones = Transfer.objects.filter(channel=Transfer.Channel.VENUE, status=Transfer.Status.REQUESTED)
    waiting = {
        (direction == Transfer.Direction.DEPOSIT, symbol, coins(units, decimals))
        for direction, symbol, units, decimals in open_ones.values_list(
            "direction", "asset__symbol", "units", "asset__decimals"
        )
    }
    return [
        one
        for one in told
        if (
            known[one.is_deposit, one.reference] == Transfer.Status.BOOKED and one.state == TransferState.FAILED
            if (one.is_deposit, one.reference) in known
            else any((one.is_deposit, one.asset, total) in waiting for total in _totals(one))
        )
    ]


def _totals(told: VenueTransfer) -> list[Decimal]:
    """Return what a transfer may have been announced by: some exchanges take their fee out of it, others on top."""
    return [told.quantity] if told.is_deposit else [told.quantity + told.fee, told.quantity]


def _take(told: VenueTransfer, now: datetime) -> int:
    with transaction.atomic(durable=True):
        direction = Transfer.Direction.DEPOSIT if told.is_deposit else Transfer.Direction.WITHDRAWAL
        known = Transfer.objects.filter(venue_reference=told.reference, direction=direction).first()
        if known is not None:
            return _take_back(known, now) if told.state == TransferState.FAILED else 0
        # What leaves is gone when it is told; what comes can be spent when it is through.
        if told.state == TransferState.FAILED or (told.is_deposit and told.state != TransferState.DONE):
            return 0
        return _book(told, direction, now)


def _book(told: VenueTransfer, direction: Transfer.Direction, now: datetime) -> int:
    waiting = Transfer.objects.filter(
        channel=Transfer.Channel.VENUE, status=Transfer.Status.REQUESTED, direction=direction, asset__symbol=told.asset,
        requested_at__lte=told.happened_at + CLOCK_MARGIN,
    ).select_related("asset")  # fmt: skip
    for total in _totals(told):
        for transfer in waiting:
            if total == coins(transfer.units, transfer.asset.decimals):
                cost = 0 if told.is_deposit else units_of(
                    told.quantity + told.fee - total, transfer.asset.decimals
                )  # fmt: skip
                try:
                    booked = wallet.book_transfer(
                        transfer_id=transfer.pk, venue_reference=told.reference, cost_units=cost, now=now
                    )
                except wallet.TransferEnded:
                    # Canceled in this moment: what came is nobody's, and the others are taken all the same.
                    return 0
                tell_moved(booked, now)
                return 1
    return 0


def _take_back(transfer: Transfer, now: datetime) -> int:
    if transfer.status != Transfer.Status.BOOKED:
        return 0
    transfer, missing = wallet.reverse_transfer(transfer_id=transfer.pk, note="The exchange took it back.", now=now)
    bell.publish(f"user:{transfer.user_id}", "wallet")
    quantity = f"{coins(transfer.units, transfer.asset.decimals):f} {transfer.asset.symbol}"
    lacking = f" Of it {coins(missing, transfer.asset.decimals):f} were spent and are in suspense." if missing else ""
    alarms.raise_alarm(
        kind=Alarm.Kind.TRANSFER_REVERSED,
        key=f"transfer:{transfer.pk}:reversed",
        sentence=f"The exchange took back {transfer.get_direction_display()} {transfer.pk} of {quantity}.{lacking}",
        now=now,
    )
    return 1


def _expire(now: datetime) -> None:
    late = Transfer.objects.filter(
        channel=Transfer.Channel.VENUE, direction=Transfer.Direction.DEPOSIT, status=Transfer.Status.REQUESTED,
        requested_at__lt=now - EXPIRE_AFTER,
    )  # fmt: skip
    for transfer_id in late.values_list("pk", flat=True):
        with transaction.atomic(durable=True):
            # Somebody else may have booked it in this moment: then it is not over.
            if wallet.lock_transfer(transfer_id).status == Transfer.Status.REQUESTED:
                wallet.end_transfer(
                    transfer_id=transfer_id, status=Transfer.Status.EXPIRED, note="It never came.", now=now
                )
