"""
What the records of leads and the balances of their copies add up to, many leads in one statement.

The series are long (a record a minute or so) and the pages want a handful of figures, so the database does the
counting: running peaks for the deepest fall, one record a bucket for a curve, percentiles for what followers got.
A lead who ended is read up to the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection

FIGURES = """
    SELECT lead_id, count(*) AS records, max(1 - unit_price / peak) AS fall,
        (array_agg(unit_price ORDER BY recorded_at))[1] AS first_price,
        (array_agg(unit_price ORDER BY recorded_at DESC))[1] AS last_price,
        (array_agg(equity_units ORDER BY recorded_at DESC))[1] AS equity_units
    FROM (
        SELECT record.lead_id, record.recorded_at, record.unit_price, record.equity_units,
            max(record.unit_price) OVER (PARTITION BY record.lead_id ORDER BY record.recorded_at) AS peak
        FROM copytrading_leadrecord AS record JOIN copytrading_lead AS lead ON lead.id = record.lead_id
        WHERE record.lead_id = ANY(%(lead_ids)s)
            AND record.recorded_at >= coalesce(lead.ended_at, %(now)s) - %(span)s AND record.unit_price > 0
    ) AS peaks
    GROUP BY lead_id
"""

CURVES = """
    SELECT DISTINCT ON (record.lead_id, floor(extract(epoch FROM record.recorded_at) / %(bucket_seconds)s))
        record.lead_id, record.recorded_at, record.unit_price
    FROM copytrading_leadrecord AS record JOIN copytrading_lead AS lead ON lead.id = record.lead_id
    WHERE record.lead_id = ANY(%(lead_ids)s)
        AND record.recorded_at >= coalesce(lead.ended_at, %(now)s) - %(span)s AND record.unit_price > 0
    ORDER BY record.lead_id, floor(extract(epoch FROM record.recorded_at) / %(bucket_seconds)s), record.recorded_at DESC
"""

OUTCOMES = """
    WITH worth AS (
        SELECT copy.lead_id, copy.status <> 'STOPPED' AS live, copy.paid_in_units, copy.paid_out_units,
            coalesce(sum(balance.posted * CASE WHEN balance.asset_id = cash.id THEN 1
                ELSE coalesce(mark.price, 0)::double precision * power(10, cash.decimals - asset.decimals) END
            ), 0) AS equity_units
        FROM copytrading_copy AS copy
        CROSS JOIN (SELECT id, decimals FROM accounts_asset WHERE symbol = %(cash)s) AS cash
        LEFT JOIN accounts_balance AS balance
            ON balance.ledger_account_id = copy.ledger_account_id AND balance.posted <> 0
        LEFT JOIN accounts_asset AS asset ON asset.id = balance.asset_id
        LEFT JOIN copytrading_market AS market ON market.base_id = balance.asset_id AND market.quote_id = cash.id
        LEFT JOIN copytrading_mark AS mark ON mark.market_id = market.id
        WHERE copy.lead_id = ANY(%(lead_ids)s)
        GROUP BY copy.id
    )
    SELECT lead_id, count(*) FILTER (WHERE live) AS followers,
        coalesce(sum(equity_units) FILTER (WHERE live), 0) AS following_units,
        percentile_cont(ARRAY[0.5, 0.1]) WITHIN GROUP (
            ORDER BY (equity_units + paid_out_units - paid_in_units) / nullif(paid_in_units, 0)
        ) AS percentiles
    FROM worth GROUP BY lead_id
"""

DEEPEST_FALL = """
    SELECT 1 - unit_price / peak AS fall, recorded_at AS ended_at,
        (SELECT max(earlier.recorded_at) FROM copytrading_leadrecord AS earlier
            WHERE earlier.lead_id = %(lead_id)s AND earlier.recorded_at <= peaks.recorded_at
                AND earlier.unit_price = peaks.peak) AS began_at
    FROM (
        SELECT recorded_at, unit_price, max(unit_price) OVER (ORDER BY recorded_at) AS peak
        FROM copytrading_leadrecord WHERE lead_id = %(lead_id)s AND unit_price > 0
    ) AS peaks
    WHERE unit_price < peak ORDER BY 1 DESC, recorded_at LIMIT 1
