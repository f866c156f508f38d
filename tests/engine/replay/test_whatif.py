"""
What-ifs over small recordings whose outcome can be told by hand.

Bars are one second apart, at times 0, 1, 2, …; prices are a column per coin.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest

from copytrading.engine.adjustments import Reason
from copytrading.engine.replay.investments import Investments
from copytrading.engine.replay.lead_path import (
    LeadTrade,
    SoldMoreThanHeld,
    SpentMoreThanCash,
    bars_of,
    path_of_trades,
    path_of_weights,
)
from copytrading.engine.replay.whatif import NOT_STOPPED, Replay, replay_portfolio
from copytrading.engine.sizing.custom import CUSTOM_FIXED, CUSTOM_RATIO
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.engine.track_record.performance import tracking_error_per_bar

NAN = np.nan
BTC, ETH = 0, 1


def terms(*, investments: Sequence[float] = (1000.0,), stop_loss: float = NAN, **changes) -> Investments:
    count = len(investments)
    values = {
        "investments": np.array(investments),
        "mode": SMART_SYNC,
        "buys_existing": True,
        "fee_rate": 0.0,
        "slippage_rate": 0.0,
        "stop_losses": np.full(count, stop_loss),
        "order_values": np.full(count, 100.0),
        "order_ratios": np.full(count, 0.1),
    }
    return Investments(**(values | changes))


def buy(time: int, asset: int, quantity: str, price: str) -> LeadTrade:
    return LeadTrade(time=time, asset=asset, side=1, quantity=Decimal(quantity), price=Decimal(price))


def sell(time: int, asset: int, quantity: str, price: str) -> LeadTrade:
    return LeadTrade(time=time, asset=asset, side=-1, quantity=Decimal(quantity), price=Decimal(price))


def replay(
    *, closes, trades: Sequence[LeadTrade], start: int = 0, lead_cash: int = 10_000, lows=None, **changes
) -> Replay:
    closes = np.array(closes, dtype=np.float64)
    copy_terms = terms(**changes)
    bars = bars_of(
        times=np.arange(len(closes)),
        closes=closes,
        lead_trades=trades,
        lows=None if lows is None else np.array(lows, dtype=np.float64),
    )
    path = path_of_trades(
        bars=bars, trades=trades, lead_cash=Decimal(lead_cash), fee_rate=Decimal(str(copy_terms.fee_rate))
    )
    return replay_portfolio(
        path=path, lead_cash=float(lead_cash), terms=copy_terms, start_time=start, last_bar=len(closes) - 1
    )


class TestSmartSync:
    def test_buys_what_the_lead_holds_and_moves_with_it(self):
        result = replay(closes=[[100], [110]], trades=[buy(0, BTC, "50", "100")])

        assert result.final_quantities == pytest.approx(np.array([[5.0]]))
        assert result.copy_equity[0] == pytest.approx([1000.0, 1050.0])
        assert result.lead_returns[0] == pytest.approx(0.05)
        assert result.tracking_errors_per_bar == pytest.approx([0.0], abs=1e-12)

    def test_follows_a_late_joiners_worked_example_to_the_eighth_decimal(self):
        result = replay(
            closes=[[1, 1]] * 5,
            trades=[
                buy(0, BTC, "9000", "1"),
                buy(2, ETH, "500", "1"),
                sell(3, BTC, "4500", "1"),
                buy(4, BTC, "100", "1"),
            ],
            start=1,
            buys_existing=False,
        )

        assert result.final_quantities == pytest.approx(np.array([[10.0, 50.0]]), abs=1e-9)
        assert result.final_cash == pytest.approx([940.0], abs=1e-9)

    def test_returns_what_the_lead_returns_without_fees_at_any_size(self):
        random = np.random.default_rng(7)
        closes = np.round(100 * np.exp(random.normal(0, 0.03, (300, 3)).cumsum(axis=0)), 4)
        trades, held = [], [Decimal(0)] * 3
        for bar in range(0, 290, 5):
            asset = int(random.integers(3))
            price = str(closes[bar, asset])
            if held[asset] and random.random() < 0.5:
                quantity = held[asset] if random.random() < 0.3 else (held[asset] / 3).quantize(Decimal("0.0001"))
                held[asset] -= quantity
                trades.append(sell(bar, asset, str(quantity), price))
            else:
                quantity = Decimal(str(round(200 / closes[bar, asset], 4)))
                held[asset] += quantity
                trades.append(buy(bar, asset, str(quantity), price))

        result = replay(closes=closes, trades=trades, lead_cash=20_000, investments=(100.0, 1e6), start=7)

        assert abs(result.lead_returns[0]) > 0.001
        assert result.copy_returns == pytest.approx([result.lead_returns[0]] * 2, abs=1e-9)
        assert result.adjustments == {}

    def test_sells_at_once_what_the_lead_sells(self):
        result = replay(closes=[[100], [120]], trades=[buy(0, BTC, "50", "100"), sell(1, BTC, "50", "120")])

        assert result.final_quantities.tolist() == [[0.0]]
        assert result.final_cash == pytest.approx([1100.0])

    def test_takes_up_a_coin_once_it_has_bars(self):
        result = replay(closes=[[NAN], [NAN], [100]], trades=[buy(0, BTC, "50", "100")])

        assert result.adjustments[Reason.MARKET_UNAVAILABLE].tolist() == [1]
        assert result.lead_equity.tolist() == pytest.approx([10_000.0] * 3)
        assert result.final_quantities == pytest.approx(np.array([[5.0]]))

    @pytest.mark.parametrize(("drift_band", "repaired"), [(0.01, True), (0.02, False)])
    def test_repairs_drift_beyond_the_band_in_a_coin_the_lead_left_alone(self, drift_band, repaired):
        # Slippage costs the copy equity, so that its untouched BTC ends 1.3 % of equity too heavy.
        result = replay(
            closes=[[100, 10]] * 3,
            trades=[buy(0, BTC, "50", "100"), buy(0, ETH, "500", "10"), sell(1, ETH, "500", "10")],
            slippage_rate=0.05,
            drift_band=drift_band,
        )

        untouched = 500 / 105
        assert (result.final_quantities[0, BTC] < untouched - 0.1) == repaired

    def test_repairs_the_drift_of_what_is_followed_where_the_whole_position_would_be_as_it_is(self):
        # Nine tenths of the lead's coins are followed. As they rise fifty times, what the copy holds comes to be what
        # the whole of them would be for it: measured by that there would be no drift.
        trades = [buy(0, BTC, "10", "100"), buy(2, BTC, "90", "100")]
        closes = [[100], [100], [100], [5_000], [5_000]]

        result = replay(closes=closes, trades=trades, start=1, buys_existing=False)

        assert result.final_quantities[0] == pytest.approx([(100 + 9 * 5_000) / 500_000 * 90])

    def test_buys_nothing_else_on_what_a_sale_brought(self):
        # Half of one coin is turned into another one; a third was never in it.
        trades = [buy(0, BTC, "100", "100"), sell(1, BTC, "50", "100"), buy(1, ETH, "50", "100")]

        result = replay(closes=[[100, 100, 100]] * 3, trades=trades)

        assert result.final_quantities[0, :2] == pytest.approx([5, 5])
        assert result.final_quantities[0, 2] == 0.0
        assert result.adjustments == {}

    def test_is_not_short_of_cash_for_a_coin_that_nobody_trades(self):
        trades = [buy(0, BTC, "100", "100"), sell(1, BTC, "50", "100"), buy(1, ETH, "50", "100")]

        without = replay(closes=[[100, 100]] * 3, trades=trades, slippage_rate=0.02)
        beside = replay(closes=[[100, 100, 100]] * 3, trades=trades, slippage_rate=0.02)

        assert without.adjustments[Reason.CASH_SHORT].tolist() == beside.adjustments[Reason.CASH_SHORT].tolist() == [3]
        assert beside.final_quantities[0].tolist() == pytest.approx(
            [*without.final_quantities[0].tolist(), 0.0], rel=1e-12, abs=0.0
        )

    def test_trades_a_halted_coin_at_its_next_bar(self):
        result = replay(closes=[[100], [NAN], [100]], trades=[buy(0, BTC, "10", "100"), buy(1, BTC, "10", "100")])

        assert result.adjustments[Reason.PRICE_STALE].tolist() == [1]
        assert result.copy_equity[0] == pytest.approx([1000.0] * 3)
        assert result.final_quantities == pytest.approx(np.array([[2.0]]))

    def test_keeps_a_coin_whose_bars_ended_at_its_last_close(self):
        result = replay(closes=[[100], [150], [NAN]], trades=[buy(0, BTC, "50", "100"), sell(2, BTC, "50", "10")])

        assert result.final_quantities == pytest.approx(np.array([[5.0]]))
        assert result.copy_equity[0, -1] == pytest.approx(1250.0)
        assert result.adjustments[Reason.MARKET_UNAVAILABLE].tolist() == [1]

    def test_pays_the_fee_on_both_ways(self):
        result = replay(
            closes=[[100], [100]],
            trades=[buy(0, BTC, "50", "100"), sell(1, BTC, "50", "100")],
            fee_rate=0.01,
        )

        # Half of the 9,950 the lead has left is a share of 5,000 / 9,950; the fee is paid on it twice.
        bought = 1000 * 5000 / 9950
        assert result.fee_costs == pytest.approx([2 * bought * 0.01])
        assert result.final_cash == pytest.approx([1000 - 2 * bought * 0.01])

    def test_pays_the_slippage_and_the_lead_does_not(self):
        result = replay(closes=[[100]], trades=[buy(0, BTC, "50", "100")], slippage_rate=0.01)

        assert result.lead_equity.tolist() == pytest.approx([10_000.0])
        assert result.copy_equity[0] == pytest.approx([995.0])
        assert result.slippage_costs == pytest.approx([5.0])

    def test_says_when_cash_was_short(self):
        result = replay(closes=[[100]], trades=[buy(0, BTC, "100", "100")], slippage_rate=0.01)

        assert result.adjustments[Reason.CASH_SHORT].tolist() == [1]
        assert result.final_quantities == pytest.approx(np.array([[1000 / 101]]))
        assert (result.final_cash >= 0).all()

    def test_keeps_to_a_cap_on_one_coin_and_says_where_it_cut(self):
        result = replay(
            closes=[[100, 10]] * 2,
            trades=[buy(0, BTC, "50", "100"), buy(0, ETH, "100", "10"), sell(1, BTC, "10", "100")],
            weight_max=np.array([0.3]),
        )

        assert result.final_quantities == pytest.approx(np.array([[3.0, 10.0]]))
        # Once, as it bought: the lead's sale leaves the lead with more than the cap, so nothing is traded for it.
        assert {reason: counts.tolist() for reason, counts in result.adjustments.items()} == {
            Reason.CONCENTRATION_CAPPED: [1]
        }


class TestConcentration:
    def test_is_set_straight_where_a_capped_coin_rose_alone(self):
        result = replay(
            closes=[[100], [100], [150], [150]], trades=[buy(0, BTC, "50", "100")], weight_max=np.array([0.3])
        )

        # 3 coins for 300 of 1,000; of 1,150 at 150 they may be 345.
        assert result.final_quantities[0] == pytest.approx([2.3])


class TestStopLossAtTheLow:
    def test_does_not_stop_at_a_low_that_leaves_enough(self):
        result = replay(
            closes=[[100]] * 4,
            lows=[[100], [90], [80], [100]],
            trades=[buy(0, BTC, "50", "100")],
            stop_loss=140.0,
            stops_at_low=True,
        )

        # Half in coins loses 10 % of the whole where they lose a fifth.
        assert result.stopped_bars.tolist() == [NOT_STOPPED]

    def test_sells_at_the_low_and_before_the_lead_is_followed(self):
        result = replay(
            closes=[[100], [100], [100], [200]],
            lows=[[1], [90], [70], [100]],
            trades=[buy(0, BTC, "50", "100"), buy(2, BTC, "50", "100")],
            stop_loss=140.0,
            stops_at_low=True,
        )

        # Half in coins loses 15 % of the whole where they lose 30 %; the low of the bar it starts in came before it.
        assert result.stopped_bars.tolist() == [2]
        assert result.copy_equity[0] == pytest.approx([1000.0, 1000.0, 850.0, 850.0])

    def test_is_found_between_events_and_for_each_copy_alone(self):
        result = replay(
            closes=[[100]] * 40,
            lows=[[100]] * 20 + [[60]] + [[100]] * 10 + [[40]] + [[100]] * 8,
            trades=[buy(0, BTC, "100", "100")],
            investments=(1000.0, 1000.0, 1000.0),
            stop_losses=np.array([300.0, 500.0, NAN]),
            stops_at_low=True,
        )

        assert result.stopped_bars.tolist() == [20, 31, NOT_STOPPED]
        assert result.copy_equity[:, -1] == pytest.approx([600.0, 400.0, 1000.0])
        assert result.tracking_errors_until_stop == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)

    def test_leaves_a_coin_that_has_no_bar_to_its_next_close(self):
        result = replay(
            closes=[[100, 100], [100, 100], [100, NAN], [100, NAN], [100, 80], [100, 50]],
            lows=[[100, 100], [100, 100], [50, NAN], [100, NAN], [100, 60], [100, 40]],
            trades=[buy(0, BTC, "50", "100"), buy(0, ETH, "50", "100")],
            stop_loss=200.0,
            stops_at_low=True,
        )

        assert result.stopped_bars.tolist() == [2]
        assert result.copy_equity[0] == pytest.approx([1000.0, 1000.0, 750.0, 750.0, 650.0, 650.0])
        assert result.final_quantities[0].tolist() == [0.0, 0.0]

    def test_pays_fee_and_slippage_as_any_sale_does(self):
        result = replay(
            closes=[[100], [100], [100]],
            lows=[[100], [70], [100]],
            trades=[buy(0, BTC, "50", "100")],
            stop_loss=100.0,
            stops_at_low=True,
            slippage_rate=0.01,
        )

        # Half of it, less what the purchase cost, sold a hundredth below 70.
        assert result.stopped_bars.tolist() == [1]
        assert result.final_cash == pytest.approx([1_000 - 505 + 5 * 70 * 0.99])
        assert result.slippage_costs == pytest.approx([5 + 3.5])


class TestTrackingErrors:
    def test_until_a_stop_are_over_the_bars_before_it(self):
        result = replay(
            closes=[[100], [110], [95], [120], [60], [90], [130]],
            trades=[buy(0, BTC, "50", "100"), buy(2, BTC, "10", "95")],
            stop_losses=np.array([120.0, 1_000.0]),
            slippage_rate=0.02,
            investments=(1000.0, 2000.0),
        )

        stop = int(result.stopped_bars[0])
        assert stop == 4 and result.stopped_bars[1] == NOT_STOPPED
        for figures, bars in ((result.tracking_errors_until_stop, stop), (result.tracking_errors_per_bar, 7)):
            expected = tracking_error_per_bar(
                values=result.copy_equity[:1, :bars], lead_values=result.lead_equity[:bars]
            )
            assert figures[0] == pytest.approx(expected[0], rel=1e-12)
        assert result.tracking_errors_until_stop[0] < result.tracking_errors_per_bar[0]
        assert result.tracking_errors_until_stop[1] == result.tracking_errors_per_bar[1]


class TestStopLoss:
    def test_sells_everything_and_stays_out(self):
        result = replay(
            closes=[[100], [80], [70], [200]],
            trades=[buy(0, BTC, "100", "100"), sell(3, BTC, "1", "200")],
            stop_loss=250.0,
            investments=(1000.0, 500.0),
        )

        # A loss of 20 % stops the copy of neither size, one of 30 % only the larger one.
        assert result.stopped_bars.tolist() == [2, NOT_STOPPED]
        assert result.copy_equity[0] == pytest.approx([1000.0, 800.0, 700.0, 700.0])
        assert result.final_quantities[0].tolist() == [0.0]
        assert result.copy_equity[1, -1] == pytest.approx(1000.0)


class TestCustomModes:
    TRADES = (buy(0, BTC, "10", "100"), buy(1, ETH, "100", "10"), sell(2, BTC, "5", "100"))
    CLOSES = ((100, 10), (100, 10), (100, 10))

    def test_fixed_buys_the_same_value_for_each_buy_and_sells_by_fraction(self):
        result = replay(closes=self.CLOSES, trades=self.TRADES, mode=CUSTOM_FIXED)

        assert result.final_quantities == pytest.approx(np.array([[0.5, 10.0]]))
        assert result.final_cash == pytest.approx([850.0])

    def test_ratio_buys_a_multiple_of_the_leads_value(self):
        result = replay(closes=self.CLOSES, trades=self.TRADES, mode=CUSTOM_RATIO, order_ratios=np.array([0.02]))

        assert result.final_quantities == pytest.approx(np.array([[0.1, 2.0]]))

    def test_says_how_often_its_own_maxima_cut_it(self):
        maxima = {"order_values_max": np.array([60.0]), "total_values_max": np.array([100.0])}

        result = replay(closes=self.CLOSES, trades=self.TRADES, mode=CUSTOM_FIXED, **maxima)

        # 60 of 100 for the first coin, and 40 of 60 for the second one.
        assert result.final_quantities == pytest.approx(np.array([[0.3, 4.0]]))
        assert {reason: counts.tolist() for reason, counts in result.adjustments.items()} == {
            Reason.ORDER_MAX_CAPPED: [2], Reason.TOTAL_MAX_CAPPED: [1]
        }  # fmt: skip

    def test_says_how_often_a_pair_was_not_chosen(self):
        result = replay(closes=self.CLOSES, trades=self.TRADES, mode=CUSTOM_FIXED, chosen=np.array([False, True]))

        assert result.final_quantities == pytest.approx(np.array([[0.0, 10.0]]))
        assert result.adjustments[Reason.MARKET_NOT_CHOSEN].tolist() == [1]

    def test_follows_only_orders_given_after_the_start(self):
        result = replay(closes=self.CLOSES, trades=self.TRADES, mode=CUSTOM_FIXED, start=1)

        assert result.final_quantities == pytest.approx(np.array([[0.0, 10.0]]))

    def test_waits_for_a_bar_to_follow_an_order(self):
        result = replay(closes=[[100, 10], [100, NAN], [100, 20]], trades=self.TRADES[:2], mode=CUSTOM_FIXED)

        assert result.final_quantities == pytest.approx(np.array([[1.0, 5.0]]))
        assert result.adjustments[Reason.PRICE_STALE].tolist() == [1]


class TestPathOfTrades:
    def path(self, *trades: LeadTrade, cash: str = "1000"):
        bars = bars_of(times=np.arange(3), closes=np.full((3, 1), 100.0), lead_trades=trades)
        return path_of_trades(bars=bars, trades=trades, lead_cash=Decimal(cash), fee_rate=Decimal("0.01"))

    def test_refuses_a_sell_of_more_than_the_lead_holds(self):
        with pytest.raises(SoldMoreThanHeld) as refusal:
            self.path(buy(0, BTC, "1", "100"), sell(1, BTC, "1.1", "100"))

        assert (refusal.value.trade, refusal.value.held) == (1, Decimal(1))

    def test_refuses_a_buy_that_the_fee_puts_beyond_the_cash(self):
        with pytest.raises(SpentMoreThanCash) as refusal:
            self.path(buy(0, BTC, "10", "100"))

        assert refusal.value.cost == Decimal(1010)

    def test_sells_what_is_too_little_to_be_counted(self):
        path = self.path(buy(0, BTC, "0.00000000000000001", "100"), sell(1, BTC, "0.00000000000000001", "100"))

        assert (path.held_units.any(), path.epoch.any(), path.survival.tolist()) == (False, False, [[1.0]] * 3)

    def test_executes_at_the_trades_own_price(self):
        path = self.path(buy(0, BTC, "1", "50"))

        # 1,000 − 50.50 in cash and a coin worth 100, in units of a thousandth of START_UNITS.
        assert path.equity() / path.cash_units[0] * 1000 == pytest.approx([1049.5] * 3)

    def test_opens_an_epoch_when_a_position_closes(self):
        path = self.path(buy(0, BTC, "3", "100"), sell(1, BTC, "1", "100"), sell(2, BTC, "2", "100"))

        assert path.survival[:, BTC] == pytest.approx([1.0, 1.0, 2 / 3, 1.0])
        assert path.epoch[:, BTC].tolist() == [0, 0, 0, 1]


class TestPathOfWeights:
    def test_rebalances_at_the_first_bar_at_or_after(self):
        bars = bars_of(times=np.array([0, 10, 20]), closes=np.array([[100.0], [50.0], [200.0]]))

        path = path_of_weights(bars=bars, times=np.array([5]), weights=np.array([[0.5]]), fee_rate=0.0)

        # Half of 1 bought at 50 and worth 200 later.
        assert path.equity() / path.cash_units[0] == pytest.approx([1.0, 1.0, 2.5])
        assert path.touched.tolist() == [[False], [True]]
