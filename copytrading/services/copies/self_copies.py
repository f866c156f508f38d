"""
Leads who copy themselves: it would fake followers, and the money that seems to follow.

The rule, as far as it can be known: nobody copies a lead of their own, and users who share a mailbox are one person
(the same address but for a +label, Gmail's dots, and any other address that either has verified). Likeness without
proof starts the copy and flags it, for operators to look at: the same name before the @ at another provider, or the
same first and last name. Whoever uses two mailboxes without likeness is not found by this.
"""

from datetime import datetime

from django.utils.translation import gettext

from accounts import queries as account_queries
from accounts.models import User
from accounts.transactions import in_transaction
from copytrading.models import Copy, CopyFlag, Lead
from copytrading.services.refusals import Refusal

REASONS = {
    account_queries.Likeness.LOCAL_PART: CopyFlag.Reason.SAME_LOCAL_PART,
    account_queries.Likeness.FULL_NAME: CopyFlag.Reason.SAME_FULL_NAME,
}


class OwnLead(Refusal):
    code = "own_lead"


def refuse_own_lead(lead: Lead, follower: User) -> None:
    """:raises OwnLead: if the follower is known to be the person behind the lead."""
    if lead.user_id == follower.pk:
        raise OwnLead(gettext("This is your own portfolio; you cannot copy yourself."))
    if account_queries.share_a_mailbox(lead.user, follower):
        raise OwnLead(gettext("Your mailbox is that of the person behind this lead; nobody can copy themselves."))


@in_transaction
def flag_likeness(copy: Copy, *, now: datetime) -> CopyFlag | None:
    """Flag a copy if its follower looks like the lead, and return the flag."""
    likeness = account_queries.likeness_of(copy.lead.user, copy.follower)
    if likeness is None:
        return None
    return CopyFlag.objects.create(copy=copy, reason=REASONS[likeness], flagged_at=now)
