"""What changed between two looks: each kind of trade and of flow, and the edges between them."""

from dataclasses import replace

import numpy as np
import pytest

from copytrading.engine.holdings.balance_changes import (
    CASH,
    BalanceChange,
    Fill,
    PriceRange,
    is_dust_conversion,
    read_change,
)

# Three coins of 8 decimals at 50,000, 2,500 and 100 USDT of 8 decimals: as many quote units for one unit of each.
PRICES = np.array([50_000.0, 2_500.0, 100.0])
COIN = ONE_USDT = 10**8


def read(coins: dict[int, float], cash: float) -> BalanceChange:
    change = np.zeros(3, dtype=np.int64)
    for place, quantity in coins.items():
        change[place] = round(quantity * COIN)
    return read_change(change_units=change, cash_change_units=round(cash * ONE_USDT), prices=PriceRange.of(PRICES))


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
        prices = PriceRange.of(np.array([100.0, np.nan]))
        change = read_change(change_units=np.array([COIN, 0]), cash_change_units=-100 * ONE_USDT, prices=prices)

        assert traded(change) == {0: (1, -100)}
        assert change.moved_turnover(np.array([100.0, np.nan])) == 0

    def test_reads_nothing_from_nothing(self) -> None:
        change = read({}, 0)

        assert (traded(change), moved(change)) == ({}, ({}, 0))


class TestPriceRange:
    """Half the coins are sold at 50,000; the marks run on before the look."""

    @pytest.mark.parametrize("mark", [48_500, 49_000, 50_500, 51_100])
    def test_makes_a_trade_of_what_fits_some_price_of_it(self, mark: float) -> None:
        change = self.read(-0.1, 4_995, low=min(mark, 50_000), high=max(mark, 50_000), now=mark)

        assert traded(change) == {0: (-0.1, 4_995)}
        assert moved(change) == ({}, 0)

    def test_reaches_to_a_wick_that_is_over(self) -> None:
        change = self.read(0.1, -4_300, low=43_000, high=50_000, now=50_000)

        assert traded(change) == {0: (0.1, -4_300)}

    def test_makes_no_trade_of_what_fits_no_price_of_it(self) -> None:
        change = self.read(-0.1, 4_995, low=52_000, high=53_000, now=52_500)

        assert traded(change) == {}

    def test_makes_no_trade_of_coins_that_came_with_cash(self) -> None:
        change = self.read(0.1, 5_000, low=40_000, high=60_000, now=50_000)

        assert (traded(change), moved(change)) == ({}, ({0: 0.1}, 5_000))

    @staticmethod
    def read(coins: float, cash: float, *, low: float, high: float, now: float) -> BalanceChange:
        return read_change(
            change_units=np.array([round(coins * COIN)]),
            cash_change_units=round(cash * ONE_USDT),
            prices=PriceRange(low=np.array([low]), high=np.array([high]), now=np.array([now])),
        )


class TestFees:
    def test_in_a_coin_of_the_exchange_are_no_sale_of_it(self) -> None:
        change = self.read({0: 0.1, 2: -0.0375}, -5_000)

        assert traded(change) == {0: (0.1, -5_000)}
        assert change.fee_units[2] == round(0.0375 * COIN)
        assert (change.moved_turnover(PRICES), change.moved_value(PRICES)) == (0, 0)

    def test_are_small(self) -> None:
        change = self.read({0: 0.1, 2: -10}, -4_000)

        assert set(traded(change)) == {0, 2}

    def test_go_and_do_not_come(self) -> None:
        change = self.read({0: 0.1, 2: 0.03}, -5_003)

        assert set(traded(change)) == {0, 2}
        assert change.fee_units.tolist() == [0, 0, 0]

    @staticmethod
    def read(coins: dict[int, float], cash: float) -> BalanceChange:
        change = np.zeros(3, dtype=np.int64)
        for place, quantity in coins.items():
            change[place] = round(quantity * COIN)
        return read_change(
            change_units=change,
            cash_change_units=round(cash * ONE_USDT),
            prices=PriceRange.of(PRICES),
            pays_fees=np.array([False, False, True]),
        )


