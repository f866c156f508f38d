"""From the brand's file to its value. Whatever is wrong with it ends the start with its key and what to do about it."""

import os
import re
import tomllib
from email.utils import parseaddr
from pathlib import Path
from types import MappingProxyType
from typing import Any

from environ import ImproperlyConfigured

from smartsync_site.brand import colours, drawings, legal
from smartsync_site.brand.brand import FAVICON, STYLESHEET, WRITTEN_IN, Brand, LegalText
from smartsync_site.environment import PROJECT

SHIPPED = PROJECT / "brand" / "brand.toml"
# Key → how many characters it may have. What is empty by right stands below.
WORDS = {"name": 40, "short_name": 16, "mode_name": 24, "tagline": 120, "support": 120}
MAIL_WORDS = {"sender_name": 60, "subject_prefix": 40}
MAY_BE_EMPTY = {"support", "subject_prefix"}
FILES = ("logo", "icons", "legal")
# Quotes, brackets and control characters mean something in mails, headers, ledgers or pages.
NOT_IN_WORDS = re.compile(r"[\x00-\x1f\x7f<>\"\\{}]")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
# File → the pixels of its sides.
ICONS = {
    "icon-180.png": 180, "icon-192.png": 192, "icon-512.png": 512, "icon-192-maskable.png": 192,
    "icon-512-maskable.png": 512, "badge-96.png": 96,
}  # fmt: skip
# What folders of translations are called.
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,4})?")
PNG = b"\x89PNG\r\n\x1a\n"
ICON_BYTES_MAX = 512 * 1024
TEXT_BYTES_MAX = 256 * 1024


class BrandRefused(ImproperlyConfigured):
    """The brand cannot be shown as it is; the message names key and remedy."""


def brand_file(given: str) -> Path:
    """Return the file that SMARTSYNC_BRAND names, a path from the project on; the shipped one when it is empty."""
    path = PROJECT / Path(given).expanduser() if given else SHIPPED
    return Path(os.path.abspath(path / SHIPPED.name if path.is_dir() else path))


