"""
What the records of leads and the balances of their copies add up to, many leads in one statement.

The series are long (a record a minute or so) and the pages want a handful of figures, so the database does the
counting: running peaks for the deepest fall, one record a bucket for a curve, sums of what follows.
A lead who ended is read up to the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts.database import bulk_rows
from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.queries.rules import cash_symbol

FIGURES = """
    SELECT lead_id, count(*) AS records, bool_or(recorded_at <= begins_at) AS is_whole,
        max(1 - unit_price / peak) AS fall,
        (array_agg(unit_price ORDER BY recorded_at))[1] AS first_price,
        (array_agg(unit_price ORDER BY recorded_at DESC))[1] AS last_price,
        (array_agg(equity_units ORDER BY recorded_at DESC))[1] AS equity_units
    FROM (
        SELECT record.lead_id, record.recorded_at, record.unit_price, record.equity_units, period.begins_at,
            max(record.unit_price) OVER (PARTITION BY record.lead_id ORDER BY record.recorded_at) AS peak
        FROM copytrading_lead AS lead
        CROSS JOIN LATERAL (SELECT coalesce(lead.ended_at, %(now)s) - %(span)s AS begins_at) AS period
        CROSS JOIN LATERAL (
            SELECT coalesce(max(recorded_at), period.begins_at) AS first_at FROM copytrading_leadrecord
            WHERE lead_id = lead.id AND recorded_at <= period.begins_at
        ) AS first_known
        JOIN copytrading_leadrecord AS record ON record.lead_id = lead.id AND record.recorded_at >= first_known.first_at
        WHERE lead.id = ANY(%(lead_ids)s) AND record.unit_price > 0
    ) AS peaks
    GROUP BY lead_id
"""

CURVES = """
    SELECT DISTINCT ON (lead_id, step) lead_id, step, first_price, unit_price
    FROM (
        SELECT record.lead_id, record.recorded_at, record.unit_price, first_known.unit_price AS first_price,
            greatest(0, least(%(steps)s - 1, floor(
                extract(epoch FROM record.recorded_at - period.begins_at) / extract(epoch FROM %(span)s) * %(steps)s
            )))::int AS step
        FROM copytrading_lead AS lead
        CROSS JOIN LATERAL (SELECT coalesce(lead.ended_at, %(now)s) - %(span)s AS begins_at) AS period
        CROSS JOIN LATERAL (
            SELECT coalesce(max(recorded_at), period.begins_at) AS begins_at FROM copytrading_leadrecord
            WHERE lead_id = lead.id AND recorded_at <= period.begins_at AND unit_price > 0
        ) AS known
        CROSS JOIN LATERAL (
            SELECT unit_price FROM copytrading_leadrecord
            WHERE lead_id = lead.id AND recorded_at >= known.begins_at AND unit_price > 0 ORDER BY recorded_at LIMIT 1
        ) AS first_known
        JOIN copytrading_leadrecord AS record ON record.lead_id = lead.id AND record.recorded_at >= known.begins_at
        WHERE lead.id = ANY(%(lead_ids)s) AND record.unit_price > 0
    ) AS placed
    ORDER BY lead_id, step, recorded_at DESC
"""

FOLLOWING = """
    WITH worth AS (
        SELECT copy.lead_id, copy.profit_share_rate::double precision AS rate, copy.mark_value_units,
            coalesce(sum(balance.posted * CASE WHEN balance.asset_id = cash.id THEN 1
                ELSE coalesce(mark.price, 0)::double precision * power(10, cash.decimals - asset.decimals) END
            ), 0) AS gross_units
        FROM copytrading_copy AS copy
        CROSS JOIN (SELECT id, decimals FROM accounts_asset WHERE symbol = %(cash)s) AS cash
        LEFT JOIN accounts_balance AS balance
            ON balance.ledger_account_id = copy.ledger_account_id AND balance.posted <> 0
        LEFT JOIN accounts_asset AS asset ON asset.id = balance.asset_id
        LEFT JOIN copytrading_market AS market ON market.base_id = balance.asset_id AND market.quote_id = cash.id
        LEFT JOIN copytrading_mark AS mark ON mark.market_id = market.id
        WHERE copy.lead_id = ANY(%(lead_ids)s) AND copy.status <> 'STOPPED' AND NOT copy.is_reference
        GROUP BY copy.id
    )
    SELECT lead_id, count(*) AS followers,
        coalesce(sum(gross_units - rate * greatest(gross_units - mark_value_units, 0)), 0) AS following_units
    FROM worth GROUP BY lead_id