"""

DAILY_PRICES = """
    SELECT DISTINCT ON (date_trunc('day', recorded_at, 'UTC')) recorded_at, unit_price
    FROM copytrading_leadrecord WHERE lead_id = %(lead_id)s AND unit_price > 0
    ORDER BY date_trunc('day', recorded_at, 'UTC'), recorded_at DESC
"""

DAYS_FOR_VOLATILITY = 14
# Longer than any lead has led: "all" of a record.
ALL_DAYS = 36_500


@dataclass(frozen=True, kw_only=True)
class RecordFigures:
    """What a lead's record of some days says; None while there are fewer than two records."""

    return_fraction: float | None = None
    fall_fraction: float | None = None
    equity_units: int = 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What copying a lead came to for those who did, as fractions of what they put in; None if nobody did."""

    followers: int = 0
    following_units: int = 0
    median_fraction: float | None = None
    worst_tenth_fraction: float | None = None


@dataclass(frozen=True, kw_only=True)
class Fall:
    """The deepest fall below an earlier peak: a fraction, from its peak to its bottom."""

    fraction: float
    began_at: datetime
    ended_at: datetime


def figures_of(lead_ids: Sequence[int], *, days: int, now: datetime) -> dict[int, RecordFigures]:
    """Return return, deepest fall and last equity of leads over some days, by lead id."""
    rows = _rows(FIGURES, lead_ids=list(lead_ids), now=now, span=timedelta(days=days))
    return {
        lead_id: RecordFigures(
            return_fraction=last_price / first_price - 1 if records > 1 else None,
            fall_fraction=fall if records > 1 else None,
            equity_units=equity_units,
        )
        for lead_id, records, fall, first_price, last_price, equity_units in rows
    }


def curves_of(
    lead_ids: Sequence[int], *, days: int, points: int, now: datetime
) -> dict[int, list[tuple[datetime, float]]]:
    """Return the unit prices of leads over some days, oldest first and thinned to about `points`, by lead id."""
    curves: dict[int, list[tuple[datetime, float]]] = {}
    span = timedelta(days=days)
    rows = _rows(
        CURVES, lead_ids=list(lead_ids), now=now, span=span, bucket_seconds=max(1.0, span.total_seconds() / points)
    )
    for lead_id, recorded_at, unit_price in rows:
        curves.setdefault(lead_id, []).append((recorded_at, unit_price))
    return curves


def outcomes_of(lead_ids: Sequence[int]) -> dict[int, Outcome]:
    """Return what followers got, by lead id: running copies at the marks, stopped ones by what was paid out."""
    rows = _rows(OUTCOMES, lead_ids=list(lead_ids), cash=settings.SMARTSYNC_CASH)
    return {
        lead_id: Outcome(
            followers=followers,
            following_units=int(following_units),
            median_fraction=percentiles[0] if percentiles else None,
            worst_tenth_fraction=percentiles[1] if percentiles else None,
        )
        for lead_id, followers, following_units, percentiles in rows
    }


def deepest_fall_of(lead_id: int) -> Fall | None:
    """Return the deepest fall of a lead's whole record; None if it never fell."""
    rows = _rows(DEEPEST_FALL, lead_id=lead_id)
    return Fall(fraction=rows[0][0], ended_at=rows[0][1], began_at=rows[0][2]) if rows else None


def volatility_of(lead_id: int) -> float | None:
    """Return the standard deviation of daily returns, annualised over 365 days; None before two weeks have passed."""
    prices = np.array([unit_price for _, unit_price in _rows(DAILY_PRICES, lead_id=lead_id)])
    if len(prices) <= DAYS_FOR_VOLATILITY:
        return None
    returns = prices[1:] / prices[:-1] - 1.0
    return float(returns.std(ddof=1) * np.sqrt(365.0))


def _rows(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
