"""
Copies that are replayed together come out as each does alone, however their followers' choices differ.

The coins of the recording halt now and then, each at its own time, so that what one copy waits for another has.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import numpy as np
import pytest

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.engine.replay import replayed_copies, whatif
from copytrading.engine.replay.investments import Change, ChangeKind, Investments
from copytrading.engine.replay.lead_path import LeadPath, LeadTrade, bars_of, path_of_trades
from copytrading.engine.replay.replayed_copies import ReplayedCopies
from copytrading.engine.replay.whatif import NOT_STOPPED, Replay, replay_runs
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.mode import SizingMode
from copytrading.engine.sizing.smart_sync import SMART_SYNC

BARS, ASSETS = 120, 3
NAN = np.nan
LEAD_CASH = 20_000
FIGURES = ("copy_returns", "paid_in", "paid_out", "final_cash", "fee_costs", "slippage_costs", "stopped_bars",
           "tracking_errors_per_bar", "tracking_errors_until_stop")  # fmt: skip

# What each follower does: nothing, more money, less of it, a pause for good, one for a while, a stop loss on the way.
CHANGES = (
    (),
    (Change(time=33, copy=0, kind=ChangeKind.INCREASE, value=700.0),),
    (Change(time=35, copy=0, kind=ChangeKind.REDUCE, value=650.0),),
    (Change(time=20, copy=0, kind=ChangeKind.PAUSE),),
    (Change(time=45, copy=0, kind=ChangeKind.PAUSE), Change(time=80, copy=0, kind=ChangeKind.RESUME)),
    (Change(time=50, copy=0, kind=ChangeKind.STOP_LOSS, value=20.0),),
)
COPIES = len(CHANGES)
STARTS = np.array([0, 3, 0, 10, 25, 40])
ENDS = np.array([BARS - 1, BARS - 1, 100, BARS - 1, 90, BARS - 1])
STOP_LOSSES = np.array([NAN, 60.0, NAN, 400.0, NAN, NAN])
CAPS = np.array([NAN, 0.3, NAN, NAN, 0.2, NAN])


def recording(seed: int) -> LeadPath:
    """Return a lead who trades elsewhere, and goes on with it while a coin has no bars here."""
    random = np.random.default_rng(seed)
    prices = 100 * np.exp(random.normal(0, 0.03, (BARS, ASSETS)).cumsum(axis=0))
    trades, held = [], [Decimal(0)] * ASSETS
    for time in np.sort(random.choice(BARS - 5, 50, replace=False)).tolist():
        asset = int(random.integers(ASSETS))
        price, side = Decimal(str(round(prices[time, asset], 2))), 1
        quantity = (Decimal(1_000) / price).quantize(Decimal("0.001"))
        if held[asset] and random.random() < 0.5:
            side, quantity = -1, held[asset] if random.random() < 0.3 else (held[asset] / 2).quantize(Decimal("0.001"))
        held[asset] += side * quantity
        trades.append(LeadTrade(time=time, asset=asset, side=side, quantity=quantity, price=price))
    lows, closes = prices * (1 - random.uniform(0, 0.03, prices.shape)), prices.copy()
    for asset, begin, end in ((0, 30, 38), (1, 34, 44), (2, 0, 6), (0, 78, 84), (2, 110, BARS)):
        closes[begin:end, asset] = NAN
    bars = bars_of(times=np.arange(BARS), closes=closes, lead_trades=trades, lows=lows)
    return path_of_trades(bars=bars, trades=trades, lead_cash=Decimal(LEAD_CASH), fee_rate=Decimal("0.001"))


def of_everybody(mode: SizingMode, *, stops_at_low: bool) -> Investments:
    return Investments(
        investments=np.array([1_000.0, 2_000.0, 1_500.0, 1_000.0, 500.0, 1_000.0]),
        mode=mode,
        buys_existing=False,
        fee_rate=0.001,
        slippage_rate=0.002,
        stop_losses=STOP_LOSSES,
        order_values=np.full(COPIES, 150.0),
        order_ratios=np.full(COPIES, 0.2),
        drift_band=0.004,
        weight_max=CAPS if mode is SMART_SYNC else None,
        changes=tuple(
            dataclasses.replace(change, copy=copy) for copy, theirs in enumerate(CHANGES) for change in theirs
        ),
        stops_at_low=stops_at_low,
    )


def of_one(all_terms: Investments, copy: int) -> Investments:
    one = slice(copy, copy + 1)
    return dataclasses.replace(
        all_terms,
        investments=all_terms.investments[one],
        stop_losses=all_terms.stop_losses[one],
        order_values=all_terms.order_values[one],
        order_ratios=all_terms.order_ratios[one],
        weight_max=None if all_terms.weight_max is None else all_terms.weight_max[one],
        changes=CHANGES[copy],
    )


def run(path: LeadPath, terms: Investments, starts: np.ndarray, ends: np.ndarray) -> Replay:
    return replay_runs(path=path, lead_cash=float(LEAD_CASH), terms=terms, start_times=starts, last_bars=ends)


class TestCopiesSideBySide:
    @pytest.mark.parametrize("stops_at_low", [False, True])
    @pytest.mark.parametrize("mode", list(registry.modes()), ids=str)
    def test_come_out_as_each_does_alone(self, mode: SizingMode, stops_at_low: bool) -> None:
        path, terms = recording(5), of_everybody(mode, stops_at_low=stops_at_low)

        together = run(path, terms, STARTS, ENDS)

        counted: dict[Reason, int] = {}
        for copy in range(COPIES):
            alone = run(path, of_one(terms, copy), STARTS[[copy]], ENDS[[copy]])
            bars = slice(STARTS[copy], ENDS[copy] + 1)
            assert together.copy_equity[copy, bars].tolist() == pytest.approx(alone.copy_equity[0].tolist(), rel=1e-12)
            for figure in FIGURES:
                found, expected = getattr(together, figure)[copy], getattr(alone, figure)[0]
                if figure == "stopped_bars" and expected != NOT_STOPPED:
                    expected += STARTS[copy]
                assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), figure
            assert together.final_quantities[copy].tolist() == pytest.approx(alone.final_quantities[0].tolist())
            for reason, counts in alone.adjustments.items():
                assert together.adjustments[reason][copy] == counts[0], reason
                counted[reason] = counted.get(reason, 0) + int(counts[0])
        assert {reason: int(counts.sum()) for reason, counts in together.adjustments.items()} == counted
        # Something of everything happened.
        assert (together.paid_out > 0).sum() == 1
        assert (together.stopped_bars != NOT_STOPPED).any()
        assert Reason.PRICE_STALE in counted


class LooksAlways(ReplayedCopies):
    """Copies that are looked at at every bar, whether anything happened or not."""

    def _value(self, *, begin: int, end: int, rows: IntArray) -> BoolArray:
        return np.ones_like(super()._value(begin=begin, end=end, rows=rows))


@pytest.mark.parametrize("seed", [5, 6, 7])
@pytest.mark.parametrize("stops_at_low", [False, True])
@pytest.mark.parametrize("mode", list(registry.modes()), ids=str)
class TestFewerLooks:
    """Copies are looked at where something happens, and some thousand bars are valued at a time: nobody can tell."""

    @pytest.fixture
    def found(self, mode: SizingMode, stops_at_low: bool, seed: int) -> Replay:
        return run(recording(seed), of_everybody(mode, stops_at_low=stops_at_low), STARTS, ENDS)

    def test_miss_nothing_that_a_look_at_every_bar_finds(
        self, mode: SizingMode, stops_at_low: bool, seed: int, found: Replay, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(whatif, "ReplayedCopies", LooksAlways)

        always = run(recording(seed), of_everybody(mode, stops_at_low=stops_at_low), STARTS, ENDS)

        self.assert_same(found, always)

    @pytest.mark.parametrize("cells", [1, 13])
    def test_do_not_depend_on_how_many_bars_are_valued_at_a_time(
        self, mode: SizingMode, stops_at_low: bool, seed: int, found: Replay, cells: int,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        monkeypatch.setattr(replayed_copies, "WINDOW_CELLS", cells)

        again = run(recording(seed), of_everybody(mode, stops_at_low=stops_at_low), STARTS, ENDS)

        self.assert_same(found, again)
        assert {reason: counts.tolist() for reason, counts in again.adjustments.items()} == {
            reason: counts.tolist() for reason, counts in found.adjustments.items()
        }

    @staticmethod
    def assert_same(found: Replay, other: Replay) -> None:
        assert found.copy_equity == pytest.approx(other.copy_equity, rel=1e-12, nan_ok=True)
        assert found.final_quantities == pytest.approx(other.final_quantities, rel=1e-12, abs=0.0)
        for figure in FIGURES:
            assert getattr(found, figure) == pytest.approx(getattr(other, figure), rel=1e-9, abs=1e-12), figure
