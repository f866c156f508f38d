"""
Changes of people's rights and sign-in: one operator asks, another one approves within a day, and only then it is so.

    ask        request_change(kind=RIGHTS, person=..., wanted={"is_staff": True, "roles": ["support"]}, ...)
    approve    approve_change(request_id=..., by=another operator, ...)

Who made, promoted or reset an operator is noted, and whoever depends on the one who asks approves nothing of theirs:
the same rule, in the database, for corrections and verdicts on coins.
"""

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.db.models import Q

from accounts.identity import events
from accounts.models import OperatorRequest, User, Vouching
from accounts.models.operators import APPROVED_WITHIN, DEPENDS_FOR
from accounts.refusals import Refusal
from accounts.transactions import in_transaction, owns_transaction

REASON_LENGTH_MAX = 200
Kind = OperatorRequest.Kind


class ChangeRefused(Refusal, code="change_refused"):
    """What is asked for cannot be."""


class OwnChange(Refusal, code="own_change"):
    """Whoever asks, or whom it is about, does not approve."""


class NotIndependent(Refusal, code="not_independent"):
    """The approver was made, promoted or reset by whoever asks, or a short while ago."""


class ChangeClosed(Refusal, code="change_closed"):
    """It was approved or withdrawn, or its day is over."""


@owns_transaction
def request_change(
    *, kind: OperatorRequest.Kind, person: User, wanted: dict[str, Any], reason: str, by: User, now: datetime
) -> OperatorRequest:
    """
    Ask for a change of what a person may do, or of how they sign in. Nothing changes yet.

    :param wanted: what is to be: `is_staff`, `is_superuser`, `roles` for RIGHTS; `email` for EMAIL; `is_active` for
        ACTIVITY; nothing for the others.
    :raises ChangeRefused: if no reason is given, nothing would change, or a request of this kind waits already.
    """
    _require_operator(by)
    if not reason.strip():
        raise ChangeRefused("Say why: another operator has to approve it.", field="reason")
    User.objects.select_for_update().get(pk=person.pk)
    checked = _checked(kind, person, wanted)
    waiting = OperatorRequest.objects.filter(
        person=person, kind=kind, approved_at__isnull=True, withdrawn_at__isnull=True
    )
    # Nobody can approve those any more.
    waiting.filter(requested_at__lt=now - APPROVED_WITHIN).update(withdrawn_at=now)
    if waiting.exists():
        raise ChangeRefused("A request of this kind waits for approval already: approve it, or withdraw it first.")
    return OperatorRequest.objects.create(
        kind=kind,
        person=person,
        wanted=checked,
        reason=reason.strip()[:REASON_LENGTH_MAX],
        requested_by=by,
        requested_at=now,
    )


@owns_transaction
def approve_change(*, request_id: int, by: User, now: datetime) -> OperatorRequest:
    """
    Carry out a change that somebody else asked for, once.

    :raises OwnChange: if it was asked for by, or is about, the same person.
    :raises NotIndependent: if the approver depends on whoever asks, or on somebody since less than fourteen days.
    :raises ChangeClosed: if it was approved or withdrawn, its day is over, or whoever asked is no operator any more.
    """
    request = _lock_open(request_id)
    if now - request.requested_at > APPROVED_WITHIN:
        raise ChangeClosed("This request is older than a day: ask anew, so that it is about things as they are.")
    if request.requested_by_id == by.pk:
        raise OwnChange("You asked for this yourself; it takes a second operator to approve it.")
    if request.person_id == by.pk:
        raise OwnChange("This is about yourself; it takes another operator to approve it.")
    require_independent(requester=request.requested_by, approver=by, now=now)
    if not (request.requested_by.is_active and request.requested_by.is_staff):
        raise ChangeClosed("Whoever asked for this is no operator any more.")
    request.approved_by, request.approved_at = by, now
    request.save(update_fields=["approved_by", "approved_at"])
    _carry_out(request, now=now)
    return request


@owns_transaction
def withdraw_change(*, request_id: int, now: datetime) -> OperatorRequest:
    """
    Take a request back; every operator may.

    :raises ChangeClosed: if it was approved or withdrawn before.
    """
    request = _lock_open(request_id)
    request.withdrawn_at = now
    request.save(update_fields=["withdrawn_at"])
    return request


def require_independent(*, requester: User, approver: User, now: datetime) -> None:
    """
    Let somebody approve only who is a second person beside whoever asks. The database demands the same.

    :raises NotIndependent: if one of them made, promoted or reset the other, ever, or if the approver was made,
        promoted or reset by anybody within fourteen days.
    """
    _require_operator(approver)
    made = Vouching.objects.filter(maker__isnull=False)
    if made.filter(Q(person=approver, maker=requester) | Q(person=requester, maker=approver)).exists():
        raise NotIndependent("One of you made, promoted or reset the other: it takes an operator who is independent.")
    if made.filter(person=approver, at__gt=now - DEPENDS_FOR).exists():
        raise NotIndependent(
            f"You were made, promoted or reset within {DEPENDS_FOR.days} days: until they are over you approve nothing."
        )


