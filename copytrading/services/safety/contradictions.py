"""
Rows of leads that contradict each other: what cannot have been is told to the people of the platform.

Pages show what is known all the same; see queries.leads.trades.
"""

from datetime import datetime

from copytrading.models import Alarm
from copytrading.queries.leads.trades import who_sold_unbought
from copytrading.services.safety import alarms


def tell_contradictions(*, now: datetime) -> int:
    """Raise an alarm for each lead and coin of which more was sold than bought, and return how many there are."""
    found = who_sold_unbought()
    for lead_id, symbol in found:
        alarms.raise_alarm(
            kind=Alarm.Kind.LEAD_CONTRADICTS,
            key=f"contradicts:{lead_id}:{symbol}",
            sentence=f"Lead {lead_id} sold more {symbol} here than it bought; its pages count what was bought.",
            now=now,
        )
    return len(found)
