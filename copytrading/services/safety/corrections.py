"""
A correction is a new journal, never a change of an old one: one operator asks for it, another one approves it.

Unassigned money is given to its owner in the same way: an unannounced deposit, the opening balances of an account.
"""

from datetime import datetime

from django.db import DataError

from accounts import approvals, ledger
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount, User
from accounts.models.operators import APPROVED_WITHIN
from accounts.request_keys import Request
from accounts.transactions import owns_transaction
from copytrading.models import Copy, Correction
from copytrading.services import bell, keys
from copytrading.services.locks import lock_lead
from copytrading.services.refusals import Refusal

REASON_LENGTH_MAX = 200


class CorrectionRefused(Refusal):
    code = "correction_refused"


class OwnCorrection(Refusal):
    code = "own_correction"


class CorrectionClosed(Refusal):
    code = "correction_closed"


@owns_transaction
def request_correction(
    *,
    asset_id: int,
    account: LedgerAccount.Kind | int,
    units: int,
    reason: str,
    by: User,
    idempotency_key: str,
    now: datetime,
    against: Correction.Against = Correction.Against.VENUE,
) -> Correction:
    """
    Ask for a correcting journal: units of an asset to a ledger account, against the venue or what is unassigned there.
    Nothing moves yet.

    The same key again returns the same correction, whatever became of it.

    :param account: the kind of one of the platform's own accounts, or the number of any account.
    :param units: whole units; negative takes them from the account.
    :raises CorrectionRefused: if nothing would move, the account is a counterparty or unknown, no reason is given, or
        a request for just this waits already.
    :raises KeyReused: if the key stands for another request.
    """
    if units == 0:
        raise CorrectionRefused("A correction moves something.", field="quantity")
    if not reason.strip():
        raise CorrectionRefused("Say why: another operator has to approve it.", field="reason")
    asset = Asset.objects.filter(pk=asset_id).first()
    if asset is None:
        raise CorrectionRefused("There is no such asset.", field="asset")
    words = f"a correction of {keys.coin_words(units, asset)}"
    asked = Request.of(
        "correction", words, asset=asset_id, account=str(account), units=units, reason=reason.strip(),
        **({} if against == Correction.Against.VENUE else {"against": against.value}),
    )  # fmt: skip
    if keys.is_repeated(user=by, key=idempotency_key, request=asked, now=now):
        return Correction.objects.get(requested_by=by, idempotency_key=idempotency_key)
    # Locked, so that two who ask for the same at once ask once.
    Asset.objects.select_for_update().get(pk=asset_id)
    ledger_account = _account(account, now)
    waiting = Correction.objects.filter(approved_at__isnull=True, withdrawn_at__isnull=True)
    if ledger_account.kind == against:
        raise CorrectionRefused("Say whose the unassigned money is: another account.", field="account")
    if waiting.filter(asset=asset, ledger_account=ledger_account, units=units, against=against).exists():
        raise CorrectionRefused("A request for just this correction waits for approval already.")
    correction = Correction.objects.create(
        asset=asset,
        ledger_account=ledger_account,
        units=units,
        against=against,
        reason=reason.strip()[:REASON_LENGTH_MAX],
        requested_by=by,
        requested_at=now,
        idempotency_key=idempotency_key,
    )
    return correction


@owns_transaction
def approve_correction(*, correction_id: int, by: User, now: datetime) -> Correction:
    """
    Book a correction that somebody else asked for, once. The next look at custody clears what it corrects.

    :raises OwnCorrection: if it was asked for by the same person.
    :raises NotIndependent: if one of the two depends on the other, see `accounts.approvals`.
    :raises CorrectionClosed: if it was approved or withdrawn before, or is older than a day.
    :raises CorrectionRefused: if the account has less than is to be taken from it.
    """
    # Which account it is never changes, so it may be read before the lock.
    guard = Correction.objects.values_list("ledger_account__guard", flat=True).filter(pk=correction_id).first()
    if guard is not None:
        lock_lead(guard)
    correction = _lock_open(correction_id)
    if now - correction.requested_at > APPROVED_WITHIN:
        raise CorrectionClosed("This request is older than a day: withdraw it and ask anew.")
    if correction.requested_by_id == by.pk:
        raise OwnCorrection("You asked for this correction yourself; it takes a second operator to approve it.")
    approvals.require_independent(requester=correction.requested_by, approver=by, now=now)
    is_correction = correction.against == Correction.Against.VENUE
    other = ledger.platform_account(LedgerAccount.Kind(correction.against), now=now)
    try:
        correction.journal = ledger.post(
            kind=Journal.Kind.CORRECTION if is_correction else Journal.Kind.ASSIGNMENT,
            idempotency_key=f"correction:{correction.pk}",
            lines=Lines.of(
                [correction.ledger_account_id, other.pk],
                correction.asset_id,
                [correction.units, -correction.units],
            ),
            now=now,
        )
    except ledger.NotEnoughMoney as shortage:
        raise CorrectionRefused("The account has less than that available.") from shortage
    except DataError as overflow:
        raise CorrectionRefused("That is more than an account can hold.") from overflow
    correction.approved_by, correction.approved_at = by, now
    correction.save(update_fields=["journal", "approved_by", "approved_at"])
    if correction.ledger_account.owner_id is not None:
        bell.publish(f"user:{correction.ledger_account.owner_id}", "wallet")
    return correction


@owns_transaction
def withdraw_correction(*, correction_id: int, now: datetime) -> Correction:
    """
    Take a request back; every operator may.

    :raises CorrectionClosed: if it was approved or withdrawn before.
    """
    correction = _lock_open(correction_id)
    correction.withdrawn_at = now
    correction.save(update_fields=["withdrawn_at"])
    return correction


def _account(account: LedgerAccount.Kind | int, now: datetime) -> LedgerAccount:
    if isinstance(account, LedgerAccount.Kind):
        found = None if account in LedgerAccount.PERSONAL else ledger.platform_account(account, now=now)
    else:
        found = LedgerAccount.objects.filter(pk=account).first()
    if found is not None and (found.kind in LedgerAccount.MIRRORS or _is_on_own_account(found)):
        raise CorrectionRefused(
            "This money is at its owner's own exchange account, and no liability of the platform: nothing is corrected"
            " there. Look at the account instead.",
            field="account",
        )
    if found is None or found.kind in LedgerAccount.COUNTERPARTIES:
        raise CorrectionRefused(
            "Choose an account of a person or of the platform; the other side is always the venue.", field="account"
        )
    return found


def _is_on_own_account(account: LedgerAccount) -> bool:
    return Copy.objects.filter(ledger_account=account, own_account__isnull=False).exists()


def _lock_open(correction_id: int) -> Correction:
    corrections = Correction.objects.select_for_update(of=("self",)).select_related("ledger_account", "requested_by")
    correction = corrections.get(pk=correction_id)
    if correction.approved_at is not None:
        raise CorrectionClosed("This correction was approved and booked already.")
    if correction.withdrawn_at is not None:
        raise CorrectionClosed("This correction was withdrawn.")
    return correction
