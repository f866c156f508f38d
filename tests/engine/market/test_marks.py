from __future__ import annotations

import numpy as np
import pytest

from copytrading.engine.market import marks

NAN = np.nan


class TestFindMajority:
    def ask(self, *prices):
        found = marks.find_majority(prices=np.array([prices], dtype=np.float64), outlier_max=0.03)
        return bool(found.agreed[0]), (prices[found.lower[0]], prices[found.upper[0]]), found.kept[0].tolist()

    def test_takes_the_median_of_three(self):
        assert self.ask(101.0, 99.0, 100.0) == (True, (100.0, 100.0), [True, True, True])

    def test_takes_the_two_in_the_middle_of_an_even_number(self):
        assert self.ask(100.0, 101.0)[:2] == (True, (100.0, 101.0))

    def test_leaves_an_outlier_out(self):
        assert self.ask(100.0, 10.0, 101.0) == (True, (100.0, 101.0), [True, False, True])

    def test_ignores_a_silent_source(self):
        assert self.ask(NAN, 100.0, 101.0) == (True, (100.0, 101.0), [False, True, True])

    def test_believes_a_source_that_is_alone(self):
        assert self.ask(NAN, 100.0, NAN) == (True, (100.0, 100.0), [False, True, False])

    @pytest.mark.parametrize(
        "prices", [(100.0, 103.1), (100.0, 96.9), (90.0, 100.0, 110.0), (100.0, 100.0, 110.0, 110.0)]
    )
    def test_knows_nothing_where_no_majority_agrees(self, prices):
        assert not self.ask(*prices)[0]

    def test_looks_at_each_market_by_itself(self):
        prices = np.array([[100.0, 100.0], [100.0, 200.0], [1.0, NAN]])

        assert marks.find_majority(prices=prices, outlier_max=0.03).agreed.tolist() == [True, False, True]

    def test_needs_a_price(self):
        with pytest.raises(AssertionError, match="without a price"):
            self.ask(NAN, NAN)


class TestJudgeJumps:
    def judge(self, quote, *, at=1.0, mark=100.0, doubted=NAN, doubted_at=NAN):
        found = marks.judge_jumps(
            marks=np.array([mark]),
            marked_at=np.array([0.0]),
            quotes=np.array([quote]),
            quoted_at=np.array([at]),
            doubted=np.array([doubted]),
            doubted_at=np.array([doubted_at]),
            jump_max=0.1,
            age_max=10.0,
        )
        return bool(found.believed[0]), bool(found.use_doubted[0]), bool(found.doubt_anew[0])

    @pytest.mark.parametrize("quote", [100.0, 109.9, 91.0])
    def test_believes_a_small_move_at_once(self, quote):
        assert self.judge(quote) == (True, False, False)

    @pytest.mark.parametrize("quote", [10.0, 90.0, 111.0, 1000.0])
    def test_doubts_a_jump_either_way(self, quote):
        assert self.judge(quote) == (False, False, True)

    def test_believes_the_first_price_and_one_after_a_long_silence(self):
        assert self.judge(100.0, mark=NAN) == (True, False, False)
        assert self.judge(10.0, at=10.1) == (True, False, False)

    def test_believes_a_jump_that_a_later_quote_confirms(self):
        assert self.judge(10.0, at=2.0, doubted=10.0, doubted_at=1.0) == (True, False, False)

    def test_takes_the_nearer_of_the_two_that_confirm_each_other(self):
        assert self.judge(82.0, at=2.0, doubted=85.0, doubted_at=1.0) == (True, True, False)
        assert self.judge(50.0, at=2.0, doubted=5.0, doubted_at=1.0) == (True, False, False)

    def test_doubts_the_further_one_where_it_is_a_jump_from_there(self):
        assert self.judge(5.0, at=2.0, doubted=50.0, doubted_at=1.0) == (True, True, True)

    def test_is_not_confirmed_by_the_same_quote_again(self):
        assert self.judge(10.0, at=1.0, doubted=10.0, doubted_at=1.0) == (False, False, False)

    def test_doubts_anew_what_jumps_to_the_other_side(self):
        assert self.judge(200.0, at=2.0, doubted=10.0, doubted_at=1.0) == (False, False, True)

    def test_forgets_a_doubt_when_the_price_is_back(self):
        assert self.judge(101.0, at=2.0, doubted=10.0, doubted_at=1.0) == (True, False, False)


class TestJudgeLeaps:
    def judge(self, price, *, mark=100.0, suspended=False, jump_max=0.1):
        found = marks.judge_leaps(
            marks=np.array([mark]),
            prices=np.array([price]),
            was_suspended=np.array([suspended]),
            jump_max=jump_max,
            leap_max=5.0,
        )
        return bool(found.factor[0]), bool(found.moved[0]), bool(found.any[0])

    @pytest.mark.parametrize("price", [500.0, 20.0, 1_000.0, 100_000.0, 0.1])
    def test_knows_a_factor_either_way(self, price):
        assert self.judge(price) == (True, False, True)

    @pytest.mark.parametrize("price", [499.0, 20.1, 100.0, NAN])
    def test_leaves_what_a_market_may_do(self, price):
        assert self.judge(price) == (False, False, False)

    def test_knows_no_leap_without_a_mark(self):
        assert self.judge(100_000.0, mark=NAN) == (False, False, False)

    @pytest.mark.parametrize(("price", "moved"), [(111.0, True), (90.0, True), (109.0, False), (92.0, False)])
    def test_measures_a_suspended_market_by_the_jump(self, price, moved):
        assert self.judge(price, suspended=True) == (False, moved, moved)

    def test_is_a_jump_first(self):
        assert self.judge(100_000.0, jump_max=np.inf) == (False, False, False)


class TestExplainingPower:
    @pytest.mark.parametrize(
        ("ratio", "power"), [(1_000.0, 3), (940.0, 3), (0.01, -2), (11.9, 1), (5.0, None), (1.0, None), (300.0, None)]
    )
    def test_is_that_of_the_unit(self, ratio, power):
        assert marks.explaining_power(ratio) == power


class TestIsNear:
    def test_is_what_is_no_jump_and_known(self):
        prices, others = np.array([109.0, 91.0, 112.0, 88.0, NAN, 100.0]), np.array([100.0] * 5 + [NAN])

        found = marks.is_near(prices, others, 0.1)

        # To 91 it is as far as from 91 to 100, which is less than a tenth more.
        assert found.tolist() == [True, True, False, False, False, False]
