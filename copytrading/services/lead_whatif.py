"""
What if I had copied this lead? Asked of what the lead really did here, with my amount and on my terms.

    the lead's moves + hourly closes  →  one run from the day I name, in both modes
                                      →  many runs from days all over the record, each held equally long

The second answers what the first cannot: whether that day was a lucky one. Nothing is written; answers are kept until
the record goes on.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TypeVar, cast

import numpy as np
from django.conf import settings
from django.core.cache import cache

from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.copy_terms import Mode, Terms
from copytrading.engine.lead_path import LeadOrder
from copytrading.engine.whatif import NOT_STOPPED, Replay, replay_portfolio, replay_starts
from copytrading.models import Lead
from copytrading.queries import history
from copytrading.services import copy_refusals
from copytrading.services.copy_refusals import CustomCopyTerms
from copytrading.services.lead_history import History, moment_of, read_history
from copytrading.services.refusals import Refusal
from copytrading.services.whatif_outcomes import Comparison, Outcome, Spread, curve_points, spread_of

# What starts later than this before the end says nothing.
RUN_MIN = timedelta(days=1)
STARTS = 60
HELD_MAX = timedelta(days=30)
CACHE_SECONDS = 3_600
# Raised when an answer changes its shape: a newer program must not read what an older one kept.
ANSWER_VERSION = 1
CASH_SCALE = 10**settings.SMARTSYNC_CASH_DECIMALS

Answer = TypeVar("Answer")


class StartOutsideRecord(Refusal):
    code = "start_outside_record"
    field = "start"


@dataclass(frozen=True, kw_only=True)
class Question:
    """
    On which terms I would have copied, and since when; `start` None is the beginning of the record.

    `custom` None is what comes nearest to Smart Sync: each order in the ratio of the investment to the lead's money.
    """

    investment_units: int
    buy_existing: bool = True
    stop_loss_units: int | None = None
    start: date | None = None
    custom: CustomCopyTerms | None = None

    @property
    def custom_mode(self) -> Mode:
        is_fixed = self.custom is not None and self.custom.order_value_units is not None
        return Mode.CUSTOM_FIXED if is_fixed else Mode.CUSTOM_RATIO


class LookBack:
    """One question about one lead. The record is read once, and only if an answer is not at hand."""

    def __init__(self, *, lead: Lead, question: Question) -> None:
        """
        Check the terms alone.

        :raises Refusal: if they make no sense, whoever is copied.
        """
        copy_refusals.check_terms(
            investment_units=question.investment_units, stop_loss_units=question.stop_loss_units, terms=question.custom
        )
        self._lead, self._question = lead, question

    def comparison(self) -> Comparison:
        """
        Return what would have become of the investment in Smart Sync and in Custom copy.

        :raises Refusal: if there is no record to look back on, or the start lies outside of it.
        """
        return self._kept("comparison", self._question, self._compare)

    def spread(self) -> Spread:
        """
        Return what would have become of the investment from days all over the record, each held equally long.

        :raises Refusal: if there is no record to look back on.
        """
        # Where one start lies changes nothing about all of them.
        return self._kept("spread", replace(self._question, start=None), self._spread)

    @cached_property
    def _past(self) -> History:
        return read_history(self._lead)

    @cached_property
    def _record_key(self) -> str:
        return history.record_key(self._lead)

    def _kept(self, kind: str, question: Question, answer: Callable[[], Answer]) -> Answer:
        asked = hashlib.sha256(repr(question).encode()).hexdigest()
        key = f"lead-whatif:{ANSWER_VERSION}:{kind}:{self._lead.pk}:{self._record_key}:{asked}"
        return cast(Answer, cache.get_or_set(key, answer, CACHE_SECONDS))

    def _compare(self) -> Comparison:
        path = self._past.recorded.path
        start_time = self._start_time()
        first = path.bars.bar_at_or_after(start_time)
        smart_sync = self._replay(Mode.SMART_SYNC, start_time, first)
        custom = self._replay(self._question.custom_mode, start_time, first)
        investment = self._question.investment_units / CASH_SCALE
        states = np.unique(path.state_of_bar[first:]).tolist()
        orders = [order for state in states for order in path.orders[state] if order.time >= start_time]
        return Comparison(
            started_at=moment_of(path.bars.times[first]),
            ended_at=self._past.ends_at,
            lead_orders=len(orders),
            lead_return=smart_sync.lead_return,
            lead_curve=curve_points(smart_sync.times, smart_sync.lead_equity / smart_sync.lead_equity[0] * investment),
            smart_sync=_outcome(smart_sync),
            custom=_outcome(custom, nothing_to_sell=_sales_without_a_buy(orders)),
        )

    def _spread(self) -> Spread:
        times = self._past.bars.times
        # A third of the record at most, so that there are starts all over it.
        held = int(min(HELD_MAX.total_seconds(), float(times[-1] - times[0]) / 3))
        latest = int(np.searchsorted(times, times[-1] - held, side="right")) - 1
        starts = np.unique(np.linspace(0, latest, STARTS).astype(np.int64))
        ends = np.searchsorted(times, times[starts] + held)
        equity = self._past.recorded.path.equity()
        return spread_of(
            held_days=held / timedelta(days=1).total_seconds(),
            first_at=moment_of(times[starts[0]]),
            last_at=moment_of(times[starts[-1]]),
            lead_returns=equity[ends] / equity[starts] - 1,
            smart_sync_returns=self._held_returns(Mode.SMART_SYNC, starts=starts, ends=ends),
            custom_returns=self._held_returns(self._question.custom_mode, starts=starts, ends=ends),
        )

    def _replay(self, mode: Mode, start_time: int, first: int) -> Replay:
        return replay_portfolio(
            path=self._past.recorded.path,
            lead_cash=self._past.recorded.start_cash / CASH_SCALE,
            terms=self._terms(mode, start_bars=np.array([first])),
            start_time=start_time,
            last_bar=len(self._past.bars.times) - 1,
        )

    def _held_returns(self, mode: Mode, *, starts: IntArray, ends: IntArray) -> FloatArray:
        outcomes = replay_starts(
            path=self._past.recorded.path,
            lead_cash=self._past.recorded.start_cash / CASH_SCALE,
            terms=self._terms(mode, start_bars=starts),
            start_times=self._past.bars.times[starts],
            last_bar=int(ends[-1]),
        )
        worth = outcomes.copy_equity[np.arange(len(starts)), ends - starts[0]]
        return np.asarray(worth * CASH_SCALE / self._question.investment_units - 1)

    def _terms(self, mode: Mode, *, start_bars: IntArray) -> Terms:
        """Return the same terms for a copy from each of some bars (K,); a ratio that is not given depends on it."""
        question = self._question
        custom = question.custom or CustomCopyTerms()
        follows_orders = mode is not Mode.SMART_SYNC

        def each(units: int | None) -> FloatArray:
            return np.full(len(start_bars), np.nan if units is None else units / CASH_SCALE)

        ratios = question.investment_units / np.maximum(self._past.account_values()[start_bars], 1.0)
        if custom.order_ratio is not None:
            ratios = np.full(len(start_bars), custom.order_ratio)
        return Terms(
            investments=each(question.investment_units),
            mode=mode,
            buys_existing=question.buy_existing and not follows_orders,
            fee_rate=float(settings.SMARTSYNC_FEE_RATE),
            slippage_rate=0.0,
            stop_losses=each(question.stop_loss_units),
            order_values=each(custom.order_value_units),
            order_ratios=ratios,
            drift_band=float(settings.SMARTSYNC_DRIFT_BAND),
            order_values_max=each(custom.order_value_max_units),
            total_values_max=each(custom.total_value_max_units),
            chosen=np.isin(self._past.market_ids, custom.market_ids) if custom.market_ids else None,
        )

    def _start_time(self) -> int:
        """Return the time of the bar at which the run starts."""
        times, start = self._past.bars.times, self._question.start
        if start is None:
            return int(times[0])
        begins_at, ends_at = self._past.begins_at, self._past.ends_at
        # A record that begins in the afternoon begins on that day.
        if start < begins_at.date():
            raise StartOutsideRecord(
                f"The record of {self._lead.name} that can be looked back on begins on {_day(begins_at)}:"
                " choose that day or a later one."
            )
        asked = datetime.combine(start, time(), tzinfo=UTC)
        if asked > ends_at - RUN_MIN:
            raise StartOutsideRecord(f"Too little time has passed since: choose {_day(ends_at - RUN_MIN)} or earlier.")
        return int(times[np.searchsorted(times, int(asked.timestamp()))])


def suggested_ratio(*, lead: Lead, investment_units: int) -> float | None:
    """Return the investment as a ratio of the lead's money, in three digits; None where that is not known."""
    equity = lead.records.order_by("-recorded_at").values_list("equity_units", flat=True).first()
    return float(f"{investment_units / equity:.3g}") if equity else None


