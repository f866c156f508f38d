"""
The worth of a copy, and of a lead's own account, over time: what was recorded, from the first second to this one.

Money that moves is no result. Between two records the result is taken to change evenly, and what moved in or out is a
step at its own moment: the worth just before it, and just after. So a deposit never looks like a gain on its way up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection

from copytrading.models import Copy, CopyFlow, Lead, LeadFlow, LeadRecord
from copytrading.queries.copies.own import CopySummary

# Three pixels of a wide screen each.
POINTS_MAX = 240
ACCOUNT_DAYS = 90
# A look into the index for each stretch: reading all records of ninety days takes several times as long.
THINNED = """
    SELECT {columns} FROM generate_series(1, %(steps)s) AS step
    CROSS JOIN LATERAL (
        SELECT {columns} FROM {table}
        WHERE {owner} AND recorded_at > %(begins_at)s + %(width)s * (step - 1)
            AND recorded_at <= %(begins_at)s + %(width)s * step AND recorded_at < %(ends_at)s
        ORDER BY recorded_at DESC LIMIT 1
    ) AS last_of_step
    ORDER BY recorded_at
"""
# A record is written as of a moment, and read a little later: so near to a move nobody knows on which side of it.
DOUBTFUL = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class WorthPoint:
    """What a copy was worth at one time, what counted as invested, and the result since the start, in quote units."""

    at: datetime
    worth_units: int
    invested_units: int
    result_units: int


@dataclass(frozen=True, kw_only=True)
class Move:
    """Money that moved in (positive) or out, in quote units, and what was worth after it."""

    at: datetime
    units: int
    worth_units: int


@dataclass(frozen=True, kw_only=True)
class CopyCurve:
    """
    A copy over time, oldest first: from its start to now, or to its end, where it is worth what came back.

    Each move stands in the points twice, at one time: before it and after it. There are two points or more.
    """

    points: tuple[WorthPoint, ...]
    moves: tuple[Move, ...]


@dataclass(frozen=True, kw_only=True)
class AccountCurve:
    """What a lead's own account was worth over time, (time, quote units), oldest first, with the moves as steps."""

    points: tuple[tuple[datetime, int], ...]
    moves: tuple[Move, ...]


def curve_of(summary: CopySummary, *, now: datetime) -> CopyCurve:
    """Return the worth of a copy over time, thinned to a few hundred records; it ends at the worth of the summary."""
    copy = summary.copy
    ends_at = copy.stopped_at or now
    flows = CopyFlow.objects.filter(copy=copy, status=CopyFlow.Status.DONE).exclude(kind=CopyFlow.Kind.PAYOUT)
    start_units, moves = 0, []
    for kind, units, moved_at in flows.order_by("moved_at", "pk").values_list("kind", "units", "moved_at"):
        if kind == CopyFlow.Kind.START:
            start_units = units
        else:
            # Clocks differ between machines; what moved is after the start and before the end all the same.
            moves.append((min(max(moved_at, copy.started_at + timedelta(microseconds=1)), ends_at), units))
    # At the end there is nothing left in a copy: what it was worth is what came back then.
    last_units = summary.worth_units
    if copy.status == Copy.Status.STOPPED:
        last_units = summary.result_units + start_units + sum(units for _, units in moves)
    recorded = _thinned(
        "copy_records(%(owner_id)s)",
        "true",
        "recorded_at, equity_units, invested_units",
        owner_id=copy.pk,
        begins_at=copy.started_at,
        ends_at=ends_at,
    )
    known = [
        (copy.started_at, start_units, start_units),
        *_away_from(moves, recorded),
        (ends_at, last_units, copy.invested_units),
    ]
    return _curve_through(known, start_units, moves)