class TestFills:
    BUY = Fill(base=0, base_units=COIN // 10, quote=CASH, quote_units=-5_005 * ONE_USDT)
    SELL = Fill(base=0, base_units=-COIN // 10, quote=CASH, quote_units=5_100 * ONE_USDT)

    def test_tell_a_round_trip_that_balances_show_as_cash_alone(self) -> None:
        change = self.read({}, 95, [self.BUY, self.SELL])

        assert [trade[1:3] for trade in change.trades] == [
            (COIN // 10, -5_005 * ONE_USDT),
            (-COIN // 10, 5_100 * ONE_USDT),
        ]
        assert moved(change) == ({}, 0)
        assert change.is_told

    def test_are_not_needed_where_balances_say_it_all(self) -> None:
        change = self.read({0: 0.1}, -5_005, [])

        assert traded(change) == {0: (0.1, -5_005)}
        assert not change.is_told

    def test_tell_a_trade_from_the_deposit_beside_it(self) -> None:
        change = self.read({0: 0.1}, -2_005, [self.BUY])

        assert traded(change) == {0: (0.1, -5_005)}
        assert moved(change) == ({}, 3_000)

    def test_are_left_out_where_the_last_look_had_them_already(self) -> None:
        change = self.read({0: -0.1}, 5_100, [self.BUY, self.SELL])

        assert traded(change) == {0: (-0.1, 5_100)}
        assert moved(change) == ({}, 0)

    def test_are_left_out_where_they_leave_more_assets_though_less_value(self) -> None:
        bargain = replace(self.BUY, quote_units=-4_900 * ONE_USDT)

        change = self.read({0: 0.2}, 0, [bargain])

        assert not change.trades
        assert moved(change) == ({0: 0.2}, 0)

    def test_count_from_the_first_that_is_new(self) -> None:
        change = self.read({0: -0.1}, 8_100, [self.BUY, self.SELL])

        assert traded(change) == {0: (-0.1, 5_100)}
        assert moved(change) == ({}, 3_000)

    def test_book_one_coin_for_another_at_what_it_was_worth(self) -> None:
        swap = Fill(base=1, base_units=2 * COIN, quote=0, quote_units=-COIN // 10, fee_place=2, fee_units=COIN // 20)

        change = self.read({0: -0.1, 1: 2, 2: -0.05}, 0, [swap])

        assert [trade[:3] for trade in change.trades] == [
            (0, -COIN // 10, 5_000 * ONE_USDT),
            (1, 2 * COIN, -5_000 * ONE_USDT),
        ]
        assert change.moved_turnover(PRICES) == 0

    def test_name_the_fee_that_was_kept_of_a_trade(self) -> None:
        bought = replace(self.BUY, kept_value_units=5 * ONE_USDT)
        swap = Fill(base=1, base_units=2 * COIN, quote=0, quote_units=-COIN // 10, kept_value_units=7 * ONE_USDT)

        told = self.read({0: 0.1}, -5_005, [bought])
        swapped = self.read({0: -0.1, 1: 2}, 0, [swap])
        guessed = self.read({0: 0.1}, -5_005, [])

        assert [trade.fee_units for trade in told.trades] == [5 * ONE_USDT]
        # The quote counts at its price, so the fee is the base's.
        assert [(trade.place, trade.fee_units) for trade in swapped.trades] == [(0, 0), (1, 7 * ONE_USDT)]
        assert [trade.fee_units for trade in guessed.trades] == [0]

    @staticmethod
    def read(coins: dict[int, float], cash: float, fills: list[Fill]) -> BalanceChange:
        change = np.zeros(3, dtype=np.int64)
        for place, quantity in coins.items():
            change[place] = round(quantity * COIN)
        return read_change(
            change_units=change, cash_change_units=round(cash * ONE_USDT), prices=PriceRange.of(PRICES), fills=fills
        )


class TestDustConversion:
    def test_is_two_small_rests_that_became_one_coin(self) -> None:
        assert self.is_dust({0: -0.0001, 1: -0.002, 2: 0.098}, held={0: 0.0001, 1: 0.002})

    @pytest.mark.parametrize(
        ("change", "held"),
        [
            ({0: -0.0001, 2: 0.049}, {0: 0.0001}),
            ({0: -0.0001, 1: -0.002, 2: 0.098}, {0: 0.0001, 1: 5}),
            ({0: -0.1, 1: -2, 2: 98}, {0: 0.1, 1: 2}),
            ({0: -0.0001, 1: -0.002}, {0: 0.0001, 1: 0.002}),
        ],
        ids=["one coin alone", "not all of it", "no small rest", "nothing came"],
    )
    def test_is_nothing_else(self, change: dict[int, float], held: dict[int, float]) -> None:
        assert not self.is_dust(change, held=held)

    @staticmethod
    def is_dust(change: dict[int, float], *, held: dict[int, float]) -> bool:
        changes, holds = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
        for place, quantity in change.items():
            changes[place] = round(quantity * COIN)
        for place, quantity in held.items():
            holds[place] = round(quantity * COIN)
        return is_dust_conversion(
            change_units=changes,
            cash_change_units=0,
            held_units=holds,
            prices=PriceRange.of(PRICES),
            equity_units=10_000 * ONE_USDT,
        )
