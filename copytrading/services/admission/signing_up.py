"""
The door of people who are not here yet. The check is asked by the address of mail before there is an account.

Where an operator decides, the account is made and can do nothing that is asked about, but take money out, until then.
For an address that is known already the check is asked as well, so that both are answered alike, and nothing is kept.
"""

from datetime import datetime

from accounts.models import User
from accounts.transactions import outside_transaction
from copytrading.models import ConsentGiven, GateCase, JurisdictionChange
from copytrading.models import GateAct as Act
from copytrading.queries.admission.consents import texts_for
from copytrading.queries.admission.packs import pack_named
from copytrading.services.admission import gates
from copytrading.services.admission.gates import Asked

# What the page of the sign-up says that it is accepted by signing up.
ACCEPTED_BY_SIGNING_UP = "terms"


@outside_transaction
def ask_about(*, email: str, jurisdiction: str, is_known: bool, now: datetime) -> None:
    """
    Ask the check whether somebody may sign up.

    :raises GateDenied: if it says no, or says nothing.
    """
    if not gates.is_asked(Act.SIGN_UP):
        return
    _, case = gates.pass_gate(Asked(act=Act.SIGN_UP, email=email, jurisdiction=jurisdiction), now=now)
    if is_known and case is not None:
        # Whoever has the account did not ask, and must not wait for it.
        GateCase.objects.filter(pk=case.pk).update(status=GateCase.Status.DROPPED, decided_at=now)


def begin(*, user: User, jurisdiction: str, now: datetime) -> None:
    """Note for somebody who has just signed up whose rules count, what they accepted by it, and whose case it was."""
    if pack_named(jurisdiction) is not None:
        user.jurisdiction = jurisdiction
        user.save(update_fields=["jurisdiction"])
        JurisdictionChange.objects.create(user=user, after=jurisdiction, changed_by=user, changed_at=now)
    ConsentGiven.objects.bulk_create(
        [
            ConsentGiven(user=user, text=text.name, version=text.version, language=text.language, given_at=now)
            for text in texts_for(user)
            if text.name == ACCEPTED_BY_SIGNING_UP and text.given_at is None
        ]
    )
    if gates.is_asked(Act.SIGN_UP):
        GateCase.objects.filter(user__isnull=True, act=Act.SIGN_UP, email=user.email.lower()).update(user=user)
