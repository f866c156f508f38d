"""
Where somebody is: the language they are written to in, the zone of their times, and figures as that language has them.

Pages are made in the place of who asks for them; what is told, in the place of who is told. Files and what programs
read are made nowhere: their figures are English and their times UTC, whoever asks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.dispatch import Signal
from django.utils import timezone, translation
from django.utils.formats import get_format

if TYPE_CHECKING:
    from accounts.models import User

# Somebody has chosen another zone: `user`.
moved = Signal()
# Stands in for one separator while both change places; no figure has it.
BETWEEN = "\0"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A language of settings.LANGUAGES and a zone of the tz database, both by name."""

    language: str = settings.LANGUAGE_CODE
    time_zone: str = settings.TIME_ZONE


NOWHERE = Place()


def place_of(user: "User") -> Place:
    """Return where a person is; a language or a zone that is no more is that of nobody in particular."""
    return Place(
        language=user.language if is_language(user.language) else NOWHERE.language,
        time_zone=user.time_zone if zone_of(user.time_zone) else NOWHERE.time_zone,
    )


@contextmanager
def in_place(place: Place) -> Iterator[None]:
    """Write in a place's language, and in its times, until the block ends."""
    with translation.override(place.language), timezone.override(zone_of(place.time_zone)):
        yield


def is_language(name: str) -> bool:
    """Return whether the platform is written in a language."""
    return any(name == language for language, _ in settings.LANGUAGES)


@lru_cache(maxsize=1000)
def zone_of(name: str) -> ZoneInfo | None:
    """Return the zone of a name as in Europe/Berlin; None where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def written(figure: str) -> str:
    """Return a figure that was written in English, as the language of the moment has it: 1,234.5 → 1.234,5."""
    point, comma = _signs(translation.get_language() or NOWHERE.language)
    if (point, comma) == (".", ","):
        return figure
    return figure.replace(",", BETWEEN).replace(".", point).replace(BETWEEN, comma)


def decimal_sign() -> str:
    """Return what stands before the decimals in the language of the moment."""
    return _signs(translation.get_language() or NOWHERE.language)[0]


def thousands_sign() -> str:
    """Return what stands between thousands in the language of the moment."""
    return _signs(translation.get_language() or NOWHERE.language)[1]


@cache
def _signs(language: str) -> tuple[str, str]:
    """Return what stands before decimals and between thousands: a page has hundreds of figures in one language."""
    return str(get_format("DECIMAL_SEPARATOR", language)), str(get_format("THOUSAND_SEPARATOR", language))
