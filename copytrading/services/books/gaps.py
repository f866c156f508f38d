"""
Tracking gaps are looked at on the beat, and before money moves in or out of a lead or a copy.

Each look writes all gaps of a lead's copies in one statement, and what was seen of the lead, so that the next look
goes on from there. Trades need no look: the next one finds what was booked. Everything here is called with the lead
locked.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

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
from copytrading.queries.copies import gaps as queries
from copytrading.queries.copies.gaps import PART_COLUMNS, Look
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services.locks import lock_idle_leads, lock_lead

log = structlog.get_logger()

TROUBLES = (DatabaseError, AssertionError, ArithmeticError, LookupError, ValueError)

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
    WHERE copy.lead_id = ANY(%s) AND copy.status <> 'STOPPED' ON CONFLICT DO NOTHING
"""

INSERT_SNAPSHOTS = """
    INSERT INTO copytrading_leadsnapshot (lead_id, measured_at, growth_index, asset_ids, unit_prices, traded_units,
        traded_fee_units, untraded_units, recorded_on, cycle_id_last, allocation_id_last, profit_share_id_last)
    SELECT line.lead_id, %s, line.growth_index, %s, %s, 0, 0, 0, %s,
        coalesce((SELECT max(id) FROM copytrading_synccycle WHERE lead_id = line.lead_id), 0),
        coalesce((SELECT max(id) FROM copytrading_allocation), 0),
        coalesce((SELECT max(id) FROM copytrading_profitshare), 0)
    FROM unnest(%s::bigint[], %s::double precision[]) AS line(lead_id, growth_index)
    ON CONFLICT (lead_id) DO UPDATE SET measured_at = excluded.measured_at, growth_index = excluded.growth_index,
        asset_ids = excluded.asset_ids, unit_prices = excluded.unit_prices, traded_units = 0, traded_fee_units = 0,
        untraded_units = 0, recorded_on = excluded.recorded_on, cycle_id_last = excluded.cycle_id_last,
        allocation_id_last = excluded.allocation_id_last, profit_share_id_last = excluded.profit_share_id_last
"""

# Leads of whom something was booked since the last look, or which nobody has looked at for a while, or not today.
DUE = """
    SELECT lead.id, followed.copies
    FROM copytrading_lead AS lead
    JOIN (SELECT lead_id, count(*) AS copies FROM copytrading_copy WHERE status <> 'STOPPED' GROUP BY 1) AS followed
        ON followed.lead_id = lead.id
    LEFT JOIN copytrading_leadsnapshot AS snapshot ON snapshot.lead_id = lead.id
    WHERE snapshot.lead_id IS NULL OR snapshot.measured_at <= %s OR snapshot.recorded_on IS DISTINCT FROM %s
        OR EXISTS (
            SELECT FROM copytrading_synccycle AS cycle JOIN copytrading_order AS sent ON sent.cycle_id = cycle.id
            WHERE cycle.lead_id = lead.id AND cycle.id >= snapshot.cycle_id_last
                AND sent.booked_at > snapshot.measured_at
        )
    ORDER BY lead.id
"""
# A gap is made by trades; what prices do between two of them is told by any look, of a page too.
LOOKED_AT_AFTER = timedelta(minutes=15)
COPIES_AT_ONCE = 5_000


def measure_all(*, now: datetime) -> int:
    """
    Look at the gaps behind every lead that is due, and return of how many leads; one's trouble stays its own.

    Many leads at once are a few statements and one lock each. Who is at work is left to the next ring.
    """
    rules = platform_rules()
    with connection.cursor() as cursor:
        cursor.execute(DUE, [now - LOOKED_AT_AFTER, now.astimezone(UTC).date()])
        due = cursor.fetchall()
    measured = 0
    for lead_ids in _in_batches(due):
        try:
            with transaction.atomic(durable=True):
                leads = lock_idle_leads(lead_ids)
                measure_leads(leads=leads, now=now, rules=rules)
            measured += len(leads)
        except TROUBLES:
            measured += sum(_measured_alone(lead_id, now=now, rules=rules) for lead_id in lead_ids)
    return measured


def _in_batches(due: list[tuple[int, int]]) -> Iterator[list[int]]:
    """Yield the leads of (lead, copies) in groups of some thousand copies, one lead at least."""
    batch: list[int] = []
    size = 0
    for lead_id, copies in due:
        if batch and size + copies > COPIES_AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append(lead_id)
        size += copies
    if batch:
        yield batch


def _measured_alone(lead_id: int, *, now: datetime, rules: Rules) -> bool:
    try:
        measure_gaps(lead_id=lead_id, now=now, rules=rules)
    except TROUBLES as trouble:
        log.exception("The gaps behind a lead could not be measured.", lead_id=lead_id, trouble=type(trouble).__name__)
        return False
    return True


