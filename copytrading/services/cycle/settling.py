"""
The end of a look: flags are cleared, reductions and stopped copies are paid out, and the cycle is DONE.

Everything for all pooled copies of a lead at once, in one transaction with the lead locked. Those on their followers'
own accounts have flags and settlements of their own (`services/own`).
"""

from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Case, F, Q, Value, When

from accounts.transactions import outside_transaction
from copytrading.engine.rules import Rules
from copytrading.models import Copy, Lead, LeadPosition, Market, SyncCycle
from copytrading.services.books import positions, records
from copytrading.services.cycle import closing, reducing
from copytrading.services.cycle.scene import Scene
from copytrading.services.locks import lock_lead

WHAT_WAITS = """
    SELECT EXISTS (SELECT FROM copytrading_leadposition WHERE lead_id = %(lead)s AND touch_request IS NOT NULL),
        EXISTS (SELECT FROM copytrading_copy
            WHERE lead_id = %(lead)s AND own_account_id IS NULL
                AND (align_request IS NOT NULL OR status = 'STARTING')),
        EXISTS (SELECT FROM copytrading_leadorder
            WHERE lead_id = %(lead)s AND status = 'SUBMITTED' AND expires_at <= %(now)s),
        EXISTS (SELECT FROM copytrading_copyflow AS flow JOIN copytrading_copy AS copy ON copy.id = flow.copy_id
            WHERE copy.lead_id = %(lead)s AND copy.own_account_id IS NULL AND flow.status = 'REQUESTED'),
        EXISTS (SELECT FROM copytrading_copy
            WHERE lead_id = %(lead)s AND own_account_id IS NULL AND status = 'STOPPING'),
        (SELECT has_rest FROM copytrading_synccycle AS cycle WHERE id = %(cycle)s AND status <> 'DONE' AND NOT EXISTS (
            SELECT FROM copytrading_order WHERE cycle_id = cycle.id AND booked_at IS NULL))
"""


@outside_transaction
def settle_lead(
    *, lead_id: int, now: datetime, cycle: SyncCycle | None, followed: int, has_rest: bool, rules: Rules,
    scene: Scene | None = None,
) -> SyncCycle | None:  # fmt: skip
    """
    Finish a look at a lead: `cycle` is the one that traded, None where nothing was to be traded.

    :param followed: how many of the lead's requests the look knew of; a later one waits for the next.
    :param scene: what the cycle was decided by, at the same `now`; its marks are those of the record. None where the
        cycle was decided earlier.
    :param has_rest: something wanted could not be traded yet, so the flags stay and the bell rings again.
    """
    with transaction.atomic(durable=True):
        lead = lock_lead(lead_id)
        waiting = _what_waits(lead, cycle, now)
        if cycle is not None:
            if waiting.cycle_has_rest is None:
                # Another worker was faster, to the end or to the orders of the next phase.
                return SyncCycle.objects.get(pk=cycle.pk)
            has_rest = has_rest or waiting.cycle_has_rest
        elif lead.cycles.exclude(status=SyncCycle.Status.DONE).exists():
            return None
        _clear_flags(lead, now, waiting, followed=followed, has_rest=has_rest)
        if waiting.orders_expired:
            positions.expire_lead_orders(lead=lead, now=now)
        if waiting.reductions:
            reducing.pay_reductions(lead, now, followed=followed, has_rest=has_rest, rules=rules)
        if waiting.exits:
            closing.close_stopped_copies(lead, now, rules=rules)
        if lead.status == Lead.Status.ENDED:
            closing.return_own_money(lead, now, rules=rules)
        if cycle is not None:
            cycle.status, cycle.done_at = SyncCycle.Status.DONE, now
            cycle.save(update_fields=["status", "done_at"])
        lead.save(update_fields=["sync_wanted_at", "looked_at", "failures"])
    if cycle is not None:
        seen = (scene.board, scene.cash) if scene is not None else None
        records.record_unit_price(lead=lead, now=now, rules=rules, seen=seen)
    return cycle


class _Waiting(NamedTuple):
    """Whether there is any of what a settlement may have to do for a lead and its copies."""

    touches: bool
    copies_to_align: bool
    orders_expired: bool
    reductions: bool
    exits: bool
    # Of the cycle that is to be settled; None where it is done, or has an order on its way.
    cycle_has_rest: bool | None


def _what_waits(lead: Lead, cycle: SyncCycle | None, now: datetime) -> _Waiting:
    """Return what there is to settle, in one statement: most looks find next to nothing. The lead is locked."""
    with connection.cursor() as cursor:
        cursor.execute(WHAT_WAITS, {"lead": lead.pk, "cycle": cycle.pk if cycle else None, "now": now})
        return _Waiting(*cursor.fetchone())


def _clear_flags(lead: Lead, now: datetime, waiting: _Waiting, *, followed: int, has_rest: bool) -> None:
    """What was followed need not be followed again; what came in meanwhile waits for the next cycle."""
    lead.looked_at, lead.failures = now, 0
    begun = Q(status=Copy.Status.STARTING, align_request__isnull=True)
    if has_rest:
        lead.sync_wanted_at = lead.sync_wanted_at or now
    else:
        if lead.request_count == followed:
            lead.sync_wanted_at = None
        if waiting.touches:
            # A trade in a closed market waits there, for the copies that answer orders as well, until it opens.
            closed = Q(asset__in=Market.objects.filter(status=Market.Status.SUSPENDED).values("base_id"))
            LeadPosition.objects.filter(lead=lead, touch_request__lte=followed).update(
                touch_request=Case(When(closed, then=LeadPosition.WAITS_FOR_MARKET), default=None),
                pending_units=Case(When(closed, then=F("pending_units")), default=0),
                pending_orders=Case(When(closed, then=F("pending_orders")), default=0),
            )
        begun = Q(align_request__lte=followed) | begun
    if waiting.copies_to_align:
        starting = When(status=Copy.Status.STARTING, then=Value(Copy.Status.ACTIVE))
        Copy.objects.filter(begun, lead=lead, own_account__isnull=True).update(
            align_request=None, status=Case(starting, default=F("status"))
        )
