"""
What-ifs from many start dates at once, against a plain loop that looks at every copy at every bar.

The engine jumps from event to event and values whole windows of bars; the loop below does neither.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from copytrading.engine.holdings import baseline, stop_loss, weights
from copytrading.engine.replay.investments import Investments
from copytrading.engine.replay.lead_path import START_UNITS, LeadPath, bars_of, path_of_weights
from copytrading.engine.replay.rebalancing import trade_toward
from copytrading.engine.replay.whatif import NOT_STOPPED, replay_portfolio, replay_runs, spread_starts
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.planning import acting_mask
from copytrading.engine.sizing.smart_sync import SMART_SYNC

BARS, ASSETS, STARTS = 400, 4, 12
TO_THE_END = np.full(STARTS, BARS - 1)


def recording(seed: int) -> LeadPath:
    random = np.random.default_rng(seed)
    closes = 100 * np.exp(random.normal(0, 0.02, (BARS, ASSETS)).cumsum(axis=0))
    changes = np.sort(random.choice(BARS - 20, 15, replace=False))
    shares = random.dirichlet(np.ones(ASSETS), 15) * 0.8 * (random.random((15, ASSETS)) < 0.6)
    return path_of_weights(
        bars=bars_of(times=np.arange(BARS), closes=closes), times=changes, weights=shares, fee_rate=0.001
    )


def terms(count: int, **changes) -> Investments:
    usual = Investments(
        investments=np.full(count, 1000.0),
        mode=SMART_SYNC,
        buys_existing=True,
        fee_rate=0.001,
        slippage_rate=0.002,
        stop_losses=np.full(count, np.nan),
        order_values=np.full(count, 150.0),
        order_ratios=np.full(count, 0.1),
    )
    return dataclasses.replace(usual, **changes)


def plain_equity(path: LeadPath, copy: Investments, *, start: int) -> list[float]:
    """Return the equity of one Smart Sync copy after each bar from its start on, bar by bar."""
    prices, state = path.bars.unit_prices, path.state_of_bar
    cash, held = np.array([START_UNITS]), np.zeros((1, ASSETS), dtype=np.int64)
    old = np.where(copy.buys_existing, 0, path.held_units[state[start]])
    stopped, equity_after = np.array([False]), []
    for bar in range(start, BARS):
        now, then = state[bar], state[start]
        equity = weights.equity_of(cash_units=cash, held_units=held, unit_prices=prices[bar])
        stopped |= stop_loss.breached(
            equity=equity, invested=np.array([1.0 * START_UNITS]), stop_loss=copy.stop_losses * START_UNITS / 1000
        )
        shares = baseline.followed_shares(
            lead_units=path.held_units[now],
            survival=path.survival[now],
            epoch=path.epoch[now],
            baseline_units=old[None, :],
            baseline_survival=path.survival[then][None, :],
            baseline_epoch=path.epoch[then][None, :],
        )
        lead_equity = float(path.cash_units[now] + path.held_units[now] @ prices[bar])
        changed = path.touched[now] & (now != state[bar - 1])
        touched = np.full(ASSETS, copy.buys_existing) if bar == start else changed
        sold = np.zeros((1, ASSETS), dtype=bool)
        for side in (-1, 1):
            # What is bought is aimed at anew, on what the sells left.
            equity = weights.equity_of(cash_units=cash, held_units=held, unit_prices=prices[bar])
            target = weights.target_units(
                equity=equity, lead_equity=lead_equity, followed_shares=shares, lead_units=path.held_units[now]
            )
            target[stopped] = 0.0
            acting = acting_mask(
                target_units=target,
                held_units=held,
                unit_prices=prices[bar],
                equity=equity,
                touched=touched,
                aligning=stopped,
                drift_band=copy.drift_band,
                settling=False,
                tradable=np.ones(ASSETS, dtype=bool),
            )
            traded = trade_toward(
                target_units=target,
                held_units=held,
                cash_units=cash,
                unit_prices=prices[bar],
                fee_rate=copy.fee_rate,
                slippage_rate=copy.slippage_rate,
                acting=acting & ((target - held) * side > 0) & ~sold,
            )
            sold = traded.held_units < held
            held, cash = traded.held_units, traded.cash_units
        equity_after.append(float(weights.equity_of(cash_units=cash, held_units=held, unit_prices=prices[bar])[0]))
    return [value * 1000 / START_UNITS for value in equity_after]


class TestReplayRuns:
    @pytest.mark.parametrize("buys_existing", [True, False])
    @pytest.mark.parametrize("loss_max", [np.nan, 60.0])
    @pytest.mark.parametrize("seed", [1, 2])
    def test_equals_a_plain_loop_at_every_bar(self, seed, loss_max, buys_existing):
        path = recording(seed)
        starts = spread_starts(times=path.bars.times, first_bar=30, last_bar=BARS - 1, count=STARTS)
        copies = terms(STARTS, buys_existing=buys_existing, stop_losses=np.full(STARTS, loss_max), drift_band=0.003)

        outcomes = replay_runs(path=path, lead_cash=1e4, terms=copies, start_times=starts, last_bars=TO_THE_END)

        assert len(starts) == STARTS
        assert (outcomes.stopped_bars != NOT_STOPPED).any() == (loss_max == 60.0)
        for copy, start in enumerate(starts.tolist()):
            alone = terms(1, buys_existing=buys_existing, stop_losses=np.array([loss_max]), drift_band=0.003)
            expected = plain_equity(path, alone, start=start)
            assert np.isnan(outcomes.copy_equity[copy, : start - 30]).all()
            assert outcomes.copy_equity[copy, start - 30 :].tolist() == pytest.approx(expected, rel=1e-12)
            assert outcomes.copy_returns[copy] == pytest.approx(expected[-1] / 1000 - 1, abs=1e-12)

    @pytest.mark.parametrize("held", [BARS, 50, 1, 0])
    @pytest.mark.parametrize("mode", list(registry.modes()))
    def test_equals_a_replay_of_each_run_alone(self, mode, held):
        path = recording(3)
        starts = spread_starts(times=path.bars.times, first_bar=0, last_bar=BARS - 1, count=STARTS)
        limits = {} if mode is SMART_SYNC else {"total_values_max": 700.0, "order_values_max": 120.0}

        def limited(count: int) -> Investments:
            return terms(count, mode=mode, **{name: np.full(count, value) for name, value in limits.items()})

        ends = np.minimum(starts + held, BARS - 1)

        together = replay_runs(path=path, lead_cash=1e4, terms=limited(STARTS), start_times=starts, last_bars=ends)

        for copy, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            alone = replay_portfolio(path=path, lead_cash=1e4, terms=limited(1), start_time=start, last_bar=end)
            run = slice(start, end + 1)
            assert np.isnan(np.delete(together.copy_equity[copy], run)).all()
            assert together.copy_equity[copy, run].tolist() == pytest.approx(alone.copy_equity[0].tolist(), rel=1e-12)
            for figure in (
                "copy_returns",
                "lead_returns",
                "tracking_errors_per_bar",
                "final_cash",
                "fee_costs",
                "slippage_costs",
                "stopped_bars",
            ):
                assert getattr(together, figure)[copy] == pytest.approx(getattr(alone, figure)[0], abs=1e-9), figure
            assert together.final_quantities[copy].tolist() == pytest.approx(alone.final_quantities[0].tolist())


class TestSpreadStarts:
    def test_leaves_out_the_last_tenth(self):
        starts = spread_starts(times=np.arange(101) * 10, first_bar=0, last_bar=100, count=4)

        assert starts.tolist() == [0, 300, 600, 900]

    def test_gives_no_more_starts_than_bars(self):
        assert spread_starts(times=np.arange(3), first_bar=0, last_bar=2, count=50).tolist() == [0, 1, 2]
