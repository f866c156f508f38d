"""
Money in and out: paper money at once, real money as it is announced.

The venue keeps everybody's money and the ledger says whose it is, so a transfer has two sides that cannot be one
transaction: it is requested (a withdrawal held), then told to the venue under its own id, then booked. Whoever finds
a transfer that is on its way may finish it. Real money moves by itself: the exchange's own history (`announced`) or two
operators say that it did, and only then is it booked.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from accounts import approvals, ledger, wallet
from accounts.identity.places import written
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount, Transfer, User
from accounts.transactions import in_transaction, outside_transaction, owns_transaction
from copytrading.engine.units import coins
from copytrading.exchange import registry
from copytrading.exchange.errors import VenueError
from copytrading.models import Alarm, Notice
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services import bell, keys
from copytrading.services.refusals import NotEnoughCash, Refusal
from copytrading.services.safety import alarms
from copytrading.services.telling import notices
from copytrading.services.wallet import first_withdrawals

log = structlog.get_logger()

NOTE_LENGTH_MAX = 200


class TransferRefused(Refusal):
    code = "transfer_refused"
    field = "value"


class TransferOver(Refusal):
    code = "transfer_over"


class TransferHeld(Refusal, code="transfer_held"):
    """The withdrawal waits for its time; until then its person may cancel it."""


class OwnTransfer(Refusal):
    code = "own_transfer"


def channel_here() -> Transfer.Channel:
    """Return how money comes and goes on this installation."""
    if registry.is_paper():
        return Transfer.Channel.PAPER
    return Transfer.Channel.VENUE if settings.SMARTSYNC_TRANSFERS == "venue" else Transfer.Channel.MANUAL


@outside_transaction
def deposit(
    *,
    user: User,
    units: int,
    idempotency_key: str,
    now: datetime,
    channel: Transfer.Channel | None = None,
    verdict: Transfer.Verdict = Transfer.Verdict.NOT_ASKED,
) -> Transfer:
    """
    Bring money into a person's main account; the same key again returns the same transfer.

    Paper money is there when this returns. Real money is announced, and there once it has come.

    :param units: cash in whole units. :param channel: how it comes; as everything here does, unless an operator says.
    :param verdict: WAITING for money that is held once it is there, until somebody has looked at it.
    :raises Refusal: if the value is not positive or above the most that one deposit, a day's, or everybody's may bring,
        or the key stands for another request.
    """
    rules = platform_rules()
    if units > rules.deposit_max * 10**rules.cash_decimals:
        most = f"{written(f'{rules.deposit_max:,}')} {rules.cash}"
        raise TransferRefused(gettext("One deposit can bring at most %(most)s.") % {"most": most})
    try:
        with keys.said_as_refusals():
            transfer = wallet.request_deposit(
                user=user,
                asset=market_queries.cash_asset(),
                units=units,
                idempotency_key=idempotency_key,
                now=now,
                day_units_max=rules.deposit_day_max * 10**rules.cash_decimals,
                total_units_max=rules.deposit_total_max * 10**rules.cash_decimals,
                channel=channel or channel_here(),
                verdict=verdict,
            )
    except wallet.NothingToTransfer as refusal:
        raise TransferRefused(str(refusal)) from refusal
    except wallet.TooMuchToday as refusal:
        most = f"{written(f'{rules.deposit_day_max:,}')} {rules.cash}"
        said = gettext("Your deposits of one day can bring at most %(most)s; bring the rest later.")
        raise TransferRefused(said % {"most": most}) from refusal
    except wallet.TooMuchInAll as refusal:
        raise TransferRefused(
            gettext("No more money is taken here at the moment: everybody's together would come to more than is kept.")
        ) from refusal
    return finish_transfer(transfer=transfer, now=now)


@outside_transaction
def withdraw(
    *, user: User, units: int, idempotency_key: str, now: datetime, channel: Transfer.Channel | None = None
) -> Transfer:
    """
    Take money out of a person's main account; the same key again returns the same transfer.

    Paper money is gone when this returns. Real money is held from now on, and gone once it was paid. One that has to
    wait first (see `first_withdrawals`) is held, whatever money it is, and its person is told.

    :raises Refusal: if the value is not positive or more than is available, or the key stands for another request.
    """
    channel = channel or channel_here()
    try:
        with keys.said_as_refusals():
            transfer = wallet.request_withdrawal(
                user=user, asset=market_queries.cash_asset(), units=units, idempotency_key=idempotency_key, now=now,
                channel=channel, held_until=first_withdrawals.held_until(user=user, channel=channel, now=now),
            )  # fmt: skip
    except wallet.NothingToTransfer as refusal:
        raise TransferRefused(str(refusal)) from refusal
    except ledger.NotEnoughMoney as shortage:
        raise NotEnoughCash(gettext("Your wallet has less than that available."), field="value") from shortage
    first_withdrawals.tell_held(now=now, transfer_id=transfer.pk)
    return finish_transfer(transfer=transfer, now=now)


@owns_transaction
def confirm_transfer(
    *, transfer_id: int, by: User, now: datetime, units: int | None = None, note: str = ""
) -> Transfer:
    """
    Say that money which comes and goes by bank or cash desk has come, or was paid. A second operator books it.

    :param units: what really came, where that is not what was announced.
    :raises TransferOver: if it is over, or somebody has said so before.
    :raises TransferRefused: if the exchange's history says it, or it is the operator's own money.
    :raises TransferHeld: if it still waits for its time.
    """
    transfer = wallet.lock_transfer(transfer_id)
    _require_manual(transfer, by)
    if units is not None and units <= 0:
        raise TransferRefused("Enter what came, above zero.")
    try:
        return wallet.confirm_transfer(
            transfer_id=transfer_id, by=by, units=units, note=note.strip()[:NOTE_LENGTH_MAX], now=now
        )
    except wallet.TransferEnded as over:
        raise TransferOver(str(over)) from over
    except wallet.TransferHeld as held:
        raise TransferHeld(str(held)) from held


@owns_transaction
def approve_transfer(*, transfer_id: int, by: User, now: datetime) -> Transfer:
    """
    Book what another operator has confirmed, once.

    :raises OwnTransfer: if the same person has confirmed it.
    :raises NotIndependent: if one of the two depends on the other, see `accounts.approvals`.
    :raises TransferOver: if nobody has, or it is over.
    :raises TransferRefused: if the money is not at the venue yet, or it is the operator's own.
    :raises TransferHeld: if it still waits for its time.
    """
    transfer = wallet.lock_transfer(transfer_id)
    _require_manual(transfer, by)
    if transfer.confirmed_by is not None and transfer.confirmed_by_id != by.pk:
        approvals.require_independent(requester=transfer.confirmed_by, approver=by, now=now)
    try:
        transfer = wallet.approve_transfer(transfer_id=transfer_id, by=by, now=now)
    except wallet.OwnConfirmation as own:
        raise OwnTransfer(str(own)) from own
    except wallet.TransferEnded as over:
        raise TransferOver(str(over)) from over
    except wallet.TransferHeld as held:
        raise TransferHeld(str(held)) from held
    except ledger.NotEnoughMoney as shortage:
        raise TransferRefused(
            f"Less than that lies unassigned at the venue: bring the {transfer.asset.symbol} there first."
        ) from shortage
    tell_moved(transfer, now)
    return transfer


@owns_transaction
def refuse_transfer(*, transfer_id: int, note: str, now: datetime) -> Transfer:
    """
    End a transfer of real money that has not moved; what was held for it is free again.

    :raises TransferOver: if it is done or over.
    :raises TransferRefused: if it is paper money, which is on its way already.
    """
    return _end(transfer_id, Transfer.Status.REFUSED, note, now)


@owns_transaction
def cancel_transfer(*, user: User, transfer_id: int, now: datetime) -> Transfer:
    """
    End a person's own announcement, as long as no operator has confirmed it; of paper money, as long as it waits.

    :raises TransferOver: if it is not theirs, done, over, or an operator has seen the money.
    """
    transfer = Transfer.objects.filter(pk=transfer_id, user=user, status=Transfer.Status.REQUESTED).first()
    if transfer is None:
        raise TransferOver(gettext("There is no such transfer that could be canceled."))
    return _end(transfer_id, Transfer.Status.CANCELED, "", now)


@outside_transaction
def finish_transfer(*, transfer: Transfer, now: datetime) -> Transfer:
    """
    Tell the venue about a requested transfer, then book it; each half happens once however often it is called.

    Real money is not ours to move: what was announced is returned as it is, and so is what still waits for its time.
    """
    if transfer.status != Transfer.Status.REQUESTED or transfer.channel != Transfer.Channel.PAPER:
        return transfer
    if transfer.held_until is not None:
        # A state and no time decides between this and a cancel: clocks differ.
        with transaction.atomic(durable=True):
            transfer = wallet.let_go(transfer_id=transfer.pk, now=now)
        if transfer.held_until is not None or transfer.status != Transfer.Status.REQUESTED:
            return transfer
    registry.move_paper_money(
        asset=transfer.asset.symbol,
        quantity=coins(transfer.units, transfer.asset.decimals),
        is_deposit=transfer.direction == Transfer.Direction.DEPOSIT,
        reference=f"transfer:{transfer.pk}",
    )
    with transaction.atomic(durable=True):
        transfer = wallet.book_transfer(transfer_id=transfer.pk, now=now)
        tell_moved(transfer, now)
    return transfer


@in_transaction
def tell_moved(transfer: Transfer, now: datetime) -> None:
    """Tell whose money it is that it has come or gone, once, whoever booked it; and let the wallet's pages know."""
    if transfer.status == Transfer.Status.BOOKED:
        kind = Notice.Kind.DEPOSITED if transfer.direction == Transfer.Direction.DEPOSIT else Notice.Kind.WITHDRAWN
        notices.tell_person(transfer.user_id, kind, now, units=transfer.units, once=f"transfer:{transfer.pk}")
    bell.publish(f"user:{transfer.user_id}", "wallet")