def read_brand(path: Path) -> Brand:
    """
    Return the brand of a file.

    :raises BrandRefused: if it, or anything that it names, cannot be taken.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BrandRefused(
            f"SMARTSYNC_BRAND names {path}, which cannot be read ({error.strerror}): make one with manage.py new_brand."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BrandRefused(f"{path} is no TOML: {error}.") from None
    return _Reader(path, given).brand()


class _Reader:
    """One file, and what is to be said of it."""

    def __init__(self, path: Path, given: dict[str, Any]) -> None:
        self.path, self.given = path, given

    def refuse(self, key: str, why: str) -> BrandRefused:
        return BrandRefused(f"{key} of {self.path} {why}")

    def brand(self) -> Brand:
        self.check_keys("", self.given, {*WORDS, *FILES, "mail", "colours"})
        words = {key: self.word(key, self.given, most) for key, most in WORDS.items()}
        mail = self.section("mail", self.given, set(MAIL_WORDS))
        mail_words = {key: self.word(f"mail.{key}", mail, most) for key, most in MAIL_WORDS.items()}
        if words["support"] and not self.is_address(words["support"]):
            raise self.refuse("support", f"is {words['support']!r}; write an address of mail, or leave it empty.")
        both = self.section("colours", self.given, {colours.LIGHT, colours.DARK})
        return Brand(
            **words,
            **mail_words,
            light=self.palette(colours.LIGHT, both),
            dark=self.palette(colours.DARK, both),
            logo=self.drawing("logo", self.file("logo")),
            pictures=MappingProxyType(self.pictures()),
            legal=self.legal(words),
        )

    # -- keys and words ------------------------------------------------------------------------------------------------

    def check_keys(self, section: str, found: dict[str, Any], known: set[str]) -> None:
        for key in found:
            if key not in known:
                raise self.refuse(
                    f"{section}{key}", f"is no key; there are {', '.join(sorted(known))}. Take it out or mend its name."
                )

    def section(self, key: str, within: dict[str, Any], known: set[str]) -> dict[str, Any]:
        name = key.rpartition(".")[2]
        found = within.get(name)
        if not isinstance(found, dict):
            raise self.refuse(key, f"is missing: add a section [{key}] with {', '.join(sorted(known))}.")
        self.check_keys(f"{key}.", found, known)
        return found

    def word(self, key: str, within: dict[str, Any], most: int) -> str:
        name = key.rpartition(".")[2]
        if name not in within:
            raise self.refuse(key, f'is missing: add {name} = "..." to it.')
        word = within[name]
        if not isinstance(word, str):
            raise self.refuse(key, f"is {word!r}; write it as text, in quotes.")
        if not word.strip() and name not in MAY_BE_EMPTY:
            raise self.refuse(key, "is empty; write something.")
        if len(word) > most:
            raise self.refuse(key, f"has {len(word)} characters; shorten it to {most}.")
        if unfit := NOT_IN_WORDS.search(word):
            raise self.refuse(key, f"has {unfit[0]!r} in it; take it out.")
        return word.strip()

    @staticmethod
    def is_address(text: str) -> bool:
        name, address = parseaddr(text)
        return not name and address == text and re.fullmatch(r"[^@\s]+@[^@\s]+", text) is not None

    # -- colours -------------------------------------------------------------------------------------------------------

    def palette(self, theme: str, both: dict[str, Any]) -> colours.Palette:
        where = f"colours.{theme}"
        given = self.section(where, both, {*colours.NAMED, *colours.DERIVED})
        for key in colours.NAMED:
            if key not in given:
                raise self.refuse(f"{where}.{key}", f'is missing: add {key} = "#rrggbb".')
        for key, colour in given.items():
            if not isinstance(colour, str) or not COLOUR.fullmatch(colour):
                raise self.refuse(f"{where}.{key}", f"is {colour!r}; write a colour like #0b5d57.")
        palette = colours.palette_of(theme, given)
        for key, why in colours.too_faint(theme, palette):
            raise self.refuse(f"{where}.{key}", why)
        return palette

    # -- files ---------------------------------------------------------------------------------------------------------

    def place(self, key: str) -> Path:
        return self.path.parent / self.word(key, self.given, 400)

    def file(self, key: str) -> Path:
        return self.place(key)

    def content(self, key: str, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise self.refuse(key, f"needs {path}, which cannot be read ({error.strerror}): put it there.") from None

    def drawing(self, key: str, path: Path) -> str:
        try:
            return drawings.checked_drawing(self.content(key, path))
        except drawings.DrawingRefused as refusal:
            raise self.refuse(key, f"cannot be shown: {path.name} {refusal}") from None

    def pictures(self) -> dict[str, bytes]:
        """Return the files that browsers ask for: the icon of the tab, and those of the app."""
        folder = self.place("icons")
        self.drawing("icons", folder / FAVICON)
        found = {FAVICON: self.content("icons", folder / FAVICON)}
        for name, side in ICONS.items():
            content = self.content("icons", folder / name)
            sides = [int.from_bytes(content[at : at + 4]) for at in (16, 20)]
            if not content.startswith(PNG) or sides != [side, side]:
                raise self.refuse("icons", f"needs {name} as a PNG of {side} by {side} pixels; export it anew.")
            if len(content) > ICON_BYTES_MAX:
                raise self.refuse("icons", f"has {name} with {len(content):,} bytes; {ICON_BYTES_MAX:,} at most.")
            found[name] = content
        assert STYLESHEET not in found
        return found

    def legal(self, words: dict[str, str]) -> tuple[LegalText, ...]:
        folder = self.place("legal")
        if not folder.is_dir():
            raise self.refuse("legal", f"names {folder}, and there is no such folder: make it, with a text a file.")
        texts = self.texts(folder, words, WRITTEN_IN)
        others = [
            self.texts(place, words, place.name)
            for place in sorted(folder.iterdir())
            if place.is_dir() and LANGUAGE.fullmatch(place.name)
        ]
        for language in others:
            for name, text in language.items():
                if name not in texts:
                    raise self.refuse(
                        "legal",
                        f"has {text.language}/ with a text that is called {name}, and there is none to translate.",
                    )
        try:
            return tuple(
                legal.translated(text, [language[name] for language in others if name in language])
                for name, text in texts.items()
            )
        except legal.LegalTextRefused as refusal:
            raise self.refuse("legal", f"cannot be shown: a text {refusal}") from None

    def texts(self, folder: Path, words: dict[str, str], language: str) -> dict[str, LegalText]:
        """Return the texts of a folder, all of one language, by their names."""
        texts: dict[str, LegalText] = {}
        for path in sorted(folder.glob("*.md")):
            content = self.content("legal", path)
            try:
                if len(content) > TEXT_BYTES_MAX:
                    raise legal.LegalTextRefused(f"has {len(content):,} bytes; {TEXT_BYTES_MAX:,} at most.")
                text = legal.legal_text(path.name, content.decode("utf-8"), words, language=language)
            except UnicodeDecodeError:
                raise self.refuse("legal", f"cannot be shown: {path.name} is not written in UTF-8.") from None
            except legal.LegalTextRefused as refusal:
                raise self.refuse("legal", f"cannot be shown: {path.name} {refusal}") from None
            if text.name in texts:
                raise self.refuse("legal", f"has two texts that are called {text.name}; rename one of them.")
            texts[text.name] = text
        return texts
