"""
What erasing does to the tables: the one place that takes a person out of them, in the caller's transaction.

Ledger, shares of fills, copies, their flows and the audit stay as they are: they name a person by number, and the
number is nobody's any more. `queries/personal/tables` says of every table what becomes of it and why, and a test reads
every text of the database for what is left.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import CharField, F, Func, Q, Value
from django.db.models.functions import Cast, Concat

from accounts.models import (
    Archive,
    Device,
    IdempotentRequest,
    ProgramKey,
    RefreshToken,
    RequestKey,
    Transfer,
    User,
)
from accounts.transactions import in_transaction
from copytrading.models import (
    Alarm,
    Complaint,
    ComplaintStep,
    CopyFlag,
    Correction,
    Delivery,
    Favourite,
    GateCase,
    GateQuestion,
    Halt,
    Invitation,
    JurisdictionChange,
    KnownDevice,
    Lead,
    LeadNotice,
    LinkedAccount,
    LossLimit,
    Notice,
    NoticeHabits,
    NoticeSwitch,
    OwnAccount,
    OwnHolding,
    PersonNote,
    PushSubscription,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
)
from copytrading.services.personal.archives import remove_archives

FORMER_LEAD = "A former lead"
# What stands for words that were taken out, where something has to.
NO_WORDS = "–"
# What operators and the platform wrote, which may name somebody.
WRITTEN_BY_OTHERS = (
    (LogEntry, "object_repr"),
    (LogEntry, "change_message"),
    (Alarm, "sentence"),
    (Correction, "reason"),
    (Halt, "reason"),
)
REQUESTS = """
    UPDATE accounts_operatorrequest SET reason = '',
        wanted = CASE WHEN wanted ? 'email' THEN jsonb_set(wanted, '{email}', to_jsonb(%s::text)) ELSE wanted END
    WHERE person_id = %s
"""


@in_transaction
def make_unreadable(user: User, *, now: datetime) -> None:
    """
    Take everything out of the tables by which somebody could be known, and every way in.

    Statements follow each other as references demand; each is one for all rows of a table.
    """
    addresses = {user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    leads = Lead.objects.filter(user=user)
    names = dict.fromkeys(leads.values_list("name", flat=True), FORMER_LEAD)
    alias = f"erased-{secrets.token_hex(12)}@erased.invalid"
    named = {**dict.fromkeys(addresses, alias), **({full: alias} if (full := user.get_full_name()) else {})}
    # First of all: the database lets other rows be changed only once the person has this address.
    _empty_person(user, alias)
    _close_ways_in(user)
    _forget_what_was_told(user)
    _forget_what_was_chosen(user)
    _empty_leads(user)
    _empty_own_accounts(user)
    _empty_checks(user, addresses, alias)
    _empty_desk(user)
    Transfer.objects.filter(user=user).update(note="")
    remove_archives(user=user, kept_until=now, now=now)
    Archive.objects.filter(user=user).update(reason="")
    for model, column in WRITTEN_BY_OTHERS:
        _replace(model, column, {**named, **names})


def _empty_person(user: User, alias: str) -> None:
    user.groups.clear()
    user.user_permissions.clear()
    User.objects.filter(pk=user.pk).update(
        email=alias,
        password=make_password(None),
        first_name="",
        last_name="",
        language=User._meta.get_field("language").get_default(),
        time_zone=User._meta.get_field("time_zone").get_default(),
        last_login=None,
        is_active=False,
        sessions_ended=F("sessions_ended") + 1,
    )


def _close_ways_in(user: User) -> None:
    sessions = [
        *UserSession.objects.filter(user=user).values_list("session_key", flat=True),
        *Device.objects.filter(user=user).values_list("session_key", flat=True),
    ]
    Session.objects.filter(session_key__in=[key for key in sessions if key]).delete()
    UserSession.objects.filter(user=user).delete()
    RefreshToken.objects.filter(device__user=user).delete()
    Device.objects.filter(user=user).delete()
    ProgramKey.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    EmailConfirmation.objects.filter(email_address__user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    KnownDevice.objects.filter(user=user).delete()
    IdempotentRequest.objects.filter(user=user).delete()
    RequestKey.objects.filter(user=user).update(words="")


def _forget_what_was_told(user: User) -> None:
    Delivery.objects.filter(Q(notice__user=user) | Q(subscription__user=user)).delete()
    Notice.objects.filter(user=user).delete()
    PushSubscription.objects.filter(user=user).delete()
    WebhookAttempt.objects.filter(delivery__webhook__user=user).delete()
    WebhookDelivery.objects.filter(webhook__user=user).delete()
    Webhook.objects.filter(user=user).delete()


def _forget_what_was_chosen(user: User) -> None:
    NoticeHabits.objects.filter(user=user).delete()
    NoticeSwitch.objects.filter(user=user).delete()
    Favourite.objects.filter(user=user).delete()
    LossLimit.objects.filter(user=user).delete()
    CopyFlag.objects.filter(Q(copy__follower=user) | Q(copy__lead__user=user)).delete()


def _empty_leads(user: User) -> None:
    slug = Concat(Value("former-lead-"), Cast("pk", CharField()))
    Lead.objects.filter(user=user).update(name=FORMER_LEAD, slug=slug, bio="", tags=[])
    LeadNotice.objects.filter(lead__user=user).update(text="")
    Invitation.objects.filter(lead__user=user).update(label="")
    LinkedAccount.objects.filter(lead__user=user).update(
        status=LinkedAccount.Status.REVOKED, sealed_key=b"", seal_id="", fingerprint="", reason=""
    )


def _empty_own_accounts(user: User) -> None:
    OwnHolding.objects.filter(account__user=user).delete()
    OwnAccount.objects.filter(user=user).update(
        status=OwnAccount.Status.REVOKED, sealed_key=b"", seal_id="", fingerprint="", reason=""
    )


def _empty_checks(user: User, addresses: set[str], alias: str) -> None:
    theirs = Q(user=user)
    for address in addresses:
        theirs |= Q(user__isnull=True, email__iexact=address)
    GateCase.objects.filter(theirs).update(email=alias, reason="")
    GateQuestion.objects.filter(theirs).update(email=alias, sentence="")
    JurisdictionChange.objects.filter(user=user).update(reason="")
    with connection.cursor() as cursor:
        cursor.execute(REQUESTS, [alias, user.pk])


def _empty_desk(user: User) -> None:
    """Take out what was complained, answered and noted: a dash, as an answer has to say something."""
    Complaint.objects.filter(user=user).update(subject=NO_WORDS, text=NO_WORDS)
    ComplaintStep.objects.filter(complaint__user=user).exclude(text="").update(text=NO_WORDS)
    PersonNote.objects.filter(person=user).update(text=NO_WORDS)


def _replace(model: type, column: str, named: Mapping[str, str]) -> None:
    """Put others in the place of names, wherever these stand as words of their own in a column."""
    for name, other in named.items():
        found = model._default_manager.filter(**{f"{column}__icontains": name})  # type: ignore[attr-defined]
        words = Func(F(column), Value(rf"\m{re.escape(name)}\M"), Value(other), Value("gi"), function="regexp_replace")
        found.update(**{column: words})
