"""
The queue is a column: a lead whose copies need a cycle says since when, and the bell saves the wait.

Requests are numbered by their lead, and a decision knows how many it has seen. So it is a count in the lead's own row,
and no clock, that tells what a decision knew of from what came after it.

The fence is made of the same numbers. A copy that is stopped, paused or reduced keeps the number of that, and an order
how many its decision knew of: an order that buys for a copy with a later number is not sent. What no decision looks at,
as the stop loss, raises no fence: the same would be planned again, and everybody else's share of the order would wait.
"""

from datetime import datetime

from django.db import connection

from accounts.transactions import in_transaction
from copytrading.services import bell


@in_transaction
def number_change(*, lead_id: int) -> int:
    """Return a number for a change that needs no cycle of its own: later than every decision that was made so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE copytrading_lead SET request_count = request_count + 1 WHERE id = %s RETURNING request_count",
            [lead_id],
        )
        (number,) = cursor.fetchone()
    return int(number)


@in_transaction
def request_sync(*, lead_id: int, now: datetime) -> int:
    """
    Note that a lead's copies need a cycle, ring the bell, and return the number of this request.

    What is asked for by that number is written in the same transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE copytrading_lead SET request_count = request_count + 1,"
            " sync_wanted_at = coalesce(sync_wanted_at, %s) WHERE id = %s RETURNING request_count",
            [now, lead_id],
        )
        (number,) = cursor.fetchone()
    bell.ring_for_lead(lead_id)
    return int(number)
