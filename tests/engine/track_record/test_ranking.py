"""The score that leads are sorted by."""

from __future__ import annotations

import pytest

from copytrading.engine.track_record import ranking

GOOD = {
    "return_90_days": 0.25,
    "drawdown_90_days": 0.1,
    "followers_median": 0.1,
    "own_stake_units": 100,
    "following_units": 400,
    "days_leading": 90,
}


class TestScore:
    def test_is_the_weighted_sum_of_its_parts(self):
        score = ranking.score_of(**GOOD)

        assert {part.name: part.value for part in score.parts} == pytest.approx(
            {"return": 0.5, "calm": 0.8, "followers": 0.75, "stake": 1.0, "time": 0.5}
        )
        assert score.points == pytest.approx(12.5 + 20 + 15 + 15 + 7.5)

    def test_has_weights_that_sum_to_one(self):
        assert sum(part.weight for part in ranking.score_of(**GOOD).parts) == pytest.approx(1.0)

    @pytest.mark.parametrize(
        "better",
        [{"return_90_days": 0.5}, {"drawdown_90_days": 0.05}, {"followers_median": 0.15}, {"days_leading": 150}],
    )
    def test_rises_with_each_part(self, better):
        assert ranking.score_of(**GOOD | better).points > ranking.score_of(**GOOD).points

    def test_cannot_be_lifted_beyond_a_quarter_by_one_lucky_return(self):
        lucky = ranking.score_of(**GOOD | {"return_90_days": 1000.0}).points

        assert lucky - ranking.score_of(**GOOD | {"return_90_days": 0.0}).points < 25

    @pytest.mark.parametrize(
        ("own", "following", "value"), [(0, 0, 0.0), (1, 0, 1.0), (0, 1, 0.0), (1, 20, 0.2), (1, 1_000, 0.004)]
    )
    def test_counts_the_own_money_beside_what_follows(self, own, following, value):
        score = ranking.score_of(**GOOD | {"own_stake_units": own, "following_units": following})

        assert {part.name: part.value for part in score.parts}["stake"] == pytest.approx(value)

    def test_is_zero_for_a_lead_of_whom_nothing_is_known(self):
        score = ranking.score_of(
            return_90_days=None,
            drawdown_90_days=None,
            followers_median=None,
            own_stake_units=0,
            following_units=0,
            days_leading=0,
        )

        assert score.points == 0
