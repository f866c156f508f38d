"""
What becomes of a complaint: filed, acknowledged, answered, reopened, closed. Each is one transaction and one step.

Nobody deals with a complaint of their own. The person is told of what operators do; what the person does, operators see
under "what needs you".
"""

from datetime import datetime

from django.utils.translation import gettext

from accounts.models import User
from accounts.request_keys import Request
from accounts.transactions import in_transaction, owns_transaction
from copytrading.models import Complaint, ComplaintStep, Copy, Notice
from copytrading.queries.desk import complaints as queries
from copytrading.services import bell, keys
from copytrading.services.desk import clock
from copytrading.services.desk.words import text_of
from copytrading.services.refusals import Refusal
from copytrading.services.safety import alarms
from copytrading.services.telling import notices

SUBJECT_LENGTH_MAX = 120
TEXT_LENGTH_MAX = 4000
# Of one person at once: each is read by somebody.
WAITING_MAX = 5
Status, Kind = Complaint.Status, ComplaintStep.Kind


class TooManyComplaints(Refusal, code="too_many_complaints"):
    """As many complaints of one person wait for an answer as may wait at once."""


class ComplaintCopyUnknown(Refusal, code="complaint_copy_unknown", field="copy"):
    """The copy that a complaint is said to be about is none of the person's own."""


class ComplaintNotWaiting(Refusal, code="complaint_not_waiting"):
    """The complaint stands where this cannot be done: it was done before, or something else comes first."""


class ReopenedTooLate(Refusal, code="reopened_too_late"):
    """More than thirty days have passed since the answer. A new complaint can be filed."""


class OwnComplaint(Refusal, code="own_complaint"):
    """Operators do not deal with complaints of their own."""


@owns_transaction
def file(
    *, user: User, subject: str, text: str, idempotency_key: str, now: datetime, copy_id: int | None = None
) -> Complaint:
    """
    Take in a complaint, with the times by which it is dealt with; the same key again returns the same one.

    :param copy_id: the person's own copy that it is about; None where it is about none.
    :raises TextNotPossible: if subject or text are empty, too long or no text.
    :raises ComplaintCopyUnknown: if the copy is not the person's.
    :raises TooManyComplaints: if five wait already.
    :raises KeyReused: if the key stands for another request.
    """
    subject = text_of(subject, most=SUBJECT_LENGTH_MAX, field="subject", is_line=True)
    text = text_of(text, most=TEXT_LENGTH_MAX)
    asked = Request.of("complaint", f"the complaint “{subject[:40]}”", subject=subject, text=text, copy=copy_id)
    if keys.is_repeated(user=user, key=idempotency_key, request=asked, now=now):
        return Complaint.objects.select_related("copy__lead").get(user=user, idempotency_key=idempotency_key)
    # One at a time a person: two at once must not both be the fifth.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if Complaint.objects.filter(user=user, status__in=queries.WAITING).count() >= WAITING_MAX:
        raise TooManyComplaints(
            gettext(
                "%(most)s complaints of yours wait for an answer, which is as many as can wait at once. You can file"
                " another as soon as one is answered."
            )
            % {"most": WAITING_MAX}
        )
    copy = None if copy_id is None else Copy.objects.select_related("lead").filter(follower=user, pk=copy_id).first()
    if copy is None and copy_id is not None:
        raise ComplaintCopyUnknown(gettext("There is no such copy of yours."))
    return Complaint.objects.create(
        user=user,
        copy=copy,
        subject=subject,
        text=text,
        idempotency_key=idempotency_key,
        received_at=now,
        acknowledge_by=clock.acknowledge_by(now),
        answer_by=clock.answer_by(now),
    )


@owns_transaction
def acknowledge(*, complaint_id: int, by: User, now: datetime) -> Complaint:
    """
    Say that somebody has read it, once, and tell the person.

    :raises ComplaintNotWaiting: if that was done before.
    :raises OwnComplaint: if it is the operator's own.
    """
    complaint = _of_another(complaint_id, by)
    if complaint.status != Status.RECEIVED:
        raise ComplaintNotWaiting(f"This is {complaint.get_status_display()} already.")
    complaint.status, complaint.acknowledged_at = Status.ACKNOWLEDGED, now
    complaint.save(update_fields=["status", "acknowledged_at"])
    _step(complaint, Kind.ACKNOWLEDGED, by, now)
    _tell(complaint, Notice.Kind.COMPLAINT_ACKNOWLEDGED, now)
    _let_alarm_go(complaint, now)
    return complaint


