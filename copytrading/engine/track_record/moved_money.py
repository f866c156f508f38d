"""
The return of money that was put in and taken out, said in the two ways that there are.

*Money-weighted* is what the person made with the money at the time it was there: the one rate at which everything put
in, less everything taken out, grows to what it is worth now. *Time-weighted* is what one unit made that was there all
the time, whenever more was put in: it chains the growth between the moves. Both are returns of the whole time, not of a
year: a rate of a year made of three weeks would be a promise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, expm1

# Looked for between the loss of all but a billionth and a millionfold gain, as ln(1 + R).
LOG_RETURN_MIN, LOG_RETURN_MAX = -20.7, 13.9
STEPS = 400
# What is left of the interval when it is found: a return to fifteen digits.
HALVINGS = 80


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a portfolio was worth just before money moved at one moment, and what moved, positive in."""

    worth_before: float
    moved: float


def money_weighted_return(*, moves: Sequence[tuple[float, float]], worth: float) -> float | None:
    """
    Return R with Σ moved · (1 + R)^left = worth, as a fraction: 0.1 is +10 % over the whole time.

    This is the internal rate of return over the time, as GIPS defines it for times below a year. Where more than one
    rate fits, the nearest to zero; None where none does, as when nothing was put in.

    :param moves: (share of the time that was left when it moved, 0 to 1; what moved, positive in).
    :param worth: what there is at the end.
    """
    if not any(moved for _, moved in moves):
        return None

    def missing(log_return: float) -> float:
        return sum(moved * exp(log_return * left) for left, moved in moves) - worth

    if worth == 0 and all(moved >= 0 for _, moved in moves):
        return -1.0
    reach = max(-LOG_RETURN_MIN, LOG_RETURN_MAX)
    # Outwards from zero, on both sides at once, in steps that grow: the first change of sign is the nearest.
    edges = [reach * (number / STEPS) ** 3 for number in range(STEPS + 1)]
    for near, far in pairwise(edges):
        for low, high in ((near, far), (-far, -near)):
            if low < LOG_RETURN_MIN or high > LOG_RETURN_MAX:
                continue
            below, above = missing(low), missing(high)
            if below == 0:
                return expm1(low)
            if (below < 0) != (above < 0) or above == 0:
                return expm1(_between(missing, low, high))
    return None


def time_weighted_return(*, steps: Sequence[Step], worth: float) -> float | None:
    """
    Return the chained growth between moves as a fraction of 1; None where there never was anything.

    While there was nothing, nothing grew: a time between two copies counts for nothing.

    :param steps: in the order of time, the first with nothing before it.
    :param worth: what there is at the end.
    """
    grown, held, any_held = 1.0, 0.0, False
    for step in steps:
        if held > 0:
            grown *= max(step.worth_before, 0.0) / held
        held = step.worth_before + step.moved
        any_held = any_held or held > 0
    if held > 0:
        grown *= max(worth, 0.0) / held
    return grown - 1.0 if any_held else None


def _between(missing: Callable[[float], float], low: float, high: float) -> float:
    is_low_below = missing(low) < 0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if (missing(middle) < 0) == is_low_below:
            low = middle
        else:
            high = middle
    return (low + high) / 2
