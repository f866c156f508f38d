"""
Stake withdrawn: the lead takes most of the own money out while others' stays in, and goes on with theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from copytrading.engine.conduct.trades import Finding

RULE = "stake withdrawn"
# Taken out in so many days ...
WITHIN = timedelta(days=7)
# ... so much of what the lead had. A third is a salary of a good year, half is a decision.
SHARE_TAKEN = 0.5


@dataclass(frozen=True, kw_only=True)
class StakeMove:
    """
    Own money that a lead moved, positive in and negative out, with what the lead was worth before it and what followed.
    """

    at: datetime
    value: float
    equity_before: float
    following: float


def find(moves: Sequence[StakeMove]) -> list[Finding]:
    """
    Return each time that most of a stake left within a week, while more of others' money followed than was left.

    Counted is from the move on since which most was taken, so that a stake that was brought in the day before is seen
    leaving. What came back in between counts against it. A lead whose own money still outweighs the followers' may take
    the profits out.
    """
    found: list[Finding] = []
    ordered = sorted(moves, key=lambda move: move.at)
    first = 0
    for place, move in enumerate(ordered):
        while move.at - ordered[first].at > WITHIN:
            first += 1
        left = max(0.0, move.equity_before + move.value)
        if move.value >= 0 or move.following <= left:
            continue
        begin = max(range(first, place + 1), key=lambda begin: _share_taken(ordered[begin : place + 1]))
        window = ordered[begin : place + 1]
        share = _share_taken(window)
        if share >= SHARE_TAKEN:
            had = window[0].equity_before
            figures = f"{share:.0%} of {had:,.0f} taken out, {left:,.0f} left beside {move.following:,.0f}"
            found.append(Finding(rule=RULE, first_at=window[0].at, last_at=move.at, coin="", figures=figures))
            # What was found is not found again with the next withdrawal.
            first = place + 1
            if first == len(ordered):
                break
    return found


def _share_taken(window: Sequence[StakeMove]) -> float:
    """Return which share of what the lead had before some moves they took out, less what they brought back."""
    had = window[0].equity_before
    return -sum(move.value for move in window) / had if had > 0 else 0.0
