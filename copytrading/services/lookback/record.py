"""
What if I had copied this lead? Asked of what the lead really did here, with my amount and on my terms.

    the lead's moves + hourly closes  →  one run from the day I name
                                      →  many runs from days all over the record, each held equally long

The second answers what the first cannot: whether that day was a lucky one. Both come out of one replay for each mode.
Nothing is written; answers are kept until the record goes on.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, cast

import numpy as np
from django.core.cache import cache
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, gettext, pgettext

from accounts.identity.places import written
from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.replay.investments import Investments
from copytrading.engine.replay.lead_path import LeadOrder
from copytrading.engine.replay.whatif import NOT_STOPPED, Replay, replay_runs
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.custom import CUSTOM_RATIO, custom_terms
from copytrading.engine.sizing.mode import SizingMode
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.models import Lead, Market
from copytrading.queries.happened.sentences import cash_in_words
from copytrading.queries.leads import history
from copytrading.queries.modes import label_of
from copytrading.queries.rules import CASH_DECIMALS, cash_symbol, platform_rules
from copytrading.queries.shown.visibility import Visibility
from copytrading.services.copies import refusals as copy_refusals
from copytrading.services.lookback.differences import (
    Asked,
    Difference,
    Differences,
    Steps,
    difference_of,
    held_in_words,
    lead_cash_fraction,
    lead_trades_of,
)
from copytrading.services.lookback.history import History, moment_of, read_history
from copytrading.services.lookback.outcomes import Comparison, Outcome, Spread, curve_points, spread_of
from copytrading.services.refusals import Refusal

# What starts later than this before the end says nothing.
RUN_MIN = timedelta(days=1)
STARTS = 60
HELD_MAX = timedelta(days=30)
CACHE_SECONDS = 3_600
# Raised when an answer changes its shape: a newer program must not read what an older one kept.
ANSWER_VERSION = 4
CASH_SCALE = 10**CASH_DECIMALS


class StartOutsideRecord(Refusal):
    code = "start_outside_record"
    field = "start"


@dataclass(frozen=True, kw_only=True)
class Question:
    """
    On which terms I would have copied, and since when; `start` None is the beginning of the record.

    `custom` None is what comes nearest to ratios: each order in the ratio of the investment to the lead's money.
    """

    investment_units: int
    buy_existing: bool = True
    stop_loss_units: int | None = None
    start: date | None = None
    custom: Terms | None = None

    @property
    def custom_mode(self) -> SizingMode:
        return CUSTOM_RATIO if self.custom is None else registry.mode_of(self.custom.mode)


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The bars (K,) at which copies start and end: the one that was asked about, then those all over the record."""

    starts: IntArray
    ends: IntArray
    held_seconds: int


