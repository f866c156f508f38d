"""
The end of a look: flags are cleared, reductions and stopped copies are paid out, and the cycle is DONE.

Everything for all copies of a lead at once, in one transaction with the lead locked.
"""

from datetime import datetime

from django.db import transaction

from accounts.transactions import outside_transaction
from copytrading.engine.rules import Rules
from copytrading.models import Copy, Lead, LeadPosition, Market, SyncCycle
from copytrading.services.books import positions, records
from copytrading.services.cycle import closing, reducing
from copytrading.services.locks import lock_lead


@outside_transaction
def settle_lead(
    *, lead_id: int, now: datetime, cycle: SyncCycle | None, followed: int, has_rest: bool, rules: Rules
) -> SyncCycle | None:
    """
    Finish a look at a lead: `cycle` is the one that traded, None where nothing was to be traded.

    :param followed: how many of the lead's requests the look knew of; a later one waits for the next.
    :param has_rest: something wanted could not be traded yet, so the flags stay and the bell rings again.
    """
    with transaction.atomic(durable=True):
        lead = lock_lead(lead_id)
        if cycle is not None:
            cycle = SyncCycle.objects.select_for_update().get(pk=cycle.pk)
            # Another worker may have been faster, to the end or to the orders of the next phase.
            if cycle.status == SyncCycle.Status.DONE or cycle.orders.filter(booked_at__isnull=True).exists():
                return cycle
        elif lead.cycles.exclude(status=SyncCycle.Status.DONE).exists():
            return None
        _clear_flags(lead, now, followed=followed, has_rest=has_rest)
        positions.expire_lead_orders(lead=lead, now=now)
        reducing.pay_reductions(lead, now, followed=followed, has_rest=has_rest, rules=rules)
        closing.close_stopped_copies(lead, now, rules=rules)
        if lead.status == Lead.Status.ENDED:
            closing.return_own_money(lead, now, rules=rules)
        if cycle is not None:
            cycle.status, cycle.done_at = SyncCycle.Status.DONE, now
            cycle.save(update_fields=["status", "done_at"])
        lead.save(update_fields=["sync_wanted_at", "looked_at", "failures"])
    if cycle is not None:
        records.record_unit_price(lead=lead, now=now, rules=rules)
    return cycle


def _clear_flags(lead: Lead, now: datetime, *, followed: int, has_rest: bool) -> None:
    """What was followed need not be followed again; what came in meanwhile waits for the next cycle."""
    lead.looked_at, lead.failures = now, 0
    copies = Copy.objects.filter(lead=lead)
    if has_rest:
        lead.sync_wanted_at = lead.sync_wanted_at or now
    else:
        if lead.request_count == followed:
            lead.sync_wanted_at = None
        # A trade in a closed market waits there, for the copies that answer orders as well, until it opens.
        known = LeadPosition.objects.filter(lead=lead, touch_request__lte=followed)
        closed = Market.objects.filter(status=Market.Status.SUSPENDED).values("base_id")
        known.exclude(asset__in=closed).update(touch_request=None, pending_units=0, pending_orders=0)
        known.update(touch_request=LeadPosition.WAITS_FOR_MARKET)
        copies.filter(align_request__lte=followed).update(align_request=None)
    copies.filter(status=Copy.Status.STARTING, align_request__isnull=True).update(status=Copy.Status.ACTIVE)
