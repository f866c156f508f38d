"""What a look back comes to: how each mode would have ended, and how much of that was the day one began."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.services.lookback.history import moment_of

CURVE_POINTS = 300
HISTOGRAM_BINS = 16

Points = tuple[tuple[datetime, float], ...]

# What became of an order of the lead: nothing of it, or less than was wanted.
SKIPPED = (Reason.MARKET_NOT_CHOSEN, Reason.MARKET_UNAVAILABLE, Reason.PRICE_STALE)
CUT = (Reason.CASH_SHORT, Reason.ORDER_MAX_CAPPED, Reason.TOTAL_MAX_CAPPED, Reason.CONCENTRATION_CAPPED)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    How the investment would have ended in one mode; values in quote units.

    `gap_fraction` is its return less the lead's, `tracking_error` by how much an hour's return typically differed,
    `cash_fraction` what lay idle at the end. `lowest_units` is the least it was worth at any bar, first at `lowest_at`.
    `adjustments` counts by reason, `nothing_to_sell` the sales of coins it
    never had.
    """

    return_fraction: float
    gap_fraction: float
    worth_units: int
    lowest_units: int
    lowest_at: datetime
    cost_units: int
    cash_fraction: float
    tracking_error: float
    adjustments: dict[str, int]
    nothing_to_sell: int
    stopped_at: datetime | None
    curve: Points

    @property
    def skipped(self) -> int:
        return sum(self.adjustments.get(reason, 0) for reason in SKIPPED) + self.nothing_to_sell

    @property
    def cut(self) -> int:
        return sum(self.adjustments.get(reason, 0) for reason in CUT)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """
    Both modes beside the lead, over the same hours.

    The lead's curve is what the investment would be worth had it done exactly as the lead.
    """

    started_at: datetime
    ended_at: datetime
    lead_orders: int
    lead_return: float
    lead_curve: Points
    smart_sync: Outcome
    custom: Outcome

    @property
    def days(self) -> float:
        return (self.ended_at - self.started_at).total_seconds() / 86_400

    @property
    def whole_days(self) -> int:
        return round(self.days)


@dataclass(frozen=True, kw_only=True)
class Quantiles:
    """Returns from many starts as fractions: half did better than the median; a tenth ended at the worst or below."""

    worst_tenth: float
    median: float
    best_tenth: float
    losing_share: float

    @classmethod
    def of(cls, returns: FloatArray) -> "Quantiles":
        worst, median, best = np.quantile(returns, [0.1, 0.5, 0.9]).tolist()
        return cls(worst_tenth=worst, median=median, best_tenth=best, losing_share=float((returns < 0).mean()))


@dataclass(frozen=True, kw_only=True)
class Spread:
    """
    What became of the investment from K starts, each held equally long.

    `edges` (B + 1,) are the returns between which `smart_sync_counts` and `custom_counts` (B,) of them lie.
    """

    held_days: float
    first_at: datetime
    last_at: datetime
    starts: int
    lead: Quantiles
    smart_sync: Quantiles
    custom: Quantiles
    edges: tuple[float, ...]
    smart_sync_counts: tuple[int, ...]
    custom_counts: tuple[int, ...]


def spread_of(
    *,
    held_days: float,
    first_at: datetime,
    last_at: datetime,
    lead_returns: FloatArray,
    smart_sync_returns: FloatArray,
    custom_returns: FloatArray,
) -> Spread:
    """Return returns (K,) from K starts as a spread; both modes share the bins, to be laid side by side."""
    edges = np.histogram_bin_edges(np.concatenate([smart_sync_returns, custom_returns]), bins=HISTOGRAM_BINS)
    return Spread(
        held_days=held_days,
        first_at=first_at,
        last_at=last_at,
        starts=len(lead_returns),
        lead=Quantiles.of(lead_returns),
        smart_sync=Quantiles.of(smart_sync_returns),
        custom=Quantiles.of(custom_returns),
        edges=tuple(edges.tolist()),
        smart_sync_counts=tuple(np.histogram(smart_sync_returns, bins=edges)[0].tolist()),
        custom_counts=tuple(np.histogram(custom_returns, bins=edges)[0].tolist()),
    )


def curve_points(times: IntArray, values: FloatArray) -> Points:
    """Return a series (T,) thinned to what a chart can show, with its first and last point."""
    kept = np.unique(np.linspace(0, len(times) - 1, min(CURVE_POINTS, len(times))).astype(np.int64))
    return tuple((moment_of(at), value) for at, value in zip(times[kept].tolist(), values[kept].tolist(), strict=True))
