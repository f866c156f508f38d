"""What somebody wrote, as it is kept: not empty, not too long, and nothing in it that is no text."""

import unicodedata

from django.utils.translation import gettext

from accounts.identity.places import written
from copytrading.services.refusals import Refusal

# Line breaks and tabs are text; what else controls a terminal, or turns the direction of what follows, is none.
OF_TEXT = frozenset("\n\t")
TURNS_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
CONTROLS = frozenset({"Cc", "Cs"})


class TextNotPossible(Refusal, code="text_not_possible", field="text"):
    """A text is empty, too long, or has characters in it that are no text."""


def text_of(said: str, *, most: int, field: str = "text", is_line: bool = False) -> str:
    """
    Return what somebody wrote without blanks around it and with line breaks of one kind.

    :param most: how many characters it can have. :param is_line: whether it has no line breaks.
    :raises TextNotPossible: if it is empty, too long, or has control characters in it.
    """
    text = said.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not 0 < len(text) <= most:
        raise TextNotPossible(gettext("Write 1 to %(most)s characters.") % {"most": written(f"{most:,}")}, field=field)
    if any(is_control(letter) for letter in text) or (is_line and "\n" in text):
        raise TextNotPossible(
            gettext("There are characters in it that are no text, such as control characters. Type it anew."),
            field=field,
        )
    return text


def is_control(letter: str) -> bool:
    """Return whether a character is no text."""
    if letter in OF_TEXT:
        return False
    return letter in TURNS_DIRECTION or unicodedata.category(letter) in CONTROLS
