"""
A jurisdiction's pack as a value: what is said of risk, what is asked, how long is waited, what follows from answers.

    Pack            warning, hours between the first wish and the first copy, texts to accept
     └ Questionnaire   one version of some questions, each with answers that are worth points
        └ Band            from so many points on: how risky a lead may be, and how much may be invested
"""

from dataclasses import dataclass

RISK_MOST = 10


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An answer that can be given: its points, and the most risk that is open to whoever gives it, 0 to 10."""

    name: str
    text: str
    points: int
    risk_max: int = RISK_MOST


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question, and the answers to choose one of."""

    name: str
    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class Band:
    """
    What is open from so many points on.

    The highest risk of a lead (0 is none), the most cash that may be invested in all copies together, and the largest
    share of the person's money here; None is no limit. `sentence` tells the person.
    """

    points_min: int
    risk_max: int
    invested_max: int | None
    share_max: float | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Questionnaire:
    """One version of the questions; `bands` from the fewest points up, the first of them open to everybody."""

    version: int
    again_after_hours: int
    questions: tuple[Question, ...]
    bands: tuple[Band, ...]


@dataclass(frozen=True, kw_only=True)
class Pack:
    """
    The rules of one jurisdiction.

    `warning` has `{share}` where the share of copies that lost money stands, `warning_without_figure` is said while
    there are too few of them; both empty is none. `consents` are names of legal texts.
    """

    name: str
    label: str
    warning: str
    warning_without_figure: str
    cooling_off_hours: int
    consents: tuple[str, ...]
    questionnaire: Questionnaire | None

    @property
    def asks_something(self) -> bool:
        """Return whether anything stands between somebody and a copy."""
        return bool(self.cooling_off_hours or self.consents or self.questionnaire)
