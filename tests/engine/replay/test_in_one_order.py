"""A lead who trades here is in one order with the copies: they are sized before its fee is paid."""

from decimal import Decimal

import numpy as np
import pytest

from copytrading.engine.replay.investments import Investments
from copytrading.engine.replay.lead_path import START_UNITS, LeadPath, LeadTrade, bars_of, path_of_trades
from copytrading.engine.replay.recorded_path import MONEY, Move, path_of_moves
from copytrading.engine.replay.whatif import replay_portfolio
from copytrading.engine.sizing.smart_sync import SMART_SYNC

ONE = 10**8
FEE_RATE = 0.01
BARS = bars_of(times=np.arange(4), closes=np.array([[100.0], [100.0], [200.0], [200.0]]))


def trade(time: int, side: int, quantity: str, price: str) -> LeadTrade:
    return LeadTrade(time=time, asset=0, side=side, quantity=Decimal(quantity), price=Decimal(price))


# Of 10,000 half goes into the coin, and half of that comes out again at twice the price.
TRADES = (trade(1, 1, "50", "100"), trade(3, -1, "25", "200"))


def traded(*, in_one_order: bool) -> LeadPath:
    return path_of_trades(
        bars=BARS, trades=TRADES, lead_cash=Decimal(10_000), fee_rate=Decimal(str(FEE_RATE)), in_one_order=in_one_order
    )


def moved(*, in_one_order: bool) -> LeadPath:
    moves = (
        Move(time=0, asset=MONEY, units=0, cash_units=10_000 * ONE),
        Move(time=1, asset=0, units=50 * ONE, cash_units=-5_050 * ONE, value=5_000.0 * ONE),
        Move(time=3, asset=0, units=-25 * ONE, cash_units=4_950 * ONE, value=5_000.0 * ONE),
    )
    return path_of_moves(bars=BARS, moves=moves, price_units=np.array([1.0]), in_one_order=in_one_order).path


def equity(path: LeadPath, *, start_time: int = 0) -> list[float]:
    terms = Investments(
        investments=np.array([1_000.0]), mode=SMART_SYNC, buys_existing=True, fee_rate=FEE_RATE, slippage_rate=0.0,
        stop_losses=np.full(1, np.nan), order_values=np.full(1, 100.0), order_ratios=np.full(1, 0.1),
    )  # fmt: skip
    replayed = replay_portfolio(path=path, lead_cash=10_000.0, terms=terms, start_time=start_time, last_bar=3)
    return replayed.copy_equity[0].tolist()


@pytest.mark.parametrize("path_of", [traded, moved])
class TestALeadWhoTradesHere:
    def test_pays_its_fees_after_the_copies_were_sized(self, path_of) -> None:
        path = path_of(in_one_order=True)
        states = path.state_of_bar

        assert path.purchase_fees[states[1]] == pytest.approx(50 / 10_000 * START_UNITS)
        assert path.sale_fees[states[3]] == pytest.approx(50 / 10_000 * START_UNITS)
        # The fee stands with the side that paid it.
        assert (path.sale_fees[states[1]], path.purchase_fees[states[3]]) == (0, 0)

    def test_is_held_in_the_very_same_ratios(self, path_of) -> None:
        # A tenth of 50 coins, 5 for the fee; then half of them for 500, and 5 again.
        assert equity(path_of(in_one_order=True)) == pytest.approx([1_000, 995, 1_495, 1_490])

    def test_has_paid_when_somebody_starts_in_that_bar(self, path_of) -> None:
        coins = 1_000 / 9_950 * 50

        found = equity(path_of(in_one_order=True), start_time=1)

        assert found[:2] == pytest.approx([1_000 - coins, 1_000 + coins * 99])


@pytest.mark.parametrize("path_of", [traded, moved])
class TestALeadElsewhere:
    def test_has_paid_when_copies_follow(self, path_of) -> None:
        path = path_of(in_one_order=False)
        coins = 1_000 / 9_950 * 50

        assert not path.purchase_fees.any() and not path.sale_fees.any()
        assert equity(path)[:3] == pytest.approx([1_000, 1_000 - coins, 1_000 + coins * 99])
