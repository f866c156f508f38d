from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from copytrading.engine.sizing import planning

SHAPE = (4, 3)
QUANTITIES = arrays.arrays(np.int64, SHAPE, elements=st.integers(0, 2**50))
TARGETS = arrays.arrays(np.float64, SHAPE, elements=st.floats(0, 2**50))
MASKS = arrays.arrays(np.bool_, SHAPE)
UNIT_PRICES = arrays.arrays(np.float64, 3, elements=st.floats(1e-8, 1e6))


def acting(**changes):
    """One copy worth 10,000 of two assets at 100, drifted by 50 in the first and 200 in the second."""
    values = {
        "target_units": np.array([[10.5, 12.0]]),
        "held_units": np.array([[10, 10]]),
        "unit_prices": np.array([100.0, 100.0]),
        "equity": np.array([10_000.0]),
        "touched": np.array([False, False]),
        "aligning": np.array([False]),
        "drift_band": 0.01,
        "settling": False,
        "tradable": np.array([True, True]),
    } | changes
    return planning.acting_mask(**values).tolist()


class TestActingMask:
    def test_repairs_only_what_drifted_out_of_the_band(self):
        assert acting() == [[False, True]]

    def test_holds_repair_while_the_lead_is_settling(self):
        assert acting(settling=True) == [[False, False]]

    def test_follows_what_the_lead_touched_even_while_settling(self):
        assert acting(settling=True, touched=np.array([True, False])) == [[True, False]]

    def test_trades_everything_of_a_copy_that_is_aligning(self):
        assert acting(aligning=np.array([True])) == [[True, True]]

    def test_leaves_alone_what_cannot_be_traded(self):
        assert acting(aligning=np.array([True]), tradable=np.array([True, False])) == [[True, False]]

    @pytest.mark.parametrize("price", [np.nan, 0.0])
    def test_leaves_alone_what_has_no_price(self, price):
        assert acting(aligning=np.array([True]), unit_prices=np.array([price, 100.0])) == [[False, True]]

    def test_leaves_alone_a_copy_whose_equity_is_unknown(self):
        assert acting(target_units=np.array([[np.nan, np.nan]]), aligning=np.array([True])) == [[False, False]]


class TestPlanSells:
    def sell(self, *, target, held):
        mask = np.ones((1, len(held)), dtype=bool)
        return planning.plan_sells(target_units=np.array([target]), held_units=np.array([held]), acting=mask).tolist()[
            0
        ]

    def test_sells_exactly_all_of_a_coin_the_lead_dropped(self):
        # 2**60 + 1 is no float: a difference of floats would leave a unit behind.
        assert self.sell(target=[0.0, 0.0], held=[40, 2**60 + 1]) == [-40, -(2**60) - 1]

    def test_rounds_toward_zero(self):
        assert self.sell(target=[30.5], held=[40]) == [-9]

    def test_leaves_what_should_be_bought_to_the_buys(self):
        assert self.sell(target=[50.0], held=[40]) == [0]

    def test_forgives_the_noise_of_a_float_target(self):
        target = 0.1 * 3  # 0.30000000000000004

        assert self.sell(target=[target * 1e9], held=[1_000_000_000]) == [-700_000_000]

    def test_never_sells_more_than_is_held_even_where_floats_are_coarser_than_units(self):
        # 2**53 + 3 as a float is 2**53 + 4.
        assert self.sell(target=[0.1], held=[2**53 + 3]) == [-(2**53) - 3]

    @given(target=TARGETS, held=QUANTITIES, mask=MASKS)
    def test_never_sells_more_than_is_held_nor_what_may_not_act(self, target, held, mask):
        sells = planning.plan_sells(target_units=target, held_units=held, acting=mask)

        assert (sells <= 0).all()
        assert (-sells <= held).all()
        assert (sells[~mask] == 0).all()


