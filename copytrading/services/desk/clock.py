"""
The clock of complaints: by when they are acknowledged and answered, and what happens once that has passed.

Within a day somebody says that it was read, and within 15 working days there is an answer: what EU law asks of payment
services (Directive 2015/2366, article 101), and shorter than the two months that crypto services have. Working days are
Mondays to Fridays in UTC. Holidays, which differ from country to country, count as well, so nobody ever waits longer
than was said. Constants and no rules of the platform: what was promised stands in the row of each complaint.
"""

from datetime import datetime, timedelta

from accounts.transactions import owns_transaction
from copytrading.models import Alarm, Complaint, ComplaintStep
from copytrading.queries.desk import complaints as queries
from copytrading.services.safety import alarms

ACKNOWLEDGED_WITHIN = timedelta(days=1)
ANSWERED_WITHIN_WORKING_DAYS = 15
SATURDAY = 5
CLOSED_AT_ONCE = 1_000


def acknowledge_by(received_at: datetime) -> datetime:
    """Return by when what came in is acknowledged."""
    return received_at + ACKNOWLEDGED_WITHIN


def answer_by(received_at: datetime) -> datetime:
    """Return by when what came in is answered: at the same time of day, so many working days later."""
    due, left = received_at, ANSWERED_WITHIN_WORKING_DAYS
    while left:
        due += timedelta(days=1)
        left -= due.weekday() < SATURDAY
    return due


def alarm_key(complaint_id: int) -> str:
    """Return the key of the alarm about a complaint whose time has run out."""
    return f"complaint:{complaint_id}"


def watch(*, now: datetime) -> int:
    """Close what nobody reopened, and raise an alarm for each complaint whose time has run out; return how many."""
    _close_answered(now=now)
    late = {
        alarm_key(complaint.pk): queries.line_of(complaint, now=now) for complaint in queries.overdue(now=now)
    }  # fmt: skip
    alarms.raise_alarms(kind=Alarm.Kind.COMPLAINT_OVERDUE, sentences=late, now=now)
    alarms.clear_others(kind=Alarm.Kind.COMPLAINT_OVERDUE, standing=late, now=now)
    return len(late)


@owns_transaction
def _close_answered(*, now: datetime) -> int:
    """Close what was answered and not reopened in time; up to a thousand a round, and the rest with the next."""
    old = Complaint.objects.filter(
        status=Complaint.Status.ANSWERED, answered_at__lt=now - queries.REOPENED_WITHIN
    ).order_by("pk")
    ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:CLOSED_AT_ONCE])
    Complaint.objects.filter(pk__in=ids).update(status=Complaint.Status.CLOSED, closed_at=now)
    steps = [ComplaintStep(complaint_id=pk, kind=ComplaintStep.Kind.CLOSED, taken_at=now) for pk in ids]
    ComplaintStep.objects.bulk_create(steps)
    return len(ids)
