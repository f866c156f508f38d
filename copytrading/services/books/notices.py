"""What followers are told of their lead: facts, and what the lead writes to them."""

from datetime import datetime

from django.db import connection

from accounts.request_keys import Request
from accounts.transactions import in_transaction, owns_transaction
from copytrading.models import Copy, Lead, LeadNotice, Notice
from copytrading.services import bell, keys
from copytrading.services.locks import lock_lead
from copytrading.services.refusals import Refusal

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
        raise NoticeNotPossible(f"Write 1 to {LENGTH_MAX} characters.")
    lead = Lead.objects.select_related("user").get(pk=lead_id)
    asked = Request.of("notice", f"a notice that begins “{text[:40]}”", lead=lead_id, text=text)
    if keys.is_repeated(user=lead.user, key=idempotency_key, request=asked, now=now):
        return lead.notices.get(idempotency_key=idempotency_key)
    lead = lock_lead(lead_id)
    if lead.status not in (Lead.Status.ACTIVE, Lead.Status.PAUSED):
        raise NoticeNotPossible("Only a lead who runs has followers to write to.")
    written = LeadNotice.objects.create(lead=lead, text=text, idempotency_key=idempotency_key, written_at=now)
    tell_followers(lead, Notice.Kind.LEAD_WROTE, None, now, lead_notice=written)
    followers = Copy.objects.filter(lead=lead).exclude(status=Copy.Status.STOPPED)
    bell.publish_to_users(list(followers.values_list("follower_id", flat=True)), "activity")
    return written


@in_transaction
def tell_followers(
    lead: Lead, kind: Notice.Kind, units: int | None, now: datetime, *, lead_notice: LeadNotice | None = None
) -> None:
    """Write a notice for every running copy, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO copytrading_notice (copy_id, kind, units, lead_notice_id, noted_at)"
            " SELECT id, %s, %s, %s, %s FROM copytrading_copy WHERE lead_id = %s AND status <> 'STOPPED'",
            [kind, units, None if lead_notice is None else lead_notice.pk, now, lead.pk],
        )
    bell.publish(f"lead:{lead.pk}", "lead")
