"""
Tracking gaps are looked at on the beat, and before money moves in or out of a lead or a copy.

Each look writes all gaps of a lead's copies in one statement, and what was seen of the lead, so that the next look
goes on from there. Trades need no look: the next one finds what was booked. Everything here is called with the lead
locked.
"""

from datetime import UTC, datetime

import numpy as np
import structlog
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models import F

from accounts.transactions import in_transaction
from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.market.board import Board
from copytrading.engine.rules import Rules
from copytrading.engine.track_record import tracking_gap
from copytrading.engine.track_record.tracking_gap import Gaps, Part
from copytrading.models import Copy, CopyGap, Lead, LeadSnapshot
from copytrading.queries import gaps as queries
from copytrading.queries import market as market_queries
from copytrading.queries.gaps import PART_COLUMNS, Look
from copytrading.queries.rules import platform_rules
from copytrading.services.locks import lock_lead

log = structlog.get_logger()

FIGURES = ("equity_units", "ideal_units", *PART_COLUMNS)
COLUMNS = ("copy_id", *FIGURES, "accrued_units")

UPDATE_GAPS = f"""
    UPDATE copytrading_copygap AS gap SET measured_at = %s, ideal_shares = line.ideal_shares,
        {", ".join(f"{name} = line.{name}" for name in COLUMNS[1:])}
    FROM unnest({", ".join(["%s::bigint[]"] * len(COLUMNS))}, %s::double precision[])
        AS line({", ".join(COLUMNS)}, ideal_shares)
    WHERE gap.copy_id = line.copy_id
"""

INSERT_RECORDS = f"""
    INSERT INTO copytrading_copygaprecord (copy_id, recorded_on, invested_units, {", ".join(FIGURES)})
    SELECT gap.copy_id, %s, gap.invested_units, {", ".join(f"gap.{name}" for name in FIGURES)}
    FROM copytrading_copygap AS gap JOIN copytrading_copy AS copy ON copy.id = gap.copy_id
    WHERE copy.lead_id = %s AND copy.status <> 'STOPPED' ON CONFLICT DO NOTHING
"""

INSERT_SNAPSHOT = """
    INSERT INTO copytrading_leadsnapshot (lead_id, measured_at, growth_index, asset_ids, unit_prices, traded_units,
        untraded_units, recorded_on, cycle_id_last, allocation_id_last, profit_share_id_last)
    VALUES (%s, %s, %s, %s, %s, 0, 0, %s,
        coalesce((SELECT max(id) FROM copytrading_synccycle WHERE lead_id = %s), 0),
        coalesce((SELECT max(id) FROM copytrading_allocation), 0),
        coalesce((SELECT max(id) FROM copytrading_profitshare), 0))
    ON CONFLICT (lead_id) DO UPDATE SET measured_at = excluded.measured_at, growth_index = excluded.growth_index,
        asset_ids = excluded.asset_ids, unit_prices = excluded.unit_prices, traded_units = 0, untraded_units = 0,
        recorded_on = excluded.recorded_on, cycle_id_last = excluded.cycle_id_last,
        allocation_id_last = excluded.allocation_id_last, profit_share_id_last = excluded.profit_share_id_last
"""


def measure_all(*, now: datetime) -> int:
    """Look at the gaps behind every lead that is copied and return how many were; one's trouble stays its own."""
    rules, measured = platform_rules(), 0
    copied = Lead.objects.filter(copies__in=Copy.objects.exclude(status=Copy.Status.STOPPED))
    for lead_id in copied.order_by("pk").values_list("pk", flat=True).distinct():
        try:
            measure_gaps(lead_id=lead_id, now=now, rules=rules)
            measured += 1
        except (DatabaseError, AssertionError, ArithmeticError, LookupError, ValueError) as trouble:
            log.exception(
                "The gaps behind a lead could not be measured.", lead_id=lead_id, trouble=type(trouble).__name__
            )
    return measured


def measure_gaps(*, lead_id: int, now: datetime, rules: Rules) -> None:
    """Look at the gaps of a lead's copies on the beat."""
    with transaction.atomic(durable=True):
        lead = lock_lead(lead_id)
        measure_lead(lead=lead, now=now, rules=rules)


@in_transaction
def measure_lead(*, lead: Lead, now: datetime, rules: Rules) -> Look | None:
    """
    Look at the gaps of all copies of a lead, which is locked, and write them.

    :returns: None where there is nothing new to see, or a coin has no price.
    """
    board = market_queries.load_board(now=now, rules=rules)
    snapshot = LeadSnapshot.objects.filter(lead=lead).first()
    today = now.astimezone(UTC).date()
    if snapshot is not None and snapshot.recorded_on == today and queries.is_unchanged(snapshot, board):
        return None
    look = queries.look_at(lead, board=board)
    if look is None:
        return None
    _write(look, now)
    _write_snapshot(lead, board, look.growth_index, now)
    if snapshot is None or snapshot.recorded_on != today:
        with connection.cursor() as cursor:
            cursor.execute(INSERT_RECORDS, [today, lead.pk])
    return look


