"""What changed between two looks: each kind of trade and of flow, and the edges between them."""

import numpy as np
import pytest

from copytrading.engine.balance_changes import BalanceChange, read_change

# Three coins of 8 decimals at 50,000, 2,500 and 100 USDT of 8 decimals: as many quote units for one unit of each.
PRICES = np.array([50_000.0, 2_500.0, 100.0])
COIN = ONE_USDT = 10**8


def read(coins: dict[int, float], cash: float) -> BalanceChange:
    change = np.zeros(3, dtype=np.int64)
    for place, quantity in coins.items():
        change[place] = round(quantity * COIN)
    return read_change(change_units=change, cash_change_units=round(cash * ONE_USDT), unit_prices=PRICES)


def traded(change: BalanceChange) -> dict[int, tuple[float, float]]:
    """Return what was traded: coins and cash by place."""
    return {
        int(place): (change.traded_units[place] / COIN, change.paid_units[place] / ONE_USDT)
        for place in np.flatnonzero(change.traded_units)
    }


def moved(change: BalanceChange) -> tuple[dict[int, float], float]:
    coins = {int(place): change.moved_units[place] / COIN for place in np.flatnonzero(change.moved_units)}
    return coins, change.moved_cash_units / ONE_USDT


class TestReadChange:
    def test_calls_a_coin_that_cash_paid_for_a_trade(self) -> None:
        change = read({0: 0.1}, -5_005)

        assert traded(change) == {0: (0.1, -5_005)}
        assert moved(change) == ({}, 0)

    def test_calls_a_coin_that_became_cash_a_trade(self) -> None:
        change = read({1: -2}, 4_990)

        assert traded(change) == {1: (-2, 4_990)}
        assert moved(change) == ({}, 0)

    def test_shares_fees_among_several_trades_to_the_unit(self) -> None:
        change = read({0: 0.1, 1: -1, 2: 3.33333333}, -2_840.12345678)

        assert set(traded(change)) == {0, 1, 2}
        assert int(change.paid_units.sum()) == round(-2_840.12345678 * ONE_USDT)
        assert change.paid_units[0] < 0 < change.paid_units[1]

    def test_calls_one_coin_for_another_two_trades(self) -> None:
        change = read({0: 0.1, 1: -2.004}, 0)

        assert set(traded(change)) == {0, 1}
        assert int(change.paid_units.sum()) == 0
        assert moved(change) == ({}, 0)

    @pytest.mark.parametrize("cash", [1_000, -250.5])
    def test_calls_cash_alone_a_flow(self, cash: float) -> None:
        change = read({}, cash)

        assert (traded(change), moved(change)) == ({}, ({}, cash))
        assert change.moved_value(PRICES) == round(cash * ONE_USDT)

    @pytest.mark.parametrize("quantity", [0.5, -0.5])
    def test_calls_a_coin_alone_a_flow(self, quantity: float) -> None:
        change = read({0: quantity}, 0)

        assert (traded(change), moved(change)) == ({}, ({0: quantity}, 0))
        assert change.moved_value(PRICES) == pytest.approx(quantity * 50_000 * ONE_USDT)

    def test_tells_a_coin_that_came_from_a_trade_beside_it(self) -> None:
        change = read({0: 0.1, 2: 40}, -5_005)

        assert (traded(change), moved(change)) == ({0: (0.1, -5_005)}, ({2: 40}, 0))

    def test_tells_cash_that_came_from_a_swap_beside_it(self) -> None:
        change = read({0: 0.1, 1: -2}, 3_000)

        assert set(traded(change)) == {0, 1}
        assert moved(change) == ({}, 3_000)

    @pytest.mark.parametrize("cash", [-4_000, -5_500, 1_000])
    def test_calls_nothing_a_trade_where_no_one_explanation_fits(self, cash: float) -> None:
        change = read({0: 0.1}, cash)

        assert (traded(change), moved(change)) == ({}, ({0: 0.1}, cash))
        assert change.moved_value(PRICES) == pytest.approx((5_000 + cash) * ONE_USDT)

    @pytest.mark.parametrize(
        ("paid", "is_trade"),
        [(5_000, True), (5_100, True), (5_103, False), (4_976, True), (4_974, False)],
    )
    def test_takes_a_worse_price_for_a_trade_sooner_than_a_better_one(self, paid: float, is_trade: bool) -> None:
        assert bool(traded(read({0: 0.1}, -paid))) is is_trade

    def test_needs_no_price_of_a_coin_that_stayed(self) -> None:
        change = read_change(
            change_units=np.array([COIN, 0]), cash_change_units=-100 * ONE_USDT, unit_prices=np.array([100.0, np.nan])
        )

        assert traded(change) == {0: (1, -100)}
        assert change.moved_turnover(np.array([100.0, np.nan])) == 0

    def test_reads_nothing_from_nothing(self) -> None:
        change = read({}, 0)

        assert (traded(change), moved(change)) == ({}, ({}, 0))
