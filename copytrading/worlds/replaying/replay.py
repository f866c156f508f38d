"""
What if a thousand people had copied this lead on the very platform? The whole stack over a recording.

`whatif` asks the engine alone; a replay runs database, services, ledger and paper venue over the same bars and then
compares the two. Needs a database of its own: it brings its own people, markets and money.

The conventions are those of the what-if: a lead's trade executes at its own price, followers trade at the close of
the first bar at or after it, copies start at the first bar of the run, and drift repair looks at every bar. A Custom
copy answers what the lead traded since the bar before, netted; the engine answers each order by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from time import perf_counter

import numpy as np
from django.test.utils import override_settings

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.replay.investments import Investments
from copytrading.engine.replay.whatif import replay_portfolio
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.mode import SizingMode
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.engine.track_record.performance import tracking_error_per_bar
from copytrading.exchange.prices.files import moment_of, time_of
from copytrading.models import Allocation, Copy, Fill, Order, SyncCycle
from copytrading.queries.rules import CASH_DECIMALS, installed_rules
from copytrading.services.lookback.questions import Question as Files
from copytrading.services.lookback.questions import WhatIfRefused, check_question
from copytrading.services.lookback.recordings import Recording, read_recording
from copytrading.services.safety import reconciling
from copytrading.worlds.replaying.bounds import refuse_uncountable
from copytrading.worlds.replaying.crowd import BOTH, Investor, crowd_of
from copytrading.worlds.replaying.lead import Movement, movements_of_trades, movements_of_weights
from copytrading.worlds.replaying.world import LOW_BEFORE, ReplayNeverSettled, ReplayWorld, replay_settings

__all__ = [
    "BOTH",
    "Outcome",
    "Question",
    "ReplayNeverSettled",
    "Script",
    "WhatIfRefused",
    "read_script",
    "replay",
]

Show = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Question:
    """
    One replay: the files and the lead's terms, and how many people copy, how and with how much.

    Their investments lie between `files.investment` and `investment_max`, in steps of an equal ratio.
    """

    files: Files
    followers: int
    investment_max: Decimal
    modes: str = SMART_SYNC.word


@dataclass(frozen=True, kw_only=True)
class Script:
    """A question with its files read: the recording, the lead's movements, and who copies."""

    question: Question
    recording: Recording
    movements: list[Movement]
    crowd: list[Investor]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    What became of everybody. Returns are fractions; `custody_difference` is custody less liabilities, in coins.

    Of each investor of the `crowd` (K,): `copy_returns`, `tracking_errors_per_bar` against the lead, the same over the
    bars before the one at which the stop loss sold everything, which was `stopped_at`, and `whatif_differences`, how
    far the return is from the engine's alone.
    """

    crowd: list[Investor]
    bars: int
    cycles: int
    orders: int
    fills: int
    allocations: int
    ledger_ok: bool
    custody_difference: dict[str, Decimal]
    lead_return: float
    copy_returns: FloatArray
    tracking_errors_per_bar: FloatArray
    tracking_errors_until_stop: FloatArray
    stopped_at: tuple[datetime | None, ...]
    whatif_differences: FloatArray
    warnings: tuple[str, ...]
    seconds: float

    @property
    def modes(self) -> list[SizingMode]:
        """The modes that somebody copied in, in the order of the crowd."""
        return list(dict.fromkeys(investor.mode for investor in self.crowd))

    def copied_in(self, mode: SizingMode) -> BoolArray:
        """Return which investors (K,) copied in a mode."""
        return np.array([investor.mode is mode for investor in self.crowd])


def read_script(question: Question) -> Script:
    """
    Return what is to be replayed. Nothing is written.

    :raises WhatIfRefused: if an option is out of its range or a file cannot be used.
    """
    files = question.files
    check_question(files, rules=installed_rules())
    crowd = crowd_of(
        modes=question.modes,
        followers=question.followers,
        investment=files.investment,
        investment_max=question.investment_max,
        stop_loss=files.stop_loss,
    )
    recording = read_recording(files, rules=installed_rules())
    if recording.lead_trades is not None:
        movements = movements_of_trades(
            recording.lead_trades, symbols=recording.symbols, lead_cash=files.lead_cash, fee_rate=files.fee_rate
        )
    else:
        movements = movements_of_weights(
            recording.path, symbols=recording.symbols, lead_cash=files.lead_cash, fee_rate=files.fee_rate
        )
    refuse_uncountable(
        recording,
        movements=movements,
        crowd=crowd,
        lead_cash=files.lead_cash,
        stops_at_low=files.stops_at_low,
    )
    return Script(question=question, recording=recording, movements=movements, crowd=crowd)


def replay(script: Script, *, show: Show) -> Outcome:
    """
    Run the platform over the recording and return what became of everybody. Owns its commits.

    :param show: is told what is being done, how much of it is done, and of how much.
    :raises Refusal: if the platform says no to what it was asked.
    :raises ReplayNeverSettled: if it does not come to an end at a bar.
    """
    began_at = perf_counter()
    files, crowd = script.question.files, script.crowd
    with override_settings(**replay_settings(fee_rate=files.fee_rate)):
        world = ReplayWorld(script.recording, fee_rate=files.fee_rate, stops_at_low=files.stops_at_low)
        world.open(lead_cash=files.lead_cash, followers_max=len(crowd))
        lead_equity, copy_equity = _run(world, script=script, show=show)
        report = reconciling.check_ledger()
    times = world.bars.times[script.recording.first_bar : script.recording.last_bar + 1]
    stopped_bars = _stopped_bars(times)
    invested = np.array([investor.units for investor in crowd], dtype=np.float64)
    copy_returns = copy_equity[:, -1] / invested - 1
    return Outcome(
        crowd=crowd,
        bars=len(lead_equity),
        cycles=SyncCycle.objects.count(),
        orders=Order.objects.count(),
        fills=Fill.objects.count(),
        allocations=Allocation.objects.count(),
        ledger_ok=report.is_clean,
        custody_difference=report.differences,
        lead_return=float(lead_equity[-1] / lead_equity[0] - 1),
        copy_returns=copy_returns,
        tracking_errors_per_bar=tracking_error_per_bar(values=copy_equity, lead_values=lead_equity),
        tracking_errors_until_stop=np.array(
            [
                tracking_error_per_bar(values=copy_equity[row, :stopped], lead_values=lead_equity[:stopped])
                for row, stopped in enumerate(stopped_bars)
            ]
        ),
        stopped_at=tuple(None if stopped is None else moment_of(times[stopped]) for stopped in stopped_bars),
        whatif_differences=np.abs(copy_returns - _what_if(script)),
        warnings=script.recording.warnings,
        seconds=perf_counter() - began_at,
    )


def _run(world: ReplayWorld, *, script: Script, show: Show) -> tuple[FloatArray, FloatArray]:
    """Go through all T bars, and return what the lead (T,) and each copy (K, T) was worth at each."""
    recording, crowd = script.recording, script.crowd
    people = world.bring_followers(crowd=crowd, show=lambda done: show("Followers arrive", done, len(crowd)))
    bars = range(recording.first_bar, recording.last_bar + 1)
    lead_equity, copy_equity = np.zeros(len(bars)), np.zeros((len(crowd), len(bars)))
    begins_at = world.bars.times[recording.first_bar - 1] if recording.first_bar else -1
    waiting = iter([movement for movement in script.movements if movement.time > begins_at])
    coming = next(waiting, None)
    for number, bar in enumerate(bars):
        world.go_to(bar)
        if bar == recording.first_bar:
            # What was done before the run is nothing that a copy has to answer.
            world.observe([movement for movement in script.movements if movement.time <= begins_at])
            world.look()
        due = []
        while coming is not None and coming.time <= world.bars.times[bar]:
            due.append(coming)
            coming = next(waiting, None)
        world.observe(due)
        if bar == recording.first_bar:
            world.start_copies(people=people, crowd=crowd, show=lambda done: show("Copies start", done, len(crowd)))
        world.look()
        lead_equity[number], copy_equity[:, number] = world.equities()
        show("Bars", number + 1, len(bars))
    return lead_equity, copy_equity


def _stopped_bars(times: IntArray) -> list[int | None]:
    """Return at which of these bars each copy's stop loss sold everything; None where it did not."""
    stopped = Copy.objects.filter(stop_reason=Copy.StopReason.STOP_LOSS).values_list("pk", "stopping_at")
    # The lows of a bar come a little before it.
    bars = {pk: int(np.searchsorted(times, time_of(at + LOW_BEFORE), side="right")) - 1 for pk, at in stopped if at}
    return [bars.get(pk) for pk in Copy.objects.order_by("pk").values_list("pk", flat=True)]


