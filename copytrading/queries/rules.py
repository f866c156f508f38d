"""
The platform's rules as they stand: what a verb reads once at its beginning, and hands down like `now`.

Read they are at the doors, and nowhere further in: in the verbs of `services` and the reads of `queries` that tasks,
views, the API, the admin and commands call, in those themselves, and in `worlds`, which play the platform from outside.
What a door calls has `rules: Rules` among its arguments, without a default. A test over the syntax tree holds that
(`tests/site/test_rooms.py`): below the doors nothing private reads rules, and whoever is handed them reads none.

A rule is what the last change of it that holds says (`RuleChange`), and otherwise what the installation says. Both are
read anew at each door, in one statement, and kept nowhere: what two operators decided holds from the next verb on, in
every process. Who works on files, and has no books, takes the installation's.

The cash stands here too, for those who have no rules at hand: what money is called and how many decimals it has is no
policy but the form of the books.
"""

from dataclasses import fields, replace
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import DatabaseError

from copytrading.engine.rules import RuleOutOfBounds, Rules, changeable, parse
from copytrading.models import RuleChange

CHANGEABLE = frozenset(changeable())

# A constant, and no rule to hand down: every row of the books is counted in it, no setting changes it, and every figure
# on every page is shown by it.
CASH_DECIMALS: int = settings.SMARTSYNC_CASH_DECIMALS


def platform_rules() -> Rules:
    """
    Return the rules that hold now, in one statement.

    :raises RuleOutOfBounds: if one of them is outside its bounds.
    """
    return replace(installed_rules(), **changed_rules())


def installed_rules() -> Rules:
    """
    Return the rules as the installation says them, whatever was changed since.

    :raises RuleOutOfBounds: if one of them is outside its bounds.
    """
    return Rules(**{field.name: getattr(settings, f"SMARTSYNC_{field.name.upper()}") for field in fields(Rules)})


def changed_rules() -> dict[str, Any]:
    """Return what holds otherwise than the installation says, by name; what is no rule any more is left out."""
    last = RuleChange.objects.filter(holds_from__isnull=False).order_by("name", "-pk").distinct("name")
    return {
        name: parse(name, value) for name, value in last.values_list("name", "value") if value and name in CHANGEABLE
    }


def check_rules(**_: object) -> list[CheckMessage]:
    """
    Check, at a start and with every migration, that what operators changed fits what the installation says now.

    Both were within their bounds by themselves; together they may not be, as when the collar is narrowed in the
    environment below a cap that was widened on the panel.
    """
    try:
        platform_rules()
    except RuleOutOfBounds as misfit:
        changed = ", ".join(sorted(f"{name} = {value}" for name, value in changed_rules().items()))
        return [
            Error(
                f"The rules do not fit each other: {misfit}",
                hint=f"On the panel stand {changed}: put the setting back, have them changed there, then set it again.",
                id="copytrading.E001",
            )
        ]
    except DatabaseError:
        # Before the first migration there is nothing that anybody could have changed.
        return []
    return []


def cash_symbol() -> str:
    """Return what the cash is called that everything is quoted in and paid out in."""
    return str(settings.SMARTSYNC_CASH)
