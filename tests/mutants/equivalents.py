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


EQUIVALENTS: tuple[Equivalent, ...] = ()
REASONS = {(one.path, one.before, one.after): one.reason for one in EQUIVALENTS}