def _what_if(script: Script) -> FloatArray:
    """Return what the engine alone says that these investments return (K,)."""
    recording, files, crowd = script.recording, script.question.files, script.crowd
    lead_equity = recording.path.equity()[recording.first_bar] / recording.path.cash_units[0] * float(files.lead_cash)
    returns = np.zeros(len(crowd))
    for mode in registry.modes():
        places = [place for place, investor in enumerate(crowd) if investor.mode is mode]
        if not places:
            continue
        returns[places] = replay_portfolio(
            path=recording.path,
            lead_cash=float(files.lead_cash),
            terms=_terms_of([crowd[place] for place in places], mode=mode, lead_equity=lead_equity, files=files),
            start_time=recording.start_time,
            last_bar=recording.last_bar,
        ).copy_returns
    return returns


def _terms_of(investors: Sequence[Investor], *, mode: SizingMode, lead_equity: float, files: Files) -> Investments:
    values = np.array([investor.value for investor in investors])
    return Investments(
        investments=values,
        mode=mode,
        buys_existing=True,
        fee_rate=float(files.fee_rate),
        slippage_rate=0.0,
        stop_losses=np.array(
            [np.nan if one.stop_loss_units is None else one.stop_loss_units for one in investors], dtype=np.float64
        )
        / 10.0**CASH_DECIMALS,
        stops_at_low=files.stops_at_low,
        order_values=np.array([investor.order_value_units for investor in investors]) / 10.0**CASH_DECIMALS,
        order_ratios=values / lead_equity,
        drift_band=installed_rules().drift_band,
    )
