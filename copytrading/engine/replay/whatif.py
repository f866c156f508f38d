"""
What if I had copied this lead? The live rules, replayed over a recorded path.

K investments look at every bar of their run, as a live copy would:

    mark the portfolios  →  stop those that lost too much  →  plan with the live
    functions            →  trade at the bar's close       →  note the equity

Smart Sync holds the lead's ratios. The two custom modes follow single orders instead, as
other platforms do, so that both can be compared on the same record. `replay_portfolio` starts all
investments together; `replay_runs` lets each start and end at a moment of its own, so that nobody is
shown one lucky curve only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.replay.investments import Investments
from copytrading.engine.replay.lead_path import START_UNITS, LeadPath
from copytrading.engine.replay.replayed_copies import NOT_STOPPED, ReplayedCopies
from copytrading.engine.track_record.performance import tracking_error_per_bar

CELLS_AT_ONCE = 65_536

__all__ = [
    "NOT_STOPPED",
    "Investments",
    "Replay",
    "replay_portfolio",
    "replay_runs",
    "spread_starts",
]


@dataclass(frozen=True, kw_only=True)
class Replay:
    """
    What became of K investments; values in quote currency, quantities in coins.

    Over the T bars from the first start to the last end, at `times` (T,): `lead_equity` (T,), and `copy_equity` (K, T),
    NaN outside of a copy's own run. All others are one for each copy: `start_bars` and `last_bars` are the bars of its
    run, `stopped_bars` the one at which its stop loss sold everything, or `NOT_STOPPED`, all counted from the first of
    `times`; `tracking_errors_until_stop` are over the bars before that one. `lead_returns` are measured over the same
    bars as `copy_returns`. `paid_in` and `paid_out` are all money that followers moved; a copy's return is its worth
    and what it paid out, by what was paid in.
    """

    times: IntArray
    lead_equity: FloatArray
    copy_equity: FloatArray
    start_bars: IntArray
    last_bars: IntArray
    lead_returns: FloatArray
    copy_returns: FloatArray
    tracking_errors_per_bar: FloatArray
    tracking_errors_until_stop: FloatArray
    final_quantities: FloatArray
    final_cash: FloatArray
    fee_costs: FloatArray
    slippage_costs: FloatArray
    adjustments: dict[Reason, IntArray]
    stopped_bars: IntArray
    paid_in: FloatArray
    paid_out: FloatArray


def replay_portfolio(*, path: LeadPath, lead_cash: float, terms: Investments, start_time: int, last_bar: int) -> Replay:
    """
    Replay K investments that start at the first bar at or after `start_time` and run to `last_bar`, inclusive.

    What the lead holds at the close of the first bar is what exists when the copies join.
    `lead_returns` are measured from the lead's equity there, `copy_returns` from the investments.
    """
    copies = len(terms.investments)
    return replay_runs(
        path=path,
        lead_cash=lead_cash,
        terms=terms,
        start_times=np.full(copies, start_time, dtype=np.int64),
        last_bars=np.full(copies, last_bar, dtype=np.int64),
    )


def replay_runs(
    *, path: LeadPath, lead_cash: float, terms: Investments, start_times: IntArray, last_bars: IntArray
) -> Replay:
    """
    Replay K investments, each from the first bar at or after its own start time to its own last bar, inclusive.

    Each comes out as `replay_portfolio` alone would bring it out.
    """
    copies = ReplayedCopies(path=path, lead_cash=lead_cash, terms=terms, start_times=start_times, last_bars=last_bars)
    copies.run()
    all_bars = slice(copies.first_bar, int(last_bars.max()) + 1)
    # From each portfolio's own units back to currency and coins.
    value_of_unit = terms.investments / START_UNITS
    lead_equity = path.equity()[all_bars] * (lead_cash / START_UNITS)
    copy_equity = copies.equity
    copy_equity *= value_of_unit[:, None]
    paid_in, paid_out = copies.money.paid_in * value_of_unit, copies.money.paid_out * value_of_unit
    start_bars, last_bars = copies.start_bars - copies.first_bar, last_bars - copies.first_bar
    errors = _tracking_errors(
        copy_equity=copy_equity, lead_equity=lead_equity, start_bars=start_bars, last_bars=last_bars
    )
    errors_until_stop, stopped = errors.copy(), np.flatnonzero(copies.stopped_bars != NOT_STOPPED)
    errors_until_stop[stopped] = _tracking_errors(
        copy_equity=copy_equity[stopped],
        lead_equity=lead_equity,
        start_bars=start_bars[stopped],
        last_bars=np.maximum(copies.stopped_bars[stopped] - 1, start_bars[stopped]),
    )
    return Replay(
        times=path.bars.times[all_bars],
        lead_equity=lead_equity,
        copy_equity=copy_equity,
        start_bars=start_bars,
        last_bars=last_bars,
        lead_returns=lead_equity[last_bars] / lead_equity[start_bars] - 1,
        copy_returns=(copy_equity[np.arange(len(last_bars)), last_bars] + paid_out) / paid_in - 1,
        tracking_errors_per_bar=errors,
        tracking_errors_until_stop=errors_until_stop,
        final_quantities=copies.held * value_of_unit[:, None] / path.bars.coin_prices,
        final_cash=copies.cash * value_of_unit,
        fee_costs=copies.fee_costs * value_of_unit,
        slippage_costs=copies.slippage_costs * value_of_unit,
        adjustments={reason: counts for reason, counts in copies.adjustments.items() if counts.any()},
        stopped_bars=copies.stopped_bars,
        paid_in=paid_in,
        paid_out=paid_out,
    )


def spread_starts(*, times: IntArray, first_bar: int, last_bar: int, count: int) -> IntArray:
    """
    Return up to `count` start times (K,) spread evenly over the bars from first to last.

    They leave out the last tenth of the run: what starts there says little about copying.
    """
    assert first_bar <= last_bar, "a run has at least one bar"
    latest = last_bar - (last_bar - first_bar) // 10
    return np.asarray(times[np.unique(np.linspace(first_bar, latest, count).astype(np.int64))])


def _tracking_errors(
    *, copy_equity: FloatArray, lead_equity: FloatArray, start_bars: IntArray, last_bars: IntArray
) -> FloatArray:
    """Return the tracking error of each copy over its own run, those of one run together (K,)."""
    errors = np.empty(len(start_bars))
    runs, run_of_copy = np.unique(np.stack([start_bars, last_bars]), axis=1, return_inverse=True)
    for run, (start, last) in enumerate(runs.T.tolist()):
        rows = np.flatnonzero(run_of_copy == run)
        # Some copies at a time, so that what is counted on the way stays in a processor's cache.
        together = max(CELLS_AT_ONCE // (last + 1 - start), 1)
        for some in np.split(rows, range(together, len(rows), together)):
            errors[some] = tracking_error_per_bar(
                values=copy_equity[some, start : last + 1], lead_values=lead_equity[start : last + 1]
            )
    return errors
