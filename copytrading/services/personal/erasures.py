"""
Making a person unreadable, after a cooling time in which it can be taken back.

    a person asks ────────────────────────────────→ due after ERASURE_DAYS ──→ done by the beat
    one operator asks ──→ another one approves ──→     │
          └──────────────────┴─────────────────────────┴──→ withdrawn, by the person or by an operator

What stands in the way (`queries/personal/obstacles`) refuses the wish, and holds up what is due until it is settled.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from accounts import approvals, audit
from accounts.models import Erasure, User
from accounts.models.operators import APPROVED_WITHIN
from accounts.transactions import in_transaction, owns_transaction
from copytrading.models import Notice
from copytrading.queries.personal.obstacles import obstacles_of
from copytrading.queries.personal.pages import open_erasures
from copytrading.services.personal.erasing import make_unreadable
from copytrading.services.refusals import Refusal
from copytrading.services.telling import notices

REASON_LENGTH_MAX, HINDRANCE_LENGTH_MAX = 200, 300


class ErasureHindered(Refusal, code="erasure_hindered"):
    """Money, copies, followers or open requests have to be settled first; `title` says which."""


class ErasureRefused(Refusal, code="erasure_refused"):
    """The erasure was asked for already, or nobody says why."""


class ErasureClosed(Refusal, code="erasure_closed"):
    """The erasure is done or withdrawn, or the day to approve it is over."""


class OwnErasure(Refusal, code="own_erasure"):
    """Whoever asked for an erasure, or whom it is about, cannot approve it."""


@owns_transaction
def request_erasure(*, user: User, by: User, now: datetime, reason: str = "") -> Erasure:
    """
    Ask that a person is erased: by the person it is due after the cooling time, by an operator another one decides.

    :raises ErasureHindered: if something has to be settled first.
    :raises ErasureRefused: if it was asked for already, or an operator does not say why.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    is_own = by.pk == user.pk
    if not is_own and not reason.strip():
        raise ErasureRefused("Say why: another operator has to approve it.", field="reason")
    waiting = open_erasures().filter(user=user)
    # Nobody can approve those any more, and a person need not wait for operators.
    undecided = waiting.filter(due_at__isnull=True)
    (undecided if is_own else undecided.filter(requested_at__lt=now - APPROVED_WITHIN)).update(withdrawn_at=now)
    if waiting.exists():
        raise ErasureRefused(gettext("The erasure was asked for already."))
    _require_nothing_in_the_way(user)
    erasure = Erasure.objects.create(
        user=user,
        reason=reason.strip()[:REASON_LENGTH_MAX],
        requested_by=by,
        requested_at=now,
        due_at=_due_at(now) if is_own else None,
    )
    if is_own:
        _tell(erasure, now)
    return erasure


@owns_transaction
def approve_erasure(*, erasure_id: int, by: User, now: datetime) -> Erasure:
    """
    Let an erasure be due after the cooling time that another operator asked for, once.

    :raises OwnErasure: if the same person asked for it, or it is about them.
    :raises NotIndependent: if the approver depends on whoever asks, or on somebody since less than fourteen days.
    :raises ErasureClosed: if it is decided already, or its day is over.
    :raises ErasureHindered: if something has to be settled first.
    """
    erasure = _lock_open(erasure_id)
    if erasure.due_at is not None:
        raise ErasureClosed("This erasure is decided already, and waits until it is due.")
    if now - erasure.requested_at > APPROVED_WITHIN:
        raise ErasureClosed("This request is older than a day: ask anew, so that it is about things as they are.")
    if by.pk in (erasure.requested_by_id, erasure.user_id):
        raise OwnErasure("You asked for this, or it is about you; it takes another operator to approve it.")
    approvals.require_independent(requester=erasure.requested_by, approver=by, now=now)
    _require_nothing_in_the_way(erasure.user)
    erasure.approved_by, erasure.approved_at, erasure.due_at = by, now, _due_at(now)
    erasure.save(update_fields=["approved_by", "approved_at", "due_at"])
    _tell(erasure, now)
    return erasure


@owns_transaction
def withdraw_erasure(*, erasure_id: int, now: datetime) -> Erasure:
    """
    Take an erasure back that is not done.

    :raises ErasureClosed: if it is done, or was withdrawn before.
    """
    erasure = _lock_open(erasure_id)
    erasure.withdrawn_at = now
    erasure.save(update_fields=["withdrawn_at"])
    return erasure


def erase_due(*, now: datetime) -> int:
    """Erase whoever's cooling time is over and nothing stands in the way of, and return how many they were."""
    due = open_erasures().filter(due_at__lte=now).order_by("due_at").values_list("pk", flat=True)
    return sum(erase(erasure_id=erasure_id, now=now) for erasure_id in list(due))


@owns_transaction
def erase(*, erasure_id: int, now: datetime) -> bool:
    """
    Carry out one erasure that is due, all of it or nothing, and return whether it is done.

    1. The person's row is locked, so that nothing of theirs begins meanwhile.
    2. What stands in the way now is noted, and then it is tried again later.
    3. The person is made unreadable; of the erasure itself stays who asked and when, and the audit says that it was.
    """
    erasure = open_erasures().select_for_update(of=("self",)).filter(pk=erasure_id, due_at__lte=now).first()
    if erasure is None:
        return False
    user = User.objects.select_for_update().get(pk=erasure.user_id)
    with translation.override("en"):
        hindrance = " ".join(obstacles_of(user))[:HINDRANCE_LENGTH_MAX]
    if hindrance:
        if hindrance != erasure.hindered_by:
            erasure.hindered_by = hindrance
            erasure.save(update_fields=["hindered_by"])
        return False
    make_unreadable(user, now=now)
    erasure.done_at, erasure.reason, erasure.hindered_by = now, "", ""
    erasure.save(update_fields=["done_at", "reason", "hindered_by"])
    audit.write(
        "person: erased",
        by=audit.Surroundings(),
        now=now,
        object_type=User._meta.label_lower,
        object_id=str(user.pk),
        words=f"person {user.pk}: erased, as {erasure} says",
    )
    return True


def _due_at(now: datetime) -> datetime:
    return now + timedelta(days=settings.ERASURE_DAYS)


def _require_nothing_in_the_way(user: User) -> None:
    if found := obstacles_of(user):
        raise ErasureHindered(" ".join(found))


@in_transaction
def _tell(erasure: Erasure, now: datetime) -> None:
    notices.tell_person(
        erasure.user_id,
        Notice.Kind.ERASURE_ASKED,
        now,
        number=settings.ERASURE_DAYS,
        once=f"erasure:{erasure.pk}",
    )


def _lock_open(erasure_id: int) -> Erasure:
    erasure = Erasure.objects.select_for_update(of=("self",)).select_related("user", "requested_by").get(pk=erasure_id)
    if erasure.done_at is not None or erasure.withdrawn_at is not None:
        raise ErasureClosed(gettext("This erasure is done or was taken back already."))
    return erasure