class LookBack:
    """One question about one lead. The record is read once, and only if the answer is not at hand."""

    def __init__(self, *, lead: Lead, question: Question, visibility: Visibility) -> None:
        """
        Check the terms alone. The record is looked back on up to the last full hour that may be seen.

        :raises Refusal: if they make no sense, whoever is copied.
        """
        self._rules = platform_rules()
        copy_refusals.check_terms(
            investment_units=question.investment_units,
            terms=replace(question.custom or Terms(), stop_loss_units=question.stop_loss_units),
            rules=self._rules,
        )
        self._lead, self._question = lead, question
        until = visibility.trades_until
        self._until = None if until is None else until.replace(minute=0, second=0, microsecond=0)

    def comparison(self) -> Comparison:
        """
        Return what would have become of the investment at the lead's ratios and in Custom copy.

        :raises Refusal: if there is no record to look back on, or the start lies outside of it.
        """
        return self._answer[0]

    def differences(self) -> Differences:
        """
        Return why neither mode came to exactly what the lead made, part by part.

        :raises Refusal: as `comparison` does.
        """
        # Its sentences are in the language that they were asked for in.
        key = self._key(f"differences:{get_language()}")
        return cast("Differences", cache.get_or_set(key, self._take_apart, CACHE_SECONDS))

    def spread(self) -> Spread:
        """
        Return what would have become of the investment from days all over the record, each held equally long.

        :raises Refusal: as `comparison` does.
        """
        return self._answer[1]

    @cached_property
    def _answer(self) -> tuple[Comparison, Spread]:
        key = self._key("answer")
        return cast("tuple[Comparison, Spread]", cache.get_or_set(key, self._look_back, CACHE_SECONDS))

    def _key(self, part: str) -> str:
        # By other rules, or in other words, it would be another answer.
        asked = hashlib.sha256(repr((self._question, self._rules, label_of(SMART_SYNC))).encode()).hexdigest()
        return f"lead-whatif:{ANSWER_VERSION}:{part}:{self._lead.pk}:{self._record_key}:{asked}"

    @cached_property
    def _record_key(self) -> str:
        return history.record_key(self._lead, until=self._until)

    @cached_property
    def _past(self) -> History:
        return read_history(self._lead, until=self._until)

    def _look_back(self) -> tuple[Comparison, Spread]:
        # Most of a run is what the lead did: one copy or sixty take about as long.
        runs = self._runs()
        smart_sync = self._replay(SMART_SYNC, runs)
        custom = self._replay(self._question.custom_mode, runs)
        return self._comparison(smart_sync, custom), _spread(smart_sync, custom, held_seconds=runs.held_seconds)

    def _runs(self) -> Runs:
        times = self._past.bars.times
        # A third of the record at most, so that there are starts all over it.
        held = int(min(HELD_MAX.total_seconds(), float(times[-1] - times[0]) / 3))
        latest = int(np.searchsorted(times, times[-1] - held, side="right")) - 1
        starts = np.unique(np.linspace(0, latest, STARTS).astype(np.int64))
        return Runs(
            starts=np.append(self._first_bar(), starts),
            ends=np.append(len(times) - 1, np.searchsorted(times, times[starts] + held)),
            held_seconds=held,
        )

    def _replay(self, mode: SizingMode, runs: Runs) -> Replay:
        return self._replay_terms(self._terms(mode, start_bars=runs.starts), starts=runs.starts, ends=runs.ends)

    def _replay_terms(self, terms: Investments, *, starts: IntArray, ends: IntArray) -> Replay:
        return replay_runs(
            path=self._past.recorded.path,
            lead_cash=self._past.recorded.start_cash / CASH_SCALE,
            terms=terms,
            start_times=self._past.bars.times[starts],
            last_bars=ends,
        )

    def _take_apart(self) -> Differences:
        """Ask again with one thing less, step by step; all of these runs are of the one copy that was asked about."""
        comparison, runs = self.comparison(), self._runs()
        first, last, path = int(runs.starts[0]), int(runs.ends[0]), self._past.recorded.path

        def return_of(mode: SizingMode, **changes: Any) -> float:
            terms = replace(self._terms(mode, start_bars=runs.starts[:1]), **changes)
            return float(self._replay_terms(terms, starts=runs.starts[:1], ends=runs.ends[:1]).copy_returns[0])

        question = self._question
        custom = question.custom or custom_terms()
        asked = Asked(
            has_stop_loss=question.stop_loss_units is not None,
            buys_existing=question.buy_existing,
            has_limits=bool(custom.order_value_max_units or custom.total_value_max_units or custom.market_ids),
            lead_held_something=bool(path.held_units[path.state_of_bar[first]].any()),
        )
        steps = Steps(asked=asked, return_of=return_of)
        words = {
            "lead": self._lead.name,
            "lead_cash": f"{lead_cash_fraction(path, bar=last) * 100:.0f} %",
            "held": held_in_words(path, symbols=self._symbols(), start_bar=first, last_bar=last),
            "band": written(f"{self._rules.drift_band * 100:g} %"),
        }

        def difference(name: str, mode: SizingMode, outcome: Outcome) -> Difference:
            return difference_of(
                copy_return=outcome.return_fraction,
                lead_return=comparison.lead_return,
                steps=steps.of(mode),
                lead_trades=lead_trades_of(path, start_bar=first, last_bar=last),
                words=words
                | {
                    "mode": name,
                    "fees": f"{cash_in_words(outcome.cost_units, CASH_DECIMALS)} {cash_symbol()}",
                    "cash": f"{outcome.cash_fraction * 100:.0f} %",
                },
            )

        return Differences(
            smart_sync=difference(label_of(SMART_SYNC), SMART_SYNC, comparison.smart_sync),
            custom=difference(gettext("Custom copy"), question.custom_mode, comparison.custom),
        )

    def _symbols(self) -> list[str]:
        """Return the coins of the path, in its order."""
        markets = dict(Market.objects.filter(pk__in=self._past.market_ids).values_list("pk", "base__symbol"))
        return [markets[market_id] for market_id in self._past.market_ids]

    def _comparison(self, smart_sync: Replay, custom: Replay) -> Comparison:
        path = self._past.recorded.path
        run = slice(int(smart_sync.start_bars[0]), int(smart_sync.last_bars[0]) + 1)
        times, lead_equity = smart_sync.times[run], smart_sync.lead_equity[run]
        first = path.bars.bar_at_or_after(int(times[0]))
        states = np.unique(path.state_of_bar[first:]).tolist()
        orders = [order for state in states for order in path.orders[state] if order.time >= times[0]]
        investment = self._question.investment_units / CASH_SCALE
        return Comparison(
            started_at=moment_of(times[0]),
            ended_at=moment_of(times[-1]),
            lead_orders=len(orders),
            lead_return=float(smart_sync.lead_returns[0]),
            lead_curve=curve_points(times, lead_equity / lead_equity[0] * investment),
            smart_sync=_outcome(smart_sync, run=run),
            custom=_outcome(custom, run=run, nothing_to_sell=_sales_without_a_buy(orders)),
        )

    def _terms(self, mode: SizingMode, *, start_bars: IntArray) -> Investments:
        """Return the same terms for a copy from each of some bars (K,); a ratio that is not given depends on it."""
        question, rules = self._question, self._rules
        custom = question.custom or custom_terms()
        follows_orders = not mode.holds_ratios

        def each(units: int | None) -> FloatArray:
            return np.full(len(start_bars), np.nan if units is None else units / CASH_SCALE)

        ratios = question.investment_units / np.maximum(self._past.account_values()[start_bars], 1.0)
        if custom.order_ratio is not None:
            ratios = np.full(len(start_bars), custom.order_ratio)
        return Investments(
            investments=each(question.investment_units),
            mode=mode,
            buys_existing=question.buy_existing and not follows_orders,
            fee_rate=float(rules.fee_rate),
            slippage_rate=0.0,
            stop_losses=each(question.stop_loss_units),
            order_values=each(custom.order_value_units),
            order_ratios=ratios,
            drift_band=rules.drift_band,
            order_values_max=each(custom.order_value_max_units),
            total_values_max=each(custom.total_value_max_units),
            chosen=np.isin(self._past.market_ids, custom.market_ids) if custom.market_ids else None,
        )

    def _first_bar(self) -> int:
        """Return the bar at which the run that was asked about starts."""
        bars, start = self._past.bars, self._question.start
        if start is None:
            return 0
        begins_at, ends_at = self._past.begins_at, self._past.ends_at
        # A record that begins in the afternoon begins on that day.
        if start < begins_at.date():
            said = gettext(
                "The record of %(name)s that can be looked back on begins on %(day)s: choose that day or a later one."
            )
            raise StartOutsideRecord(said % {"name": self._lead.name, "day": _day(begins_at)})
        asked = datetime.combine(start, time(), tzinfo=UTC)
        if asked > ends_at - RUN_MIN:
            said = gettext("Too little time has passed since: choose %(day)s or earlier.")
            raise StartOutsideRecord(said % {"day": _day(ends_at - RUN_MIN)})
        return bars.bar_at_or_after(int(asked.timestamp()))


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


