"""
Reference copies: the platform holds a real one of every lead that takes money, so its record is what following brought.

    a run       one copy from its start to its stop; whatever stops it but the lead's end, another run follows
    the record  the runs one after the other, as if what each left had gone into the next: returns multiply

Figures are those that were recorded up to a moment, and for strangers that is the one up to which they see the lead's
trades: what a copy paid and was worth tells when the lead traded. Days are those of the tracking gap, which is kept
once a day at its beginning; a stranger sees those of days that are over by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cached_property

from django.db import connection
from django.db.models import QuerySet, Sum

from copytrading.models import Copy, CopyGapRecord, Lead, ProfitShare, ReferenceHolder
from copytrading.queries.copies import gap_pages
from copytrading.queries.copies.gap_pages import GapView
from copytrading.queries.copies.together import FEES
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.queries.shown.visibility import Visibility

# What each of some copies was worth last, by a moment.
WORTH = """
    SELECT copy.id, last.recorded_at, last.equity_units FROM unnest(%s::bigint[]) AS copy(id)
    CROSS JOIN LATERAL (
        SELECT recorded_at, equity_units FROM copy_records(copy.id) WHERE recorded_at <= %s
        ORDER BY recorded_at DESC LIMIT 1
    ) AS last
"""
FEES_UNTIL = f"{FEES} AND placed.booked_at <= %s"

# The lead's own curve: (time, percent).
LeadPoints = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, kw_only=True)
class ReferencePoint:
    """What the copy was worth at one time, in quote units, and what the record had made by then, as a fraction."""

    at: datetime
    worth_units: int
    return_fraction: float


@dataclass(frozen=True, kw_only=True)
class ReferenceCosts:
    """What the exchange and the lead took of the runs so far, in quote units; both are in the return already."""

    fee_units: int
    profit_share_units: int


@dataclass(frozen=True, kw_only=True)
class ReferenceRecord:
    """
    What following a lead brought, by the platform's own copy, as far as a viewer may see it.

    `points` are its days, oldest first, with the start and the last figure; none where nothing is old enough to be
    seen. `ended_at` is the end of the last run, None while it runs. `shown_until` is the moment up to which figures
    count, and `is_late` tells that it is not this one.
    """

    since: datetime
    invested_units: int
    runs: tuple[Copy, ...]
    ended_at: datetime | None
    shown_until: datetime
    is_late: bool
    points: tuple[ReferencePoint, ...]

    @property
    def last(self) -> ReferencePoint | None:
        """Return the last figure; None before there is one."""
        return self.points[-1] if len(self.points) > 1 else None

    @property
    def as_of(self) -> datetime | None:
        return self.last.at if self.last else None

    @property
    def worth_units(self) -> int | None:
        return self.last.worth_units if self.last else None

    @property
    def return_fraction(self) -> float | None:
        return self.last.return_fraction if self.last else None

    @cached_property
    def costs(self) -> ReferenceCosts:
        """Return what was taken by the moment that counts, in two statements."""
        with connection.cursor() as cursor:
            accounts = [run.ledger_account_id for run in self.runs]
            cursor.execute(FEES_UNTIL, [CASH_DECIMALS, accounts, self.shown_until])
            (fees,) = cursor.fetchone()
        shares = ProfitShare.objects.filter(copy__in=self.runs, settled_at__lte=self.shown_until)
        return ReferenceCosts(
            fee_units=int(fees), profit_share_units=shares.aggregate(units=Sum("share_units", default=0))["units"]
        )

    @cached_property
    def gap(self) -> GapView | None:
        """Return how far the last run is from the lead, and why; None before the first day that may be seen."""
        if not self.runs:
            return None
        run = self.runs[-1]
        if not self.is_late:
            return gap_pages.gap_of(run, now=self.shown_until)
        rows = _days([run], before=self.shown_until).filter(invested_units__gt=0)
        row = rows.order_by("-recorded_on").first()
        return None if row is None else gap_pages.view_of(row, measured_at=_midnight(row))

    def beside(self, lead_points: LeadPoints) -> tuple[tuple[datetime, float], ...]:
        """
        Return the record as (time, percent) beside a lead's curve: it begins on that curve, and leaves it from there.

        Nothing where there are fewer than two points in the time of that curve.
        """
        if not lead_points:
            return ()
        own = [point for point in self.points if lead_points[0][0] <= point.at <= lead_points[-1][0]]
        if len(own) < 2:
            return ()
        level = next(percent for at, percent in reversed(lead_points) if at <= own[0].at)
        begins_with = (1 + level / 100) / (1 + own[0].return_fraction) if own[0].return_fraction > -1 else 0.0
        return tuple((point.at, (begins_with * (1 + point.return_fraction) - 1) * 100) for point in own)


def reference_ids(lead_ids: Sequence[int]) -> list[int]:
    """Return the ids of the reference copies of some leads that have not stopped: none of them follows."""
    running = Copy.objects.filter(lead__in=list(lead_ids), is_reference=True).exclude(status=Copy.Status.STOPPED)
    return list(running.values_list("pk", flat=True))


def leads_without() -> QuerySet[Lead]:
    """Return the leads who take money and have no reference copy, in the order of their ids."""
    running = Copy.objects.filter(is_reference=True).exclude(status=Copy.Status.STOPPED)
    return Lead.objects.filter(status=Lead.Status.ACTIVE).exclude(pk__in=running.values("lead")).order_by("pk")


def holder_without_money() -> ReferenceHolder | None:
    """Return whose the reference copies are, where the next one waits for money; None where none does."""
    return ReferenceHolder.objects.filter(lacks_money_since__isnull=False).select_related("user").first()


def record_of(lead: Lead, *, visibility: Visibility, now: datetime) -> ReferenceRecord | None:
    """Return the record of a lead's reference copies as a viewer sees it, in three statements; None if none began."""
    runs = list(Copy.objects.filter(lead=lead, is_reference=True).select_related("lead").order_by("started_at", "pk"))
    if not runs:
        return None
    until = now if visibility.trades_until is None else min(visibility.trades_until, now)
    is_late = visibility.trades_until is not None
    seen = tuple(run for run in runs if run.started_at <= until)
    stopped = [run.stopped_at for run in seen if run.stopped_at is not None and run.stopped_at <= until]
    return ReferenceRecord(
        since=runs[0].started_at,
        invested_units=runs[-1].paid_in_units,
        runs=seen,
        ended_at=stopped[-1] if seen and len(stopped) == len(seen) else None,
        shown_until=until,
        is_late=is_late,
        points=_points(seen, until=until, is_late=is_late) if seen else (),
    )


