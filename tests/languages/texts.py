"""
What people read in a template or on a page, and what of it is in no catalogue.

    words_not_wrapped(source)     of a template, before anybody asks for it: every branch of every condition
    words_outside(page)           of a page in the pseudo-locale: what stands in no ⟦brackets⟧
"""

import re
from collections.abc import Iterable
from html.parser import HTMLParser

from django.template.base import Lexer, TokenType

OPEN, CLOSE = "⟦", "⟧"
# Attributes that are read, heard or shown.
READ = {"aria-label", "title", "placeholder", "alt", "data-label"}
SILENT = {"script", "style", "code", "pre", "svg"}
# What stands in the place of an empty variable, and sentences that are handed to another template.
INSTEAD = re.compile(r'\|default(?:_if_none)?:"([^"]*)"')
HANDED = re.compile(r'\w="([^"]*\s[^"]*)"')
WORD = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")


class _Reader(HTMLParser):
    """Gathers what is read: the text of a page in its order, and that of each attribute."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.attributes: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [value for name, value in attrs if value and name in READ]
        if tag in SILENT:
            self._silent.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [value for name, value in attrs if value and name in READ]

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text.append(data)


def read(html: str) -> list[str]:
    """Return what is read: the text as a whole, and each attribute."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [" ".join(reader.text), *reader.attributes]


def words_not_wrapped(source: str) -> list[str]:
    """Return the words of a template that no tag translates."""
    kept: list[str] = []
    skipped_until = ""
    for token in Lexer(source).tokenize():
        name, *said = token.split_contents() if token.token_type == TokenType.BLOCK else [""]
        if skipped_until:
            skipped_until = "" if name == skipped_until else skipped_until
        elif name in ("blocktranslate", "comment") or (name == "block" and said == ["live"]):
            # The block `live` is an attribute of the body.
            skipped_until = f"end{name}"
        elif token.token_type == TokenType.TEXT:
            kept.append(token.contents)
        elif token.token_type == TokenType.VAR:
            kept += INSTEAD.findall(token.contents)
        elif name in ("include", "with"):
            kept += HANDED.findall(token.contents)
    return [word for text in read("".join(kept)) for word in WORD.findall(text)]


def outside(text: str) -> str:
    """Return what of a text stands in no brackets."""
    kept, depth = [], 0
    for part in re.split(f"([{OPEN}{CLOSE}])", text):
        if part == OPEN:
            depth += 1
        elif part == CLOSE:
            depth = max(depth - 1, 0)
        elif not depth:
            kept.append(part)
    return " \n".join(kept)


def runs_outside(html: str, *, but: Iterable[str] = ()) -> list[str]:
    """Return what stands outside of brackets, in runs of words as they were written; `but` are texts to leave out."""
    gone = re.compile("|".join(re.escape(text) for text in sorted(but, key=len, reverse=True)) or r"(?!)")
    parts = (part for text in read(html) for part in re.split(r"\s{2,}|[\n·|/]", gone.sub("  ", outside(text))))
    return [run for run in (" ".join(part.split()) for part in parts) if WORD.search(run)]
