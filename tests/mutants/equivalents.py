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
CALM = "copytrading/services/cycle/calm.py"
DECISION = "copytrading/engine/deciding/decision.py"
PATH = "copytrading/engine/replay/lead_path.py"
STAKES = "copytrading/services/books/stakes.py"
WISHES = "copytrading/engine/deciding/wishes.py"

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
    Equivalent(
        CALM,
        "if lead.other_value_units or not lead.is_seen or not (board.unit_prices[held] > 0).all():",
        "if lead.other_value_units or not lead.is_seen or not (board.unit_prices[held] >= 0).all():",
        "The database keeps no mark that is not above zero, and NaN compares false either way.",
    ),
    Equivalent(
        DECISION,
        "cells[:, place] = (wishes.copies[:, place] > 0) == (wishes.net[place] > 0)",
        "cells[:, place] = (wishes.copies[:, place] > 0) == (wishes.net[place] > -1)",
        "Only a net of zero would tell, and an order whose wishes all meet inside has no reasons.",
    ),
    Equivalent(
        STAKES,
        "return not worth <= 0",
        "return not worth == 0",
        "What a lead is worth is a sum of balances, which the database keeps at zero or above.",
    ),
    Equivalent(
        PATH,
        "START_UNITS = 10**15",
        "START_UNITS = 10** 14",
        "Everything is counted in parts of it, and a rounding of 1e-14 of a portfolio is shown nowhere.",
    ),
    Equivalent(
        WISHES,
        "acting=acting & following[:, None] & (buy_prices > 0),",
        "acting=acting & following[:, None] & (buy_prices > -1),",
        "A price is above zero, or NaN, which compares false either way.",
    ),
    Equivalent(
        WISHES,
        "return asked",
        "pass",
        "Where nobody asked, whoever of them is on its own is nobody as well.",
    ),
)
REASONS = {(one.path, one.before, one.after): one.reason for one in EQUIVALENTS}
