"""The queue is a column: a lead whose copies need a cycle says since when, and the bell saves the wait."""

from datetime import datetime

from copytrading.models import Lead
from copytrading.services import bell


def request_sync(*, lead_id: int, now: datetime) -> None:
    """Note that a lead's copies need a cycle and ring the bell. In the caller's transaction."""
    Lead.objects.filter(pk=lead_id, sync_wanted_at__isnull=True).update(sync_wanted_at=now)
    bell.ring_for_lead(lead_id)
