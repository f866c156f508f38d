"""Who comes by an invitation: asked where the lead is locked, so that everybody who comes by it is counted."""

from datetime import datetime

from django.utils.translation import gettext

from copytrading.models import Invitation, Lead
from copytrading.queries.leading import invitations
from copytrading.queries.leading.invitations import WHY_NOT, InvitationState
from copytrading.services.refusals import Refusal


class InvitationNotOpen(Refusal, code="invitation_not_open", field="invitation"):
    """The invitation is used up, over, withdrawn, or none of this lead's; without it the copy can be started."""


def refuse_closed(lead: Lead, token: str, now: datetime) -> Invitation | None:
    """
    Return the invitation that somebody comes by, None without one; refuse one that lets nobody in.

    The answer holds for as long as the lead is locked, since every copy that comes by it is made under that lock.
    """
    if not token:
        return None
    invitation = invitations.found(lead, token)
    copies = 0 if invitation is None else invitations.used_by(invitation)
    state = invitations.state_of(invitation, copies=copies, now=now)
    if state is not InvitationState.OPEN:
        without = gettext("You can copy %(lead)s without it.") % {"lead": lead.name}
        raise InvitationNotOpen(f"{gettext(WHY_NOT[state])} {without}")
    return invitation
