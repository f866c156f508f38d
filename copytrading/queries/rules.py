"""The platform's rules as they stand: what a verb reads once, and hands down like `now`."""

from dataclasses import fields

from django.conf import settings

from copytrading.engine.rules import Rules


def platform_rules() -> Rules:
    """
    Return the rules that hold now, from the settings.

    :raises RuleOutOfBounds: if one of them is outside its bounds.
    """
    return Rules(**{field.name: getattr(settings, f"SMARTSYNC_{field.name.upper()}") for field in fields(Rules)})
