"""
Rows of a recorded file, each with the number of its line.

Every reader of recordings works in the same two passes: convert whole columns
at once, which is fast, and only when that fails look for the line at fault.
The one error of the readers is a sentence that names file, line and remedy.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from copytrading.exchange.prices.sheets import INVISIBLE, RecordingError, Sheet

# "Date(UTC+8)": the offset says when it was, not what the column is.
OFFSET = re.compile(r"\(utc[^)]*\)")
# What our own files are called among the formats.
OWN_FORMAT = "smartsync"

Value = TypeVar("Value")


@dataclass(frozen=True)
class Rows:
    """
    The rows of one file below its header: `cells[k]` stands in line `lines[k]`.

    `columns` maps a column's name, in small letters, to its place in a row; `written` says how the file itself writes
    the name. `warnings` are what a reader found worth saying, each with its file.
    """

    path: Path
    columns: Mapping[str, int]
    cells: Sequence[Sequence[str]]
    lines: Sequence[int]
    written: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    format_name: str = OWN_FORMAT

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def is_export(self) -> bool:
        """Whether an exchange or a program wrote it so: such files have an order of their own, newest first mostly."""
        return self.format_name != OWN_FORMAT

    def texts(self, column: str) -> list[str]:
        """Return the texts of a column, top to bottom."""
        place = self.columns[column]
        return [row[place] for row in self.cells]

    def texts_or_blank(self, column: str) -> list[str]:
        """Return the texts of a column that a file may lack, stripped; empty where it does."""
        return [text.strip() for text in self.texts(column)] if column in self.columns else [""] * len(self)

    def converted(self, column: str, convert: Callable[[str], Value]) -> list[Value]:
        """
        Return a column converted value by value.

        `convert` raises ValueError with the half sentence that follows the column's name.

        :raises RecordingError: naming the first line that cannot be converted.
        """
        texts = self.texts(column)
        # A column repeats itself (times, symbols, sides), so convert each text once.
        known: dict[str, Value] = {}
        try:
            for text in dict.fromkeys(texts):
                known[text] = convert(text)
        except ValueError as refusal:
            raise self.refusal(texts.index(text), f"{self.written.get(column, column)} {refusal}") from None
        return [known[text] for text in texts]

    def refusal(self, row: int, sentence: str) -> RecordingError:
        """Return the error that refuses one row."""
        return RecordingError(path=self.path, line=self.lines[row], sentence=sentence)

    def only(self, kept: Sequence[bool]) -> "Rows":
        """Return the rows marked True, each still with its own line number."""
        return self.at([place for place, keep in enumerate(kept) if keep])

    def at(self, places: Sequence[int]) -> "Rows":
        """Return the rows at some places, in that order, each still with its own line number."""
        return replace(
            self, cells=[self.cells[place] for place in places], lines=[self.lines[place] for place in places]
        )

    def rewritten(self, columns: Mapping[str, Sequence[str]], *, written: Mapping[str, str]) -> "Rows":
        """Return the same lines with other columns: each a text for every row; `written` names where they came from."""
        return replace(
            self,
            columns={name: place for place, name in enumerate(columns)},
            cells=list(zip(*columns.values(), strict=True)),
            written=written,
        )

    def warned(self, *sentences: str) -> "Rows":
        """Return the same rows with more to say about them."""
        return replace(self, warnings=(*self.warnings, *(f"{self.path.name}: {sentence}" for sentence in sentences)))


def plain_name(name: str) -> str:
    """Return the name of a column as readers know it: small letters, no offset, nothing invisible."""
    return OFFSET.sub("(utc)", " ".join(name.strip(INVISIBLE).split()).casefold())


def rows_below(sheet: Sheet, header: int) -> Rows:
    """
    Return the rows of a sheet below its header, which stands in the line at a place.

    :raises RecordingError: if two columns have one name, there are no rows, or one has not as many values.
    """
    path, names = sheet.path, [plain_name(name) for name in sheet.cells[header]]
    doubled = [name for name, count in Counter(names).items() if name and count > 1]
    if doubled:
        raise RecordingError(
            path=path,
            line=sheet.lines[header],
            sentence=f"Two columns are called {doubled[0]}, and only one of them can be meant. "
            "Remove or rename the other.",
        )
    cells, lines = sheet.cells[header + 1 :], sheet.lines[header + 1 :]
    for row, line in zip(cells, lines, strict=True):
        if len(row) != len(names):
            raise RecordingError(
                path=path,
                line=line,
                sentence=f"The row has {len(row)} values where the header names {len(names)}. Complete the row.",
            )
    if not cells:
        raise RecordingError(path=path, sentence="There is nothing below the header. Give a file with rows.")
    return Rows(
        path=path,
        columns={name: place for place, name in enumerate(names)},
        cells=cells,
        lines=lines,
        written={plain: name.strip() for plain, name in zip(names, sheet.cells[header], strict=True)},
    )


def chosen_trader(rows: Rows, *, trader: str | None) -> Rows:
    """
    Return the rows of one trader: the one named, or the only one there is.

    :raises RecordingError: if the trader named is not there, or none is named and there are several.
    """
    if "trader" not in rows.columns:
        if trader is not None:
            raise RecordingError(path=rows.path, sentence="The file has no column trader. Leave out --trader.")
        return rows
    names = rows.texts("trader")
    known = sorted(set(names))
    if trader is None and len(known) > 1:
        raise RecordingError(
            path=rows.path, sentence=f"The file holds several traders. Choose one with --trader: {', '.join(known)}."
        )
    if trader is not None and trader not in known:
        raise RecordingError(
            path=rows.path, sentence=f"There is no trader {trader!r}. Choose one with --trader: {', '.join(known)}."
        )
    return rows.only([trader is None or name == trader for name in names])


def dollars_as_tether(written_symbols: Sequence[str]) -> list[str]:
    """Return the sentence that says that dollars are taken as USDT; none where no pair is quoted in them."""
    pairs = sorted({text.strip().upper() for text in written_symbols if text.strip().upper().endswith("-USD")})
    return [f"{named(pairs)}: dollars are taken as USDT, one for one."] if pairs else []


def named(words: Sequence[str], *, most: int = 3) -> str:
    """Return some words in a row, and how many more there are."""
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")
