"""
Which format a file has: found by its header, or named by whoever gives it.

Our own (`smartsync`) is `ts,symbol,…` with further columns ignored. What is none of them is answered with its first
line and with the format that it comes nearest to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from copytrading.exchange.prices.formats import (
    binance,
    binance_vision,
    bybit,
    coinbase,
    cryptodatadownload,
    freqtrade,
    kraken,
    okx,
)
from copytrading.exchange.prices.formats.layout import Format, Kind, header_place
from copytrading.exchange.prices.rows import OWN_FORMAT, Rows, plain_name, rows_below
from copytrading.exchange.prices.sheets import RecordingError, Sheet

AUTO, OWN = "auto", OWN_FORMAT

FORMATS = {
    module.FORMAT.name: module.FORMAT
    for module in (binance, okx, bybit, kraken, coinbase, freqtrade, cryptodatadownload, binance_vision)
}
FORMAT_NAMES = (AUTO, *FORMATS, OWN)

# Exchanges write some lines of their own above the header.
ABOVE_MAX = 10
# A header with fewer of a format's columns is near to none.
NEAR = 0.5

# What people give instead of trades, by some of its columns, and what to fetch.
OTHER_FILES = (
    (("utc_time", "account", "operation", "coin", "change"), "Binance's transaction history. Fetch the trade history."),
    (("date(utc)", "orderno", "pair", "order price"), "Binance's order history. Fetch the trade history."),
    (("txid", "refid", "asset", "amount", "balance"), "Kraken's ledgers. Fetch the trades."),
    (("type", "time", "amount", "balance", "amount/balance unit"), "Coinbase's account statement. Fetch the fills."),
    (("contracts", "qty"), "a history of contracts, and only spot trades are read. Fetch the spot trade history."),
    (("symbol", "realized profit"), "a history of futures, and only spot trades are read. Fetch the spot trades."),
    (("market", "filled type", "filled price"), "a history of contracts, and only spot trades are read. Fetch those."),
    (("trader", "roi_pct"), "a leaderboard, which says nobody's trades. Give the trades of one lead."),
)  # fmt: skip
OTHER_TEXTS = {
    "<": "a web page, not CSV. Sign in there and download the file again",
    "{": "JSON, not CSV. Export it as CSV",
    "[": "JSON, not CSV. Export it as CSV",
}


@dataclass(frozen=True, kw_only=True)
class Found:
    """A format and the place of its header in a sheet; `format` is None for our own."""

    format: Format | None
    place: int


def read_in_format(sheet: Sheet, *, required: Sequence[str], kind: Kind, name: str = AUTO) -> Rows:
    """
    Return the rows of a sheet in our columns, at least the `required` ones.

    :param kind: what the file is to be about.
    :param name: its format; one that is about something else says nothing of this file.
    :raises RecordingError: if the header is of no known format, or of another than the one named.
    """
    named = FORMATS.get(name)
    if named is not None and named.kind is not kind:
        named, name = None, AUTO
    sheet = binance_vision.with_header(sheet)
    _refuse_empty(sheet, required=required)
    found = _find(sheet, required=required)
    if found is None:
        # Whoever names a format is told what it lacks; else it is the nearest.
        wanted = [named] if named else [] if name == OWN else [one for one in FORMATS.values() if one.kind is kind]
        raise _unknown(sheet, required=required, formats=wanted)
    if name != AUTO and found.format is not named:
        other = found.format.name if found.format else OWN
        raise RecordingError(
            path=sheet.path,
            line=sheet.lines[found.place],
            sentence=f"The header is that of {other}, not of {name}. Give --format {other}, or leave it out.",
        )
    if found.format is None:
        return rows_below(sheet, found.place)
    if found.format.kind is not kind:
        raise RecordingError(
            path=sheet.path,
            line=sheet.lines[found.place],
            sentence=f"These are {found.format.kind} ({found.format.name}), and {kind} are asked for here. "
            "Exchange the two files.",
        )
    below = replace(_export_rows(sheet, found.place), format_name=found.format.name)
    return found.format.read(below, sheet.cells[: found.place])


def read_own(sheet: Sheet, *, required: Sequence[str]) -> Rows:
    """
    Return the rows of a sheet that has no other format than ours.

    :raises RecordingError: if its header lacks a column.
    """
    _refuse_empty(sheet, required=required)
    if not set(required) <= set(map(plain_name, sheet.cells[0])):
        raise _unknown(sheet, required=required, formats=[])
    return rows_below(sheet, 0)


def _refuse_empty(sheet: Sheet, *, required: Sequence[str]) -> None:
    if not sheet.cells or (not any(cell.strip() for cell in sheet.cells[0]) and len(sheet.cells) == 1):
        raise RecordingError(
            path=sheet.path, sentence=f"The file is empty. Its first line must name {', '.join(required)}."
        )


def _find(sheet: Sheet, *, required: Sequence[str]) -> Found | None:
    if set(required) <= set(map(plain_name, sheet.cells[0])):
        return Found(format=None, place=0)
    for one in FORMATS.values():
        place = header_place(sheet, one, lines_max=ABOVE_MAX)
        if place is not None:
            return Found(format=one, place=place)
    return None


def _export_rows(sheet: Sheet, place: int) -> Rows:
    """Return the rows below an export's header; commas that end its lines are nothing."""
    names = sheet.cells[place]
    width = max((number for number, name in enumerate(names, start=1) if name.strip()), default=0)
    cells = [row[:width] if not any(cell.strip() for cell in row[width:]) else row for row in sheet.cells]
    return rows_below(Sheet(path=sheet.path, cells=cells, lines=sheet.lines), place)


def _unknown(sheet: Sheet, *, required: Sequence[str], formats: Sequence[Format]) -> RecordingError:
    """Return the error that says what the first line is, and what it comes nearest to."""
    shown, first = sheet.shown(0), sheet.cells[0][0].strip()
    if first[:1] in OTHER_TEXTS:
        return RecordingError(path=sheet.path, line=sheet.lines[0], sentence=f"This is {OTHER_TEXTS[first[:1]]}.")
    for place, line in enumerate(sheet.cells[:ABOVE_MAX]):
        names = set(map(plain_name, line))
        for columns, sentence in OTHER_FILES:
            if names.issuperset(columns):
                return RecordingError(path=sheet.path, line=sheet.lines[place], sentence=f"This is {sentence}")
    own_names = set(map(plain_name, sheet.cells[0]))
    missing = [name for name in required if name not in own_names]
    own_nearness = 1 - len(missing) / len(required)
    nearness, place, nearest = max(
        (
            (one.nearness(line), -place, one.name)
            for one in formats
            for place, line in enumerate(sheet.cells[:ABOVE_MAX])
        ),
        default=(0.0, 0, ""),
    )
    if len(formats) == 1 or (nearness >= NEAR and nearness > own_nearness):
        found = FORMATS[nearest]
        lacking = found.missing_in(sheet.cells[-place])
        return RecordingError(
            path=sheet.path,
            line=sheet.lines[-place],
            sentence=f"The line is {sheet.shown(-place)!r}. It is nearest to an export of {nearest} ({found.where}), "
            f"but lacks {', '.join(lacking)}. Export it again, or write {','.join(required)}.",
        )
    told = "" if own_nearness else f"The line is {shown!r}. "
    others = f", or the file be an export of {', '.join(one.name for one in formats)}" if formats else ""
    return RecordingError(
        path=sheet.path,
        line=sheet.lines[0],
        sentence=f"{told}The header lacks {', '.join(missing)}. It must name {', '.join(required)}"
        f"{others if told else ''}.",
    )
