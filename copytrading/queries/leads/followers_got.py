"""
What followers of a lead really got, over the same days for them and for the lead.

    windows        90, 30, 7 days, up to now or to the lead's end; the longest that enough copies ran through counts
    a copy         (worth at the end + taken out − put in − worth at the start) / (worth at the start + put in)
    the lead       the unit price at the end by that at the start

A copy counts if it ran when the window began, and whatever became of it: one that was stopped meanwhile with what came
back. Worth is what the follower would have, after fees and the profit share that is due. Below five copies nothing is
said: a figure of so few would tell of one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from copytrading.queries.rules import cash_symbol

WINDOWS = (90, 30, 7)
COPIES_MIN = 5

GOT = """
    WITH asked AS (
        SELECT lead.id AS lead_id, span.days, period.begins_at, first_known.unit_price AS first_price,
            last_known.unit_price AS last_price
        FROM copytrading_lead AS lead
        CROSS JOIN unnest(%(days)s::int[]) AS span(days)
        CROSS JOIN LATERAL (
            SELECT coalesce(lead.ended_at, %(now)s) AS ends_at,
                coalesce(lead.ended_at, %(now)s) - make_interval(days => span.days) AS begins_at
        ) AS period
        CROSS JOIN LATERAL (
            SELECT unit_price FROM copytrading_leadrecord
            WHERE lead_id = lead.id AND recorded_at <= period.begins_at AND unit_price > 0
            ORDER BY recorded_at DESC LIMIT 1
        ) AS first_known
        CROSS JOIN LATERAL (
            SELECT unit_price FROM copytrading_leadrecord
            WHERE lead_id = lead.id AND recorded_at <= period.ends_at AND unit_price > 0
            ORDER BY recorded_at DESC LIMIT 1
        ) AS last_known
        WHERE lead.id = ANY(%(lead_ids)s)
    ), running AS (
        SELECT asked.lead_id, asked.days, copy.id, copy.ledger_account_id, copy.mark_value_units,
            copy.profit_share_rate::double precision AS rate, known.recorded_at, known.equity_units AS first_units
        FROM asked
        JOIN copytrading_copy AS copy ON copy.lead_id = asked.lead_id AND copy.started_at <= asked.begins_at
            AND (copy.stopped_at IS NULL OR copy.stopped_at > asked.begins_at) AND NOT copy.is_reference
        CROSS JOIN LATERAL (
            SELECT recorded_at, equity_units FROM copy_records(copy.id)
            WHERE recorded_at <= asked.begins_at
            ORDER BY recorded_at DESC LIMIT 1
        ) AS known
    ), worth AS (
        SELECT copy.id, copy.rate, copy.mark_value_units,
            coalesce(sum(balance.posted * CASE WHEN balance.asset_id = cash.id THEN 1
                ELSE coalesce(mark.price, 0)::double precision * power(10, cash.decimals - asset.decimals) END
            ), 0) AS gross_units
        FROM (SELECT DISTINCT id, ledger_account_id, rate, mark_value_units FROM running) AS copy
        CROSS JOIN (SELECT id, decimals FROM accounts_asset WHERE symbol = %(cash)s) AS cash
        LEFT JOIN accounts_balance AS balance
            ON balance.ledger_account_id = copy.ledger_account_id AND balance.posted <> 0
        LEFT JOIN accounts_asset AS asset ON asset.id = balance.asset_id
        LEFT JOIN copytrading_market AS market ON market.base_id = balance.asset_id AND market.quote_id = cash.id
        LEFT JOIN copytrading_mark AS mark ON mark.market_id = market.id
        GROUP BY copy.id, copy.rate, copy.mark_value_units
    ), results AS (
        SELECT running.lead_id, running.days,
            (worth.gross_units - worth.rate * greatest(worth.gross_units - worth.mark_value_units, 0)
                + moved.out_units - moved.in_units - running.first_units)
                / nullif(running.first_units + moved.in_units, 0) AS fraction
        FROM running
        JOIN worth ON worth.id = running.id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(units) FILTER (WHERE units > 0), 0)::double precision AS in_units,
                -coalesce(sum(units) FILTER (WHERE units < 0), 0)::double precision AS out_units
            FROM copytrading_copyflow
            WHERE copy_id = running.id AND status = 'DONE' AND moved_at > running.recorded_at
        ) AS moved
    )
    SELECT asked.lead_id, asked.days, asked.last_price / asked.first_price - 1, count(results.fraction),
        percentile_cont(ARRAY[0.5, 0.1]) WITHIN GROUP (ORDER BY results.fraction)
    FROM asked LEFT JOIN results ON results.lead_id = asked.lead_id AND results.days = asked.days
    GROUP BY asked.lead_id, asked.days, asked.first_price, asked.last_price
"""


@dataclass(frozen=True, kw_only=True)
class FollowersGot:
    """
    What copies that ran through the last `days` got in them, beside what the lead made in the same days.

    Fractions of what was in the copies; all None where fewer than five copies ran through the shortest window: then
    `copies` says how many did.
    """

    days: int = WINDOWS[-1]
    copies: int = 0
    median_fraction: float | None = None
    worst_tenth_fraction: float | None = None
    lead_fraction: float | None = None

    @property
    def is_known(self) -> bool:
        return self.median_fraction is not None


def got_by_window(lead_id: int, *, now: datetime) -> list[FollowersGot]:
    """Return what followers of one lead got in each window that it has a record of, the shortest first."""
    rows = sorted(_got([lead_id], now=now), key=lambda row: row[1])
    return [_window(row) if row[3] >= COPIES_MIN else FollowersGot(days=row[1], copies=row[3]) for row in rows]


def followers_got(lead_ids: Sequence[int], *, now: datetime) -> dict[int, FollowersGot]:
    """Return what followers got, by lead id, in one statement; a lead without a record is not among them."""
    got: dict[int, FollowersGot] = {}
    # The shortest window first, so that a longer one that enough copies ran through takes its place.
    for row in sorted(_got(lead_ids, now=now), key=lambda row: row[1]):
        lead_id, days, _, copies, _ = row
        if copies >= COPIES_MIN:
            got[lead_id] = _window(row)
        elif lead_id not in got:
            got[lead_id] = FollowersGot(days=days, copies=copies)
    return got


def _got(lead_ids: Sequence[int], *, now: datetime) -> list[tuple[Any, ...]]:
    parameters: dict[str, Any] = {
        "lead_ids": list(lead_ids),
        "days": list(WINDOWS),
        "now": now,
        "cash": cash_symbol(),
    }
    with connection.cursor() as cursor:
        cursor.execute(GOT, parameters)
        return list(cursor.fetchall())


def _window(row: tuple[Any, ...]) -> FollowersGot:
    _, days, lead_fraction, copies, percentiles = row
    return FollowersGot(
        days=days,
        copies=copies,
        median_fraction=percentiles[0],
        worst_tenth_fraction=percentiles[1],
        lead_fraction=lead_fraction,
    )
