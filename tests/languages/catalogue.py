"""The catalogue as the tests have it: what the sources say, what is translated, and a language that nobody speaks."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from tests.languages.texts import CLOSE, OPEN

PROJECT = Path(__file__).resolve().parents[2]
LOCALE = PROJECT / "locale"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}|(%%)")
# What is no sentence: letters that stand for parts of a date.
FORMS = "date format"

# Context ("" without), and the singular.
Key = tuple[str, str]


def languages() -> list[str]:
    return sorted(folder.parent.name for folder in LOCALE.glob("*/LC_MESSAGES"))


def po_of(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def mo_of(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        return read_mo(file)


def strings_of(catalogue: Catalog) -> dict[Key, tuple[str, ...]]:
    """Return what each message of a catalogue is in its language: one string, or one for each plural form."""
    found: dict[Key, tuple[str, ...]] = {}
    for message in catalogue:
        if message.id:
            singular = message.id if isinstance(message.id, str) else message.id[0]
            strings = (message.string,) if isinstance(message.string, str) else tuple(message.string)
            found[message.context or "", singular] = strings
    return found


def placeholders(text: str) -> list[str]:
    return sorted(set(map(str, PLACEHOLDER.findall(text))))


def said_in_sources() -> Iterator[tuple[Path, Key]]:
    """Yield every message that sources and templates ask a catalogue for; operators' pages are in English only."""
    for room in ("accounts", "copytrading", "smartsync_site"):
        for path in sorted((PROJECT / room).rglob("*.py")):
            text = path.read_text()
            if "gettext" in text or "import translat" in text:
                yield from ((path, key) for key in _keys(text))
    for path in sorted((PROJECT / "templates").rglob("*")):
        if path.suffix in (".html", ".txt", ".webmanifest") and "admin" not in path.parts:
            source = templatize(path.read_text(), origin=str(path))
            yield from ((path, key) for key in _keys("\n".join(line.lstrip() for line in source.splitlines())))


def _keys(source: str) -> Iterator[Key]:
    for _, message, _, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
        yield context or "", message if isinstance(message, str) else message[0]


def write_pseudo_locale(folder: Path, language: str) -> Path:
    """
    Write a catalogue that says everything in English, bracketed and 40 % longer, under a language's name.

    What is on a page without brackets was never asked of a catalogue; what is cut had no room for other languages.
    """
    catalogue = po_of(language)
    for message in catalogue:
        if message.id and message.context != FORMS:
            forms = (message.id,) if isinstance(message.id, str) else message.id
            longer = tuple(f"{OPEN}{form}{_filling(form)}{CLOSE}" for form in forms)
            message.string = longer[0] if isinstance(message.id, str) else longer
    path = folder / language / "LC_MESSAGES"
    path.mkdir(parents=True)
    with (path / "django.mo").open("wb") as file:
        write_mo(file, catalogue)
    return folder


def _filling(text: str) -> str:
    """Return what makes a text 40 % longer: short pieces, as words are, so that a line can break between them."""
    missing = max(1, round(len(text) * 0.4))
    return ("~~~~ " * missing)[:missing].rstrip() or "~"
