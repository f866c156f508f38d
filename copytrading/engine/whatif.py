"""
What if I had copied this lead? The live rules, replayed over a recorded path.

K investments look at every bar of their run, as a live copy would:

    mark the portfolios  →  stop those that lost too much  →  plan with the live
    functions            →  trade at the bar's close       →  note the equity

Smart Sync holds the lead's ratios. The two custom modes follow single orders instead, as
other platforms do, so that both can be compared on the same record. `replay_portfolio` starts all
investments together; `replay_starts` lets each start at a moment of its own, so that nobody is
shown one lucky curve only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.copy_terms import Mode, Terms
from copytrading.engine.lead_path import START_UNITS, LeadPath
from copytrading.engine.performance import tracking_error_per_bar
from copytrading.engine.replayed_copies import NOT_STOPPED, ReplayedCopies

__all__ = [
    "NOT_STOPPED",
    "Mode",
    "Replay",
    "StartOutcomes",
    "Terms",
    "replay_portfolio",
    "replay_starts",
    "spread_starts",
]


@dataclass(frozen=True, kw_only=True)
class Replay:
    """
    What became of K investments over T bars; values in quote currency, quantities in coins.

    `stopped_bars` (K,) is the bar of the run at which the stop loss sold everything, or `NOT_STOPPED`.
    """

    times: IntArray
    lead_equity: FloatArray
    copy_equity: FloatArray
    lead_return: float
    copy_returns: FloatArray
    tracking_errors_per_bar: FloatArray
    final_quantities: FloatArray
    final_cash: FloatArray
    fee_costs: FloatArray
    slippage_costs: FloatArray
    adjustments: dict[Reason, IntArray]
    stopped_bars: IntArray


@dataclass(frozen=True, kw_only=True)
class StartOutcomes:
    """
    What became of K investments that started at different times and all ended at the same bar.

    Over the T bars since the first start, at `times` (T,): `lead_equity` (T,), and `copy_equity` (K, T), NaN before a
    copy started; in quote currency, as the costs. All others are (K,): `start_times` are those of the bars at which the
    copies really started, and `lead_returns` are measured over the same bars as the copies'.
    """

    times: IntArray
    lead_equity: FloatArray
    copy_equity: FloatArray
    start_times: IntArray
    lead_returns: FloatArray
    copy_returns: FloatArray
    tracking_errors_per_bar: FloatArray
    costs: FloatArray
    stopped: BoolArray


def replay_portfolio(*, path: LeadPath, lead_cash: float, terms: Terms, start_time: int, last_bar: int) -> Replay:
    """
    Replay K investments that start at the first bar at or after `start_time` and run to `last_bar`, inclusive.

    What the lead holds at the close of the first bar is what exists when the copies join.
    `lead_return` is measured from the lead's equity there, `copy_returns` from the investments.
    """
    copies = ReplayedCopies(
        path=path,
        lead_cash=lead_cash,
        terms=terms,
        start_times=np.full(len(terms.investments), start_time, dtype=np.int64),
        last_bar=last_bar,
    )
    copies.run()
    run = slice(copies.first_bar, last_bar + 1)

    # From each portfolio's own units back to currency and coins.
    value_of_unit = terms.investments / START_UNITS
    lead_equity = path.equity()[run] * (lead_cash / START_UNITS)
    copy_equity = copies.equity * value_of_unit[:, None]
    return Replay(
        times=path.bars.times[run],
        lead_equity=lead_equity,
        copy_equity=copy_equity,
        lead_return=float(lead_equity[-1] / lead_equity[0] - 1),
        copy_returns=copy_equity[:, -1] / terms.investments - 1,
        tracking_errors_per_bar=tracking_error_per_bar(values=copy_equity, lead_values=lead_equity),
        final_quantities=copies.held * value_of_unit[:, None] / path.bars.coin_prices,
        final_cash=copies.cash * value_of_unit,
        fee_costs=copies.fee_costs * value_of_unit,
        slippage_costs=copies.slippage_costs * value_of_unit,
        adjustments={reason: counts for reason, counts in copies.adjustments.items() if counts.any()},
        stopped_bars=copies.stopped_bars,
    )


def replay_starts(
    *, path: LeadPath, lead_cash: float, terms: Terms, start_times: IntArray, last_bar: int
) -> StartOutcomes:
    """
    Replay K investments, each from the first bar at or after its own start time (K,) to `last_bar`, inclusive.

    Each comes out as `replay_portfolio` alone would bring it out.
    """
    copies = ReplayedCopies(path=path, lead_cash=lead_cash, terms=terms, start_times=start_times, last_bar=last_bar)
    copies.run()
    lead_equity = path.equity()
    starts = copies.start_bars.tolist()
    errors = [
        tracking_error_per_bar(
            values=copies.equity[copy, start - copies.first_bar :], lead_values=lead_equity[start : last_bar + 1]
        )
        for copy, start in enumerate(starts)
    ]
    value_of_unit = terms.investments / START_UNITS
    return StartOutcomes(
        times=path.bars.times[copies.first_bar : last_bar + 1],
        lead_equity=lead_equity[copies.first_bar : last_bar + 1] * (lead_cash / START_UNITS),
        copy_equity=copies.equity * value_of_unit[:, None],
        start_times=path.bars.times[copies.start_bars],
        lead_returns=lead_equity[last_bar] / lead_equity[copies.start_bars] - 1,
        copy_returns=copies.equity[:, -1] / START_UNITS - 1,
        tracking_errors_per_bar=np.array(errors, dtype=np.float64),
        costs=(copies.fee_costs + copies.slippage_costs) * value_of_unit,
        stopped=copies.stopped_bars != NOT_STOPPED,
    )


def spread_starts(*, times: IntArray, first_bar: int, last_bar: int, count: int) -> IntArray:
    """
    Return up to `count` start times (K,) spread evenly over the bars from first to last.

    They leave out the last tenth of the run: what starts there says little about copying.
    """
    assert first_bar <= last_bar, "a run has at least one bar"
    latest = last_bar - (last_bar - first_bar) // 10
    return np.asarray(times[np.unique(np.linspace(first_bar, latest, count).astype(np.int64))])
