"""
Mutants that nobody can notice, each with the reason. A change is named by its source, the line and what it becomes.

A mutant belongs here when what the program does stays the same, or differs only where nothing that matters can see it:
a comment does not make it equivalent, a proof does.
"""

from typing import NamedTuple


class Equivalent(NamedTuple):
    path: str
    before: str
    after: str
    reason: str


NETTING = "copytrading/engine/orders/netting.py"
CHANGES = "copytrading/engine/holdings/balance_changes.py"
ALLOCATION = "copytrading/engine/orders/allocation.py"

EQUIVALENTS: tuple[Equivalent, ...] = (
    Equivalent(
        NETTING,
        "sells = -int(wish_units[wish_units < 0].sum())",
        "sells = -int(wish_units[wish_units < 1].sum())",
        "Wishes are whole units, so what is below one and not below zero is zero and adds nothing.",
    ),
    Equivalent(
        NETTING,
        "sells = -int(wish_units[wish_units < 0].sum())",
        "sells = -int(wish_units[wish_units <= 0].sum())",
        "A wish of zero adds nothing.",
    ),
    Equivalent(
        CHANGES,
        "if came_high <= 0 or went_high <= 0:",
        "if came_high <= 0 or went_high == 0:",
        "What went is a sum of values that are not below zero, as prices are not.",
    ),
    Equivalent(
        ALLOCATION,
        "if crossed == 0:",
        "if crossed == -1:",
        "Where nothing met inside, both formulas below give zero, and the middle is always above zero.",
    ),
)
REASONS = {(one.path, one.before, one.after): one.reason for one in EQUIVALENTS}
