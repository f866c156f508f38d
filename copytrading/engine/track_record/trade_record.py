"""
What a lead's own trades say: positions closed, how long they were held, in which coins.

A *position* in a coin opens with the first buy and closes when nothing is left that could be sold, which is less than
a lot; buys and sells in between belong to it, and what is left over to the next one. It was won if it brought in more
than it cost, fees included. So no way of matching lots can turn a loss into many small wins.

    buy 10 for 1,000    buy 10 for 900    sell 5 for 500    sell 15 for 1,350      one position, lost 50
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray

WEEK_SECONDS = 7 * 86_400

# A trade is a jump when it is this many times the median of those before it, and not small anyway.
JUMP_FACTOR = 4.0
JUMP_WEIGHT_MIN = 0.05
JUMP_HISTORY_MIN = 10
JUMP_HISTORY_MAX = 200


@dataclass(frozen=True, kw_only=True)
class RecordedTrade:
    """
    One fill of the lead, in whole units: positive quantity bought; value and fee are quote units ≥ 0.

    Less than `lot_units` cannot be sold.
    """

    time: int
    asset: str
    quantity_units: int
    value_units: int
    fee_units: int
    lot_units: int = 1


@dataclass(frozen=True, kw_only=True)
class ClosedPosition:
    """
    One position from its first buy to its last sell, in quote units.

    The result is after fees; `paid_units` is what all its buys cost, fees included.
    """

    asset: str
    opened_at: int
    closed_at: int
    result_units: int
    paid_units: int

    @property
    def holding_seconds(self) -> int:
        return self.closed_at - self.opened_at

    @property
    def return_fraction(self) -> float:
        return self.result_units / self.paid_units if self.paid_units else 0.0


@dataclass(frozen=True, kw_only=True)
class TradeFigures:
    """
    What trades and closed positions come to; None where there is nothing to say it of.

    `win_rate` is by closed position. `preferences` (asset → share of the value traded) sum to 1, the largest first.
    """

    trades: int
    trades_a_week: float | None
    closed_positions: int
    win_rate: float | None
    holding_seconds_mean: float | None
    holding_seconds_median: float | None
    preferences: dict[str, float]


def closed_positions(trades: Sequence[RecordedTrade]) -> tuple[ClosedPosition, ...]:
    """Return the positions that closed, in order of closing; trades come oldest first."""
    open_positions: dict[str, tuple[int, int, int, int]] = {}
    dust: dict[str, int] = {}
    closed = []
    for trade in trades:
        opened_at, held, result, paid = open_positions.pop(trade.asset, (trade.time, dust.get(trade.asset, 0), 0, 0))
        held += trade.quantity_units
        assert held >= 0, "a spot lead sells no more than it holds"
        result += trade.value_units * (-1 if trade.quantity_units > 0 else 1) - trade.fee_units
        if trade.quantity_units > 0:
            paid += trade.value_units + trade.fee_units
        if held >= trade.lot_units or trade.quantity_units > 0:
            open_positions[trade.asset] = opened_at, held, result, paid
        else:
            dust[trade.asset] = held
            closed.append(
                ClosedPosition(
                    asset=trade.asset,
                    opened_at=opened_at,
                    closed_at=trade.time,
                    result_units=result,
                    paid_units=paid,
                )
            )
    return tuple(closed)


def figures_of(
    *, trades: Sequence[RecordedTrade], leading_seconds: int, past: Sequence[RecordedTrade] = ()
) -> TradeFigures:
    """
    Return the figures of a lead's trades over the time it has been leading; less than a week says no pace.

    :param past: trades of an account that was put aside when this one began; what was open there is no position here.
    """
    positions = closed_positions(past) + closed_positions(trades)
    trades = [*past, *trades]
    holding = [position.holding_seconds for position in positions]
    won = sum(position.result_units > 0 for position in positions)
    return TradeFigures(
        trades=len(trades),
        trades_a_week=len(trades) / (leading_seconds / WEEK_SECONDS) if leading_seconds >= WEEK_SECONDS else None,
        closed_positions=len(positions),
        win_rate=won / len(positions) if positions else None,
        holding_seconds_mean=fmean(holding) if holding else None,
        holding_seconds_median=float(median(holding)) if holding else None,
        preferences=preferences_of(trades),
    )


def preferences_of(trades: Sequence[RecordedTrade]) -> dict[str, float]:
    """Return each asset's share of the value traded, the largest first; ties by name."""
    values: dict[str, int] = {}
    for trade in trades:
        values[trade.asset] = values.get(trade.asset, 0) + trade.value_units
    total = sum(values.values())
    order = sorted(values, key=lambda asset: (-values[asset], asset))
    return {asset: values[asset] / total for asset in order} if total else {}


def size_jumps(*, weights: FloatArray) -> IntArray:
    """
    Return which trades (their positions in `weights`) were out of the lead's own order of size.

    `weights` (T,) are the trades' values as shares of the lead's equity, oldest first. A trade jumps when it is more
    than `JUMP_FACTOR` times the median of those before it; the first few have nothing to be compared with.
    """
    jumps = [
        position
        for position in range(JUMP_HISTORY_MIN, len(weights))
        if weights[position]
        > max(JUMP_FACTOR * float(np.median(weights[max(position - JUMP_HISTORY_MAX, 0) : position])), JUMP_WEIGHT_MIN)
    ]
    return np.array(jumps, dtype=np.int64)
