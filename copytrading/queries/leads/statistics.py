"""
A lead's whole record in figures: by period, by month, by trade, and what own money stood beside that of followers.

The record is read once, as arrays, and the engine does the counting; so the page costs the same number of statements
however long somebody leads. For a lead who ended, "now" is the end.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

from copytrading.engine.arrays import FloatArray
from copytrading.engine.track_record import record, trade_record
from copytrading.engine.track_record.record import DayCount
from copytrading.engine.track_record.trade_record import TradeFigures
from copytrading.models import Lead, LeadOrder
from copytrading.queries.copies.portfolios import PriceList, Slice, price_list
from copytrading.queries.leads import records
from copytrading.queries.leads.listing import LeadCard
from copytrading.queries.leads.records import Series
from copytrading.queries.leads.stakes import Stake, stake_of
from copytrading.queries.leads.trades import made_by, seen_elsewhere
from copytrading.queries.shown.visibility import Visibility

MONTHS = range(1, 13)
# Coins that are named in the preference; the rest is one slice.
PREFERENCES_MAX = 7


@dataclass(frozen=True, kw_only=True)
class Fall:
    """The deepest fall below an earlier peak: a fraction, from its peak over its bottom to where it was made good."""

    fraction: float
    began_at: datetime
    ended_at: datetime
    recovered_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Period:
    """The figures of some days, of all of the record where `days` is None; None where the record is too short."""

    days: int | None
    return_fraction: float | None
    fall: Fall | None
    volatility: float | None
    sharpe_ratio: float | None
    sortino_ratio: float | None
    day_count: DayCount

    @property
    def is_known(self) -> bool:
        return self.return_fraction is not None


@dataclass(frozen=True, kw_only=True)
class Month:
    """The gain of a calendar month, None outside the record."""

    first_day: date
    gain: float | None


@dataclass(frozen=True, kw_only=True)
class Year:
    """A calendar year: its twelve months, and the gain of all of it that was recorded."""

    number: int
    months: tuple[Month, ...]
    whole: float


@dataclass(frozen=True, kw_only=True)
class LeadStatistics:
    """
    Everything that a lead's record says besides the figures of the card; `trades` counts orders that filled.

    What is read from single trades counts those that may be seen.
    """

    periods: tuple[Period, ...]
    years: tuple[Year, ...]
    trades: int
    trades_a_week: float | None
    positions: TradeFigures
    preferences: tuple[Slice, ...]
    stake: Stake

    @property
    def all_time(self) -> Period:
        return self.periods[-1]

    @property
    def fall(self) -> Fall | None:
        return self.all_time.fall

    @property
    def volatility(self) -> float | None:
        return self.all_time.volatility


def statistics_of(
    card: LeadCard, *, visibility: Visibility, now: datetime, series: Series | None = None
) -> LeadStatistics:
    """Return what a lead's whole record says, and what may be seen of its trades."""
    lead = card.lead
    until = lead.ended_at or now
    series = records.series_of(lead.pk) if series is None else series
    past, made_here = seen_elsewhere(lead, visibility=visibility), made_by(lead, visibility=visibility)
    orders = LeadOrder.objects.filter(lead=lead, filled_units__gt=0)
    if visibility.trades_until is not None:
        orders = orders.filter(finished_at__lte=visibility.trades_until)
    filled = orders.count() + len(past)
    positions = trade_record.figures_of(
        trades=made_here,
        past=past,
        leading_seconds=int((until - lead.started_at).total_seconds()) if lead.started_at else 0,
    )
    return LeadStatistics(
        periods=periods_of(series, until=until),
        years=years_of(series),
        trades=filled,
        trades_a_week=filled / card.days_leading * 7 if card.days_leading >= 7 else None,
        positions=positions,
        preferences=_preferences(positions, price_list()),
        stake=stake_of(card, series),
    )


def period_of(lead: Lead, *, days: int, now: datetime, series: Series) -> Period:
    """Return the figures of some days, or of all of the record where it is shorter than that."""
    periods = periods_of(series, until=lead.ended_at or now)
    return next((period for period in periods if period.days == days and period.is_known), periods[-1])


def periods_of(series: Series, *, until: datetime) -> tuple[Period, ...]:
    """Return the figures of every period that a page shows, the whole record last."""
    if len(series) == 0:
        return tuple(_nothing(days) for days in record.PERIOD_DAYS)
    now_seconds = max(int(until.timestamp()), int(series.times[-1]))
    return tuple(
        Period(
            days=figures.days,
            return_fraction=figures.time_weighted_return if len(series) > 1 else None,
            fall=_fall(figures.drawdown),
            volatility=figures.volatility,
            sharpe_ratio=figures.sharpe_ratio,
            sortino_ratio=figures.sortino_ratio,
            day_count=figures.day_count,
        )
        for figures in record.all_figures_of(
            times=series.times, unit_prices=series.unit_prices, now_seconds=now_seconds
        )
    )


def years_of(series: Series) -> tuple[Year, ...]:
    """Return the gains by calendar month, the latest year first."""
    if len(series) < 2:
        return ()
    gains = record.monthly_returns(times=series.times, unit_prices=series.unit_prices)
    numbers = sorted({year for year, _ in gains}, reverse=True)
    return tuple(
        Year(
            number=number,
            months=tuple(Month(first_day=date(number, month, 1), gain=gains.get((number, month))) for month in MONTHS),
            whole=float(np.prod([1 + gains[number, month] for month in MONTHS if (number, month) in gains]) - 1),
        )
        for number in numbers
    )


def weights_when(series: Series, *, times: FloatArray, values: FloatArray) -> FloatArray:
    """Return values (T,) in quote units as shares of the equity that was last recorded at their times (T,)."""
    places = np.maximum(np.searchsorted(series.times, times, side="right") - 1, 0)
    return values / np.maximum(series.equity_units[places], 1)


def moment_of(seconds: int) -> datetime:
    """Return seconds of UTC as a time."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def _fall(drawdown: record.DatedDrawdown | None) -> Fall | None:
    if drawdown is None:
        return None
    return Fall(
        fraction=drawdown.fraction,
        began_at=moment_of(drawdown.peak_at),
        ended_at=moment_of(drawdown.bottom_at),
        recovered_at=None if drawdown.recovered_at is None else moment_of(drawdown.recovered_at),
    )


def _nothing(days: int | None) -> Period:
    return Period(
        days=days,
        return_fraction=None,
        fall=None,
        volatility=None,
        sharpe_ratio=None,
        sortino_ratio=None,
        day_count=DayCount(won=0, lost=0, flat=0),
    )


def _preferences(positions: TradeFigures, prices: PriceList) -> tuple[Slice, ...]:
    """Return the coins that most was traded in, and the rest in the colour of cash."""
    colours = {coin.symbol: coin.colour for coin in prices.coins}
    named = list(positions.preferences.items())[:PREFERENCES_MAX]
    slices = [Slice(symbol=symbol, colour=colours.get(symbol, 0), weight=weight) for symbol, weight in named]
    rest = 1.0 - sum(weight for _, weight in named)
    if len(positions.preferences) > PREFERENCES_MAX:
        slices.append(Slice(symbol="others", colour=0, weight=rest))
    return tuple(slices)
