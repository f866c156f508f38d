"""Payments of a portfolio that is looked back on round against it: costs up, proceeds down."""

import numpy as np
import pytest

from copytrading.engine.replay.rebalancing import carry_out, trade_toward


class TestTradeToward:
    def test_trades_at_the_price_although_another_copy_may_not_trade(self) -> None:
        after = trade_toward(
            target_units=np.array([[0.0], [0.0]]),
            held_units=np.array([[10], [10]]),
            cash_units=np.array([0, 0]),
            unit_prices=np.array([5.0]),
            acting=np.array([[True], [False]]),
            fee_rate=0.0,
            slippage_rate=0.0,
        )

        assert (after.cash_units.tolist(), after.held_units.tolist()) == ([50, 0], [[0], [10]])


class TestCarryOut:
    @pytest.mark.parametrize(("units", "cash"), [(3, -2), (-3, 1), (5, -3), (-5, 2), (4, -3), (-4, 1)])
    def test_rounds_costs_up_and_proceeds_down(self, units: int, cash: int) -> None:
        moved, fees, slippage = carry_out(
            units=np.array([[units]]), unit_prices=np.array([0.5]), fee_rate=0.1, slippage_rate=0.0
        )

        assert moved.tolist() == [cash]
        assert fees.tolist() == pytest.approx([abs(units) * 0.05])
        assert slippage.tolist() == [0.0]

    def test_takes_slippage_and_fee_on_top_of_a_purchase_and_off_a_sale(self) -> None:
        bought, fees, slippage = carry_out(
            units=np.array([[1_000]]), unit_prices=np.array([10.0]), fee_rate=0.01, slippage_rate=0.02
        )
        sold, _, _ = carry_out(
            units=np.array([[-1_000]]), unit_prices=np.array([10.0]), fee_rate=0.01, slippage_rate=0.02
        )

        assert (bought.tolist(), sold.tolist()) == ([-10_302], [9_702])
        assert (fees.tolist(), slippage.tolist()) == ([102.0], [200.0])
