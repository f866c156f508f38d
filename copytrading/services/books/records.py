"""
The value of leads and copies over time: rows for their curves, all in one statement each.

A lead is recorded when a cycle of it is done, and every minute with its copies. After two days an hour keeps its last
record, and that for ever. Of a lead it also keeps the highest, the lowest, and both ends of the hour's own deepest
fall: the deepest fall of a record, within an hour or across many, is then exactly what it was before.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import F, Q

from copytrading.engine.market.board import Board
from copytrading.engine.rules import Rules
from copytrading.models import Copy, CopyRecord, Lead, LeadRecord, LeadSummary, ScheduledRun
from copytrading.queries import holdings
from copytrading.queries import market as market_queries
from copytrading.queries.leads import listing as leads
from copytrading.queries.rules import platform_rules
from copytrading.services.books import price_bars

KEPT_WHOLE = timedelta(days=2)
# How long after a lead's end the marks may still move what its last copies were worth.
SUMMED_UP_AFTER_END = timedelta(days=2)
SUMMARIES_AT_ONCE = 50
BEFORE_EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)

THIN_LEADS = """
    WITH hours AS (
        SELECT id, lead_id, recorded_at, unit_price, date_trunc('hour', recorded_at, 'UTC') AS hour,
            max(unit_price) OVER (
                PARTITION BY lead_id, date_trunc('hour', recorded_at, 'UTC') ORDER BY recorded_at) AS peak
        FROM copytrading_leadrecord WHERE recorded_at >= %(since)s AND recorded_at < %(until)s
    ), places AS (
        SELECT id, recorded_at, unit_price,
            row_number() OVER (PARTITION BY lead_id, hour ORDER BY recorded_at DESC) AS from_last,
            row_number() OVER (PARTITION BY lead_id, hour ORDER BY unit_price DESC, recorded_at) AS from_highest,
            row_number() OVER (PARTITION BY lead_id, hour ORDER BY unit_price, recorded_at DESC) AS from_lowest,
            first_value(recorded_at) OVER fall AS bottom_at, first_value(peak) OVER fall AS bottom_peak
        FROM hours WINDOW fall AS (PARTITION BY lead_id, hour ORDER BY unit_price / nullif(peak, 0), recorded_at)
    )
    DELETE FROM copytrading_leadrecord AS record USING places
    WHERE record.id = places.id AND from_last > 1 AND from_highest > 1 AND from_lowest > 1
        AND places.recorded_at <> bottom_at AND NOT (places.unit_price = bottom_peak AND places.recorded_at < bottom_at)
"""

THIN_COPIES = """
    DELETE FROM copytrading_copyrecord AS record
    USING (
        SELECT id, row_number() OVER (
            PARTITION BY copy_id, date_trunc('hour', recorded_at, 'UTC') ORDER BY recorded_at DESC) AS age
        FROM copytrading_copyrecord WHERE recorded_at >= %(since)s AND recorded_at < %(until)s
    ) AS place
    WHERE record.id = place.id AND place.age > 1
"""


def record_values(*, now: datetime, slot: datetime) -> int:
    """
    Write one record for each running lead and live copy, once a slot, and return how many.

    A portfolio with a coin that has no price is left out: a gap is better than a wrong value.
    """
    rules = platform_rules()
    _, is_new = ScheduledRun.objects.get_or_create(job="record_values", slot=slot, defaults={"done_at": now})
    if not is_new:
        return 0
    price_bars.record_bars(now=now)
    written = 0
    for lead in Lead.objects.filter(status__in=[Lead.Status.ACTIVE, Lead.Status.PAUSED, Lead.Status.ENDED]):
        if lead.status != Lead.Status.ENDED or lead.copies.exclude(status=Copy.Status.STOPPED).exists():
            written += record_lead(lead=lead, now=now, rules=rules)
    return written


def record_lead(*, lead: Lead, now: datetime, rules: Rules) -> int:
    """Write one record for a lead and for each of its live copies, and return how many."""
    board, cash = market_queries.load_board(now=now, rules=rules), market_queries.cash_asset()
    copies = holdings.load_copies(lead, board=board, cash=cash)
    valuation = copies.valued(board)
    values, known = valuation.worth, valuation.known
    following_units = int(values.sum()) if known.all() else None
    written = _write_lead(lead, board, following_units, now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {CopyRecord._meta.db_table} (copy_id, recorded_at, equity_units, invested_units)"
            " SELECT line.copy_id, %s, line.equity, line.invested"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS line(copy_id, equity, invested)"
            " ON CONFLICT DO NOTHING",
            [
                now,
                copies.ids[known].tolist(),
                values[known].tolist(),
                copies.invested_units[known].tolist(),
            ],
        )
    return written + int(known.sum())


def record_unit_price(*, lead: Lead, now: datetime, rules: Rules) -> int:
    """Write one record for a lead alone, as a cycle of it is done; 0 where it has no value to write."""
    return _write_lead(lead, market_queries.load_board(now=now, rules=rules), None, now)


def count_summaries(*, now: datetime) -> int:
    """Count the figures that lists of leads show, and return of how many leads; those long ended stay as they are."""
    settled = Q(status=Lead.Status.ENDED, summary__counted_at__gt=F("ended_at") + SUMMED_UP_AFTER_END)
    due = list(leads.public_leads().exclude(settled).order_by("pk"))
    for first in range(0, len(due), SUMMARIES_AT_ONCE):
        LeadSummary.objects.bulk_create(
            leads.count_summaries(due[first : first + SUMMARIES_AT_ONCE], now=now),
            update_conflicts=True,
            unique_fields=["lead"],
            update_fields=[field.name for field in LeadSummary._meta.fields if not field.primary_key],
        )
    return len(due)


def thin_records(*, now: datetime) -> int:
    """
    Drop the records of whole hours that are two days old but for those that an hour keeps; return how many.

    The last run says from where: after a downtime the next one takes all that waited.
    """
    until = (now - KEPT_WHOLE).replace(minute=0, second=0, microsecond=0)
    last = ScheduledRun.objects.filter(job="thin_records").order_by("-slot").first()
    if last is not None and last.slot >= until:
        return 0
    dropped = 0
    with connection.cursor() as cursor:
        for statement in (THIN_LEADS, THIN_COPIES):
            cursor.execute(statement, {"since": last.slot if last else BEFORE_EVERYTHING, "until": until})
            dropped += cursor.rowcount
    # Noted at the end: to thin an hour twice drops nothing more, to skip one would keep it whole for ever.
    ScheduledRun.objects.get_or_create(job="thin_records", slot=until, defaults={"done_at": now})
    return dropped


def _write_lead(lead: Lead, board: Board, following_units: int | None, now: datetime) -> int:
    cash = market_queries.cash_asset()
    equity = holdings.load_lead(lead, board=board, cash=cash).equity(board)
    # Without value, as when an ended lead has taken the money out, nothing has a price.
    if lead.units_issued <= 0 or not np.isfinite(equity) or equity <= 0:
        return 0
    LeadRecord.objects.bulk_create(
        [
            LeadRecord(
                lead=lead,
                recorded_at=now,
                equity_units=round(equity),
                unit_price=equity / 10**cash.decimals / lead.units_issued,
                following_units=following_units,
            )
        ],
        ignore_conflicts=True,
    )
    return 1
