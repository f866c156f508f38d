"""
A lead's own money over the time it leads, and that money by the money that follows, wherever anything followed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from copytrading.engine.arrays import IntArray
from copytrading.engine.track_record import record
from copytrading.queries.leads.listing import LeadCard
from copytrading.queries.leads.records import Series

STAKE_POINTS = 90
# Below this ratio of own money to the money that follows, a page warns.
STAKE_LOW = 0.10


@dataclass(frozen=True, kw_only=True)
class Stake:
    """
    Own money from the lead's start on, and by the money that follows, both thinned to some days, the last one kept.

    `own_values` (time, quote units) has every day of the record, `points` (time, ratio) those where anything followed;
    `lowest` is the lowest ratio of all. `is_low` tells that the own money is little now.
    """

    own_values: tuple[tuple[datetime, int], ...]
    points: tuple[tuple[datetime, float], ...]
    lowest: float | None
    is_low: bool

    @property
    def ratios(self) -> list[float]:
        return [ratio for _, ratio in self.points]

    @property
    def own_range(self) -> tuple[int, int]:
        """Return the least and the most of the own money that is shown."""
        return min(self.own_units), max(self.own_units)

    @property
    def ratio_range(self) -> tuple[float, float]:
        """Return the lowest and the highest of the ratios that are shown."""
        return min(self.ratios), max(self.ratios)

    @property
    def own_units(self) -> list[int]:
        return [units for _, units in self.own_values]


def stake_of(card: LeadCard, series: Series) -> Stake:
    """Return a lead's own stake over all of its record."""
    days = _days(series.times)
    followed = np.flatnonzero(series.following_units > 0).astype(np.int64)
    followed = followed[_days(series.times[followed])]
    ratios = series.equity_units[followed] / series.following_units[followed]
    own, shown = _thinned(days), _thinned(np.arange(len(followed)))
    stake = card.stake_fraction
    return Stake(
        own_values=tuple(
            (_moment(time), units)
            for time, units in zip(series.times[own].tolist(), series.equity_units[own].tolist(), strict=True)
        ),
        points=tuple(
            (_moment(time), ratio)
            for time, ratio in zip(series.times[followed[shown]].tolist(), ratios[shown].tolist(), strict=True)
        ),
        lowest=float(ratios.min()) if len(ratios) else None,
        is_low=card.lead.stake_alarm_at is not None or (stake is not None and stake < STAKE_LOW),
    )


def _days(times: IntArray) -> IntArray:
    """Return the places of the last record of each day, which stands for it."""
    if not len(times):
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(np.append(np.diff(times // record.DAY_SECONDS) > 0, True)).astype(np.int64)


def _thinned(places: IntArray) -> IntArray:
    if len(places) <= STAKE_POINTS:
        return places
    return places[np.linspace(0, len(places) - 1, STAKE_POINTS).astype(np.int64)]


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
