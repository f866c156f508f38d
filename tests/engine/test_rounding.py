"""What is shown beside its sum."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copytrading.engine.rounding import cut_together, rounded_parts


class TestRoundedParts:
    def test_give_way_where_they_were_rounded_most(self) -> None:
        assert rounded_parts([-0.00086, -0.00014, 0.0], step=1e-4, whole=-0.0010) == pytest.approx(
            [-0.0009, -0.0001, 0]
        )
        assert rounded_parts([-0.00094, -0.00014, 0.0], step=1e-4) == pytest.approx([-0.0009, -0.0002, 0])
        assert rounded_parts([0.00094, 0.00014, 0.0], step=1e-4) == pytest.approx([0.0009, 0.0002, 0])

    @given(st.lists(st.floats(-1, 1), min_size=1, max_size=9), st.integers(-1, 1))
    def test_sum_to_the_whole_and_stay_near_what_they_are(self, parts: list[float], off: int) -> None:
        whole = (round(sum(parts) / 1e-4) + off) * 1e-4

        shown = rounded_parts(parts, step=1e-4, whole=whole)

        assert round(sum(shown) / 1e-4) == round(whole / 1e-4)
        assert np.abs(np.array(shown) - parts).max() < 2.6e-4


class TestCutTogether:
    def test_gives_what_was_cut_of_the_whole_to_those_that_were_cut_most(self) -> None:
        assert cut_together([199, 150, -49], whole=300, step=100) == [200, 100, 0]

    def test_takes_from_the_least_cut_where_the_whole_is_less(self) -> None:
        assert cut_together([210, 190], whole=200, step=100) == [100, 100]

    def test_sums_to_the_whole_whatever_it_is(self) -> None:
        random = Random(1)
        for _ in range(500):
            parts = [random.randrange(-(10**12), 10**12) for _ in range(random.randint(1, 20))]
            whole = (sum(parts) // 10**6 + random.randint(-2, 2)) * 10**6

            assert sum(cut_together(parts, whole=whole, step=10**6)) == whole

    def test_of_nothing_is_nothing(self) -> None:
        assert cut_together([], whole=100, step=100) == []