@owns_transaction
def answer(*, complaint_id: int, text: str, by: User, now: datetime) -> Complaint:
    """
    Answer a complaint that was acknowledged or reopened, and tell the person.

    :raises TextNotPossible: if the answer is empty, too long or no text.
    :raises ComplaintNotWaiting: if it does not wait for an answer.
    :raises OwnComplaint: if it is the operator's own.
    """
    text = text_of(text, most=TEXT_LENGTH_MAX)
    complaint = _of_another(complaint_id, by)
    if complaint.status == Status.RECEIVED:
        raise ComplaintNotWaiting("Acknowledge it first: the person is to know at once that somebody reads it.")
    if complaint.status not in queries.WAITING:
        raise ComplaintNotWaiting(f"This is {complaint.get_status_display()} already.")
    complaint.status, complaint.answered_at = Status.ANSWERED, now
    complaint.save(update_fields=["status", "answered_at"])
    _step(complaint, Kind.ANSWERED, by, now, text=text)
    _tell(complaint, Notice.Kind.COMPLAINT_ANSWERED, now)
    _let_alarm_go(complaint, now)
    return complaint


@owns_transaction
def reopen(*, complaint_id: int, text: str, now: datetime) -> Complaint:
    """
    Say for the person why the answer is none; within thirty days of it, and the time for an answer begins anew.

    :raises TextNotPossible: if nothing is said, too much, or what is no text.
    :raises ComplaintNotWaiting: if there is no answer to it, or it is closed.
    :raises ReopenedTooLate: if the answer is older than thirty days.
    """
    text = text_of(text, most=TEXT_LENGTH_MAX)
    complaint = _locked(complaint_id)
    _require_answered(complaint)
    if not queries.may_be_reopened(complaint, now=now):
        raise ReopenedTooLate(
            gettext("It was answered more than %(days)s days ago. File a new complaint.")
            % {"days": queries.REOPENED_WITHIN.days}
        )
    complaint.status, complaint.answer_by = Status.REOPENED, clock.answer_by(now)
    complaint.save(update_fields=["status", "answer_by"])
    _step(complaint, Kind.REOPENED, complaint.user, now, text=text)
    return complaint


@owns_transaction
def close(*, complaint_id: int, now: datetime) -> Complaint:
    """
    Close a complaint for the person, who has nothing more to say to the answer.

    :raises ComplaintNotWaiting: if there is no answer to it, or it is closed.
    """
    complaint = _locked(complaint_id)
    _require_answered(complaint)
    complaint.status, complaint.closed_at = Status.CLOSED, now
    complaint.save(update_fields=["status", "closed_at"])
    _step(complaint, Kind.CLOSED, complaint.user, now)
    return complaint


@in_transaction
def _locked(complaint_id: int) -> Complaint:
    rows = Complaint.objects.select_for_update(of=("self",)).select_related("user", "copy__lead")
    return rows.get(pk=complaint_id)


@in_transaction
def _of_another(complaint_id: int, operator: User) -> Complaint:
    complaint = _locked(complaint_id)
    if complaint.user_id == operator.pk:
        raise OwnComplaint("This is your own: another operator has to deal with it.")
    return complaint


def _require_answered(complaint: Complaint) -> None:
    if complaint.status == Status.CLOSED:
        raise ComplaintNotWaiting(gettext("This complaint is closed. File a new one."))
    if complaint.status != Status.ANSWERED:
        raise ComplaintNotWaiting(gettext("This complaint waits for an answer."))


def _step(complaint: Complaint, kind: ComplaintStep.Kind, by: User, now: datetime, *, text: str = "") -> None:
    ComplaintStep.objects.create(complaint=complaint, kind=kind, text=text, taken_by=by, taken_at=now)


def _tell(complaint: Complaint, kind: Notice.Kind, now: datetime) -> None:
    notices.tell_person(complaint.user_id, kind, now, words=f"{complaint.pk}, {complaint.subject}")
    bell.publish(f"user:{complaint.user_id}", "activity")


def _let_alarm_go(complaint: Complaint, now: datetime) -> None:
    """Clear the alarm about it, where nothing is overdue any more. Alarms are the last lock that is taken."""
    due = queries.due_at(complaint)
    if due is None or due > now:
        alarms.clear_alarm(key=clock.alarm_key(complaint.pk), now=now)