def measure_gaps(*, lead_id: int, now: datetime, rules: Rules) -> None:
    """Look at the gaps of one lead's copies."""
    with transaction.atomic(durable=True):
        lead = lock_lead(lead_id)
        measure_lead(lead=lead, now=now, rules=rules)


@in_transaction
def measure_lead(*, lead: Lead, now: datetime, rules: Rules) -> Look | None:
    """
    Look at the gaps of all copies of a lead, which is locked, and write them.

    :returns: None where there is nothing new to see, or a coin has no price.
    """
    return measure_leads(leads=[lead], now=now, rules=rules).get(lead.pk)


@in_transaction
def measure_leads(*, leads: Sequence[Lead], now: datetime, rules: Rules) -> dict[int, Look]:
    """Look at the gaps of all copies of some leads, which are locked, and write them; return what was seen by lead."""
    board = market_queries.load_board(now=now, rules=rules)
    today = now.astimezone(UTC).date()
    recorded = set(
        LeadSnapshot.objects.filter(lead__in=[lead.pk for lead in leads], recorded_on=today).values_list(
            "lead_id", flat=True
        )
    )
    looks = queries.look_at_all(leads, board=board, is_news=lambda lead: lead.pk not in recorded)
    if not looks:
        return looks
    _write(list(looks.values()), now)
    _write_snapshots(looks, board, now)
    unrecorded = [lead_id for lead_id in looks if lead_id not in recorded]
    if unrecorded:
        with connection.cursor() as cursor:
            cursor.execute(INSERT_RECORDS, [today, unrecorded])
    return looks


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


def note_observed_trade(*, lead: Lead, asset_id: int, signed_units: int, cash_units: int, fee_units: int = 0) -> None:
    """
    Note what an observed lead's trade brought beside the marks, and its fee. Measured just before, lead locked.

    :param signed_units: what the trade added to the coin, and `cash_units` to the cash, the fee taken off.
    :param fee_units: the fee in quote units where the exchange named it. Where balances alone were read nobody knows
        it: 0 then, and it counts as a worse price.
    """
    snapshot = LeadSnapshot.objects.filter(lead=lead).first()
    if snapshot is None or asset_id not in snapshot.asset_ids:
        return
    unit_price = snapshot.unit_prices[snapshot.asset_ids.index(asset_id)]
    snapshot.traded_units += round(signed_units * unit_price) + cash_units + fee_units
    snapshot.traded_fee_units += fee_units
    snapshot.save(update_fields=["traded_units", "traded_fee_units"])


def note_observed_fees(*, lead: Lead, units: int) -> None:
    """Note fees of an observed lead, in quote units, that are in no trade noted with a fee. Lead locked."""
    LeadSnapshot.objects.filter(lead=lead).update(traded_fee_units=F("traded_fee_units") + units)


def note_untraded_result(*, lead: Lead, units: int) -> None:
    """Note what a lead's coins brought that are not traded here. Lead locked."""
    LeadSnapshot.objects.filter(lead=lead).update(untraded_units=F("untraded_units") + units)


def _fill(row: CopyGap, gaps: Gaps, place: int) -> None:
    row.equity_units, row.ideal_units = int(gaps.equity_units[place]), int(gaps.ideal_units[place])
    for part in Part:
        setattr(row, PART_COLUMNS[part], int(gaps.parts[place, part]))


def _write(looks: list[Look], now: datetime) -> None:
    """Write all gaps: one statement for those that were there, one for those that are new."""
    columns = [
        np.concatenate([column[~look.is_new] for look, column in zip(looks, kind, strict=True)])
        for kind in zip(*(_columns(look) for look in looks), strict=True)
    ]
    if len(columns[0]):
        with connection.cursor() as cursor:
            cursor.execute(UPDATE_GAPS, [now, *map(_array_text, columns)])
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
            for look in looks
            for place in np.flatnonzero(look.is_new)
        ],
        batch_size=5_000,
    )


def _columns(look: Look) -> list[np.ndarray]:
    """Return the columns that UPDATE_GAPS names, in its order."""
    gaps = look.gaps
    return [look.copy_ids, gaps.equity_units, gaps.ideal_units, *gaps.parts.T, look.accrued_units, look.ideal_shares]


def _array_text(column: IntArray | FloatArray) -> str:
    """Return a column as PostgreSQL writes an array: the driver takes ten times as long, number by number."""
    return "{" + ",".join(map(repr, column.tolist())) + "}"


def _write_snapshots(looks: dict[int, Look], board: Board, now: datetime) -> None:
    priced = ~np.isnan(board.unit_prices)
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_SNAPSHOTS,
            [
                now,
                board.asset_ids[priced].tolist(),
                board.unit_prices[priced].tolist(),
                now.astimezone(UTC).date(),
                list(looks),
                [look.growth_index for look in looks.values()],
            ],
        )