"""

SERIES = """
    SELECT extract(epoch FROM recorded_at)::bigint, unit_price, equity_units, coalesce(following_units, -1)
    FROM copytrading_leadrecord WHERE lead_id = %s AND unit_price > 0 ORDER BY recorded_at
"""
SERIES_TYPES = ["bigint", "double precision", "bigint", "bigint"]

# Longer than any lead has led: "all" of a record.
ALL_DAYS = 36_500


@dataclass(frozen=True, kw_only=True)
class RecordFigures:
    """
    What a lead's record of some days says; None while there are fewer than two records.

    `is_whole` tells that the record is as long as those days; otherwise it is all there is of it so far.
    """

    return_fraction: float | None = None
    fall_fraction: float | None = None
    is_whole: bool = False
    equity_units: int = 0


@dataclass(frozen=True, kw_only=True)
class Following:
    """How many follow a lead, and with how much: their own balances at the marks, net of the profit share accrued."""

    followers: int = 0
    following_units: int = 0


@dataclass(frozen=True, kw_only=True)
class Series:
    """
    A lead's whole record, oldest first, all (T,): `times` in seconds of UTC, and what was recorded then.

    `following_units` is −1 where only the lead was looked at.
    """

    times: IntArray
    unit_prices: FloatArray
    equity_units: IntArray
    following_units: IntArray

    def __len__(self) -> int:
        return len(self.times)


def figures_of(lead_ids: Sequence[int], *, days: int, now: datetime) -> dict[int, RecordFigures]:
    """Return return, deepest fall and last equity of leads over some days, by lead id."""
    rows = _rows(FIGURES, lead_ids=list(lead_ids), now=now, span=timedelta(days=days))
    return {
        lead_id: RecordFigures(
            return_fraction=last_price / first_price - 1 if records > 1 else None,
            fall_fraction=fall if records > 1 else None,
            is_whole=is_whole,
            equity_units=equity_units,
        )
        for lead_id, records, is_whole, fall, first_price, last_price, equity_units in rows
    }


def curves_of(lead_ids: Sequence[int], *, days: int, steps: int, now: datetime) -> dict[int, list[float]]:
    """
    Return the unit prices of leads at even steps over some days, oldest first, by lead id: (steps + 1,) or fewer.

    The last is of now, or of the end; the first is what the return of those days is measured from. Who began later has
    as many steps fewer.
    """
    curves: dict[int, list[float]] = {}
    rows = _rows(CURVES, lead_ids=list(lead_ids), now=now, span=timedelta(days=days), steps=steps)
    reached: dict[int, int] = {}
    for lead_id, step, first_price, unit_price in rows:
        curve = curves.setdefault(lead_id, [first_price])
        # Nothing was recorded in the steps between: the last price still held.
        curve += [curve[-1]] * (step - reached.get(lead_id, step)) + [unit_price]
        reached[lead_id] = step + 1
    for lead_id, curve in curves.items():
        curve += [curve[-1]] * (steps - reached[lead_id])
    return curves


def following_of(lead_ids: Sequence[int]) -> dict[int, Following]:
    """Return who follows with how much, by lead id; nothing for a lead whom nobody follows."""
    rows = _rows(FOLLOWING, lead_ids=list(lead_ids), cash=cash_symbol())
    return {
        lead_id: Following(followers=followers, following_units=int(following_units))
        for lead_id, followers, following_units in rows
    }


def series_of(lead_id: int) -> Series:
    """Return a lead's whole record; empty arrays before the first entry."""
    times, unit_prices, equity_units, following_units = bulk_rows.read_columns(SERIES, [lead_id], types=SERIES_TYPES)
    return Series(times=times, unit_prices=unit_prices, equity_units=equity_units, following_units=following_units)


def _rows(statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
