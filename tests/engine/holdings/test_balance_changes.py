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
        # What brings cash is booked first, so that nobody is seen to spend more than there was.
        assert [trade.place for trade in change.trades] == [1, 2, 0]

    def test_shares_what_the_market_did_since_in_proportion(self) -> None:
        # Worth 5,000 and 2,500, sold for 7,650: two in a hundred more, of each.
        change = read({0: -0.1, 1: -1}, 7_350)

        assert traded(change) == {0: (-0.1, 4_900), 1: (-1, 2_450)}

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

    @pytest.mark.parametrize(("fee", "is_fee"), [(0.25, True), (0.2501, False)])
    def test_are_no_more_than_half_a_hundredth_of_what_was_traded(self, fee: float, is_fee: bool) -> None:
        change = self.read({0: 0.1, 2: -fee}, -5_000)

        assert bool(change.fee_units[2]) is is_fee

    def test_are_measured_by_the_coins_or_by_the_cash_whichever_is_more(self) -> None:
        swapped = self.read({0: -0.1, 1: 2, 2: -0.05}, 0)
        dearly = self.read({0: 0.1, 2: -0.2535}, -5_075)

        assert swapped.fee_units.tolist() == [0, 0, 0.05 * COIN]
        assert set(traded(swapped)) == {0, 1}
        assert dearly.fee_units.tolist() == [0, 0, 0.2535 * COIN]

    def test_are_taken_for_trades_alone(self) -> None:
        change = self.read({2: -0.0375}, 1_000)

        assert (traded(change), moved(change)) == ({}, ({2: -0.0375}, 1_000))
        assert change.fee_units.tolist() == [0, 0, 0]

    def test_stay_with_the_trades_where_what_moved_is_left_out(self) -> None:
        change = self.read({0: 0.1, 1: 3, 2: -0.0375}, -5_000)

        assert moved(change) == ({1: 3, 2: -0.0375}, 0)
        alone = change.without_moves()
        assert (alone.trades, alone.fee_units.tolist()) == (change.trades, change.fee_units.tolist())
        assert moved(alone) == ({2: -0.0375}, 0)
        assert (alone.moved_turnover(PRICES), alone.moved_value(PRICES)) == (0, 0)
        assert replace(change, moved_cash_units=7).without_moves().moved_cash_units == 0

    def test_beside_more_of_the_same_coin_that_went_are_told_apart(self) -> None:
        swap = Fill(base=1, base_units=2 * COIN, quote=0, quote_units=-COIN // 10, fee_place=2, fee_units=COIN // 20)

        change = TestFills.read({0: -0.1, 1: 2, 2: -1.05}, 0, [swap])

        assert change.fee_units.tolist() == [0, 0, COIN // 20]
        assert change.moved_turnover(PRICES) == 100 * ONE_USDT
        assert change.moved_value(PRICES) == -100 * ONE_USDT


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

    def test_are_left_out_where_they_would_make_coins_of_a_deposit(self) -> None:
        dear = replace(self.SELL, quote_units=5_500 * ONE_USDT)

        # With it a coin worth 5,000 and 4,500 would have come: less value, but two assets.
        change = self.read({}, 10_000, [dear])

        assert (change.trades, moved(change)) == ((), ({}, 10_000))

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

    def test_tell_the_sale_first_whichever_coin_comes_first(self) -> None:
        swap = Fill(base=1, base_units=-2 * COIN, quote=0, quote_units=COIN // 10)

        change = self.read({0: 0.1, 1: -2}, 0, [swap])

        assert [trade[:3] for trade in change.trades] == [
            (1, -2 * COIN, 5_000 * ONE_USDT),
            (0, COIN // 10, -5_000 * ONE_USDT),
        ]

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
            ({0: -0.0001, 1: -0.002, 2: 0.2}, {0: 0.0001, 1: 0.002}),
        ],
        ids=["one coin alone", "not all of it", "no small rest", "nothing came", "more came than went"],
    )
    def test_is_nothing_else(self, change: dict[int, float], held: dict[int, float]) -> None:
        assert not self.is_dust(change, held=held)

    def test_may_bring_cash_and_takes_none(self) -> None:
        gone, held = {0: -0.0001, 1: -0.002}, {0: 0.0001, 1: 0.002}

        assert self.is_dust(gone, held=held, cash=9.8)
        assert not self.is_dust(gone | {2: 0.05}, held=held, cash=4.8)
        assert not self.is_dust(gone | {2: 0.098}, held=held, cash=-0.01)

    @pytest.mark.parametrize(("equity", "is_dust"), [(10_000, True), (9_999, False), (0, False)])
    def test_is_of_rests_that_are_a_thousandth_of_everything_at_most(self, equity: float, is_dust: bool) -> None:
        found = self.is_dust({0: -0.0002, 1: -0.004, 2: 0.196}, held={0: 0.0002, 1: 0.004}, equity=equity)

        assert found is is_dust

    @staticmethod
    def is_dust(change: dict[int, float], *, held: dict[int, float], cash: float = 0, equity: float = 10_000) -> bool:
        changes, holds = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
        for place, quantity in change.items():
            changes[place] = round(quantity * COIN)
        for place, quantity in held.items():
            holds[place] = round(quantity * COIN)
        return is_dust_conversion(
            change_units=changes,
            cash_change_units=round(cash * ONE_USDT),
            held_units=holds,
            prices=PriceRange.of(PRICES),
            equity_units=equity * ONE_USDT,
        )
