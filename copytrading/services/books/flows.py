"""What money that a lead moves in or out means: units of the portfolio, a window to settle, word to the followers."""

from datetime import datetime, timedelta

from accounts.transactions import in_transaction
from copytrading.engine.rules import Rules
from copytrading.models import Lead, LeadFlow, Notice
from copytrading.services.books import positions, stakes
from copytrading.services.telling import notices


@in_transaction
def note_flow(
    *,
    lead: Lead,
    units: int,
    equity_before: float,
    idempotency_key: str,
    now: datetime,
    rules: Rules,
) -> None:
    """
    Book a flow of quote units on a lead's record; it is no return, and it opens the settling window.

    The lead is locked and measured, the money moved already.

    :param equity_before: the lead's equity in quote units before the money moved.
    """
    LeadFlow.objects.create(lead=lead, units=units, idempotency_key=idempotency_key, moved_at=now)
    positions.issue_units(lead=lead, flow_units=units, equity_before=equity_before)
    lead.settling_until = now + timedelta(seconds=rules.settling_seconds)
    lead.save(update_fields=["settling_until"])
    kind = Notice.Kind.LEAD_DEPOSITED if units > 0 else Notice.Kind.LEAD_WITHDREW
    notices.tell_followers(lead, kind, abs(units), now)
    if stakes.watch_stake(lead=lead, is_withdrawal=units < 0, now=now, rules=rules):
        worth = stakes.worth_units(lead, now=now, rules=rules)
        notices.tell_followers(lead, Notice.Kind.STAKE_LOW, worth, now)
        notices.tell_person(lead.user_id, Notice.Kind.OWN_STAKE_LOW, now, lead=lead, units=worth)
