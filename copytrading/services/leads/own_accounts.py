"""Whether a lead takes copies that trade on their followers' own accounts, where no profit share can be collected."""

from datetime import datetime

from django.utils.translation import gettext

from accounts.transactions import owns_transaction
from copytrading.models import Lead, LeadStatusChange
from copytrading.services import bell
from copytrading.services.leads.verbs import LeadNotActive
from copytrading.services.locks import lock_lead


@owns_transaction
def choose_own_accounts(*, lead_id: int, takes: bool, now: datetime) -> Lead:
    """
    Agree that copies on own accounts pay no profit share, or take no more of them. Those that run go on as they are.

    :raises LeadNotActive: if the lead has ended.
    """
    lead = lock_lead(lead_id)
    if lead.status == Lead.Status.ENDED:
        raise LeadNotActive(gettext("%(name)s has ended; there are no terms to change.") % {"name": lead.name})
    if lead.takes_own_accounts == takes:
        return lead
    lead.takes_own_accounts = takes
    lead.save(update_fields=["takes_own_accounts"])
    what = LeadStatusChange.What.TAKES_OWN if takes else LeadStatusChange.What.NO_OWN
    LeadStatusChange.objects.create(lead=lead, status=what, changed_at=now)
    bell.publish(f"lead:{lead.pk}", "lead")
    return lead
