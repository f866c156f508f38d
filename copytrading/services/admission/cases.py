"""
What the check leaves to an operator: decided once, and the person is told.

With the verdict on a deposit goes the deposit: free, or on its way back. With any other verdict the person asks again,
and it counts once within a week.
"""

from datetime import datetime, timedelta

from django.db import transaction

from accounts import wallet
from accounts.models import Transfer, User
from accounts.transactions import in_transaction, outside_transaction
from copytrading.models import GateAct as Act
from copytrading.models import GateCase, Notice
from copytrading.services import bell, keys
from copytrading.services.admission.refusals import CaseDecided, OwnCase
from copytrading.services.telling import notices
from copytrading.services.wallet import transfers

HOLDS_FOR = timedelta(days=7)
RETURNED = "A check of this platform ended with no."
REASON_LENGTH_MAX = 200


@outside_transaction
def decide(*, case_id: int, is_allowed: bool, by: User, reason: str, now: datetime) -> GateCase:
    """
    Decide a case, once: free the deposit that waits for it or send it back, and tell the person.

    :raises CaseDecided: if it is not open.
    :raises OwnCase: if it is about the operator.
    """
    with transaction.atomic(durable=True):
        case = GateCase.objects.select_for_update(of=("self",)).select_related("lead").get(pk=case_id)
        if case.status != GateCase.Status.OPEN:
            raise CaseDecided(f"This is {case.get_status_display()} already.")
        if case.user_id == by.pk or case.email == by.email.lower():
            raise OwnCase("This is about yourself: another operator has to decide it.")
        case.status = GateCase.Status.ALLOWED if is_allowed else GateCase.Status.DENIED
        case.decided_at, case.decided_by, case.holds_until = now, by, now + HOLDS_FOR
        case.reason = reason.strip()[:REASON_LENGTH_MAX]
        if case.act == Act.DEPOSIT and is_allowed:
            # Used by the very deposit that it is about.
            case.used_at = now
        case.save(update_fields=["status", "decided_at", "decided_by", "holds_until", "reason", "used_at"])
        returned = _carry_out(case, now)
        if case.user_id is not None:
            kind = Notice.Kind.CHECK_PASSED if is_allowed else Notice.Kind.CHECK_FAILED
            notices.tell_person(case.user_id, kind, now, words=words_of(case), once=f"gate:{case.pk}")
            bell.publish(f"user:{case.user_id}", "wallet")
    _finish(returned, now)
    return case


@outside_transaction
def catch_up(case: GateCase, *, now: datetime) -> None:
    """Carry a verdict out on a deposit that came in while it was being decided."""
    with transaction.atomic(durable=True):
        decided = GateCase.objects.select_for_update().get(pk=case.pk)
        returned = _carry_out(decided, now)
    _finish(returned, now)


@outside_transaction
def finish_cases(*, now: datetime) -> int:
    """Carry out verdicts on deposits whose request died before it did so, and return how many there were."""
    keys_waiting = Transfer.objects.filter(verdict=Transfer.Verdict.WAITING).values_list("idempotency_key", flat=True)
    late = GateCase.objects.filter(
        act=Act.DEPOSIT,
        idempotency_key__in=list(keys_waiting),
        status__in=[GateCase.Status.ALLOWED, GateCase.Status.DENIED],
    )
    for case in late:
        catch_up(case, now=now)
    return len(late)


def words_of(case: GateCase) -> str:
    """Return what a case is about, as the person knows it."""
    about = [case.get_act_display()]
    if case.units is not None:
        about.append(f"of {keys.cash_words(case.units)}")
    if case.lead is not None:
        about.append(f"({case.lead.name})")
    return " ".join(about)


@in_transaction
def _carry_out(case: GateCase, now: datetime) -> Transfer | None:
    """Do to the deposit of a case what was decided, once, and return the transfer that takes it back."""
    if case.act != Act.DEPOSIT or case.status not in (GateCase.Status.ALLOWED, GateCase.Status.DENIED):
        return None
    deposit = Transfer.objects.filter(user=case.user, idempotency_key=case.idempotency_key).first()
    if deposit is None:
        return None
    if case.status == GateCase.Status.ALLOWED:
        wallet.pass_deposit(transfer_id=deposit.pk, now=now)
        return None
    _, returned = wallet.fail_deposit(transfer_id=deposit.pk, note=RETURNED, now=now)
    return returned


def _finish(returned: Transfer | None, now: datetime) -> None:
    if returned is not None:
        transfers.finish_transfer(transfer=returned, now=now)
