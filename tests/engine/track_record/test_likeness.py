"""Two portfolios beside each other, by hand."""

import numpy as np
import pytest

from copytrading.engine.track_record.likeness import DAYS_MIN, likeness_of, overlap_of

WALK = np.cumprod(1 + np.random.default_rng(11).normal(0, 0.03, 60))


def test_overlap_is_what_both_hold_of_each_coin():
    assert overlap_of(np.array([0.34, 0.26, 0.19, 0.15]), np.array([0.31, 0.19, 0.0, 0.0])) == pytest.approx(0.50)
    assert overlap_of(np.array([0.0, 0.9]), np.array([0.9, 0.0])) == 0.0


def test_a_portfolio_moves_as_itself_and_against_its_mirror():
    same = likeness_of(unit_prices=WALK, other_prices=WALK * 3)
    against = likeness_of(unit_prices=WALK, other_prices=np.cumprod(np.append(1.0, 2 - WALK[1:] / WALK[:-1])))
    assert (same.correlation, same.together) == (pytest.approx(1.0), 1.0)
    assert (against.correlation, against.together) == (pytest.approx(-1.0), 0.0)


def test_correlation_by_hand_over_the_common_days():
    other = np.cumprod(1 + np.random.default_rng(12).normal(0, 0.03, 40))
    found = likeness_of(unit_prices=WALK, other_prices=other)
    gains = [WALK[20 + day] / WALK[19 + day] - 1 for day in range(1, 40)]
    others = [other[day] / other[day - 1] - 1 for day in range(1, 40)]
    mean, other_mean = sum(gains) / 39, sum(others) / 39
    over = sum((one - mean) * (two - other_mean) for one, two in zip(gains, others, strict=True))
    under = (sum((one - mean) ** 2 for one in gains) * sum((two - other_mean) ** 2 for two in others)) ** 0.5
    assert found.correlation == pytest.approx(over / under)
    assert found.together == sum((one > 0) == (two > 0) for one, two in zip(gains, others, strict=True)) / 39


def test_leaves_days_out_on_which_one_of_them_did_not_move():
    one = np.cumprod([1, 1.1, 1.0, 1.1, 0.9, 1.1, 1.1, 0.9, 0.9, 1.1, 1.0, 1.1])
    other = np.cumprod([1, 1.1, 1.1, 1.0, 0.9, 0.9, 1.1, 1.1, 0.9, 1.1, 1.0, 2.0])

    # Of eight days on which both moved they went the same way on six.
    assert likeness_of(unit_prices=one, other_prices=other).together == 6 / 8


def test_says_nothing_too_early_or_of_one_that_stands_still():
    assert likeness_of(unit_prices=WALK[:DAYS_MIN], other_prices=WALK) is None
    assert likeness_of(unit_prices=WALK[: DAYS_MIN + 1], other_prices=WALK) is not None
    assert likeness_of(unit_prices=np.ones(60), other_prices=WALK) is None


def test_is_not_told_of_ten_prices_and_is_of_eleven():
    assert likeness_of(unit_prices=WALK[:10], other_prices=WALK) is None
    assert likeness_of(unit_prices=WALK[:11], other_prices=WALK) is not None


def test_two_that_never_moved_on_the_same_day_went_nowhere_together():
    one = np.cumprod([1, 1.1, 1.0, 1.1, 1.0, 1.1, 1.0, 0.9, 1.0, 1.1, 1.0, 1.1])
    other = np.cumprod([1, 1.0, 1.1, 1.0, 1.1, 1.0, 1.1, 1.0, 0.9, 1.0, 1.1, 1.0])

    assert likeness_of(unit_prices=one, other_prices=other).together == 0.0
