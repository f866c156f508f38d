"""The value of leads and copies over time: rows for their curves, all in one statement each."""

from datetime import datetime

import numpy as np
from django.db import connection

from copytrading.models import Copy, CopyRecord, Lead, LeadRecord, ScheduledRun
from copytrading.queries import holdings
from copytrading.queries import market as market_queries


def record_values(*, now: datetime, slot: datetime) -> int:
    """
    Write one record for each running lead and live copy, once a slot, and return how many.

    A portfolio with a coin that has no price is left out: a gap is better than a wrong value.
    """
    _, is_new = ScheduledRun.objects.get_or_create(job="record_values", slot=slot, defaults={"done_at": now})
    if not is_new:
        return 0
    written = 0
    for lead in Lead.objects.filter(status__in=[Lead.Status.ACTIVE, Lead.Status.PAUSED, Lead.Status.ENDED]):
        if lead.status != Lead.Status.ENDED or lead.copies.exclude(status=Copy.Status.STOPPED).exists():
            written += record_lead(lead=lead, now=now)
    return written


def record_lead(*, lead: Lead, now: datetime) -> int:
    """Write one record for a lead and for each of its live copies, and return how many."""
    board, cash = market_queries.load_board(now=now), market_queries.cash_asset()
    equity = holdings.load_lead(lead, board=board, cash=cash).equity(board)
    written = 0
    if lead.units_issued > 0 and np.isfinite(equity):
        LeadRecord.objects.bulk_create(
            [
                LeadRecord(
                    lead=lead,
                    recorded_at=now,
                    equity_units=round(equity),
                    unit_price=equity / 10**cash.decimals / lead.units_issued,
                )
            ],
            ignore_conflicts=True,
        )
        written += 1
    copies = holdings.load_copies(lead, board=board, cash=cash)
    values = copies.equity(board)
    known = np.isfinite(values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {CopyRecord._meta.db_table} (copy_id, recorded_at, equity_units, invested_units)"
            " SELECT line.copy_id, %s, line.equity, line.invested"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS line(copy_id, equity, invested)"
            " ON CONFLICT DO NOTHING",
            [
                now,
                copies.ids[known].tolist(),
                np.rint(values[known]).astype(np.int64).tolist(),
                copies.invested_units[known].tolist(),
            ],
        )
    return written + int(known.sum())
