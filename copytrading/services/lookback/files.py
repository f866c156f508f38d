"""
What if I had copied this lead? Asked of recorded files.

Files and options in, one outcome out; nothing is written and no database is needed. The
rules are the engine's (engine.whatif), what the files say is a `Recording`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.replay.whatif import (
    NOT_STOPPED,
    Investments,
    Replay,
    replay_portfolio,
    replay_runs,
    spread_starts,
)
from copytrading.engine.rules import Rules
from copytrading.exchange.prices.files import FORMAT_NAMES, FORMATS, moment_of
from copytrading.queries.rules import installed_rules
from copytrading.services.lookback.questions import ORDER_VALUE_FRACTION, Question, WhatIfRefused
from copytrading.services.lookback.recordings import Recording, read_recording

__all__ = ["FORMATS", "FORMAT_NAMES", "Outcome", "Question", "WhatIfRefused", "answer"]


@dataclass(frozen=True, kw_only=True)
class EquityPoint:
    """The equity of lead and copy at the close of one bar, in USDT."""

    at: datetime
    lead: float
    copy: float


@dataclass(frozen=True, kw_only=True)
class StartOutcome:
    """What became of the copy had it started at another time, to the same end; returns as fractions."""

    at: datetime
    lead_return: float
    copy_return: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    What became of the copy. Values in USDT, holdings in coins by symbol, returns as fractions.

    `costs` are fees and slippage together; `adjustments` counts by reason; `skipped_rows` were
    never traded; `stopped_at` is None unless the stop loss sold everything. `warnings` are sentences about what the
    files say.
    """

    lead_return: float
    copy_return: float
    tracking_error_per_bar: float
    tracking_error_until_stop: float
    final_holdings: dict[str, float]
    cash: float
    costs: float
    fee_costs: float
    slippage_costs: float
    adjustments: dict[str, int]
    skipped_rows: int
    equity_curve: tuple[EquityPoint, ...]
    stopped_at: datetime | None
    warnings: tuple[str, ...] = ()
    starts: tuple[StartOutcome, ...] = ()

    @property
    def bars(self) -> int:
        """How many bars the run looked at."""
        return len(self.equity_curve)


def answer(question: Question) -> Outcome:
    """
    Return what would have become of the investment.

    :raises WhatIfRefused: if an option is out of its range or a file cannot be used.
    """
    rules = installed_rules()
    recording = read_recording(question, rules=rules)
    replay = replay_portfolio(
        path=recording.path,
        lead_cash=float(question.lead_cash),
        terms=_terms_of(question, recording=recording, start_bars=np.array([recording.first_bar]), rules=rules),
        start_time=recording.start_time,
        last_bar=recording.last_bar,
    )
    outcome = _outcome_of(replay, recording=recording)
    if question.start_count:
        return replace(outcome, starts=_starts_of(question, recording=recording, rules=rules))
    return outcome


def _terms_of(question: Question, *, recording: Recording, start_bars: IntArray, rules: Rules) -> Investments:
    """Return the same terms for a copy from each of some bars (K,); only the default ratio depends on the bar."""
    path = recording.path
    lead_equity = float(question.lead_cash) * path.equity()[start_bars] / path.cash_units[0]
    order_ratios = float(question.investment) / lead_equity
    if question.order_ratio is not None:
        order_ratios = np.full(len(start_bars), float(question.order_ratio))

    def each(value: Decimal | None) -> FloatArray:
        return np.full(len(start_bars), np.nan if value is None else float(value))

    return Investments(
        investments=each(question.investment),
        mode=question.mode,
        buys_existing=question.buys_existing,
        fee_rate=float(question.fee_rate),
        slippage_rate=float(question.slippage_rate),
        stop_losses=each(question.stop_loss),
        order_values=each(question.order_value or question.investment * ORDER_VALUE_FRACTION),
        order_ratios=order_ratios,
        drift_band=rules.drift_band,
        order_values_max=each(question.order_max),
        total_values_max=each(question.total_max),
        chosen=_chosen(question.markets, symbols=recording.symbols),
        stops_at_low=question.stops_at_low,
    )


def _chosen(markets: Sequence[str] | None, *, symbols: Sequence[str]) -> BoolArray | None:
    if markets is None:
        return None
    for market in markets:
        if market not in symbols:
            raise WhatIfRefused(f"The lead never traded {market}; it traded {', '.join(symbols)}.")
    return np.array([symbol in markets for symbol in symbols])


def _starts_of(question: Question, *, recording: Recording, rules: Rules) -> tuple[StartOutcome, ...]:
    bars = recording.path.bars
    start_times = spread_starts(
        times=bars.times, first_bar=recording.first_bar, last_bar=recording.last_bar, count=question.start_count
    )
    replay = replay_runs(
        path=recording.path,
        lead_cash=float(question.lead_cash),
        terms=_terms_of(
            question, recording=recording, start_bars=np.searchsorted(bars.times, start_times), rules=rules
        ),
        start_times=start_times,
        last_bars=np.full(len(start_times), recording.last_bar),
    )
    return tuple(
        StartOutcome(at=moment_of(time), lead_return=lead_return, copy_return=copy_return)
        for time, lead_return, copy_return in zip(
            replay.times[replay.start_bars].tolist(),
            replay.lead_returns.tolist(),
            replay.copy_returns.tolist(),
            strict=True,
        )
    )


def _outcome_of(replay: Replay, *, recording: Recording) -> Outcome:
    moments = [moment_of(time) for time in replay.times.tolist()]
    stopped_bar = int(replay.stopped_bars[0])
    fee_costs, slippage_costs = float(replay.fee_costs[0]), float(replay.slippage_costs[0])
    quantities = zip(recording.symbols, replay.final_quantities[0].tolist(), strict=True)
    return Outcome(
        lead_return=float(replay.lead_returns[0]),
        copy_return=float(replay.copy_returns[0]),
        tracking_error_per_bar=float(replay.tracking_errors_per_bar[0]),
        tracking_error_until_stop=float(replay.tracking_errors_until_stop[0]),
        final_holdings={symbol: quantity for symbol, quantity in quantities if quantity > 0},
        cash=float(replay.final_cash[0]),
        costs=fee_costs + slippage_costs,
        fee_costs=fee_costs,
        slippage_costs=slippage_costs,
        adjustments={str(reason): int(counts[0]) for reason, counts in replay.adjustments.items()},
        skipped_rows=recording.skipped_rows,
        equity_curve=tuple(
            EquityPoint(at=moment, lead=lead, copy=copy)
            for moment, lead, copy in zip(
                moments, replay.lead_equity.tolist(), replay.copy_equity[0].tolist(), strict=True
            )
        ),
        stopped_at=None if stopped_bar == NOT_STOPPED else moments[stopped_bar],
        warnings=recording.warnings,
    )
