"""
The worked example of a late joiner, to the unit.

A lead of 10,000 holds 9,000 in BTC and 1,000 in cash; a copy of 1,000 joins without existing
assets. Both coins cost 1 USDT here, so that quantities read like values; all have 8 decimals.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from copytrading.engine.holdings import baseline, weights
from copytrading.engine.sizing import planning

USDT = 10**8
COIN = 10**8
BTC, ETH = 0, 1
UNIT_PRICES = np.array([1.0, 1.0])


@dataclass(frozen=True, kw_only=True)
class Lead:
    """What the engine is told about a lead, and how its own trades change it."""

    cash: int = 1000 * USDT
    held: tuple[int, ...] = (9000 * COIN, 0)
    survival: tuple[float, ...] = (1.0, 1.0)
    epoch: tuple[int, ...] = (0, 0)
    touched: tuple[bool, ...] = (False, False)

    def buy(self, asset: int, units: int) -> Lead:
        held = list(self.held)
        held[asset] += units
        return replace(self, cash=self.cash - units, held=tuple(held), touched=self._touch(asset))

    def sell(self, asset: int, units: int) -> Lead:
        held, survival, epoch = list(self.held), list(self.survival), list(self.epoch)
        survival[asset], epoch[asset] = baseline.after_sale(
            survival=survival[asset], epoch=epoch[asset], held_units=held[asset], sold_units=units
        )
        held[asset] -= units
        return Lead(
            cash=self.cash + units,
            held=tuple(held),
            survival=tuple(survival),
            epoch=tuple(epoch),
            touched=self._touch(asset),
        )

    def _touch(self, asset: int) -> tuple[bool, ...]:
        return tuple(index == asset for index in range(len(self.held)))


@dataclass(frozen=True, kw_only=True)
class LateJoiner:
    """A copy that joined the lead without buying what it already held."""

    joined: Lead
    cash: int = 1000 * USDT
    held: tuple[int, ...] = field(default=(0, 0))

    def follow(self, lead: Lead) -> tuple[LateJoiner, list[int]]:
        """Return the copy after one plan without fees, and the units it traded of each asset."""
        held, cash = np.array([self.held]), np.array([self.cash])
        equity = weights.equity_of(cash_units=cash, held_units=held, unit_prices=UNIT_PRICES)
        lead_held = np.array(lead.held)
        target = weights.target_units(
            equity=equity,
            lead_equity=lead.cash + float(lead_held @ UNIT_PRICES),
            followed_shares=baseline.followed_shares(
                lead_units=lead_held,
                survival=np.array(lead.survival),
                epoch=np.array(lead.epoch),
                baseline_units=np.array([self.joined.held]),
                baseline_survival=np.array([self.joined.survival]),
                baseline_epoch=np.array([self.joined.epoch]),
            ),
            lead_units=lead_held,
        )
        acting = planning.acting_mask(
            target_units=target,
            held_units=held,
            unit_prices=UNIT_PRICES,
            equity=equity,
            touched=np.array(lead.touched),
            aligning=np.array([False]),
            drift_band=0.01,
            settling=False,
            tradable=np.array([True, True]),
        )
        sells = planning.plan_sells(target_units=target, held_units=held, acting=acting)
        cash_after_sells = cash - sells.sum(axis=1)
        buys = planning.plan_buys(
            target_units=target,
            held_units=held,
            cash_units=cash_after_sells,
            unit_prices=UNIT_PRICES,
            fee_rate=0.0,
            acting=acting,
        ).trade_units
        after = replace(
            self,
            cash=int((cash_after_sells - buys.sum(axis=1))[0]),
            held=tuple((held + sells + buys)[0].tolist()),
        )
        return after, (sells + buys)[0].tolist()


@pytest.fixture
def lead() -> Lead:
    return Lead()


class TestLateJoiner:
    def test_buys_nothing_on_joining(self, lead):
        _, traded = LateJoiner(joined=lead).follow(lead)

        assert traded == [0, 0]

    def test_follows_what_the_lead_buys_and_leaves_the_old_coins_alone(self, lead):
        copy = LateJoiner(joined=lead)

        lead = lead.buy(ETH, 500 * COIN)
        copy, after_buying_eth = copy.follow(lead)
        lead = lead.sell(BTC, 4500 * COIN)
        copy, after_selling_half = copy.follow(lead)
        lead = lead.buy(BTC, 100 * COIN)
        copy, after_buying_btc = copy.follow(lead)

        assert after_buying_eth == [0, 50 * COIN]
        assert after_selling_half == [0, 0]
        assert after_buying_btc == [10 * COIN, 0]
        assert (copy.cash, copy.held) == (940 * USDT, (10 * COIN, 50 * COIN))

    def test_sells_its_part_when_the_lead_sells_part_of_a_mixed_position(self, lead):
        copy = LateJoiner(joined=lead)
        lead = lead.buy(BTC, 1000 * COIN)
        copy, _ = copy.follow(lead)

        lead = lead.sell(BTC, 2500 * COIN)
        _, traded = copy.follow(lead)

        # A quarter of 10,000 sold: a quarter of the copy's 100 follows.
        assert traded == [-25 * COIN, 0]

    def test_follows_everything_once_the_lead_has_closed_the_old_position(self, lead):
        copy = LateJoiner(joined=lead)
        lead = lead.sell(BTC, 9000 * COIN)
        copy, after_closing = copy.follow(lead)

        lead = lead.buy(BTC, 3000 * COIN)
        _, after_reopening = copy.follow(lead)

        assert after_closing == [0, 0]
        assert after_reopening == [300 * COIN, 0]