@in_transaction
def open_gap(*, copy: Copy, now: datetime, rules: Rules) -> None:
    """Begin to count a copy's gap from the money it starts with. The lead is locked."""
    measure_lead(lead=copy.lead, now=now, rules=rules)
    growth_index = LeadSnapshot.objects.filter(lead=copy.lead).values_list("growth_index", flat=True).first() or 1.0
    CopyGap.objects.get_or_create(
        copy=copy,
        defaults={
            "measured_at": now,
            "invested_units": copy.invested_units,
            "equity_units": copy.invested_units,
            "ideal_units": copy.invested_units,
            "ideal_shares": copy.invested_units / growth_index,
        },
    )


@in_transaction
def add_money(*, copy: Copy, units: int) -> None:
    """Let a copy's ideal grow by money that was paid in. It was measured just before."""
    snapshot = LeadSnapshot.objects.filter(lead_id=copy.lead_id).first()
    growth_index = snapshot.growth_index if snapshot else 1.0
    CopyGap.objects.filter(copy=copy).update(
        invested_units=F("invested_units") + units,
        equity_units=F("equity_units") + units,
        ideal_units=F("ideal_units") + units,
        ideal_shares=F("ideal_shares") + units / growth_index,
    )


@in_transaction
def take_money(*, copy_ids: IntArray, units: IntArray) -> None:
    """
    Let ideals and gaps fall in proportion to money that left copies, both (copies,).

    They were measured just before.
    """
    leaving = dict(zip(copy_ids.tolist(), units.tolist(), strict=True))
    rows = list(CopyGap.objects.filter(copy_id__in=leaving).order_by("copy_id"))
    if not rows:
        return
    left = tracking_gap.take_out(
        parts=np.array([[getattr(row, name) for name in PART_COLUMNS] for row in rows], dtype=np.int64),
        equity_units=np.array([row.equity_units for row in rows], dtype=np.int64),
        ideal_units=np.array([row.ideal_units for row in rows], dtype=np.int64),
        units=np.array([leaving[row.copy_id] for row in rows], dtype=np.int64),
    )
    for place, row in enumerate(rows):
        share = int(left.equity_units[place]) / max(row.equity_units, 1)
        row.invested_units, row.ideal_shares = round(row.invested_units * share), row.ideal_shares * share
        _fill(row, left, place)
    CopyGap.objects.bulk_update(rows, ["invested_units", "ideal_shares", *FIGURES], batch_size=2_000)


def note_observed_trade(*, lead: Lead, asset_id: int, signed_units: int, cash_units: int) -> None:
    """Note what an observed lead's trade brought beside the marks. Measured just before, lead locked."""
    snapshot = LeadSnapshot.objects.filter(lead=lead).first()
    if snapshot is None or asset_id not in snapshot.asset_ids:
        return
    unit_price = snapshot.unit_prices[snapshot.asset_ids.index(asset_id)]
    snapshot.traded_units += round(signed_units * unit_price) + cash_units
    snapshot.save(update_fields=["traded_units"])


def note_untraded_result(*, lead: Lead, units: int) -> None:
    """Note what a lead's coins brought that are not traded here. Lead locked."""
    LeadSnapshot.objects.filter(lead=lead).update(untraded_units=F("untraded_units") + units)


def _fill(row: CopyGap, gaps: Gaps, place: int) -> None:
    row.equity_units, row.ideal_units = int(gaps.equity_units[place]), int(gaps.ideal_units[place])
    for part in Part:
        setattr(row, PART_COLUMNS[part], int(gaps.parts[place, part]))


def _write(look: Look, now: datetime) -> None:
    """Write all gaps: one statement for those that were there, one for those that are new."""
    known = ~look.is_new
    if known.any():
        columns = [look.copy_ids, look.gaps.equity_units, look.gaps.ideal_units, *look.gaps.parts.T, look.accrued_units]
        lines = [_array_text(column[known]) for column in columns]
        with connection.cursor() as cursor:
            cursor.execute(UPDATE_GAPS, [now, *lines, _array_text(look.ideal_shares[known])])
    CopyGap.objects.bulk_create(
        [
            CopyGap(
                copy_id=int(look.copy_ids[place]),
                measured_at=now,
                invested_units=int(look.invested_units[place]),
                equity_units=int(look.gaps.equity_units[place]),
                ideal_units=int(look.gaps.ideal_units[place]),
                ideal_shares=float(look.ideal_shares[place]),
                accrued_units=int(look.accrued_units[place]),
            )
            for place in np.flatnonzero(look.is_new)
        ],
        batch_size=5_000,
    )


def _array_text(column: IntArray | FloatArray) -> str:
    """Return a column as PostgreSQL writes an array: the driver takes ten times as long, number by number."""
    return "{" + ",".join(map(repr, column.tolist())) + "}"


def _write_snapshot(lead: Lead, board: Board, growth_index: float, now: datetime) -> None:
    priced = ~np.isnan(board.unit_prices)
    today = now.astimezone(UTC).date()
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_SNAPSHOT,
            [
                lead.pk,
                now,
                growth_index,
                board.asset_ids[priced].tolist(),
                board.unit_prices[priced].tolist(),
                today,
                lead.pk,
            ],
        )
