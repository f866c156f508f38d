"""What a lead writes to everybody who follows."""

from datetime import datetime

from django.utils.translation import gettext

from accounts.request_keys import Request
from accounts.transactions import owns_transaction
from copytrading.models import Copy, Lead, LeadNotice, Notice
from copytrading.services import bell, keys
from copytrading.services.locks import lock_lead
from copytrading.services.refusals import Refusal
from copytrading.services.telling.notices import tell_followers

LENGTH_MAX = 500


class NoticeNotPossible(Refusal):
    code = "notice_not_possible"
    field = "text"


@owns_transaction
def write_to_followers(*, lead_id: int, text: str, idempotency_key: str, now: datetime) -> LeadNotice:
    """
    Show a text of up to 500 characters on the page of every running copy; the same key again writes nothing new.

    :raises NoticeNotPossible: if there is nothing to say, too much, or the lead does not lead.
    :raises KeyReused: if the key stands for another request.
    """
    text = text.strip()
    if not 0 < len(text) <= LENGTH_MAX:
        raise NoticeNotPossible(gettext("Write 1 to %(most)s characters.") % {"most": LENGTH_MAX})
    lead = Lead.objects.select_related("user").get(pk=lead_id)
    asked = Request.of("notice", f"a notice that begins “{text[:40]}”", lead=lead_id, text=text)
    if keys.is_repeated(user=lead.user, key=idempotency_key, request=asked, now=now):
        return lead.notices.get(idempotency_key=idempotency_key)
    lead = lock_lead(lead_id)
    if lead.status not in (Lead.Status.ACTIVE, Lead.Status.PAUSED):
        raise NoticeNotPossible(gettext("Only a lead who runs has followers to write to."))
    written = LeadNotice.objects.create(lead=lead, text=text, idempotency_key=idempotency_key, written_at=now)
    tell_followers(lead, Notice.Kind.LEAD_WROTE, None, now, lead_notice=written)
    followers = Copy.objects.filter(lead=lead).exclude(status=Copy.Status.STOPPED)
    bell.publish_to_users(list(followers.values_list("follower_id", flat=True)), "activity")
    return written
