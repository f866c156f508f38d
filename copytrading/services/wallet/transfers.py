"""
Paper money in and out. Where real money is traded, operators book what arrived at the exchange and what they paid out,
by a correction that two of them agree on; nobody can conjure it up here.

The venue keeps everybody's money and the ledger says whose it is, so a transfer has two sides that cannot be one
transaction: it is requested (a withdrawal held), then told to the venue under its own id, then booked. Whoever finds
a transfer that is on its way may finish it.
"""

from datetime import datetime, timedelta

import structlog
from django.db import Error as DatabaseError
from django.db import transaction

from accounts import ledger, wallet
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount, Transfer, User
from accounts.transactions import outside_transaction
from copytrading.engine.units import coins
from copytrading.exchange import registry
from copytrading.exchange.errors import VenueError
from copytrading.models import Alarm
from copytrading.queries import market as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services import bell, keys
from copytrading.services.refusals import NotEnoughCash, Refusal
from copytrading.services.safety import alarms

log = structlog.get_logger()


class TransferRefused(Refusal):
    code = "transfer_refused"
    field = "value"


@outside_transaction
def deposit(*, user: User, units: int, idempotency_key: str, now: datetime) -> Transfer:
    """
    Bring paper money into a person's main account; the same key again returns the same transfer.

    :param units: cash in whole units.
    :raises Refusal: if the value is not positive or above the most that one deposit, a day's, or everybody's may bring,
        money here is real, or the key stands for another request.
    """
    _refuse_real_money()
    rules = platform_rules()
    if units > rules.deposit_max * 10**rules.cash_decimals:
        raise TransferRefused(f"One deposit can bring at most {rules.deposit_max:,} {rules.cash}.")
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
            )
    except wallet.NothingToTransfer as refusal:
        raise TransferRefused(str(refusal)) from refusal
    except wallet.TooMuchToday as refusal:
        most = f"{rules.deposit_day_max:,} {rules.cash}"
        raise TransferRefused(f"Your deposits of one day can bring at most {most}; bring the rest later.") from refusal
    except wallet.TooMuchInAll as refusal:
        raise TransferRefused(
            "No more money is taken here at the moment: everybody's together would come to more than is kept."
        ) from refusal
    return finish_transfer(transfer=transfer, now=now)


@outside_transaction
def withdraw(*, user: User, units: int, idempotency_key: str, now: datetime) -> Transfer:
    """
    Take money out of a person's main account; the same key again returns the same transfer.

    :raises Refusal: if the value is not positive or more than is available, money here is real, or the key stands for
        another request.
    """
    _refuse_real_money()
    try:
        with keys.said_as_refusals():
            transfer = wallet.request_withdrawal(
                user=user, asset=market_queries.cash_asset(), units=units, idempotency_key=idempotency_key, now=now
            )
    except wallet.NothingToTransfer as refusal:
        raise TransferRefused(str(refusal)) from refusal
    except ledger.NotEnoughMoney as shortage:
        raise NotEnoughCash("Your wallet has less than that available.", field="value") from shortage
    return finish_transfer(transfer=transfer, now=now)


@outside_transaction
def finish_transfer(*, transfer: Transfer, now: datetime) -> Transfer:
    """Tell the venue about a requested transfer, then book it; each half happens once however often it is called."""
    if transfer.status == Transfer.Status.BOOKED:
        return transfer
    registry.move_paper_money(
        asset=transfer.asset.symbol,
        quantity=coins(transfer.units, transfer.asset.decimals),
        is_deposit=transfer.direction == Transfer.Direction.DEPOSIT,
        reference=f"transfer:{transfer.pk}",
    )
    with transaction.atomic(durable=True):
        transfer = wallet.book_transfer(transfer_id=transfer.pk, now=now)
        bell.publish(f"user:{transfer.user_id}", "wallet")
    return transfer


def finish_transfers(*, now: datetime) -> int:
    """Finish transfers whose worker died on the way, and return how many were tried; one that fails stops no other."""
    stuck = Transfer.objects.filter(
        status=Transfer.Status.REQUESTED, requested_at__lte=now - timedelta(seconds=10)
    ).select_related("asset", "user")
    for transfer in stuck:
        try:
            finish_transfer(transfer=transfer, now=now)
        except (DatabaseError, VenueError, ledger.NotEnoughMoney, ArithmeticError) as trouble:
            log.exception("A transfer cannot be finished; it is tried again.", transfer_id=transfer.pk)
            alarms.raise_alarm(
                kind=Alarm.Kind.TRANSFER_STUCK,
                key=f"transfer:{transfer.pk}",
                sentence=f"The {transfer.get_direction_display()} {transfer.pk} of {transfer.user} cannot be finished"
                f" ({type(trouble).__name__}).",
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


def _refuse_real_money() -> None:
    if not registry.is_paper():
        raise TransferRefused(
            "Real money is traded here: ask the operators of this platform how to bring some, or to pay yours out."
        )
