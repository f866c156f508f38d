"""The part of a copy's coins that goes when the lead sells a fraction: a rounded quotient costs nobody a unit."""

import numpy as np
import pytest

from copytrading.engine.sizing.custom import sold_units


class TestSoldUnits:
    # As floats, 55 · (3/11) is a little less than 15.
    @pytest.mark.parametrize(
        ("held", "sold", "of", "expected"), [(55, 3, 11, 15), (75, 11, 15, 55), (154, 15, 22, 105)]
    )
    def test_forgive_the_rounding_of_a_fraction(self, held: int, sold: int, of: int, expected: int) -> None:
        assert sold_units(held_units=np.array([[held]]), fractions=np.array([sold / of])).tolist() == [[expected]]

    def test_round_down_whatever_else_is_left_over(self) -> None:
        held, fractions = np.array([[9, 10, 11, 10**12 - 1]]), np.array([0.25, 0.25, 0.25, 0.5])

        assert sold_units(held_units=held, fractions=fractions).tolist() == [[2, 2, 2, 499_999_999_999]]

    def test_are_all_where_all_is_sold_and_never_more_than_is_held(self) -> None:
        held = np.array([[2**62 + 1, 7, 0]])

        assert sold_units(held_units=held, fractions=np.array([1.0, 1.0, 1.0])).tolist() == held.tolist()
