"""What is shown beside its sum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copytrading.engine.rounding import rounded_parts


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
