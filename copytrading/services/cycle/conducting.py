"""Which lead is looked at next, and that one lead's trouble stays its own."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import F

from accounts.models import User
from copytrading.engine.rules import Rules
from copytrading.exchange.errors import VenueError, VenueUnreachable
from copytrading.models import Alarm, Lead, Order
from copytrading.queries.rules import platform_rules
from copytrading.services import bell, queueing
from copytrading.services.cycle import syncing
from copytrading.services.locks import lock_lead
from copytrading.services.orders import trading
from copytrading.services.refusals import Refusal
from copytrading.services.safety import alarms, venue_watch

log = structlog.get_logger()

# A request that placed a manual order has long answered by then.
MANUAL_ORDER_SECONDS = 5


class LeadNotSetAside(Refusal):
    code = "lead_not_set_aside"


def sync_due_leads(*, now: datetime) -> int:
    """Ring for every lead that is due and return how many; the work itself is done one lead a task."""
    due = syncing.leads_to_sync(now=now)
    for lead_id in due:
        bell.ring_for_lead(lead_id)
    return len(due)


def sync_one_lead(*, lead_id: int, clock: Callable[[], datetime]) -> None:
    """
    Take one lead as far as it goes, and count a failure against it, so that the others go on.

    After five failures in a row the lead is set aside and an alarm raised, until an operator readmits it. A venue that
    does not answer is nobody's failure: that is noted apart, and every lead is tried again.
    """
    bell.answer_for_lead(lead_id)
    try:
        syncing.sync_lead(lead_id=lead_id, now=clock(), clock=clock)
    except VenueUnreachable as silence:
        venue_watch.note_trouble(trouble=silence, now=clock())
        log.warning("The venue did not answer; the lead is tried again.", lead_id=lead_id, trouble=str(silence))
    except (DatabaseError, VenueError, AssertionError, ArithmeticError, LookupError, ValueError) as trouble:
        log.exception("A lead's cycle failed; it is tried again.", lead_id=lead_id, trouble=type(trouble).__name__)
        _count_failure(lead_id, trouble, now=clock(), rules=platform_rules())


def readmit_lead(*, lead_id: int, by: User, now: datetime) -> Lead:
    """
    Look again at a lead that was set aside after failures, and clear its alarm.

    :raises LeadNotSetAside: if it was not.
    """
    with transaction.atomic(durable=True):
        lead = lock_lead(lead_id)
        if lead.failures < platform_rules().failures_max:
            raise LeadNotSetAside(f"{lead.name} is not set aside.")
        lead.failures = 0
        lead.save(update_fields=["failures"])
        queueing.request_sync(lead_id=lead.pk, now=now)
        alarms.clear_alarm(key=alarms.set_aside_key(lead.pk), now=now, by=by)
    return lead


def _count_failure(lead_id: int, trouble: Exception, *, now: datetime, rules: Rules) -> None:
    Lead.objects.filter(pk=lead_id).update(failures=F("failures") + 1)
    lead = Lead.objects.get(pk=lead_id)
    if lead.failures >= rules.failures_max:
        # The exception's own words may carry anything; they are in the log.
        alarms.raise_alarm(
            kind=Alarm.Kind.LEAD_SET_ASIDE,
            key=alarms.set_aside_key(lead_id),
            sentence=f"{lead.name} was set aside after {lead.failures} failures in a row ({type(trouble).__name__}).",
            now=now,
        )


def work_off_manual_orders(*, now: datetime) -> int:
    """Finish manual orders that nobody finished, and return how many were looked at."""
    stuck = Order.objects.filter(
        cycle__isnull=True, booked_at__isnull=True, planned_at__lte=now - timedelta(seconds=MANUAL_ORDER_SECONDS)
    ).order_by("pk")
    order_ids, rules = list(stuck.values_list("pk", flat=True)), platform_rules()
    for order_id in order_ids:
        trading.work_off_order(order_id=order_id, now=now, rules=rules)
    return len(order_ids)
