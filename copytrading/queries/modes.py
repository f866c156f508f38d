"""
What people call a sizing mode: the mode that holds ratios bears the name that the brand gives it.

The engine knows no settings, so its labels are those of the shipped brand; whoever shows one asks here.
"""

from django.conf import settings
from django.utils.translation import gettext

from copytrading.engine.sizing import registry
from copytrading.engine.sizing.mode import SizingMode
from copytrading.engine.sizing.smart_sync import SMART_SYNC


def label_of(mode: SizingMode) -> str:
    """Return what people read of a mode."""
    return str(settings.SMARTSYNC_BRAND.mode_name) if mode is SMART_SYNC else gettext(mode.label)


def short_label_of(mode: SizingMode) -> str:
    """Return what people read of a mode where there is little room."""
    return str(settings.SMARTSYNC_BRAND.mode_name) if mode is SMART_SYNC else gettext(mode.short_label)


def label_of_name(name: str) -> str:
    """Return what people read of a stored mode; its name where this version of the program does not know it."""
    return next((label_of(mode) for mode in registry.modes() if mode.name == name), name)
