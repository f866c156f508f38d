"""The tracking gap of one copy as its page and the API show it: in points of the investment, by cause and by week."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from copytrading.engine.rounding import rounded_parts
from copytrading.engine.rules import Rules
from copytrading.engine.track_record.tracking_gap import Part
from copytrading.models import Copy, CopyGap, CopyGapRecord
from copytrading.models.gaps import GapFigures
from copytrading.queries.copies import gaps
from copytrading.queries.copies.gaps import PART_COLUMNS
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules

# A hundredth of a point: what is shown.
SHOWN = 1e-4
# A look without the lead's lock may fall into the middle of a booking; then the last written one is shown.
UNEXPLAINED_MAX_UNITS = 1_000
WEEKS_SHOWN = 8

LABELS = {
    Part.PRICE: _("Price"),
    Part.FEES: _("Fees"),
    Part.TIMING: _("Timing"),
    Part.UNINVESTED: _("Cash not invested"),
    Part.UNFOLLOWED: _("Assets not followed"),
    Part.ROUNDING: _("Rounding"),
    Part.PROFIT_SHARE: _("Profit share"),
}


@dataclass(frozen=True, kw_only=True)
class GapLine:
    """
    One part of a gap: `fraction` of the investment, `units` in quote units.

    `shown` is the fraction to a hundredth of a point, rounded so that what is shown sums to what is shown of the whole.
    """

    part: str
    label: str
    units: int
    fraction: float
    shown: float


@dataclass(frozen=True, kw_only=True)
class GapWeek:
    """Where lead and copy stood at one time, as returns on the investment, and how far apart."""

    day: date
    lead_return: float
    copy_return: float

    @property
    def fraction(self) -> float:
        return self.copy_return - self.lead_return

    @property
    def shown(self) -> float:
        return _shown_difference(self.copy_return, self.lead_return)


@dataclass(frozen=True, kw_only=True)
class GapView:
    """
    Why a copy did not make exactly its lead's return. Fractions are of the investment; the lines sum to `units`.

    `lead_return` is what the investment would have made with the lead, flow by flow. `shown` is the difference of the
    two returns as they are shown.
    """

    measured_at: datetime
    invested_units: int
    lead_return: float
    copy_return: float
    units: int
    fraction: float
    shown: float
    lines: tuple[GapLine, ...]
    weeks: tuple[GapWeek, ...]

    @property
    def nothings(self) -> tuple[str, ...]:
        """Return what made no difference that is shown, by its label."""
        return tuple(line.label for line in self.lines if not line.shown)


def gap_of(copy: Copy, *, now: datetime) -> GapView | None:
    """Return a copy's gap as it is now, or as it was at the end; None before the first look at it."""
    row = CopyGap.objects.filter(copy=copy).first()
    if row is None or row.invested_units <= 0:
        return None
    if copy.status != Copy.Status.STOPPED:
        row = _as_of(row, copy, now, platform_rules())
    return view_of(row, measured_at=row.measured_at, weeks=_weeks(copy, row))


def view_of(row: GapFigures, *, measured_at: datetime, weeks: tuple[GapWeek, ...] = ()) -> GapView:
    """Return a gap that was measured, of an investment above zero, as it is shown."""
    parts = [int(getattr(row, column)) for column in PART_COLUMNS]
    units = row.equity_units - row.ideal_units
    lead_return, copy_return = (worth / row.invested_units - 1 for worth in (row.ideal_units, row.equity_units))
    fractions = [part / row.invested_units for part in parts]
    whole = _shown_difference(copy_return, lead_return)
    return GapView(
        measured_at=measured_at,
        invested_units=row.invested_units,
        lead_return=lead_return,
        copy_return=copy_return,
        units=units,
        fraction=units / row.invested_units,
        shown=whole,
        lines=tuple(
            GapLine(
                part=part.name.lower(),
                label=gettext(LABELS[part]),
                units=parts[part],
                fraction=fractions[part],
                shown=shown,
            )
            for part, shown in zip(Part, rounded_parts(fractions, step=SHOWN, whole=whole), strict=True)
        ),
        weeks=weeks,
    )


def _shown_difference(copy_return: float, lead_return: float) -> float:
    """Return how far apart two returns are by the figures that stand beside it."""
    return (round(copy_return / SHOWN) - round(lead_return / SHOWN)) * SHOWN


def _as_of(row: CopyGap, copy: Copy, now: datetime, rules: Rules) -> CopyGap:
    """Return the gap at the present marks, not saved; the row itself where it cannot be told now."""
    look = gaps.look_at(copy.lead, board=market_queries.load_board(now=now, rules=rules), copy_id=copy.pk)
    if look is None or not len(look.copy_ids) or look.is_new[0]:
        return row
    if abs(int(look.gaps.unexplained_units[0])) > UNEXPLAINED_MAX_UNITS:
        return row
    row.equity_units, row.ideal_units = int(look.gaps.equity_units[0]), int(look.gaps.ideal_units[0])
    for part in Part:
        setattr(row, PART_COLUMNS[part], int(look.gaps.parts[0, part]))
    row.measured_at = now
    return row


def _weeks(copy: Copy, row: CopyGap) -> tuple[GapWeek, ...]:
    """Return the last weeks, latest first: where the copy stood when each Monday began, and now."""
    weekly = CopyGapRecord.objects.filter(copy=copy, recorded_on__iso_week_day=1).order_by("-recorded_on")
    before = [_week(record, record.recorded_on) for record in weekly[: WEEKS_SHOWN - 1] if record.invested_units > 0]
    today = row.measured_at.date()
    return (_week(row, today), *(week for week in before if week.day < today))


def _week(figures: GapFigures, day: date) -> GapWeek:
    return GapWeek(
        day=day,
        lead_return=figures.ideal_units / figures.invested_units - 1,
        copy_return=figures.equity_units / figures.invested_units - 1,
    )