@in_transaction
def vouch(*, maker: User | None, person: User, act: Vouching.Act, now: datetime) -> None:
    """Note who made, promoted or reset an operator; nobody where it was done on the server."""
    Vouching.objects.create(maker=maker, person=person, act=act, at=now)


def _require_operator(person: User) -> None:
    if not (person.is_active and person.is_staff):
        raise ChangeRefused("Only operators ask for this and approve it.")


def _checked(kind: OperatorRequest.Kind, person: User, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what is wanted as it is kept, if it can be and is not so already."""
    if kind == Kind.RIGHTS:
        roles = sorted(set(wanted.get("roles", [])))
        if Group.objects.filter(name__in=roles).count() != len(roles):
            raise ChangeRefused("There is no such role.", field="roles")
        kept = {"is_staff": bool(wanted.get("is_staff")), "is_superuser": bool(wanted.get("is_superuser"))}
        if not kept["is_staff"] and (roles or kept["is_superuser"]):
            raise ChangeRefused("Roles are for operators only: let them into the panel, too.", field="is_staff")
        now_so = {"is_staff": person.is_staff, "is_superuser": person.is_superuser, "roles": _roles_of(person)}
        if {**kept, "roles": roles} == now_so:
            raise ChangeRefused("That is what they may do already.")
        return {**kept, "roles": roles}
    if kind == Kind.EMAIL:
        email = str(wanted.get("email", "")).strip().lower()
        try:
            validate_email(email)
        except ValidationError:
            raise ChangeRefused("Enter an e-mail address.", field="email") from None
        taken = User.objects.filter(email__iexact=email) | User.objects.filter(emailaddress__email__iexact=email)
        if taken.exists():
            raise ChangeRefused("Somebody has this address already.", field="email")
        return {"email": email}
    if kind == Kind.ACTIVITY:
        if person.is_active == bool(wanted.get("is_active")):
            raise ChangeRefused("That is so already.")
        return {"is_active": bool(wanted.get("is_active"))}
    if kind == Kind.SECOND_FACTOR and not Authenticator.objects.filter(user=person).exists():
        raise ChangeRefused("They have no second factor.")
    return {}


def _carry_out(request: OperatorRequest, *, now: datetime) -> None:
    person = User.objects.select_for_update().get(pk=request.person_id)
    wanted, maker = request.wanted, request.requested_by
    if request.kind == Kind.RIGHTS:
        if wanted["is_staff"]:
            act = Vouching.Act.PROMOTED if person.is_staff else Vouching.Act.CREATED
            vouch(maker=maker, person=person, act=act, now=now)
        person.is_staff, person.is_superuser = wanted["is_staff"], wanted["is_superuser"]
        person.save(update_fields=["is_staff", "is_superuser"])
        person.groups.set(Group.objects.filter(name__in=wanted["roles"]))
        person.user_permissions.clear()
    elif request.kind == Kind.ACTIVITY:
        person.is_active = wanted["is_active"]
        person.save(update_fields=["is_active"])
        if person.is_active:
            vouch(maker=maker, person=person, act=Vouching.Act.RESET, now=now)
    else:
        vouch(maker=maker, person=person, act=Vouching.Act.RESET, now=now)
        if request.kind == Kind.PASSWORD:
            person.set_unusable_password()
            person.save(update_fields=["password"])
        elif request.kind == Kind.SECOND_FACTOR:
            Authenticator.objects.filter(user=person).delete()
        else:
            _give_address(person, wanted["email"])
    events.end_everything_of(person)


def _give_address(person: User, email: str) -> None:
    person.email = email
    try:
        person.save(update_fields=["email"])
    except IntegrityError as taken:
        raise ChangeRefused("Somebody has this address by now.") from taken
    EmailAddress.objects.filter(user=person).delete()
    # It is confirmed by whoever reads mail there, like any other.
    EmailAddress.objects.create(user=person, email=email, verified=False, primary=True)


def _roles_of(person: User) -> list[str]:
    return sorted(person.groups.values_list("name", flat=True))


def _lock_open(request_id: int) -> OperatorRequest:
    requests = OperatorRequest.objects.select_for_update(of=("self",)).select_related("requested_by", "person")
    request = requests.get(pk=request_id)
    if request.approved_at is not None:
        raise ChangeClosed("This request was approved and carried out already.")
    if request.withdrawn_at is not None:
        raise ChangeClosed("This request was withdrawn.")
    return request
