"""Which lead is looked at next, and that one lead's trouble stays its own."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import Error as DatabaseError
from django.db.models import F

from copytrading.exchange.base import VenueError
from copytrading.models import Lead, Order
from copytrading.services import bell, syncing, trading

log = structlog.get_logger()

# A request that placed a manual order has long answered by then.
MANUAL_ORDER_SECONDS = 5


def sync_due_leads(*, now: datetime) -> int:
    """Ring for every lead that is due and return how many; the work itself is done one lead a task."""
    due = syncing.leads_to_sync(now=now)
    for lead_id in due:
        bell.ring_for_lead(lead_id)
    return len(due)


def sync_one_lead(*, lead_id: int, clock: Callable[[], datetime]) -> None:
    """
    Take one lead as far as it goes, and count a failure against it, so that the others go on.

    After five failures in a row the lead is set aside, visible to operators, until one resumes it.
    """
    try:
        syncing.sync_lead(lead_id=lead_id, now=clock(), clock=clock)
    except (DatabaseError, VenueError, AssertionError, ArithmeticError, LookupError, ValueError) as trouble:
        Lead.objects.filter(pk=lead_id).update(failures=F("failures") + 1)
        log.exception("A lead's cycle failed; it is tried again.", lead_id=lead_id, trouble=type(trouble).__name__)


def work_off_manual_orders(*, now: datetime) -> int:
    """Finish manual orders that nobody finished, and return how many were looked at."""
    stuck = Order.objects.filter(
        cycle__isnull=True, booked_at__isnull=True, planned_at__lte=now - timedelta(seconds=MANUAL_ORDER_SECONDS)
    ).order_by("pk")
    for order_id in stuck.values_list("pk", flat=True):
        trading.work_off_order(order_id=order_id, now=now)
    return len(stuck)
