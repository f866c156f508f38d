"""
One thing wrong with a file, and what is the right answer to it.

REFUSED    a sentence with the line where there is one, and what to do
RIGHT      the figure that the whole file gives: what is wrong is nothing of what it says
TOLD       a figure with a warning
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from tests.exports.tables import Table

Written = bytes | None


class Answer(StrEnum):
    REFUSED = "refused"
    RIGHT = "right"
    TOLD = "told"


@dataclass(frozen=True)
class Spoiling:
    """What is done to a table; `ending` is what the file is called, `spoil` returns None where it cannot be done."""

    name: str
    answer: Callable[[Table], Answer]
    spoil: Callable[[Table], Written]
    ending: str = "csv"
    has_line: bool = True


def always(answer: Answer) -> Callable[[Table], Answer]:
    return lambda table: answer


def of_exports(answer: Answer, *, else_: Answer) -> Callable[[Table], Answer]:
    return lambda table: answer if table.is_export else else_


def text(change: Callable[[str], str]) -> Callable[[Table], Written]:
    return lambda table: change(table.text()).encode()


def table(change: Callable[[Table], Table | None]) -> Callable[[Table], Written]:
    def spoil(whole: Table) -> Written:
        changed = change(whole)
        return None if changed is None else changed.text().encode()

    return spoil


def cell(role: str, new: str | Callable[[str], str], *, row: int = 0) -> Callable[[Table], Written]:
    return table(lambda whole: whole.with_cell(role, new, row=row) if role in whole.roles else None)


def times(factor: float) -> Callable[[str], str]:
    """Return a change of a number by a factor, whatever stands around it."""

    def change(written: str) -> str:
        digits = "".join(sign for sign in written if sign.isdigit() or sign == ".")
        before, _, after = written.replace(",", "").partition(digits)
        return f"{before}{float(digits) * factor:.10f}{after}"

    return change


def last_cut_in_half(whole: str) -> str:
    lines = whole.rstrip("\n").split("\n")
    return "\n".join([*lines[:-1], lines[-1][: len(lines[-1]) // 2]])


def zipped(whole: Table) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("file.csv", whole.text())
    return packed.getvalue()


def workbook(whole: Table) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return packed.getvalue()


def with_header(change: Callable[[list[str]], list[str]]) -> Callable[[Table], Written]:
    return table(lambda whole: replace(whole, header=change(whole.header)))


def without_price(whole: Table) -> Table:
    return whole.without_column("price" if "price" in whole.roles else "close")


def doubled_column(whole: Table) -> Table:
    place = whole.header.index(whole.roles["price" if "price" in whole.roles else "close"])
    return replace(
        whole,
        header=[*whole.header, whole.header[place]],
        rows=[[*cells, cells[place]] for cells in whole.rows],
    )


def trailing_commas(whole: Table) -> Table:
    return replace(whole, header=[*whole.header, ""], rows=[[*cells, ""] for cells in whole.rows])


def reversed_rows(whole: Table) -> Table:
    return replace(whole, rows=whole.rows[::-1])


def doubled_row(whole: Table) -> Table:
    """Return the table with a purchase twice: a sale twice would sell what is not there."""
    row = -1 if whole.first_sale == 0 else 0
    return replace(whole, rows=[*whole.rows, whole.rows[row]] if row else [whole.rows[0], *whole.rows])


def total_row(whole: Table) -> Table:
    return replace(whole, rows=[*whole.rows, ["Total", *[""] * (len(whole.header) - 1)]])


def oversold(whole: Table) -> Table | None:
    return None if whole.first_sale is None else whole.with_cell("quantity", times(10), row=whole.first_sale)


def leaves_out_other_kinds(whole: Table) -> Answer:
    """A report of everything that happened on an account is read for its trades, and says what it leaves out."""
    return Answer.TOLD if whole.above and whole.name in ("okx", "coinbase") else Answer.REFUSED


def knows_a_kind_by_its_side(whole: Table) -> Answer:
    return Answer.TOLD if whole.above and whole.name == "coinbase" else Answer.REFUSED


def says_it_twice(whole: Table) -> Answer:
    """An order of freqtrade has a price and an average, an amount and what was filled of it."""
    return Answer.RIGHT if "ft_pair" in whole.header else Answer.REFUSED


REFUSED, RIGHT, TOLD = always(Answer.REFUSED), always(Answer.RIGHT), always(Answer.TOLD)

OF_ANY_FILE = (
    Spoiling("a mark of byte order", RIGHT, lambda whole: whole.text().encode("utf-8-sig")),
    Spoiling("line ends of Windows", RIGHT, lambda whole: whole.text(end="\r\n").encode()),
    Spoiling("blank lines", RIGHT, text(lambda whole: whole.replace("\n", "\n\n"))),
    Spoiling("a line sep=,", RIGHT, text(lambda whole: f"sep=,\n{whole}")),
    Spoiling("packed with gzip", RIGHT, lambda whole: gzip.compress(whole.text().encode()), ending="csv.gz"),
    Spoiling("packed with zip", RIGHT, zipped, ending="zip"),
    Spoiling("UTF-16", REFUSED, lambda whole: whole.text().encode("utf-16"), has_line=False),
    Spoiling("UTF-16 without its mark", REFUSED, lambda whole: whole.text().encode("utf-16-le")),
    Spoiling("NUL bytes at its end", REFUSED, text(lambda whole: f"{whole}\0\0\0\0")),
    Spoiling("a letter in Latin-1", REFUSED, lambda whole: whole.text().encode() + b"caf\xe9,1\n"),
    Spoiling("a workbook", REFUSED, workbook, ending="xlsx", has_line=False),
    Spoiling("gzip by another name", REFUSED, lambda whole: gzip.compress(whole.text().encode()), has_line=False),
    Spoiling(
        "torn gzip", REFUSED, lambda whole: gzip.compress(whole.text().encode())[:-9], ending="csv.gz", has_line=False
    ),
    Spoiling("nothing", REFUSED, lambda whole: b"", has_line=False),
    Spoiling("a web page", REFUSED, text(lambda whole: f"<!DOCTYPE html><html>\n{whole.replace(',', ' ')}")),
    Spoiling("JSON", REFUSED, lambda whole: b'[{"ts": "2024-03-01", "price": 1}]'),
    Spoiling("semicolons", REFUSED, text(lambda whole: whole.replace(",", ";"))),
    Spoiling("tabs", REFUSED, text(lambda whole: whole.replace(",", "\t"))),
    Spoiling("a torn last row", REFUSED, text(last_cut_in_half)),
    Spoiling("quotes that never close", REFUSED, text(lambda whole: f'{whole.rstrip()}\n"2024')),
    Spoiling("a row of totals", leaves_out_other_kinds, table(total_row)),
    Spoiling("the time in words", REFUSED, cell("time", "yesterday")),
    Spoiling("the time as in America", REFUSED, cell("time", "03/01/2024 01:00")),
    Spoiling("a day without dashes", REFUSED, cell("time", "20240301")),
    Spoiling("a day counted by a spreadsheet", REFUSED, cell("time", "45352.0416667")),
    Spoiling("an hour with minutes after a dash", REFUSED, cell("time", "2024-03-01 01-00")),
)

OF_HEADERS = (
    Spoiling("no rows", REFUSED, table(lambda whole: replace(whole, rows=[])), has_line=False),
    Spoiling("a header in capitals", RIGHT, with_header(lambda names: [name.upper() for name in names])),
    Spoiling("a header with spaces", RIGHT, with_header(lambda names: [f" {name} " for name in names])),
    Spoiling("a header without its price", REFUSED, table(without_price)),
    Spoiling("a column twice", REFUSED, table(doubled_column)),
    Spoiling("commas at its line ends", RIGHT, table(trailing_commas)),
)

OF_TRADES = (
    Spoiling("the other way round", of_exports(Answer.RIGHT, else_=Answer.REFUSED), table(reversed_rows)),
    Spoiling("a row twice", TOLD, table(doubled_row)),
    Spoiling("a price a thousand times too high", REFUSED, cell("price", times(1000))),
    Spoiling("a price a thousand times too low", REFUSED, cell("price", times(0.001))),
    Spoiling("a price in words", REFUSED, cell("price", "n/a")),
    Spoiling("no price", says_it_twice, cell("price", "")),
    Spoiling("a price without end", REFUSED, cell("price", "inf")),
    Spoiling("a price of zero", REFUSED, cell("price", "0")),
    Spoiling("a price below zero", REFUSED, cell("price", "-60200")),
    Spoiling("a comma for decimals", REFUSED, cell("price", "60200,5")),
    Spoiling("digits of another script", REFUSED, cell("price", "６０２００")),
    Spoiling("no quantity", says_it_twice, cell("quantity", "")),
    Spoiling("a quantity in words", REFUSED, cell("quantity", "some")),
    Spoiling("a formula for a quantity", REFUSED, cell("quantity", '="0.05"')),
    Spoiling("a side nobody knows", knows_a_kind_by_its_side, cell("side", "hold")),
    Spoiling("no side", knows_a_kind_by_its_side, cell("side", "")),
    Spoiling("a perpetual", REFUSED, cell("pair", "BTC-USDT-SWAP")),
    Spoiling("a perpetual as ccxt writes it", REFUSED, cell("pair", "BTC/USDT:USDT")),
    Spoiling("a future", REFUSED, cell("pair", "BTCUSDT_240329")),
    Spoiling("a pair without prices", REFUSED, cell("pair", "DOGEUSDT")),
    Spoiling("no pair", REFUSED, cell("pair", "")),
    Spoiling("more sold than bought", REFUSED, table(oversold)),
    Spoiling("a trade after the last bar", TOLD, table(lambda whole: later(whole))),
)

OF_BARS = (
    Spoiling("the other way round", RIGHT, table(reversed_rows)),
    Spoiling("a bar twice", RIGHT, table(doubled_row)),
    Spoiling("a high below the low", REFUSED, cell("high", "100", row=5)),
    Spoiling("a close above the high", REFUSED, cell("close", times(1.01), row=5)),
    Spoiling("a close below the low", REFUSED, cell("close", times(0.99), row=5)),
    Spoiling("an open above the high", REFUSED, cell("open", times(1.01), row=5)),
    Spoiling("a close of zero", REFUSED, cell("close", "0", row=5)),
    Spoiling("no close", REFUSED, cell("close", "", row=5)),
    Spoiling("a close that is no number", REFUSED, cell("close", "NaN", row=5)),
    Spoiling("a low below zero", REFUSED, cell("low", "-1", row=5)),
    Spoiling("a comma for decimals", REFUSED, cell("close", "61000,5", row=5)),
    Spoiling("another unit from a bar on", REFUSED, table(lambda whole: in_another_unit(whole))),
    Spoiling("one bar in another unit", REFUSED, table(lambda whole: in_another_unit(whole, rows=1))),
    Spoiling("two bars of one hour", REFUSED, table(lambda whole: two_of_one_hour(whole))),
    Spoiling("a perpetual", REFUSED, cell("pair", "BTC/USDT:USDT")),
)


def later(whole: Table) -> Table | None:
    """Return the trades with the last of them a month later, which the prices do not reach."""
    if whole.first_sale is None or whole.name == "okx":
        return None
    row = 0 if whole.first_sale == 0 else len(whole.rows) - 1
    return whole.with_cell("time", lambda written: written.replace("2024-03", "2024-04"), row=row)


def in_another_unit(whole: Table, *, rows: int = 1000) -> Table:
    for row in range(5, min(5 + rows, len(whole.rows))):
        for role in ("open", "high", "low", "close"):
            whole = whole.with_cell(role, times(0.001), row=row)
    return whole


def two_of_one_hour(whole: Table) -> Table:
    place = whole.header.index(whole.roles["time"])
    rows = [list(cells) for cells in whole.rows]
    other = [*rows[6][:place], rows[5][place], *rows[6][place + 1 :]]
    if whole.name == "cryptodatadownload":
        other[1] = rows[5][1]
    return replace(whole, rows=[*rows, other])
