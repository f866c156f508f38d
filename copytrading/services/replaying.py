"""
What if a thousand people had copied this lead on the very platform? The whole stack over a recording.

`whatif` asks the engine alone; a replay runs database, services, ledger and paper venue over the same bars and then
compares the two. Needs a database of its own: it brings its own people, markets and money.

The conventions are those of the what-if: a lead's trade executes at its own price, followers trade at the close of
the first bar at or after it, copies start at the first bar of the run, and drift repair looks at every bar.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from time import perf_counter

import numpy as np
from django.conf import settings
from django.test.utils import override_settings

from copytrading.engine.arrays import FloatArray
from copytrading.engine.whatif import Mode, Terms, replay_portfolio
from copytrading.models import Allocation, Fill, Order, SyncCycle
from copytrading.queries import holdings
from copytrading.queries import market as market_queries
from copytrading.services import leads, reconciling, whatif
from copytrading.services.replaying_world import Movement, ReplayWorld, movements_of, replay_settings
from copytrading.services.whatif import Recording, WhatIfRefused

Show = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Question:
    """
    One replay: the files and the lead's terms, and how many people copy with how much.

    Their investments lie between `files.investment` and `investment_max`, in steps of an equal ratio.
    """

    files: whatif.Question
    followers: int
    investment_max: Decimal


@dataclass(frozen=True, kw_only=True)
class Script:
    """A question with its files read: the recording, the lead's movements, and everybody's investment in units."""

    question: Question
    recording: Recording
    movements: list[Movement]
    investments: list[int]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    What became of everybody. Returns are fractions; `custody_difference` is custody less liabilities, in coins.

    `whatif_difference` is the largest distance between a copy's return here and in the engine alone.
    """

    followers: int
    cycles: int
    orders: int
    fills: int
    allocations: int
    ledger_ok: bool
    custody_difference: dict[str, Decimal]
    lead_return: float
    copy_returns: FloatArray
    whatif_difference: float
    seconds: float


def read_script(question: Question) -> Script:
    """
    Return what is to be replayed. Nothing is written.

    :raises WhatIfRefused: if an option is out of its range or a file cannot be used.
    """
    investments = _investments_of(question)
    recording = whatif.read_recording(question.files)
    if recording.trades is None:
        raise WhatIfRefused("A replay needs the lead's trades.")
    files = question.files
    movements = movements_of(recording.trades, lead_cash=files.lead_cash, fee_rate=files.fee_rate)
    return Script(question=question, recording=recording, movements=movements, investments=investments)


def replay(script: Script, *, show: Show) -> Outcome:
    """
    Run the platform over the recording and return what became of everybody. Owns its commits.

    :param show: is told what is being done, how much of it is done, and of how much.
    """
    began_at = perf_counter()
    files = script.question.files
    with override_settings(**replay_settings(fee_rate=files.fee_rate)):
        world = ReplayWorld(script.recording, fee_rate=files.fee_rate)
        world.open(lead_cash=files.lead_cash, followers_max=len(script.investments))
        lead_return = _run(world, script=script, show=show)
        copy_returns = _copy_returns(world)
        report = reconciling.check_ledger()
    expected = _what_if(script)
    return Outcome(
        followers=len(script.investments),
        cycles=SyncCycle.objects.count(),
        orders=Order.objects.count(),
        fills=Fill.objects.count(),
        allocations=Allocation.objects.count(),
        ledger_ok=report.is_clean,
        custody_difference=report.differences,
        lead_return=lead_return,
        copy_returns=copy_returns,
        whatif_difference=float(np.abs(copy_returns - expected).max()),
        seconds=perf_counter() - began_at,
    )


def _investments_of(question: Question) -> list[int]:
    """Return everybody's investment in units, to the cent."""
    first, last = question.files.investment, question.investment_max
    if question.followers < 1:
        raise WhatIfRefused(f"At least one follower is needed, not {question.followers}.")
    if last < first:
        raise WhatIfRefused(f"The largest investment of {last} USDT is below the smallest of {first} USDT.")
    cent = 10 ** (settings.SMARTSYNC_CASH_DECIMALS - 2)
    values = np.geomspace(float(first), float(last), question.followers)
    return [round(value * 100) * cent for value in values.tolist()]


def _run(world: ReplayWorld, *, script: Script, show: Show) -> float:
    """Go through all bars, and return what the lead made of its equity at the first one."""
    recording, investments = script.recording, script.investments
    people = world.bring_followers(
        investments=investments, show=lambda done: show("Followers arrive", done, len(investments))
    )
    bars = range(recording.first_bar, recording.last_bar + 1)
    waiting = iter(script.movements)
    coming = next(waiting, None)
    equity_first = 0.0
    for number, bar in enumerate(bars, start=1):
        world.go_to(bar)
        due = []
        while coming is not None and coming.time <= world.bars.times[bar]:
            due.append(coming)
            coming = next(waiting, None)
        world.observe(due)
        if bar == recording.first_bar:
            equity_first = leads.equity_of(world.lead, now=world.now)
            world.start_copies(
                people=people, investments=investments, show=lambda done: show("Copies start", done, len(investments))
            )
        world.look()
        show("Bars", number, len(bars))
    return leads.equity_of(world.lead, now=world.now) / equity_first - 1


def _copy_returns(world: ReplayWorld) -> FloatArray:
    """Return what each copy made of its investment (K,), in the order in which they started."""
    board = market_queries.load_board(now=world.now)
    table = holdings.load_copies(world.lead, board=board, cash=market_queries.cash_asset())
    returns: FloatArray = table.equity(board) / table.invested_units - 1
    return returns[np.argsort(table.ids)]


def _what_if(script: Script) -> FloatArray:
    """Return what the engine alone says that these investments return (K,)."""
    recording, files = script.recording, script.question.files
    values = np.array(script.investments, dtype=np.float64) / 10**settings.SMARTSYNC_CASH_DECIMALS
    nothing = np.full(len(values), np.nan)
    terms = Terms(
        investments=values,
        mode=Mode.SMART_SYNC,
        buys_existing=True,
        fee_rate=float(files.fee_rate),
        slippage_rate=0.0,
        stop_losses=nothing,
        order_values=nothing,
        order_ratios=nothing,
        drift_band=float(settings.SMARTSYNC_DRIFT_BAND),
    )
    return replay_portfolio(
        path=recording.path,
        lead_cash=float(files.lead_cash),
        terms=terms,
        start_time=recording.start_time,
        last_bar=recording.last_bar,
    ).copy_returns
