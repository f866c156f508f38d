"""
The value of leads and copies over time: rows for their curves, all in one statement each.

A lead is recorded when a cycle of it is done, and every minute with its copies. After two days an hour keeps its last
record, and that for ever. Of a lead it also keeps the highest, the lowest, and both ends of the hour's own deepest
fall: the deepest fall of a record, within an hour or across many, is then exactly what it was before. And the last that
says what followed, so that the close of a day stays as it is. What all copies hold together is kept for two days.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import F, Q

from accounts.models import Asset
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.engine.holdings.portfolios import CopyTable
from copytrading.engine.market.board import Board
from copytrading.engine.rules import Rules
from copytrading.models import Copy, Lead, LeadRecord, LeadSummary, MoneyUnderCopy, ScheduledRun
from copytrading.queries import holdings
from copytrading.queries.copies import reference
from copytrading.queries.leads import listing as leads
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services.books import copy_records, price_bars

KEPT_WHOLE = timedelta(days=2)
# How long after a lead's end the marks may still move what its last copies were worth.
SUMMED_UP_AFTER_END = timedelta(days=2)
SUMMARIES_AT_ONCE = 50
BEFORE_EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)

THIN_LEADS = """
    WITH hours AS (
        SELECT id, lead_id, recorded_at, unit_price, following_units, date_trunc('hour', recorded_at, 'UTC') AS hour,
            max(unit_price) OVER (
                PARTITION BY lead_id, date_trunc('hour', recorded_at, 'UTC') ORDER BY recorded_at) AS peak
        FROM copytrading_leadrecord WHERE recorded_at >= %(since)s AND recorded_at < %(until)s
    ), places AS (
        SELECT id, recorded_at, unit_price,
            row_number() OVER (
                PARTITION BY lead_id, hour, following_units IS NULL ORDER BY recorded_at DESC) AS from_last,
            row_number() OVER (PARTITION BY lead_id, hour ORDER BY unit_price DESC, recorded_at) AS from_highest,
            row_number() OVER (PARTITION BY lead_id, hour ORDER BY unit_price, recorded_at DESC) AS from_lowest,
            first_value(recorded_at) OVER fall AS bottom_at, first_value(peak) OVER fall AS bottom_peak
        FROM hours WINDOW fall AS (PARTITION BY lead_id, hour ORDER BY unit_price / nullif(peak, 0), recorded_at)
    )
    DELETE FROM copytrading_leadrecord AS record USING places
    WHERE record.id = places.id AND from_last > 1 AND from_highest > 1 AND from_lowest > 1
        AND places.recorded_at <> bottom_at AND NOT (places.unit_price = bottom_peak AND places.recorded_at < bottom_at)
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
    running = Lead.objects.filter(status__in=[Lead.Status.ACTIVE, Lead.Status.PAUSED])
    followed = Copy.objects.exclude(status=Copy.Status.STOPPED).values("lead_id")
    ended = Lead.objects.filter(status=Lead.Status.ENDED, pk__in=followed)
    everybody = [*running.order_by("pk"), *ended.order_by("pk")]
    return record_leads(leads=everybody, now=now, rules=rules, are_all=True)


def record_leads(*, leads: Sequence[Lead], now: datetime, rules: Rules, are_all: bool = False) -> int:
    """
    Write one record for each of some leads and for each of their live copies, and return how many.

    :param are_all: no live copy is of another lead, so that what they hold together is kept as well.
    """
    board, cash = market_queries.load_board_and_cash(now=now, rules=rules)
    lead_ids, copies = holdings.load_together([lead.pk for lead in leads], board=board, cash=cash)
    valuation = copies.valued(board)
    worth, known = valuation.worth, valuation.known
    places = {lead.pk: place for place, lead in enumerate(leads)}
    rows = np.array([places[lead_id] for lead_id in lead_ids.tolist()], dtype=np.int64)
    following, unknown = np.zeros(len(leads), dtype=np.int64), np.zeros(len(leads), dtype=np.int64)
    follows = ~np.isin(copies.ids, reference.reference_ids([lead.pk for lead in leads]))
    np.add.at(following, rows, np.where(follows, worth, 0))
    np.add.at(unknown, rows, ~known & follows)
    following_units = [
        None if count else units for units, count in zip(following.tolist(), unknown.tolist(), strict=True)
    ]
    written = _write_leads(leads, board, cash, following_units, now)
    if are_all:
        _keep_money(copies, worth, known, follows, board=board, cash=cash, now=now)
    copy_records.write(
        copy_ids=copies.ids[known],
        equity_units=worth[known],
        invested_units=copies.invested_units[known],
        now=now,
    )
    return written + int(known.sum())


def record_lead(*, lead: Lead, now: datetime, rules: Rules) -> int:
    """Write one record for a lead and for each of its live copies, and return how many."""
    return record_leads(leads=[lead], now=now, rules=rules)


def record_unit_price(*, lead: Lead, now: datetime, rules: Rules, seen: tuple[Board, Asset] | None = None) -> int:
    """
    Write one record for a lead alone, as a cycle of it is done; 0 where it has no value to write.

    :param seen: the board as it is now, and the cash, where they are known.
    """
    board, cash = seen or market_queries.load_board_and_cash(now=now, rules=rules)
    return _write_leads([lead], board, cash, [None], now)


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
    since = last.slot if last else BEFORE_EVERYTHING
    with connection.cursor() as cursor:
        cursor.execute(THIN_LEADS, {"since": since, "until": until})
        dropped = cursor.rowcount
    dropped += copy_records.thin(since=since, until=until)
    dropped += MoneyUnderCopy.objects.filter(recorded_at__lt=until).delete()[0]
    # Noted at the end: to thin an hour twice drops nothing more, to skip one would keep it whole for ever.
    ScheduledRun.objects.get_or_create(job="thin_records", slot=until, defaults={"done_at": now})
    return dropped


def _keep_money(
    copies: CopyTable,
    worth: IntArray,
    known: BoolArray,
    follows: BoolArray,
    *,
    board: Board,
    cash: Asset,
    now: datetime,
) -> None:
    """Write what all followers' copies hold together, and what they are worth."""
    units = copies.units[follows].sum(axis=0)
    held = np.flatnonzero(units)
    MoneyUnderCopy.objects.bulk_create(
        [
            MoneyUnderCopy(
                recorded_at=now,
                copies=int(follows.sum()),
                worth_units=int(worth[follows].sum()) if known[follows].all() else None,
                asset_ids=[cash.pk, *board.asset_ids[held].tolist()],
                units=[int(copies.cash_units[follows].sum()), *units[held].tolist()],
            )
        ],
        ignore_conflicts=True,
    )


def _write_leads(
    leads: Sequence[Lead], board: Board, cash: Asset, following_units: Sequence[int | None], now: datetime
) -> int:
    """Write the records of leads that have a value: without, as when an ended lead took the money out, none has."""
    portfolios = holdings.load_leads(leads, board=board, cash=cash)
    rows = []
    for lead, units in zip(leads, following_units, strict=True):
        equity = portfolios[lead.pk].equity(board)
        if lead.units_issued > 0 and np.isfinite(equity) and equity > 0:
            rows.append(
                LeadRecord(
                    lead=lead,
                    recorded_at=now,
                    equity_units=round(equity),
                    unit_price=equity / 10**cash.decimals / lead.units_issued,
                    following_units=units,
                )
            )
    LeadRecord.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
