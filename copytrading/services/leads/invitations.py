"""A lead invites: a link for so many copies, until a day, at a profit share of its own; and takes one back."""

import secrets
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext

from accounts.identity.places import written
from accounts.request_keys import Request
from accounts.transactions import owns_transaction
from copytrading.models import Invitation, Lead
from copytrading.services import bell, keys
from copytrading.services.leads.verbs import LeadNotActive
from copytrading.services.locks import lock_lead
from copytrading.services.refusals import Refusal

COPIES_MAX = 10_000
DAYS_MAX = 366
LABEL_LENGTH_MAX = 60
# Of those that still let somebody in: more of them nobody keeps apart.
OPEN_MAX = 100
# 128 bits: nobody comes upon one by trying.
TOKEN_BYTES = 16


class InvitationNotPossible(Refusal, code="invitation_not_possible"):
    """An invitation lets nobody in, or too many, ends too early or too late, or takes more than the lead does."""


@owns_transaction
def invite(
    *,
    lead_id: int,
    label: str,
    copies_max: int,
    profit_share_rate: Decimal,
    days: int,
    idempotency_key: str,
    now: datetime,
) -> Invitation:
    """
    Make a link by which so many may begin to copy within so many days; the same key again makes nothing new.

    :raises Refusal: if the lead does not lead, the rate is above the lead's own, a number is out of its bounds, or the
        key stands for another request.
    """
    label = label.strip()
    lead = Lead.objects.select_related("user").get(pk=lead_id)
    asked = Request.of(
        "invite",
        f"an invitation for {copies_max}",
        lead=lead_id,
        label=label,
        copies=copies_max,
        rate=f"{profit_share_rate:.4f}",
        days=days,
    )
    if keys.is_repeated(user=lead.user, key=idempotency_key, request=asked, now=now):
        return lead.invitations.get(idempotency_key=idempotency_key)
    lead = lock_lead(lead_id)
    if lead.status not in (Lead.Status.ACTIVE, Lead.Status.PAUSED):
        raise LeadNotActive(gettext("Only a lead who runs can invite somebody."))
    _refuse(lead, label, copies_max, profit_share_rate, days, now)
    made = Invitation.objects.create(
        lead=lead,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        label=label,
        copies_max=copies_max,
        profit_share_rate=profit_share_rate,
        made_at=now,
        expires_at=now + timedelta(days=days),
        idempotency_key=idempotency_key,
    )
    bell.publish(f"lead:{lead.pk}", "lead")
    return made


@owns_transaction
def withdraw(*, invitation_id: int, now: datetime) -> Invitation:
    """
    Let nobody in by an invitation from now on; copies that came by it keep their rate. Withdrawn again, it stays so.

    Under the lead's lock, so that a start is either before it or after.
    """
    lead_id = Invitation.objects.values_list("lead_id", flat=True).get(pk=invitation_id)
    lock_lead(lead_id)
    invitation = Invitation.objects.get(pk=invitation_id)
    if invitation.withdrawn_at is None:
        invitation.withdrawn_at = now
        invitation.save(update_fields=["withdrawn_at"])
        bell.publish(f"lead:{lead_id}", "lead")
    return invitation


def _refuse(lead: Lead, label: str, copies_max: int, rate: Decimal, days: int, now: datetime) -> None:
    if len(label) > LABEL_LENGTH_MAX:
        raise InvitationNotPossible(gettext("At most %(most)s characters.") % {"most": LABEL_LENGTH_MAX}, field="label")
    if not 1 <= copies_max <= COPIES_MAX:
        raise InvitationNotPossible(
            gettext("An invitation can be for 1 to %(most)s people.") % {"most": written(f"{COPIES_MAX:,}")},
            field="copies_max",
        )
    if not 1 <= days <= DAYS_MAX:
        raise InvitationNotPossible(
            gettext("An invitation can last 1 to %(most)s days.") % {"most": DAYS_MAX}, field="days"
        )
    if not 0 <= rate <= lead.profit_share_rate:
        raise InvitationNotPossible(
            gettext("Whoever you invite pays at most what everybody pays: 0 to %(most)s %%.")
            % {"most": written(f"{(lead.profit_share_rate * 100).normalize():f}")},
            field="profit_share_rate",
        )
    still_open = lead.invitations.filter(withdrawn_at__isnull=True, expires_at__gt=now)
    if still_open.count() >= OPEN_MAX:
        raise InvitationNotPossible(
            gettext("You have %(most)s invitations that are open, which is the most. Withdraw one first.")
            % {"most": OPEN_MAX}
        )
