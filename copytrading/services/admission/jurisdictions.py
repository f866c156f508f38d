"""Whose rules count for somebody: named once by the person, and changed by an operator from then on."""

from datetime import datetime

from django.utils.translation import gettext

from accounts.models import User
from accounts.transactions import owns_transaction
from copytrading.models import JurisdictionChange
from copytrading.queries.admission.packs import pack_named
from copytrading.services.admission.refusals import JurisdictionNotChanged

REASON_LENGTH_MAX = 200


@owns_transaction
def choose(*, user: User, jurisdiction: str, now: datetime) -> JurisdictionChange:
    """
    Let somebody name their jurisdiction, once.

    :raises JurisdictionNotChanged: if they have named one, or there is no such one.
    """
    person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if person.jurisdiction:
        raise JurisdictionNotChanged(gettext("Only the operators can change this now: write to them."))
    changed = _change(person, jurisdiction, by=person, reason="", now=now)
    user.jurisdiction = jurisdiction
    return changed


@owns_transaction
def change(*, user: User, jurisdiction: str, by: User, reason: str, now: datetime) -> JurisdictionChange:
    """
    Change whose rules count for somebody, as an operator. Running copies go on; the next start is asked about anew.

    :raises JurisdictionNotChanged: if it counts already, there is no such one, or it is the operator's own.
    """
    person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if person.pk == by.pk:
        raise JurisdictionNotChanged("This is your own: another operator has to change it.", field="email")
    if person.jurisdiction == jurisdiction:
        raise JurisdictionNotChanged("Those rules count for this person already.")
    return _change(person, jurisdiction, by=by, reason=reason, now=now)


def _change(person: User, jurisdiction: str, *, by: User, reason: str, now: datetime) -> JurisdictionChange:
    if pack_named(jurisdiction) is None:
        raise JurisdictionNotChanged(gettext("There is no such jurisdiction here."))
    before, person.jurisdiction = person.jurisdiction, jurisdiction
    person.save(update_fields=["jurisdiction"])
    return JurisdictionChange.objects.create(
        user=person,
        before=before,
        after=jurisdiction,
        changed_by=by,
        reason=reason.strip()[:REASON_LENGTH_MAX],
        changed_at=now,
    )
