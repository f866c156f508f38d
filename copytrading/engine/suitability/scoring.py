"""What answers to a questionnaire come to."""

from collections.abc import Mapping
from dataclasses import dataclass

from copytrading.engine.suitability.packs import Band, Question, Questionnaire


class AnswerMissing(ValueError):
    """A question has no answer, or one that is not among its choices; `question` is its name, `text` what it asks."""

    def __init__(self, question: Question) -> None:
        super().__init__(f"Choose an answer: {question.text}")
        self.question, self.text = question.name, question.text


@dataclass(frozen=True, kw_only=True)
class Score:
    """The points, the band that they lead to, and the most risk of a lead: the band's, or less by a single answer."""

    points: int
    band: Band
    risk_max: int


def score(questionnaire: Questionnaire, answers: Mapping[str, str]) -> Score:
    """
    Return what answers, by the names of questions, come to.

    The points are summed and the last band they reach counts. An answer that opens less risk than the band does closes
    the rest, so that one answer can say no whatever the others are worth.

    :raises AnswerMissing: if a question has none of its answers.
    """
    points, risk_max = 0, None
    for question in questionnaire.questions:
        chosen = next((choice for choice in question.choices if choice.name == answers.get(question.name)), None)
        if chosen is None:
            raise AnswerMissing(question)
        points += chosen.points
        risk_max = chosen.risk_max if risk_max is None else min(risk_max, chosen.risk_max)
    band = band_of(questionnaire, points)
    return Score(points=points, band=band, risk_max=band.risk_max if risk_max is None else min(band.risk_max, risk_max))


def band_of(questionnaire: Questionnaire, points: int) -> Band:
    """Return the last band that so many points reach; the first is everybody's."""
    return [band for band in questionnaire.bands if band.points_min <= points][-1]