def account_curve_of(lead: Lead, *, equity_units: int, now: datetime) -> AccountCurve:
    """Return the worth of a lead's own account over 90 days, thinned; it ends at `equity_units`, the worth now."""
    since = now - timedelta(days=ACCOUNT_DAYS)
    recorded = _thinned(
        LeadRecord._meta.db_table,
        "lead_id = %(owner_id)s",
        "recorded_at, equity_units, unit_price",
        owner_id=lead.pk,
        begins_at=since,
        ends_at=now,
    )
    flows = LeadFlow.objects.filter(lead=lead, moved_at__gt=since, moved_at__lte=now).order_by("moved_at", "pk")
    moved = list(flows.values_list("moved_at", "units"))
    # Nobody has recorded a unit price of this moment; it is as good as that of the last record, a minute old.
    known = [*_away_from(moved, recorded), (now, equity_units, None)]
    points, moves = [known[0][:2]], []
    for (begins_at, units, price), (ends_at, next_units, next_price) in pairwise(known):
        reached, grown = units, (next_price or price) / price - 1 if price else 0.0
        for at, moved_units in _between(moved, begins_at, ends_at):
            before = reached + round(units * grown * _share(at, begins_at, ends_at))
            points += [(at, before), (at, before + moved_units)]
            moves.append(Move(at=at, units=moved_units, worth_units=before + moved_units))
            reached += moved_units
        points.append((ends_at, next_units))
    return AccountCurve(points=tuple(points), moves=tuple(moves))


def _curve_through(
    known: list[tuple[datetime, int, int]], net_units: int, moved: list[tuple[datetime, int]]
) -> CopyCurve:
    """
    Return the curve through what is known, (time, worth, invested), with the moves between as steps.

    :param net_units: what had been put in at the first of them, less what had been taken out.
    """
    at, worth, invested = known[0]
    result = worth - net_units
    points = [WorthPoint(at=at, worth_units=worth, invested_units=invested, result_units=result)]
    moves = []
    for (begins_at, *_), (ends_at, worth, next_invested) in pairwise(known):
        between = list(_between(moved, begins_at, ends_at))
        next_result = worth - net_units - sum(units for _, units in between)
        for place, (at, units) in enumerate(between, start=1):
            now_result = result + round((next_result - result) * _share(at, begins_at, ends_at))
            before = WorthPoint(
                at=at, worth_units=net_units + now_result, invested_units=invested, result_units=now_result
            )
            net_units += units
            # What counts as invested falls when less is asked for, and the money leaves later: the record knows when.
            invested = next_invested if place == len(between) else invested + max(units, 0)
            after = WorthPoint(
                at=at, worth_units=net_units + now_result, invested_units=invested, result_units=now_result
            )
            points += [before, after]
            moves.append(Move(at=at, units=units, worth_units=after.worth_units))
        result, invested = next_result, next_invested
        points.append(WorthPoint(at=ends_at, worth_units=worth, invested_units=invested, result_units=result))
    return CopyCurve(points=tuple(points), moves=tuple(moves))


def _between(
    moved: Iterable[tuple[datetime, int]], begins_at: datetime, ends_at: datetime
) -> Iterable[tuple[datetime, int]]:
    return ((at, units) for at, units in moved if begins_at < at <= ends_at)


def _away_from(moved: Sequence[tuple[datetime, int]], records: Iterable[Any]) -> Iterable[Any]:
    """Yield the records, the time first, that are not in doubt beside what moved."""
    return (row for row in records if all(abs(row[0] - at) >= DOUBTFUL for at, _ in moved))


def _share(at: datetime, begins_at: datetime, ends_at: datetime) -> float:
    """Return where a time lies between two others, 0 to 1."""
    return (at - begins_at) / (ends_at - begins_at)


def _thinned(
    table: str, owner: str, columns: str, *, owner_id: int, begins_at: datetime, ends_at: datetime
) -> list[tuple[Any, ...]]:
    """Return the last record of each of some hundred equal stretches of a time, oldest first, without its two ends."""
    parameters: dict[str, Any] = {
        "owner_id": owner_id,
        "begins_at": begins_at,
        "ends_at": ends_at,
        "width": (ends_at - begins_at) / POINTS_MAX,
        "steps": POINTS_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(THINNED.format(table=table, owner=owner, columns=columns), parameters)
        return cursor.fetchall()
