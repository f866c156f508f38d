"""The share of followers' copies that lost money over twelve months, for the warnings that name it."""

from datetime import datetime, timedelta

from django.db import connection

from accounts.transactions import outside_transaction
from copytrading.models import LossFigure
from copytrading.queries.admission.packs import packs

MONTHS_12 = timedelta(days=365)
COUNTED_EVERY = timedelta(days=1)

# Each copy that ran within the year: its worth then, or nothing once it was paid out, less its worth when the year
# began, less what was put in since. Both are its own records nearest to the ends, as in the results people are told.
COUNT = """
    WITH outcome AS (
        SELECT coalesce(closing.equity_units, 0) - coalesce(opening.equity_units, 0) - coalesce(flows.moved, 0) AS units
        FROM copytrading_copy AS copy
        LEFT JOIN LATERAL (
            SELECT recorded_at, equity_units FROM copy_records(copy.id)
            WHERE recorded_at <= %(since)s ORDER BY recorded_at DESC LIMIT 1) AS opening
            ON copy.started_at <= %(since)s
        LEFT JOIN LATERAL (
            SELECT recorded_at, equity_units FROM copy_records(copy.id)
            WHERE recorded_at <= %(now)s ORDER BY recorded_at DESC LIMIT 1) AS closing ON copy.stopped_at IS NULL
        LEFT JOIN LATERAL (
            SELECT sum(units) AS moved FROM copytrading_copyflow
            WHERE copy_id = copy.id AND status = 'DONE' AND moved_at > coalesce(opening.recorded_at, '-infinity')
                AND moved_at <= CASE WHEN copy.stopped_at IS NULL THEN closing.recorded_at ELSE %(now)s END
            ) AS flows ON TRUE
        WHERE copy.started_at < %(now)s AND (copy.stopped_at IS NULL OR copy.stopped_at > %(since)s)
            AND (closing.recorded_at IS NOT NULL OR copy.stopped_at IS NOT NULL)
    )
    SELECT count(*), count(*) FILTER (WHERE units < 0) FROM outcome
"""


@outside_transaction
def count_losses_if_due(*, now: datetime) -> LossFigure | None:
    """Count once a day, where a warning names the figure, and return it; None where nothing is due."""
    if not any(pack.warning for pack in packs()):
        return None
    if LossFigure.objects.filter(counted_at__gt=now - COUNTED_EVERY).exists():
        return None
    return count_losses(now=now)


@outside_transaction
def count_losses(*, now: datetime) -> LossFigure:
    """Count the copies of the twelve months before now, and those of them that lost money, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"now": now, "since": now - MONTHS_12})
        copies, losing = cursor.fetchone()
    return LossFigure.objects.create(counted_at=now, copies=copies, losing=losing)
