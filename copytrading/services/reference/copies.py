"""
Reference copies are started for leads that have none, and stopped where there are to be none.

They are started by the service that everybody uses, so each of their costs is real, the lead's profit share included.
Whatever stops one but the lead's end, the next look starts another: what an operator stops, too. A lead who takes
nobody, cannot be seen or has too little own money in is asked again later, as a follower would.
"""

from datetime import datetime

from accounts.transactions import outside_transaction
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.rules import Rules
from copytrading.models import Copy, ReferenceHolder
from copytrading.queries.copies import reference
from copytrading.queries.rules import platform_rules
from copytrading.services.copies import verbs
from copytrading.services.copies.refusals import CopyNotActive
from copytrading.services.reference.holder import has_money, holder
from copytrading.services.refusals import Refusal

# So many leads are looked at by one ring, and each minute begins further on: those who refuse hold up nobody.
AT_ONCE = 50
MINUTE_SECONDS = 60


@outside_transaction
def keep_reference_copies(*, now: datetime) -> int:
    """Start the reference copies that are missing, some at a time, or stop them all; return how many it were."""
    rules = platform_rules()
    if not rules.reference_copy_amount:
        return _stop_some(now=now)
    lead_ids = list(reference.leads_without().values_list("pk", flat=True))
    if not lead_ids:
        return 0
    held_by = holder(now=now)
    first = int(now.timestamp()) // MINUTE_SECONDS * AT_ONCE % len(lead_ids)
    started = 0
    for lead_id in [*lead_ids[first:], *lead_ids[:first]][:AT_ONCE]:
        key = f"reference {lead_id} {now:%Y%m%d%H%M%S%f}"
        if not has_money(held_by, units=copy_units(rules), key=key, now=now, rules=rules):
            _note_money(held_by, is_lacking=True, now=now)
            return started
        started += _start(held_by, lead_id=lead_id, now=now, rules=rules)
    _note_money(held_by, is_lacking=False, now=now)
    return started


def copy_units(rules: Rules) -> int:
    """Return what one reference copy is started with, in quote units: no less than anybody has to start with."""
    return max(rules.reference_copy_amount, rules.investment_min) * 10**rules.cash_decimals


def _start(held_by: ReferenceHolder, *, lead_id: int, now: datetime, rules: Rules) -> int:
    run = Copy.objects.filter(lead=lead_id, is_reference=True).count()
    try:
        verbs.start_copy(
            follower=held_by.user,
            lead_id=lead_id,
            investment_units=copy_units(rules),
            terms=Terms(),
            idempotency_key=f"reference {lead_id} {run}",
            is_reference=True,
            now=now,
        )
    except Refusal:
        # The lead takes nobody now, or the money went to another look: the next one asks again.
        return 0
    return 1


def _stop_some(*, now: datetime) -> int:
    running = Copy.objects.filter(is_reference=True, status__in=Copy.GUARDED).order_by("pk")
    stopped = 0
    for copy_id in list(running.values_list("pk", flat=True)[:AT_ONCE]):
        try:
            verbs.stop_copy(copy_id=copy_id, reason=Copy.StopReason.OPERATOR, now=now)
        except CopyNotActive:
            continue
        stopped += 1
    # Whose copies nobody wants waits for no money.
    ReferenceHolder.objects.filter(lacks_money_since__isnull=False).update(lacks_money_since=None)
    return stopped


def _note_money(held_by: ReferenceHolder, *, is_lacking: bool, now: datetime) -> None:
    """Note since when money is missing: the panel says so for as long."""
    if is_lacking != (held_by.lacks_money_since is None):
        return
    held_by.lacks_money_since = now if is_lacking else None
    held_by.save(update_fields=["lacks_money_since"])
