"""
One figure to sort leads by, with a formula short enough to print on the page.

    score = 100 × (0.25 return + 0.25 calm + 0.20 followers + 0.15 stake + 0.15 time)

Each part lies between 0 and 1 and *saturates*: a lucky quarter cannot make up for a deep fall, nor age for
followers who lost. What is not known yet counts 0, so that a new lead rises by leading and not by being
unknown. Three of the parts are out of a lead's hands or cost money: what followers really got, the own stake, and time.
"""

from __future__ import annotations

from dataclasses import dataclass

# The return of 90 days that is worth half the part; 75 % is worth three quarters.
HALF_RETURN = 0.25
FALL_MAX = 0.5
MEDIAN_SPAN = 0.2
STAKE_ENOUGH = 0.25
DAYS_ENOUGH = 180


@dataclass(frozen=True, kw_only=True)
class ScorePart:
    """One part of a score: its name, its weight, its value 0..1, and the sentence that says how it is counted."""

    name: str
    weight: float
    value: float
    formula: str

    @property
    def points(self) -> float:
        return 100.0 * self.weight * self.value


@dataclass(frozen=True, kw_only=True)
class Score:
    """A lead's score, 0 to 100, and the parts that sum to it."""

    parts: tuple[ScorePart, ...]

    @property
    def points(self) -> float:
        return sum(part.points for part in self.parts)


def score_of(
    *,
    return_90_days: float | None,
    drawdown_90_days: float | None,
    followers_median: float | None,
    own_stake_units: int,
    following_units: int,
    days_leading: int,
) -> Score:
    """
    Return a lead's score with its parts.

    Returns and drawdown are fractions (time-weighted, on unit prices), None where it is too early to say;
    `followers_median` is the median return of its followers' copies in 90 days, None where too few ran through them.
    """
    gain = max(return_90_days or 0.0, 0.0)
    fall = FALL_MAX if drawdown_90_days is None else drawdown_90_days
    median = -MEDIAN_SPAN if followers_median is None else followers_median
    stake = own_stake_units / following_units if following_units > 0 else float(own_stake_units > 0)
    return Score(
        parts=(
            ScorePart(
                name="return",
                weight=0.25,
                value=gain / (gain + HALF_RETURN),
                formula=f"r ÷ (r + {HALF_RETURN:.0%}), r the time-weighted return of 90 days, 0 if it is a loss",
            ),
            ScorePart(
                name="calm",
                weight=0.25,
                value=_between(1.0 - fall / FALL_MAX),
                formula=f"1 − d ÷ {FALL_MAX:.0%}, d the deepest fall in 90 days",
            ),
            ScorePart(
                name="followers",
                weight=0.20,
                value=_between((median + MEDIAN_SPAN) / (2 * MEDIAN_SPAN)),
                formula=f"0 at a median of −{MEDIAN_SPAN:.0%} in 90 days or below five copies, 1 at +{MEDIAN_SPAN:.0%}",
            ),
            ScorePart(
                name="stake",
                weight=0.15,
                value=_between(stake / STAKE_ENOUGH),
                formula=f"own money ÷ money following, full at {STAKE_ENOUGH:.0%}",
            ),
            ScorePart(
                name="time",
                weight=0.15,
                value=_between(days_leading / DAYS_ENOUGH),
                formula=f"days leading ÷ {DAYS_ENOUGH}, full at {DAYS_ENOUGH}",
            ),
        )
    )


def _between(value: float) -> float:
    return min(max(value, 0.0), 1.0)
