"""What money made that was put in and taken out: money-weighted and time-weighted, by hand and by a second way."""

from random import Random

import numpy as np
import pytest

from copytrading.engine.track_record.moved_money import Step, money_weighted_return, time_weighted_return


class TestMoneyWeighted:
    def test_is_the_gain_where_nothing_moved_in_between(self) -> None:
        assert money_weighted_return(moves=[(1.0, 100.0)], worth=110.0) == pytest.approx(0.1, abs=1e-12)
        assert money_weighted_return(moves=[(1.0, 100.0)], worth=50.0) == pytest.approx(-0.5, abs=1e-12)
        assert money_weighted_return(moves=[(1.0, 100.0)], worth=100.0) == 0.0

    def test_counts_a_sum_for_as_long_as_it_was_in(self) -> None:
        # 100 · x² + 100 · x = 231 with x = (1 + R)^½: x = 1.1.
        assert money_weighted_return(moves=[(1.0, 100.0), (0.5, 100.0)], worth=231.0) == pytest.approx(0.21, abs=1e-12)

    def test_knows_a_total_loss_and_nothing(self) -> None:
        assert money_weighted_return(moves=[(1.0, 100.0), (0.5, 50.0)], worth=0.0) == -1.0
        assert money_weighted_return(moves=[], worth=0.0) is None

    def test_of_who_took_out_half_a_unit_is_no_total_loss(self) -> None:
        # 10 · x² - 0.5 · x = 0 with x = (1 + R)^½: x = 0.05.
        found = money_weighted_return(moves=[(1.0, 10.0), (0.5, -0.5)], worth=0.0)

        assert found == pytest.approx(0.05**2 - 1, abs=1e-12)

    def test_finds_the_return_of_somebody_who_has_taken_everything_out(self) -> None:
        # 100 in, after half of the time 121 out.
        assert money_weighted_return(moves=[(1.0, 100.0), (0.5, -121.0)], worth=0.0) == pytest.approx(0.4641, abs=1e-12)

    def test_solves_the_same_equation_as_the_roots_of_its_polynomial(self) -> None:
        chance = Random(7)
        for _ in range(200):
            periods = 12
            moved = [chance.uniform(50, 500)] + [chance.choice((0, 0, chance.uniform(-60, 200))) for _ in range(11)]
            worth = sum(moved) * chance.uniform(0.4, 2.5)
            found = money_weighted_return(
                moves=[((periods - number) / periods, value) for number, value in enumerate(moved)], worth=worth
            )
            roots = np.roots([*moved, -worth])
            real = roots[(abs(roots.imag) < 1e-9) & (roots.real > 0)].real ** periods - 1
            assert found is not None
            assert abs(real - found).min() < 1e-9

    @pytest.mark.parametrize(
        ("middle", "last", "nearest"),
        [
            # 100 · (x - 1.1) · (x - 1.2) = 0, with x = (1 + R)^½, and so on: two rates fit each.
            (-230.0, 132.0, 1.1**2 - 1),
            (-210.0, 108.0, 0.9**2 - 1),
            (-190.0, 88.0, 1.1**2 - 1),
            (-170.0, 72.0, 0.9**2 - 1),
        ],
    )
    def test_is_the_nearest_to_zero_where_several_fit(self, middle: float, last: float, nearest: float) -> None:
        found = money_weighted_return(moves=[(1.0, 100.0), (0.5, middle), (0.0, last)], worth=0.0)

        assert found == pytest.approx(nearest, abs=1e-12)

    def test_is_looked_for_between_the_loss_of_all_but_a_billionth_and_a_millionfold_gain(self) -> None:
        def made_of_one(worth: float) -> float | None:
            return money_weighted_return(moves=[(1.0, 1.0)], worth=worth)

        assert made_of_one(1e6) == pytest.approx(1e6 - 1)
        assert made_of_one(2e6) is None
        assert made_of_one(2e-9) == pytest.approx(2e-9 - 1, abs=1e-15)
        assert made_of_one(5e-10) is None

    def test_is_no_total_loss_where_something_was_taken_out(self) -> None:
        assert money_weighted_return(moves=[(1.0, 100.0), (0.0, -100.0)], worth=0.0) == 0.0


class TestTimeWeighted:
    def test_chains_the_growth_between_moves(self) -> None:
        steps = [Step(worth_before=0, moved=100), Step(worth_before=150, moved=850)]
        assert time_weighted_return(steps=steps, worth=900) == pytest.approx(1.5 * 0.9 - 1)

    def test_is_the_same_whatever_was_put_in(self) -> None:
        for moved in (0, 1_000_000, -149):
            steps = [Step(worth_before=0, moved=100), Step(worth_before=150, moved=moved)]
            assert time_weighted_return(steps=steps, worth=(150 + moved) * 0.5) == pytest.approx(-0.25)

    def test_counts_a_time_with_less_than_nothing_for_nothing(self) -> None:
        steps = [Step(worth_before=0, moved=-5), Step(worth_before=-5, moved=105)]
        assert time_weighted_return(steps=steps, worth=110) == pytest.approx(0.1)

    def test_counts_a_time_without_anything_for_nothing(self) -> None:
        steps = [Step(worth_before=0, moved=100), Step(worth_before=120, moved=-120), Step(worth_before=0, moved=50)]
        assert time_weighted_return(steps=steps, worth=55) == pytest.approx(1.2 * 1.1 - 1)

    def test_is_not_known_where_there_never_was_anything(self) -> None:
        assert time_weighted_return(steps=[], worth=0) is None

    def test_has_lost_all_where_less_than_nothing_is_left(self) -> None:
        first = Step(worth_before=0, moved=100)

        assert time_weighted_return(steps=[first], worth=-1) == -1.0
        assert time_weighted_return(steps=[first, Step(worth_before=-50, moved=200)], worth=300) == -1.0

    def test_is_nothing_where_money_only_went_through(self) -> None:
        steps = [Step(worth_before=0, moved=100), Step(worth_before=150, moved=-150)]

        assert time_weighted_return(steps=steps, worth=0) == pytest.approx(0.5)

    def test_is_the_same_in_any_currency(self) -> None:
        steps = [Step(worth_before=0, moved=0.4), Step(worth_before=0.6, moved=-0.1)]

        assert time_weighted_return(steps=steps, worth=0.25) == pytest.approx(1.5 * 0.5 - 1)
        assert time_weighted_return(steps=steps[:1], worth=0.5) == pytest.approx(0.25)