def _points(runs: Sequence[Copy], *, until: datetime, is_late: bool) -> tuple[ReferencePoint, ...]:
    with connection.cursor() as cursor:
        cursor.execute(WORTH, [[run.pk for run in runs], until])
        worth = {copy_id: (at, units) for copy_id, at, units in cursor.fetchall()}
    days: dict[int, list[CopyGapRecord]] = {run.pk: [] for run in runs}
    for row in _days(runs, before=until if is_late else None).order_by("recorded_on"):
        days[row.copy_id].append(row)
    points: list[ReferencePoint] = []
    before = 1.0
    for run in runs:
        # Clocks differ between machines: what is known of a run is known after its start.
        known = [(run.started_at, run.paid_in_units)]
        last = worth.get(run.pk)
        ends_at = until
        if run.stopped_at is not None and run.stopped_at <= until:
            last, ends_at = (run.stopped_at, run.paid_out_units), run.stopped_at
        known += [(_midnight(row), row.equity_units) for row in days[run.pk] if _midnight(row) < ends_at]
        known += [last] if last else []
        for at, units in known:
            if not points or at > points[-1].at:
                made = before * units / run.paid_in_units - 1
                points.append(ReferencePoint(at=at, worth_units=units, return_fraction=made))
        before *= known[-1][1] / run.paid_in_units
    return tuple(points)


def _days(runs: Sequence[Copy], *, before: datetime | None) -> QuerySet[CopyGapRecord]:
    """Return what was kept of each day of some runs, of those days alone that were over by a moment."""
    rows = CopyGapRecord.objects.filter(copy__in=runs)
    return rows if before is None else rows.filter(recorded_on__lt=before.astimezone(UTC).date())


def _midnight(row: CopyGapRecord) -> datetime:
    """Return when the day of a row began: it was written a little later, or when the copy began."""
    return datetime.combine(row.recorded_on, time(), tzinfo=UTC)
