"""
A recorded file as the text that it holds: the cells of its lines, before anybody asks what they mean.

    sheet.cells[k]     the texts of one line, stripped of the marks that programs leave in them
    sheet.lines[k]     the number of that line; blank lines are left out, but they count

What is no text in commas is refused here, by what it is: an archive, a workbook, another encoding, other separators.
"""

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# What other programs put before or between texts, and nobody sees.
INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"
# A year of a pair's seconds is a tenth of it.
UNPACKED_MAX = 2 * 10**9
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "upright strokes"}
# Where a header may stand, and how many separators of its columns it has at least.
HEADER_LINES, SIGNS_MIN = 10, 2
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
DECIMAL_COMMA = re.compile(r"-?\d+,\d+")

# How a file begins that is no text, and what it is.
BEGINNINGS = {
    b"\xff\xfe": "The file is written in UTF-16. Save it as CSV in UTF-8.",
    b"\xfe\xff": "The file is written in UTF-16. Save it as CSV in UTF-8.",
    b"\x1f\x8b": "The file is a gzip archive. Give it a name that ends in .gz.",
    b"SQLite format 3": "The file is a database. Export its table of trades or orders as CSV, with a header.",
    b"\xd0\xcf\x11\xe0": "The file is an Excel workbook. Save it as CSV in UTF-8.",
    b"%PDF": "The file is a PDF. Fetch the same history as CSV.",
}


class RecordingError(Exception):
    """A recorded file cannot be used; the message says where, why and what to do."""

    def __init__(self, *, path: Path, sentence: str, line: int | None = None) -> None:
        name = path.name or str(path)
        place = name if line is None else f"{name}, line {line}"
        super().__init__(f"{place}: {sentence}")
        self.path = path
        self.line = line


@dataclass(frozen=True)
class Sheet:
    """The cells of one file, see above."""

    path: Path
    cells: Sequence[Sequence[str]]
    lines: Sequence[int]

    def shown(self, place: int) -> str:
        """Return a line as one would quote it in a sentence, short."""
        text = ",".join(self.cells[place])
        return text if len(text) <= 80 else f"{text[:77]}..."


def read_sheet(path: Path) -> Sheet:
    """
    Read a CSV file in UTF-8, plain, gzipped (`.gz`) or alone in a zip archive, as exchanges hand them out.

    :raises RecordingError: if the file cannot be read or is no such text.
    """
    try:
        content = _content(path)
    except FileNotFoundError:
        raise RecordingError(path=path, sentence="There is no such file. Check the path.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise RecordingError(
            path=path, sentence="The file is not a complete gzip archive. Fetch it again or give it unpacked."
        ) from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise RecordingError(
            path=path, sentence="The file is not a complete zip archive. Fetch it again or give it unpacked."
        ) from None
    except OSError as refusal:
        raise RecordingError(path=path, sentence=f"The file cannot be read: {refusal.strerror or refusal}.") from None
    text = _text(path, content)
    separator = SEPARATOR_LINE.fullmatch(text.partition("\n")[0].strip())
    if separator and separator[1] != ",":
        raise _other_separator(path, text.partition("\n")[2], separator[1], line=1)
    cells, lines = _cells(path, text)
    if separator:
        cells, lines = cells[1:], lines[1:]
    if cells:
        cells[0] = [cell.strip(INVISIBLE) for cell in cells[0]]
    for row, line in zip(cells[:HEADER_LINES], lines, strict=False):
        # A header that is one cell has its columns apart by something else; a title is one cell too.
        for sign in SEPARATORS:
            if len(row) == 1 and row[0].count(sign) >= SIGNS_MIN:
                raise _other_separator(path, text, sign, line=line)
    return Sheet(path=path, cells=cells, lines=lines)


def _content(path: Path) -> bytes:
    """Return the bytes of a file, unpacked. A pipe is read once, from its beginning to its end."""
    if path.suffix == ".gz":
        with gzip.open(path, "rb") as packed:
            return packed.read()
    content = path.read_bytes()
    if not content.startswith(b"PK\x03\x04"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if any(name.startswith("xl/") for name in names):
            raise RecordingError(path=path, sentence="The file is an Excel workbook. Save it as CSV in UTF-8.")
        if len(names) != 1:
            raise RecordingError(
                path=path, sentence=f"The archive holds {len(names)} files. Unpack it and name the one that is meant."
            )
        if archive.getinfo(names[0]).file_size > UNPACKED_MAX:
            raise RecordingError(
                path=path, sentence="The archive holds more than 2 GB. Unpack it and give the part that is meant."
            )
        return archive.read(names[0])


def _text(path: Path, content: bytes) -> str:
    for beginning, sentence in BEGINNINGS.items():
        if content.startswith(beginning):
            raise RecordingError(path=path, sentence=sentence)
    if b"\x00" in content:
        line = content[: content.index(b"\x00")].count(b"\n") + 1
        raise RecordingError(
            path=path,
            line=line,
            sentence="The line holds NUL bytes: it was torn while it was written, or the file is in UTF-16. "
            "Remove the line, or save the file in UTF-8.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as refusal:
        line = content[: refusal.start].count(b"\n") + 1
        raise RecordingError(
            path=path, line=line, sentence=f"The file is not CSV text in UTF-8 ({refusal.reason}). Save it as such."
        ) from None


def _cells(path: Path, text: str) -> tuple[list[list[str]], list[int]]:
    # Strict: quotes that never close would swallow every row below them.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    cells: list[list[str]] = []
    lines: list[int] = []
    before = 0
    try:
        for row in reader:
            if row:
                cells.append(row)
                # A row with a line break in quotes stands where it begins.
                lines.append(before + 1)
            before = reader.line_num
    except csv.Error as refusal:
        raise RecordingError(
            path=path,
            line=before + 1,
            sentence=f"The row is not CSV text ({refusal}). Close its quotes or remove it.",
        ) from None
    return cells, lines


def _other_separator(path: Path, text: str, sign: str, *, line: int) -> RecordingError:
    named = SEPARATORS.get(sign, f"{sign!r}")
    below = [cell.strip('" ') for row in text.splitlines()[1:20] for cell in row.split(sign)]
    decimals = ""
    if any(DECIMAL_COMMA.fullmatch(cell) for cell in below):
        decimals = ", and a comma is the decimal sign of its numbers"
    return RecordingError(
        path=path,
        line=line,
        sentence=f"The columns are separated by {named}{decimals}. Save the file with commas between columns and "
        "points in numbers.",
    )
