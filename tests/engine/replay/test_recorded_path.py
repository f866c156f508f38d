"""A lead's account made into a path: money that is moved is no return, and what is held stays what it is."""

import numpy as np
import pytest

from copytrading.engine.replay.lead_path import START_UNITS, Bars, bars_of
from copytrading.engine.replay.recorded_path import MONEY, Move, RecordedPath, RecordIncomplete, path_of_moves

ONE = 10**8
PRICES = [100.0, 110.0, 120.0, 90.0, 100.0]


def bars(*, closes: list[float] | None = None) -> Bars:
    series = np.array(closes or PRICES)[:, None]
    return bars_of(times=np.arange(len(series)) * 3_600, closes=series)


def paid(hour: float, value: float, *, is_start: bool = False) -> Move:
    return Move(time=int(hour * 3_600), asset=MONEY, units=0, cash_units=int(value * ONE), is_start=is_start)


def traded(hour: float, coins: float, price: float, *, fee: float = 0.0) -> Move:
    value = abs(coins * price) * ONE
    cash = -coins * price * ONE - fee * value
    return Move(time=int(hour * 3_600), asset=0, units=int(coins * ONE), cash_units=int(cash), value=value)


def path(*moves: Move) -> RecordedPath:
    return path_of_moves(bars=bars(), moves=moves, price_units=np.array([1.0]))


def equity(recorded: RecordedPath) -> list[float]:
    return (recorded.path.equity() / START_UNITS).tolist()


class TestPathOfMoves:
    def test_values_cash_and_coins_at_every_bar(self):
        recorded = path(paid(0, 1_000), traded(0, 5, 100))

        assert equity(recorded) == pytest.approx([1.0, 1.05, 1.1, 0.95, 1.0])

    def test_takes_the_fee_off(self):
        recorded = path(paid(0, 1_000), traded(0, 5, 100, fee=0.01))

        assert equity(recorded)[0] == pytest.approx(0.995)

    def test_sees_no_return_in_money_that_is_moved(self):
        still = path(paid(0, 1_000), traded(0, 10, 100))
        moved = path(paid(0, 1_000), traded(0, 10, 100), paid(2, 5_000), traded(2, 50_00 / 120, 120), paid(4, 0))

        assert equity(moved) == pytest.approx(equity(still), rel=1e-7)

    def test_sees_no_return_in_a_withdrawal(self):
        recorded = path(paid(0, 1_000), traded(0, 5, 100), paid(1.5, -300))

        # From the third hour on the account is 200 cash and 5 coins: 800 of 1,100 was taken over at 120.
        assert equity(recorded) == pytest.approx([1, 1.05, 1.1, 1.1 * 650 / 800, 1.1 * 700 / 800])

    def test_knows_what_the_account_is_really_worth(self):
        recorded = path(paid(0, 1_000), traded(0, 5, 100), paid(2, 5_000))

        assert recorded.account_values() / ONE == pytest.approx([1_000, 1_050, 6_100, 5_950, 6_000])

    def test_sizes_orders_by_what_was_really_traded(self):
        recorded = path(paid(0, 1_000), paid(1, 9_000), traded(2, 10, 120))

        order = recorded.path.orders[-1][0]
        assert order.bought_value / START_UNITS * recorded.start_cash == pytest.approx(1_200 * ONE)

    def test_touches_the_coin_in_the_state_that_a_trade_led_to_and_in_no_other(self):
        recorded = path(paid(0, 1_000), traded(0, 4, 100), paid(1, 1_000), traded(2, 4, 120), paid(3, 500))

        touched = recorded.path.touched[:, 0]
        assert [bool(touched[state]) for state in recorded.path.state_of_bar] == [True, False, True, False, False]

    def test_keeps_the_followed_share_through_a_deposit(self):
        recorded = path(paid(0, 1_000), traded(0, 4, 100), paid(1, 1_000), traded(2, 4, 120))
        survival, held = recorded.path.survival[:, 0], recorded.path.held_units[:, 0]

        # The four coins of the first hour are half of the eight at the end.
        assert held[1] * survival[-1] / survival[1] / held[-1] == pytest.approx(0.5)

    def test_goes_on_where_an_emptied_account_stood(self):
        recorded = path(paid(0, 1_000), traded(0, 10, 100), traded(1, -10, 110), paid(1, -1_100), paid(3, 50))

        assert equity(recorded) == pytest.approx([1.0, 1.1, 1.1, 1.1, 1.1])

    def test_begins_anew_without_a_step_where_a_past_ends(self):
        recorded = path(paid(0, 1_000), traded(0, 10, 100), paid(2, 7_000, is_start=True))

        assert equity(recorded) == pytest.approx([1.0, 1.1, 1.2, 1.2, 1.2])
        assert recorded.path.held_units[-1, 0] == 0
        assert recorded.path.epoch[-1, 0] == 1

    def test_lets_go_of_what_was_held_at_each_new_start(self):
        recorded = path(
            paid(0, 1_000), traded(0, 10, 100), paid(1, 7_000, is_start=True), traded(2, 5, 120),
            paid(3, 500, is_start=True),
        )  # fmt: skip

        states = recorded.path.state_of_bar
        assert recorded.path.epoch[states, 0].tolist() == [0, 1, 1, 2, 2]
        assert recorded.path.touched[states[[1, 3]], 0].tolist() == [True, True]

    def test_counts_a_purchase_by_its_value_and_a_sale_by_none(self):
        recorded = path(paid(0, 1_000), traded(0, 8, 100), traded(1, -2, 110))

        bought, sold = (orders[0] for orders in recorded.path.orders if orders)
        assert (bought.bought_value, bought.sold_fraction) == (pytest.approx(0.8 * START_UNITS), 0.0)
        assert sold.bought_value == 0.0

    def test_counts_the_hour_of_a_new_start_once(self):
        start, bought = paid(1.5, 7_000, is_start=True), traded(1.6, 50, 110)

        recorded = path(paid(0, 1_000), traded(0, 10, 100), start, bought)

        # The old coins end at 110; the new account buys 5,500 of its 7,000 at 110 and sees 120 at the close.
        assert equity(recorded)[2] == pytest.approx(1.1 * 7_500 / 7_000)

    def test_counts_a_sale_as_a_fraction_of_what_was_held(self):
        recorded = path(paid(0, 1_000), traded(0, 8, 100), traded(1, -2, 110))

        assert recorded.path.orders[-1][0].sold_fraction == pytest.approx(0.25)
        assert recorded.path.survival[-1, 0] == pytest.approx(0.75)

    def test_looks_at_nothing_after_the_last_bar(self):
        recorded = path(paid(0, 1_000), traded(0, 5, 100), traded(4.5, -5, 1))

        assert equity(recorded)[-1] == pytest.approx(1.0)

    @pytest.mark.parametrize(
        "wrong", [traded(1, -6, 110), traded(1, 50, 110), paid(1, -501)], ids=["coins", "cash", "money"]
    )
    def test_refuses_a_move_that_takes_what_is_not_there(self, wrong: Move):
        with pytest.raises(RecordIncomplete) as refusal:
            path(paid(0, 1_000), traded(0, 5, 100), wrong)

        assert refusal.value.move == 2