def _outcome(replay: Replay, *, run: slice, nothing_to_sell: int = 0) -> Outcome:
    """Return what became of the first copy, over the bars of its run."""
    equity, stopped_bar = replay.copy_equity[0, run], int(replay.stopped_bars[0])
    worth, return_fraction = float(equity[-1]), float(replay.copy_returns[0])
    lowest_bar = int(np.argmin(equity))
    return Outcome(
        return_fraction=return_fraction,
        gap_fraction=return_fraction - float(replay.lead_returns[0]),
        worth_units=round(worth * CASH_SCALE),
        lowest_units=round(float(equity[lowest_bar]) * CASH_SCALE),
        lowest_at=moment_of(replay.times[run][lowest_bar]),
        cost_units=round(float(replay.fee_costs[0] + replay.slippage_costs[0]) * CASH_SCALE),
        cash_fraction=float(replay.final_cash[0]) / worth if worth > 0 else 1.0,
        tracking_error=float(replay.tracking_errors_per_bar[0]),
        adjustments={str(reason): int(counts[0]) for reason, counts in replay.adjustments.items() if counts[0]},
        nothing_to_sell=nothing_to_sell,
        stopped_at=None if stopped_bar == NOT_STOPPED else moment_of(replay.times[stopped_bar]),
        curve=curve_points(replay.times[run], equity),
    )


def _spread(smart_sync: Replay, custom: Replay, *, held_seconds: int) -> Spread:
    """Return what became of all copies but the first."""
    starts = smart_sync.times[smart_sync.start_bars[1:]]
    return spread_of(
        held_days=held_seconds / timedelta(days=1).total_seconds(),
        first_at=moment_of(starts[0]),
        last_at=moment_of(starts[-1]),
        lead_returns=smart_sync.lead_returns[1:],
        smart_sync_returns=smart_sync.copy_returns[1:],
        custom_returns=custom.copy_returns[1:],
    )


def _day(when: datetime) -> str:
    return date_format(when, pgettext("date format", "j F Y"))
