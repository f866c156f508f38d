"""
How much has followed a lead, day by day: copies that ran, the money in them, and what they had paid by then.

Copies are counted by when they began and ended, the platform's own left out. The money is what was recorded of it, net
of the profit share that was due; a day on which nobody looked, or a coin had no price, has none. What was paid is less
the platform's part, and sums to the earnings. All of it is one statement, however many copies there are.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection

from copytrading.models import Lead

DAYS = 90
COPIES, EARNED, MONEY = 0, 1, 2

# Of the moments that are asked about, `width_bucket` says before which one something happened.
STATEMENT = """
    WITH moved AS (
        SELECT started_at AS at, 1 AS change FROM copytrading_copy WHERE lead_id = %(lead)s AND NOT is_reference
        UNION ALL
        SELECT stopped_at, -1 FROM copytrading_copy
        WHERE lead_id = %(lead)s AND NOT is_reference AND stopped_at IS NOT NULL
    )
    SELECT 0 AS what, width_bucket(at, %(moments)s::timestamptz[]) AS place, sum(change)::bigint FROM moved GROUP BY 2
    UNION ALL
    SELECT 1, width_bucket(share.settled_at, %(moments)s::timestamptz[]),
        sum(share.share_units - share.platform_units)::bigint
    FROM copytrading_profitshare AS share JOIN copytrading_copy AS copy ON copy.id = share.copy_id
    WHERE copy.lead_id = %(lead)s GROUP BY 2
    UNION ALL
    SELECT 2, moment.place::int - 1, record.following_units
    FROM unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS moment(at, place)
    CROSS JOIN LATERAL (
        SELECT following_units FROM copytrading_leadrecord
        WHERE lead_id = %(lead)s AND recorded_at <= moment.at AND recorded_at > moment.at - interval '1 day'
            AND following_units IS NOT NULL
        ORDER BY recorded_at DESC LIMIT 1
    ) AS record
"""


@dataclass(frozen=True, kw_only=True)
class GrowthDay:
    """How it stood at one moment: a midnight, UTC, or now. Values in quote units, `earned_units` of all time so far."""

    at: datetime
    copies: int
    money_units: int | None
    earned_units: int


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Moments a day apart, oldest first; the first is the lead's beginning or that of the days, the last is now."""

    days: tuple[GrowthDay, ...]

    @property
    def is_empty(self) -> bool:
        """Return whether nobody has followed in these days, and nothing was earned ever."""
        return not any(day.copies or day.earned_units for day in self.days)

    @property
    def money_units(self) -> int | None:
        """Return the money that was known last; None where it never was."""
        return next((day.money_units for day in reversed(self.days) if day.money_units is not None), None)


def growth_of(lead: Lead, *, now: datetime, days: int = DAYS) -> Growth:
    """Return what followed a lead over some days, or since the lead began."""
    moments = _moments(lead.started_at or now, now, days)
    changes = np.zeros((3, len(moments)), dtype=np.int64)
    money: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, {"lead": lead.pk, "moments": moments})
        for what, place, units in cursor.fetchall():
            if what == MONEY:
                money[place] = units
            elif place < len(moments):
                changes[what, place] += units
    so_far = changes.cumsum(axis=1)
    return Growth(
        days=tuple(
            GrowthDay(
                at=at,
                copies=int(so_far[COPIES, place]),
                money_units=money.get(place),
                earned_units=int(so_far[EARNED, place]),
            )
            for place, at in enumerate(moments)
        )
    )


def _moments(started_at: datetime, now: datetime, days: int) -> list[datetime]:
    """Return the beginning, the midnights after it, and now; what happened at a moment counts from the next one on."""
    begins_at = min(max(started_at, now - timedelta(days=days)), now)
    midnight = begins_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moments = [begins_at]
    for _ in range(days + 1):
        midnight += timedelta(days=1)
        if begins_at < midnight < now:
            moments.append(midnight)
    # What happens at this very moment has happened.
    return [*moments, now + timedelta(microseconds=1)]