def finish_transfers(*, now: datetime) -> int:
    """
    Finish transfers whose worker died on the way or whose time to wait is over, and return how many were tried; one
    that fails stops no other.
    """
    first_withdrawals.tell_held(now=now)
    stuck = Transfer.objects.filter(
        Q(held_until__isnull=True) | Q(held_until__lte=now),
        status=Transfer.Status.REQUESTED,
        channel=Transfer.Channel.PAPER,
        requested_at__lte=now - timedelta(seconds=10),
    ).select_related("asset", "user")
    for transfer in stuck:
        try:
            finish_transfer(transfer=transfer, now=now)
        except (DatabaseError, VenueError, ledger.NotEnoughMoney, ArithmeticError) as trouble:
            log.exception("A transfer cannot be finished; it is tried again.", transfer_id=transfer.pk)
            alarms.raise_alarm(
                kind=Alarm.Kind.TRANSFER_STUCK,
                key=f"transfer:{transfer.pk}",
                sentence=f"The {transfer.get_direction_display()} {transfer.pk} of person {transfer.user_id} cannot be"
                f" finished ({type(trouble).__name__}).",
                now=now,
            )
    return len(stuck)


@outside_transaction
def fund_dust_account(*, now: datetime) -> None:
    """Give the platform's dust account its float, once, so that stopped copies can hand their dust over."""
    cash = market_queries.cash_asset()
    units = platform_rules().dust_float * 10**cash.decimals
    registry.move_paper_money(
        asset=cash.symbol, quantity=coins(units, cash.decimals), is_deposit=True, reference="dust-float"
    )
    external = ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=now)
    dust = ledger.platform_account(LedgerAccount.Kind.DUST, now=now)
    ledger.post(
        kind=Journal.Kind.DEPOSIT,
        idempotency_key="dust-float",
        lines=Lines.of([external.pk, dust.pk], cash.pk, [-units, units]),
        now=now,
    )


def _require_manual(transfer: Transfer, by: User) -> None:
    if transfer.channel != Transfer.Channel.MANUAL:
        raise TransferRefused("The exchange itself tells when this transfer is through.")
    if transfer.user_id == by.pk:
        raise TransferRefused("This is your own money: two other operators have to book it.")


def _end(transfer_id: int, status: Transfer.Status, note: str, now: datetime) -> Transfer:
    transfer = wallet.lock_transfer(transfer_id)
    if transfer.channel == Transfer.Channel.PAPER and transfer.held_until is None:
        raise TransferRefused(gettext("Paper money is on its way already."))
    if wallet.is_return(transfer):
        raise TransferRefused(gettext("This takes a deposit back that was not let in; it has to be paid."))
    try:
        transfer = wallet.end_transfer(
            transfer_id=transfer_id, status=status, note=note.strip()[:NOTE_LENGTH_MAX], now=now
        )
    except wallet.TransferEnded as over:
        raise TransferOver(str(over)) from over
    bell.publish(f"user:{transfer.user_id}", "wallet")
    return transfer
