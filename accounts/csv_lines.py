"""Tables as CSV, streamed line by line."""

import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

# What a spreadsheet would take for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# So many lines are made at a stretch, where others wait for the same process.
LINES_AT_ONCE = 500


class _Echo:
    """What csv writes to: each line comes back instead of going to a file."""

    def write(self, line: str) -> str:
        return line


class StreamedLines(StreamingHttpResponse):
    """Lines that leave as they are made. The framework itself would make all of them first under ASGI."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = iter(self)

        def next_block() -> bytes:
            return b"".join(islice(parts, LINES_AT_ONCE))

        while block := await sync_to_async(next_block)():
            yield block


def download(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> StreamedLines:
    """Return a download of a head and rows; texts that people wrote go through `harmless` first."""
    return as_file(name, csv_lines(head, rows), content_type="text/csv; charset=utf-8")


def as_file(name: str, lines: Iterable[str], *, content_type: str) -> StreamedLines:
    """Return a download of lines, each with its end."""
    response = StreamedLines(lines, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, each with its end."""
    writer = csv.writer(_Echo())
    yield writer.writerow(head)
    for row in rows:
        yield writer.writerow(row)
