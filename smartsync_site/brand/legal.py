"""
The texts of the legal folder, as plain as they can be written:

    # Terms of use            the title, in the first line
    Version 2026-11-30        below it, where the text has one; otherwise it is version 1
    ## Your money             a heading
    A paragraph of {name}     up to the next empty line
    - a line of a list

{name}, {short_name}, {mode_name} and {support} are the brand's. Files stand in the order of their names: 1-terms.md is
asked for as /legal/terms/. What stands under the same name in a folder de is read by those who read German; it has the
version of the text that it translates.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from smartsync_site.brand.brand import WRITTEN_IN, Block, LegalText

HEADING, PARAGRAPH, LIST = "heading", "paragraph", "list"
FILE_NAME = re.compile(r"(?:\d+-)?([a-z][a-z0-9-]{0,39})\.md")
VERSION = re.compile(r"\s*Version (\S{1,20})[ \t]*(?:\n|$)")
FIRST_VERSION = "1"
PLACE = re.compile(r"\{(\w*)\}")


class LegalTextRefused(ValueError):
    """The text cannot be shown; the message completes "1-terms.md ..."."""


def legal_text(file_name: str, text: str, words: dict[str, str], *, language: str = WRITTEN_IN) -> LegalText:
    """
    Return a text of a language with the brand's words in their places.

    :raises LegalTextRefused: with what is wrong and what to write instead.
    """
    named = FILE_NAME.fullmatch(file_name)
    if not named:
        raise LegalTextRefused("is no name for a legal text; call it like 1-terms.md, in small letters.")
    for place in PLACE.findall(text):
        if place not in words:
            raise LegalTextRefused(f"has {{{place}}}, which stands for nothing; there are {', '.join(words)}.")
        if not words[place]:
            raise LegalTextRefused(f"has {{{place}}}, and the brand names none; name one, or take it out.")
    title, _, rest = PLACE.sub(lambda place: words[place[1]], text).strip().partition("\n")
    if not title.startswith("# "):
        raise LegalTextRefused("begins without a title; write one in the first line, like: # Terms of use")
    version = VERSION.match(rest)
    if version:
        rest = rest[version.end() :]
    return LegalText(
        name=named[1],
        title=title[2:].strip(),
        version=version[1] if version else FIRST_VERSION,
        blocks=tuple(_blocks(rest)),
        language=language,
    )


def translated(text: LegalText, translations: list[LegalText]) -> LegalText:
    """
    Return a text with what it is called and says in other languages.

    :raises LegalTextRefused: if one of them is of another version, since people accept what they read.
    """
    for other in translations:
        if other.version != text.version:
            raise LegalTextRefused(
                f"is version {text.version}, and its translation in {other.language}/ is version {other.version}:"
                " bring both to the same one, or take the translation out."
            )
    return replace(text, translations=tuple(translations))


def _blocks(text: str) -> Iterator[Block]:
    for piece in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in piece.splitlines() if line.strip()]
        if lines and lines[0].startswith("## "):
            yield Block(kind=HEADING, lines=(lines.pop(0)[3:].strip(),))
        if lines and all(line.startswith("- ") for line in lines):
            yield Block(kind=LIST, lines=tuple(line[2:] for line in lines))
        elif lines:
            yield Block(kind=PARAGRAPH, lines=(" ".join(lines),))
