"""
The platform's rules as they stand: what a verb reads once at its beginning, and hands down like `now`.

Read they are at the doors, and nowhere further in: in the verbs of `services` and the reads of `queries` that tasks,
views, the API, the admin and commands call, in those themselves, and in `worlds`, which play the platform from outside.
What a door calls has `rules: Rules` among its arguments, without a default. A test over the syntax tree holds that
(`tests/site/test_rooms.py`): below the doors nothing private reads rules, and whoever is handed them reads none.

The cash stands here too, for those who have no rules at hand: what money is called and how many decimals it has is no
policy but the form of the books.
"""

from dataclasses import fields

from django.conf import settings

from copytrading.engine.rules import Rules

# A constant, and no rule to hand down: every row of the books is counted in it, no setting changes it, and every figure
# on every page is shown by it.
CASH_DECIMALS: int = settings.SMARTSYNC_CASH_DECIMALS


def platform_rules() -> Rules:
    """
    Return the rules that hold now, from the settings.

    :raises RuleOutOfBounds: if one of them is outside its bounds.
    """
    return Rules(**{field.name: getattr(settings, f"SMARTSYNC_{field.name.upper()}") for field in fields(Rules)})


def cash_symbol() -> str:
    """Return what the cash is called that everything is quoted in and paid out in."""
    return str(settings.SMARTSYNC_CASH)