class TestPlanBuys:
    def buy(self, *, target, held, cash, prices, fee_rate=0.0):
        return planning.plan_buys(
            target_units=np.array([target]),
            held_units=np.array([held]),
            cash_units=np.array([cash]),
            unit_prices=np.array(prices),
            fee_rate=fee_rate,
            acting=np.ones((1, len(held)), dtype=bool),
        )

    def test_buys_the_difference_when_cash_suffices(self):
        plan = self.buy(target=[50.0, 7.9], held=[40, 7], cash=100, prices=[10.0, 1.0])

        assert plan.trade_units.tolist() == [[10, 0]]
        assert plan.factors.tolist() == [1.0]

    def test_buys_the_one_unit_that_is_missing(self):
        plan = self.buy(target=[41.0, 7.0], held=[40, 7], cash=100, prices=[10.0, 1.0])

        assert plan.trade_units.tolist() == [[1, 0]]

    def test_spends_the_last_unit_of_cash(self):
        plan = self.buy(target=[10.0], held=[0], cash=100, prices=[10.0])

        assert plan.trade_units.tolist() == [[10]]

    def test_shrinks_all_buys_by_one_factor_when_cash_is_short(self):
        plan = self.buy(target=[1000.0, 3000.0], held=[0, 0], cash=20_002, prices=[10.0, 10.0])

        assert plan.wanted_units.tolist() == [[1000, 3000]]
        assert plan.trade_units.tolist() == [[499, 1499]]
        assert plan.factors == pytest.approx([0.5])

    def test_counts_the_fee_as_cost(self):
        plan = self.buy(target=[10.0], held=[0], cash=100, prices=[10.0], fee_rate=0.01)

        assert plan.trade_units.tolist() == [[9]]

    def test_buys_nothing_without_cash(self):
        plan = self.buy(target=[10.0], held=[0], cash=0, prices=[10.0])

        assert plan.trade_units.tolist() == [[0]]

    def test_shrinks_only_the_copy_that_is_short(self):
        plan = planning.plan_buys(
            target_units=np.array([[10.0], [10.0]]),
            held_units=np.array([[0], [0]]),
            cash_units=np.array([1000, 52]),
            unit_prices=np.array([10.0]),
            fee_rate=0.0,
            acting=np.ones((2, 1), dtype=bool),
        )

        assert plan.trade_units.tolist() == [[10], [5]]

    def test_buys_nothing_for_a_copy_that_owes_more_than_its_cash_beside_one_that_buys(self):
        plan = planning.plan_buys(
            target_units=np.array([[10.0], [0.0], [10.0]]),
            held_units=np.array([[0], [0], [0]]),
            cash_units=np.array([1000, -50, -50]),
            unit_prices=np.array([10.0]),
            fee_rate=0.0,
            acting=np.ones((3, 1), dtype=bool),
        )

        assert plan.trade_units.tolist() == [[10], [0], [0]]
        # Who wished for nothing is short of nothing.
        assert plan.factors.tolist() == [1.0, 1.0, 0.0]

    @settings(max_examples=200)
    @given(
        target=TARGETS,
        held=QUANTITIES,
        cash=arrays.arrays(np.int64, 4, elements=st.integers(0, 2**50)),
        prices=UNIT_PRICES,
        fee_rate=st.floats(0, 0.01),
        mask=MASKS,
    )
    def test_never_spends_more_than_there_is(self, target, held, cash, prices, fee_rate, mask):
        plan = planning.plan_buys(
            target_units=target,
            held_units=held,
            cash_units=cash,
            unit_prices=prices,
            fee_rate=fee_rate,
            acting=mask,
        )

        spent = np.ceil(plan.trade_units * (prices * (1 + fee_rate))).sum(axis=1)
        assert (spent <= cash).all()
        assert (plan.trade_units >= 0).all()
        assert (plan.trade_units <= plan.wanted_units).all()
        assert (plan.wanted_units[~mask] == 0).all()


class TestCapConcentration:
    def test_cuts_an_asset_to_the_copys_own_cap(self):
        target, capped = planning.cap_concentration(
            target_units=np.array([[60.0, 20.0]]),
            unit_prices=np.array([10.0, 10.0]),
            equity=np.array([1000.0]),
            weight_max=np.array([0.25]),
        )

        assert target.tolist() == [[25.0, 20.0]]
        assert capped.tolist() == [[True, False]]

    def test_leaves_a_copy_without_a_cap_as_it_is(self):
        target, capped = planning.cap_concentration(
            target_units=np.array([[60.0]]),
            unit_prices=np.array([10.0]),
            equity=np.array([1000.0]),
            weight_max=np.array([np.nan]),
        )

        assert target.tolist() == [[60.0]]
        assert not capped.any()

    def test_leaves_an_asset_without_a_price_as_it_is(self):
        target, _ = planning.cap_concentration(
            target_units=np.array([[60.0]]),
            unit_prices=np.array([np.nan]),
            equity=np.array([1000.0]),
            weight_max=np.array([0.1]),
        )

        assert target.tolist() == [[60.0]]
