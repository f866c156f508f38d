"""A lead's returns week by week or month by month, and the positions that it closed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from copytrading.engine.track_record import record, trade_record
from copytrading.models import Lead
from copytrading.queries.leads import records
from copytrading.queries.leads.trades import made_by, seen_elsewhere
from copytrading.queries.shown.visibility import Visibility


class Span(StrEnum):
    """How long the pieces are that a record is cut into."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, kw_only=True)
class SpanReturn:
    """The gain of a calendar week or month, or of what of it was recorded."""

    first_day: date
    return_fraction: float


@dataclass(frozen=True, kw_only=True)
class LeadPosition:
    """A position of a lead from its first buy to its last sell, its result by what was paid for it."""

    coin: str
    opened_at: datetime
    closed_at: datetime
    return_fraction: float


def returns_of(lead: Lead, *, span: Span) -> list[SpanReturn]:
    """Return a lead's gains by week or by month, the latest first; together they make the whole return."""
    series = records.series_of(lead.pk)
    if len(series) < 2:
        return []
    if span is Span.WEEK:
        gains = record.weekly_returns(times=series.times, unit_prices=series.unit_prices)
    else:
        months = record.monthly_returns(times=series.times, unit_prices=series.unit_prices)
        gains = {date(year, month, 1): gain for (year, month), gain in months.items()}
    return [SpanReturn(first_day=day, return_fraction=gains[day]) for day in sorted(gains, reverse=True)]


def closed_positions_of(lead: Lead, *, visibility: Visibility) -> list[LeadPosition]:
    """Return the positions that a lead closed, as far as they may be seen, here and elsewhere, the latest first."""
    closed = [
        *trade_record.closed_positions(seen_elsewhere(lead, visibility=visibility)),
        *trade_record.closed_positions(made_by(lead, visibility=visibility)),
    ]
    return [
        LeadPosition(
            coin=position.asset,
            opened_at=datetime.fromtimestamp(position.opened_at, tz=UTC),
            closed_at=datetime.fromtimestamp(position.closed_at, tz=UTC),
            return_fraction=position.return_fraction,
        )
        for position in sorted(closed, key=lambda position: position.closed_at, reverse=True)
    ]
