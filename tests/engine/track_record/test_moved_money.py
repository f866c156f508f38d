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


class TestTimeWeighted:
    def test_chains_the_growth_between_moves(self) -> None:
        steps = [Step(worth_before=0, moved=100), Step(worth_before=150, moved=850)]
        assert time_weighted_return(steps=steps, worth=900) == pytest.approx(1.5 * 0.9 - 1)

    def test_is_the_same_whatever_was_put_in(self) -> None:
        for moved in (0, 1_000_000, -149):
            steps = [Step(worth_before=0, moved=100), Step(worth_before=150, moved=moved)]
            assert time_weighted_return(steps=steps, worth=(150 + moved) * 0.5) == pytest.approx(-0.25)

    def test_counts_a_time_without_anything_for_nothing(self) -> None:
        steps = [Step(worth_before=0, moved=100), Step(worth_before=120, moved=-120), Step(worth_before=0, moved=50)]
        assert time_weighted_return(steps=steps, worth=55) == pytest.approx(1.2 * 1.1 - 1)

    def test_is_not_known_where_there_never_was_anything(self) -> None:
        assert time_weighted_return(steps=[], worth=0) is None
