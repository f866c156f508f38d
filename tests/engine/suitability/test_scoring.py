"""What answers come to: points, the band they reach, and one answer that can say no."""

import pytest

from copytrading.engine.suitability.packs import Band, Choice, Question, Questionnaire
from copytrading.engine.suitability.scoring import AnswerMissing, score


def band(points_min: int, risk_max: int) -> Band:
    return Band(points_min=points_min, risk_max=risk_max, invested_max=None, share_max=None, sentence="So.")


QUESTIONS = Questionnaire(
    version=1,
    again_after_hours=0,
    questions=tuple(
        Question(
            name=name,
            text=f"How is {name}?",
            choices=(
                Choice(name="bad", text="Bad", points=-1),
                Choice(name="good", text="Good", points=2),
                Choice(name="poor", text="Poor", points=5, risk_max=3),
            ),
        )
        for name in ("a", "b")
    ),
    bands=(band(-100, 2), band(1, 5), band(4, 10)),
)


class TestScore:
    @pytest.mark.parametrize(
        ("a", "b", "points", "risk_max"),
        [
            ("bad", "bad", -2, 2),
            ("bad", "good", 1, 5),
            ("good", "good", 4, 10),
            ("poor", "good", 7, 3),
            ("poor", "bad", 4, 3),
        ],
    )
    def test_reaches_the_last_band_that_the_points_are_enough_for(
        self, a: str, b: str, points: int, risk_max: int
    ) -> None:
        found = score(QUESTIONS, {"a": a, "b": b})

        assert (found.points, found.risk_max) == (points, risk_max)

    @pytest.mark.parametrize("answers", [{}, {"a": "good"}, {"a": "good", "b": ""}, {"a": "good", "b": "better"}])
    def test_wants_an_answer_to_each_question(self, answers: dict[str, str]) -> None:
        with pytest.raises(AnswerMissing) as missing:
            score(QUESTIONS, answers)

        assert missing.value.question == ("b" if "a" in answers else "a")
