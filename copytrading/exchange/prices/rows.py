"""
Rows of a recorded file, each with the number of its line.

Every reader of recordings works in the same two passes: convert whole columns
at once, which is fast, and only when that fails look for the line at fault.
The one error of the readers is a sentence that names file, line and remedy.
"""

import csv
import gzip
import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# No coin is so dear or so cheap, and nobody trades so many or so few; beyond it floats run over.
NUMBER_MIN, NUMBER_MAX = 1e-18, 1e18

Value = TypeVar("Value")


class RecordingError(Exception):
    """A recorded file cannot be used; the message says where, why and what to do."""

    def __init__(self, *, path: Path, sentence: str, line: int | None = None) -> None:
        name = path.name or str(path)
        place = name if line is None else f"{name}, line {line}"
        super().__init__(f"{place}: {sentence}")
        self.path = path
        self.line = line


@dataclass(frozen=True)
class Rows:
    """
    The rows of one file below its header: `cells[k]` stands in line `lines[k]`.

    `columns` maps a column's name to its place in a row.
    """

    path: Path
    columns: dict[str, int]
    cells: Sequence[Sequence[str]]
    lines: Sequence[int]

    def __len__(self) -> int:
        return len(self.cells)

    def texts(self, column: str) -> list[str]:
        """Return the texts of a column, top to bottom."""
        place = self.columns[column]
        return [row[place] for row in self.cells]

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
            line = self.lines[texts.index(text)]
            raise RecordingError(path=self.path, line=line, sentence=f"{column} {refusal}") from None
        return [known[text] for text in texts]

    def only(self, kept: Sequence[bool]) -> "Rows":
        """Return the rows marked True, each still with its own line number."""
        return Rows(
            path=self.path,
            columns=self.columns,
            cells=[row for row, keep in zip(self.cells, kept, strict=True) if keep],
            lines=[line for line, keep in zip(self.lines, kept, strict=True) if keep],
        )


def read_rows(path: Path, *, required: Sequence[str]) -> Rows:
    """
    Read a CSV file, plain or gzipped, that has at least the `required` columns.

    :raises RecordingError: if the file cannot be read, is empty, lacks a column,
        or a row is shorter or longer than the header.
    """
    try:
        return _parse(path, required=required)
    except FileNotFoundError:
        raise RecordingError(path=path, sentence="There is no such file. Check the path.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise RecordingError(
            path=path, sentence="The file is not a complete gzip archive. Fetch it again or give it unpacked."
        ) from None
    except OSError as refusal:
        raise RecordingError(path=path, sentence=f"The file cannot be read: {refusal.strerror or refusal}.") from None
    except (UnicodeDecodeError, csv.Error) as refusal:
        raise RecordingError(
            path=path, sentence=f"The file is not CSV text in UTF-8 ({refusal}). Save it as such."
        ) from None


def _parse(path: Path, *, required: Sequence[str]) -> Rows:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = [name.strip() for name in next(reader, [])]
        if not any(header):
            raise RecordingError(
                path=path, sentence=f"The file is empty. Its first line must name {', '.join(required)}."
            )
        missing = [name for name in required if name not in header]
        if missing:
            raise RecordingError(
                path=path,
                line=1,
                sentence=f"The header lacks {', '.join(missing)}. It must name {', '.join(required)}.",
            )
        # Blank lines are allowed, but they count.
        numbered = [(reader.line_num, row) for row in reader if row]
    for line, row in numbered:
        if len(row) != len(header):
            raise RecordingError(
                path=path,
                line=line,
                sentence=f"The row has {len(row)} values where the header names {len(header)}. Complete the row.",
            )
    if not numbered:
        raise RecordingError(path=path, sentence="There is nothing below the header. Give a file with rows.")
    return Rows(
        path=path,
        columns={name: place for place, name in enumerate(header)},
        cells=[row for _, row in numbered],
        lines=[line for line, _ in numbered],
    )


def to_time(text: str) -> int:
    """
    Return microseconds since 1970-01-01 UTC of an ISO 8601 time or date.

    A time without an offset is taken as UTC, which is what recordings are written in.

    :raises ValueError: if the text is no such time, or names another offset.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not a time. Write it as 2021-03-15T08:00:00Z.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if moment.utcoffset() != timedelta(0):
        raise ValueError(f"{text!r} is not in UTC. Convert it and write it as 2021-03-15T08:00:00Z.")
    return time_of(moment)


def time_of(moment: datetime) -> int:
    """Return microseconds since 1970-01-01 UTC of an aware moment, exactly."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(time: int) -> datetime:
    """Return the moment that lies `time` microseconds after 1970-01-01 UTC."""
    return EPOCH + int(time) * MICROSECOND


def to_positive_float(text: str) -> float:
    """
    Return a number above zero.

    :raises ValueError: if the text is no finite number, is zero or negative, or beyond anything that is traded.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    # float() would read 1_000 and inf as numbers; an exchange writes neither.
    if not math.isfinite(number) or "_" in text:
        raise ValueError(f"{text!r} is not a number. Correct or remove the row.")
    if not NUMBER_MIN <= number <= NUMBER_MAX:
        raise ValueError(_size_sentence(number, text))
    return number


def to_positive_decimal(text: str) -> Decimal:
    """
    Return a number above zero, exactly as written.

    :raises ValueError: if the text is no finite number, is zero or negative, or beyond anything that is traded.
    """
    number = _to_decimal(text)
    if not NUMBER_MIN <= number <= NUMBER_MAX:
        raise ValueError(_size_sentence(number, text))
    return number


def to_decimal_of_zero_or_more(text: str) -> Decimal:
    """
    Return a number that is not negative, exactly as written; an empty text is zero.

    :raises ValueError: if the text is no finite number, or is negative.
    """
    number = _to_decimal(text.strip() or "0")
    if number < 0:
        raise ValueError(f"{text!r} must not be below zero. Correct or remove the row.")
    return number


def _size_sentence(number: float | Decimal, text: str) -> str:
    if number <= 0:
        return f"{text!r} must be above zero. Correct or remove the row."
    return f"{text!r} is no price and no quantity of a coin. Correct or remove the row."


def _to_decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or "_" in text:
        raise ValueError(f"{text!r} is not a number. Correct or remove the row.")
    return number


def to_symbol(text: str) -> str:
    """
    Return the symbol of a spot pair, `BASE-QUOTE`; one quoted in USD is taken as quoted in USDT.

    :raises ValueError: if the text does not name a pair.
    """
    base, dash, quote = text.strip().upper().partition("-")
    if not (dash and base and quote) or "-" in quote:
        raise ValueError(f"{text!r} is not a pair. Write it as BTC-USDT.")
    return f"{base}-{'USDT' if quote == 'USD' else quote}"


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
