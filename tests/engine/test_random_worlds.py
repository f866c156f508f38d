"""
Random worlds: leads that trade, prices that jump, orders that fill in part.

Each world is drawn by Hypothesis and lived through cycle by cycle with the engine alone: plan the
sells, net, settle; plan the buys on what came in, net, settle. After every settlement the books must
be right to the unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from copytrading.engine.holdings import baseline, weights
from copytrading.engine.orders import allocation, netting
from copytrading.engine.sizing import planning

ASSETS, COPIES = 3, 5
FEE_RATE = 0.001
# A settlement rounds each buy's cost and its fee up by a unit at most, and what crossed by one more.
UNITS_PER_BUY = 3
SLIPPAGE_CAP = 0.005


@dataclass(frozen=True)
class Step:
    """One cycle: what the lead does, how prices move, which copies stop, and how much the venue fills."""

    asset: int
    fraction: float
    moves: tuple[float, ...]
    stopping: tuple[bool, ...]
    filled: float


STEPS = st.builds(
    Step,
    asset=st.integers(0, ASSETS - 1),
    fraction=st.floats(-1, 1),
    moves=st.tuples(*[st.floats(0.5, 2)] * ASSETS),
    stopping=st.tuples(*[st.booleans()] * COPIES),
    filled=st.sampled_from([0.0, 0.3, 1.0]),
)


class World:
    def __init__(self, *, cash: list[int], prices: list[float], lot_units: int) -> None:
        self.lead_cash, self.lead_held = 10**12, np.zeros(ASSETS, dtype=np.int64)
        self.survival, self.epoch = np.ones(ASSETS), np.zeros(ASSETS, dtype=np.int64)
        self.cash = np.array(cash, dtype=np.int64)
        self.held = np.zeros((COPIES, ASSETS), dtype=np.int64)
        self.prices = np.array(prices)
        self.stopped = np.zeros(COPIES, dtype=bool)
        self.lot_units = lot_units
        self.rotation = 0

    def live(self, step: Step) -> None:
        self.prices = np.clip(self.prices * step.moves, 1e-4, 1e4)
        self.stopped |= np.array(step.stopping)
        touched = self._lead_trades(step)
        for buying in (False, True):
            self._trade(self._wishes(touched=touched, buying=buying), filled=step.filled)

    def finish(self) -> None:
        """Fill everything in lots of one unit, so that what stops can end."""
        self.lot_units = 1
        for buying in (False, True):
            self._trade(self._wishes(touched=np.ones(ASSETS, dtype=bool), buying=buying), filled=1.0)

    def _lead_trades(self, step: Step) -> np.ndarray:
        asset, price = step.asset, self.prices[step.asset]
        if step.fraction > 0:
            units = int(self.lead_cash * step.fraction * 0.99 / price)
            self.lead_held[asset] += units
            self.lead_cash -= int(units * price)
        elif self.lead_held[asset] > 0:
            held, units = int(self.lead_held[asset]), int(self.lead_held[asset] * -step.fraction)
            self.survival[asset], self.epoch[asset] = baseline.after_sale(
                survival=float(self.survival[asset]), epoch=int(self.epoch[asset]), held_units=held, sold_units=units
            )
            self.lead_held[asset] -= units
            self.lead_cash += int(units * price)
        return np.arange(ASSETS) == asset

    def _wishes(self, *, touched: np.ndarray, buying: bool) -> np.ndarray:
        equity = weights.equity_of(cash_units=self.cash, held_units=self.held, unit_prices=self.prices)
        shares = baseline.followed_shares(
            lead_units=self.lead_held,
            survival=self.survival,
            epoch=self.epoch,
            baseline_units=np.zeros((COPIES, ASSETS), dtype=np.int64),
            baseline_survival=np.ones((COPIES, ASSETS)),
            baseline_epoch=np.zeros((COPIES, ASSETS), dtype=np.int64),
        )
        target = weights.target_units(
            equity=equity,
            lead_equity=self.lead_cash + float(self.lead_held @ self.prices),
            followed_shares=shares,
            lead_units=self.lead_held,
        )
        target[self.stopped] = 0.0
        acting = planning.acting_mask(
            target_units=target,
            held_units=self.held,
            unit_prices=self.prices,
            equity=equity,
            touched=touched,
            aligning=self.stopped,
            drift_band=0.01,
            settling=False,
            tradable=np.ones(ASSETS, dtype=bool),
        )
        if not buying:
            return planning.plan_sells(target_units=target, held_units=self.held, acting=acting)
        return planning.plan_buys(
            target_units=target,
            held_units=self.held,
            cash_units=np.maximum(self.cash - UNITS_PER_BUY * ASSETS, 0),
            unit_prices=self.prices * (1 + SLIPPAGE_CAP),
            fee_rate=FEE_RATE,
            acting=acting,
        ).trade_units

    def _trade(self, wishes: np.ndarray, *, filled: float) -> None:
        for asset in range(ASSETS):
            order = netting.net_market(
                wish_units=wishes[:, asset],
                lot_units=self.lot_units,
                depth_units=None,
                unit_price=self.prices[asset],
                value_min_units=0,
            )
            quantity = int(order.quantity_units * filled)
            # A buy pays the whole cap it was planned with: the worst the venue may do.
            value = int(quantity * self.prices[asset] * (1 + order.side * SLIPPAGE_CAP))
            fee = int(value * FEE_RATE)
            settlement = allocation.settle_market(
                wish_units=wishes[:, asset],
                filled_units=quantity,
                value_units=value,
                fee_units=fee,
                cross_unit_price=float(self.prices[asset]),
                rotation=self.rotation,
            )
            self.rotation += 1
            assert sum(settlement.quantity_units.tolist()) == order.side * quantity, "the fill is shared to the unit"
            assert sum(settlement.value_units.tolist()) == -order.side * value, "its value too"
            assert sum(settlement.fee_units.tolist()) == fee, "and its fee"
            self.held[:, asset] += settlement.quantity_units
            self.cash += settlement.value_units - settlement.fee_units
            assert (self.held >= 0).all(), "nobody sold more than was held"
            assert (self.cash >= 0).all(), "nobody spent more than there was"


class TestRandomWorlds:
    @settings(max_examples=200, deadline=None)
    @given(
        cash=st.lists(st.integers(10**4, 10**12), min_size=COPIES, max_size=COPIES),
        prices=st.lists(st.floats(1e-3, 1e3), min_size=ASSETS, max_size=ASSETS),
        lot_units=st.sampled_from([1, 1000, 10**6]),
        steps=st.lists(STEPS, min_size=1, max_size=6),
    )
    def test_keep_the_books_right_and_leave_stopped_copies_without_coins(self, cash, prices, lot_units, steps):
        world = World(cash=cash, prices=prices, lot_units=lot_units)

        for step in steps:
            world.live(step)
        world.finish()

        assert (world.held[world.stopped] == 0).all()