def _sales_without_a_buy(orders: Sequence[LeadOrder]) -> int:
    """Return how many of the orders sell a coin that none before them bought: a Custom copy has none of it."""
    bought: set[int] = set()
    missed = 0
    for order in orders:
        if order.sold_fraction == 0:
            bought.add(order.asset)
        elif order.asset not in bought:
            missed += 1
    return missed


def _outcome(replay: Replay, *, nothing_to_sell: int = 0) -> Outcome:
    stopped_bar, worth = int(replay.stopped_bars[0]), float(replay.copy_equity[0, -1])
    return_fraction = float(replay.copy_returns[0])
    return Outcome(
        return_fraction=return_fraction,
        gap_fraction=return_fraction - replay.lead_return,
        worth_units=round(worth * CASH_SCALE),
        cost_units=round(float(replay.fee_costs[0] + replay.slippage_costs[0]) * CASH_SCALE),
        cash_fraction=float(replay.final_cash[0]) / worth if worth > 0 else 1.0,
        tracking_error=float(replay.tracking_errors_per_bar[0]),
        adjustments={str(reason): int(counts[0]) for reason, counts in replay.adjustments.items()},
        nothing_to_sell=nothing_to_sell,
        stopped_at=None if stopped_bar == NOT_STOPPED else moment_of(replay.times[stopped_bar]),
        curve=curve_points(replay.times, replay.copy_equity[0]),
    )


def _day(when: datetime) -> str:
    return f"{when.day} {when:%B %Y}"
