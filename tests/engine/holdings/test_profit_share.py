"""
The lead's share of profit: published tables, and 2,000 random lives against a second way of counting.

The witness counts single copies in fractions, by unit *price*: it shares no line with the engine, which counts
many copies in whole numbers by mark *value*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest

from copytrading.engine.holdings import profit_share
from copytrading.engine.holdings.profit_share import ShareState

LIVES, WEEKS = 2000, 26
TEN_PERCENT = 100_000


def units(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def started(*paid_in: int, rate: int = TEN_PERCENT) -> ShareState:
    return profit_share.open_state(paid_in_units=units(*paid_in), rate_millionths=np.full(len(paid_in), rate))


def paid_after(results: list[int], *, paid_in: int, rate: int) -> list[int]:
    state, equity, paid = started(paid_in, rate=rate), units(paid_in), []
    for result in results:
        equity = equity + result
        payment = profit_share.crystallise(state=state, equity_units=equity)
        state, equity = payment.state, equity - payment.share_units
        paid.append(int(payment.share_units[0]))
    return paid


@dataclass
class FractionLife:
    """One copy, counted in exact fractions by the price of a unit."""

    rate: Fraction
    equity: int
    issued: int = field(init=False)
    mark: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        self.issued = self.equity

    def owed(self) -> int:
        above = Fraction(self.equity, self.issued) - self.mark
        return floor(self.rate * above * self.issued) if above > 0 else 0

    def price(self) -> Fraction:
        return Fraction(self.equity - self.owed(), self.issued)

    def remark(self, value: Fraction) -> None:
        self.mark = Fraction(ceil(value), self.issued)

    def deposit(self, money: int) -> None:
        price, standing = self.price(), self.mark * self.issued
        bought_at = max(price, self.mark)
        value = standing + Fraction(money) / price * bought_at
        self.issued += floor(money / price)
        self.equity += money
        self.remark(value)

    def withdraw(self, money: int) -> int:
        redeemed = min(ceil(money / self.price()), self.issued - 1)
        paid = floor(Fraction(self.owed() * redeemed, self.issued))
        self.issued -= redeemed
        self.equity -= money + paid
        self.remark(self.mark * self.issued)
        return paid

    def settle(self) -> int:
        paid = self.owed()
        self.equity -= paid
        self.mark = max(self.mark, Fraction(self.equity, self.issued))
        return paid


class TestPublishedTables:
    def test_pay_thirty_and_not_forty_five(self):
        assert paid_after([200, -150, 100, 150], paid_in=1000, rate=TEN_PERCENT) == [20, 0, 0, 10]

    def test_pay_on_the_gain_above_the_highest_equity(self):
        # 500k → 575k → 460k → 690k, the share paid besides.
        assert paid_after([75_000, -115_000, 230_000], paid_in=500_000, rate=200_000) == [15_000, 0, 23_000]


class TestRandomLives:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_equal_a_count_in_fractions_to_the_unit(self, seed):
        random = np.random.default_rng(seed)
        paid_in = random.integers(10**10, 10**15, LIVES // 2)
        rates = random.integers(0, 300_001, LIVES // 2)
        state = profit_share.open_state(paid_in_units=paid_in, rate_millionths=rates)
        equity = paid_in.copy()
        lives = [
            FractionLife(rate=Fraction(rate, 10**6), equity=money)
            for rate, money in zip(rates.tolist(), paid_in.tolist(), strict=True)
        ]
        paid_in_all = 0

        for _ in range(WEEKS):
            marks_before = state.mark_value_units / state.issued_units
            equity = np.floor(equity * np.exp(random.normal(0, 0.15, len(lives)))).astype(np.int64)
            for life, value in zip(lives, equity.tolist(), strict=True):
                life.equity = value
            accrued = profit_share.accrued_units(state=state, equity_units=equity)
            assert accrued.tolist() == [life.owed() for life in lives]

            deposits = np.where(random.random(len(lives)) < 0.3, random.integers(1, 10**13, len(lives)), 0)
            state = profit_share.buy_units(state=state, equity_units=equity, paid_in_units=deposits)
            equity = equity + deposits
            net = equity - profit_share.accrued_units(state=state, equity_units=equity)
            part = np.where(random.random(len(lives)) < 0.3, random.random(len(lives)) * 0.9, 0)
            withdrawals = np.floor(net * part).astype(np.int64)
            redeemed = profit_share.redeem_units(state=state, equity_units=equity, paid_out_units=withdrawals)
            equity = equity - withdrawals - redeemed.share_units
            settled = profit_share.crystallise(state=redeemed.state, equity_units=equity)
            state, equity = settled.state, equity - settled.share_units

            for life, deposit in zip(lives, deposits.tolist(), strict=True):
                if deposit:
                    life.deposit(deposit)
            expected = [
                life.withdraw(money) if money else 0 for life, money in zip(lives, withdrawals.tolist(), strict=True)
            ]
            assert redeemed.share_units.tolist() == expected
            assert settled.share_units.tolist() == [life.settle() for life in lives]
            assert state.issued_units.tolist() == [life.issued for life in lives]
            assert equity.tolist() == [life.equity for life in lives]
            assert (state.mark_value_units / state.issued_units >= marks_before * (1 - 1e-12)).all()
            paid_in_all += int(settled.share_units.sum()) + int(redeemed.share_units.sum())

        assert paid_in_all > 10**15


class TestBuyUnits:
    def test_never_makes_a_new_deposit_owe_for_old_profit(self):
        state = profit_share.buy_units(state=started(1000), equity_units=units(1500), paid_in_units=units(100_000))

        assert profit_share.accrued_units(state=state, equity_units=units(101_500)).tolist() == [50]

    def test_keeps_the_mark_below_it_so_that_the_loss_is_made_good_first(self):
        state = profit_share.buy_units(state=started(1000), equity_units=units(500), paid_in_units=units(500))

        assert state.issued_units.tolist() == [2000]
        assert profit_share.accrued_units(state=state, equity_units=units(2000)).tolist() == [0]
        assert profit_share.accrued_units(state=state, equity_units=units(2100)).tolist() == [10]

    def test_leaves_the_unit_price_as_it_was(self):
        state, equity = started(10**10), units(15 * 10**9)
        before = profit_share.net_unit_prices(state=state, equity_units=equity)

        after = profit_share.buy_units(state=state, equity_units=equity, paid_in_units=units(7 * 10**12))

        prices = profit_share.net_unit_prices(state=after, equity_units=equity + 7 * 10**12)
        assert prices == pytest.approx(before, rel=1e-9)

    def test_recounts_a_copy_that_lost_nearly_everything(self):
        state = profit_share.buy_units(state=started(10**12), equity_units=units(3), paid_in_units=units(10**12))

        assert state.issued_units.tolist() == [10**12 + 3]
        # The old loss stands: nothing is owed before it is made good.
        assert profit_share.accrued_units(state=state, equity_units=units(2 * 10**12)).tolist() == [0]

    @pytest.mark.parametrize(("left", "issued"), [(1_000, 1_000_000 + 500_000), (999, 999 + 500)])
    def test_recounts_below_a_thousandth_of_the_mark_and_not_at_it(self, left, issued):
        state = profit_share.buy_units(state=started(10**6), equity_units=units(left), paid_in_units=units(500))

        assert state.issued_units.tolist() == [issued]
        # The old loss is made good first, either way.
        assert profit_share.accrued_units(state=state, equity_units=units(10**6)).tolist() == [0]

    def test_changes_nothing_of_a_copy_that_pays_nothing_in(self):
        state = profit_share.buy_units(
            state=started(1000, 1000), equity_units=units(1500, 1500), paid_in_units=units(0, 1450)
        )

        assert state.issued_units.tolist() == [1000, 2000]
        assert state.mark_value_units.tolist() == [1000, 2450]


class TestRedeemUnits:
    def test_settles_the_redeemed_part_only(self):
        # 1,200 owe 20; a quarter of the 1,180 leaves and pays a quarter of it.
        payment = profit_share.redeem_units(state=started(1000), equity_units=units(1200), paid_out_units=units(295))

        assert payment.share_units.tolist() == [5]
        assert profit_share.accrued_units(state=payment.state, equity_units=units(900)).tolist() == [15]

    def test_settles_everything_when_a_copy_stops(self):
        payment = profit_share.redeem_units(state=started(1000), equity_units=units(1200), paid_out_units=units(1180))

        assert payment.share_units.tolist() == [20]
        assert payment.state.issued_units.tolist() == [0]

    def test_owes_nothing_below_the_mark(self):
        payment = profit_share.redeem_units(state=started(1000), equity_units=units(900), paid_out_units=units(450))

        assert payment.share_units.tolist() == [0]
        assert payment.state.mark_value_units.tolist() == [500]

    def test_refuses_to_pay_out_what_is_owed(self):
        with pytest.raises(AssertionError, match="no more goes out"):
            profit_share.redeem_units(state=started(1000), equity_units=units(1200), paid_out_units=units(1181))

    def test_keeps_a_unit_of_whoever_leaves_money_in(self):
        payment = profit_share.redeem_units(state=started(2), equity_units=units(1000), paid_out_units=units(898))

        assert payment.state.issued_units.tolist() == [1]

    def test_changes_nothing_of_a_copy_that_takes_nothing_out(self):
        payment = profit_share.redeem_units(
            state=started(1000, 1000), equity_units=units(1200, 1200), paid_out_units=units(0, 1180)
        )

        assert payment.share_units.tolist() == [0, 20]
        assert payment.state.mark_value_units.tolist() == [1000, 0]


class TestCrystallise:
    def test_pays_once_for_the_same_profit(self):
        first = profit_share.crystallise(state=started(1000), equity_units=units(1200))

        second = profit_share.crystallise(state=first.state, equity_units=units(1180))

        assert (first.share_units.tolist(), second.share_units.tolist()) == ([20], [0])

    def test_leaves_owed_what_cash_does_not_pay(self):
        payment = profit_share.crystallise(
            state=started(1000, 1000), equity_units=units(1200, 1200), payable_units=units(5, 100)
        )

        assert payment.share_units.tolist() == [5, 20]
        left = profit_share.accrued_units(state=payment.state, equity_units=units(1195, 1180))
        assert left.tolist() == [15, 0]

    @pytest.mark.parametrize("rate", [1, 99_999, 100_000, 300_000, 999_999])
    def test_owes_the_rest_to_the_unit_after_it_paid_a_part(self, rate):
        random = np.random.default_rng(rate)
        equity = random.integers(1_000, 10**12, 200)
        state = profit_share.open_state(paid_in_units=np.full(200, 1_000), rate_millionths=np.full(200, rate))
        accrued = profit_share.accrued_units(state=state, equity_units=equity)

        payment = profit_share.crystallise(
            state=state, equity_units=equity, payable_units=random.integers(-3, np.maximum(accrued, 1) + 3)
        )

        assert (payment.share_units >= 0).all()
        left = profit_share.accrued_units(state=payment.state, equity_units=equity - payment.share_units)
        assert (left <= accrued - payment.share_units).all()
        assert (left >= accrued - payment.share_units - 1).all()

    def test_keeps_the_mark_of_a_copy_below_it(self):
        payment = profit_share.crystallise(state=started(1000), equity_units=units(900), payable_units=units(50))

        assert payment.state.mark_value_units.tolist() == [1000]

    def test_pays_nothing_at_a_rate_of_zero(self):
        payment = profit_share.crystallise(state=started(1000, rate=0), equity_units=units(5000))

        assert payment.share_units.tolist() == [0]

    def test_multiplies_beyond_64_bits(self):
        state = started(1, rate=300_000)

        accrued = profit_share.accrued_units(state=state, equity_units=units(9 * 10**18 + 1))

        assert accrued.tolist() == [27 * 10**17]
