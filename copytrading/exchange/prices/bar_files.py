"""
Files of bars, read into one price table.

A bar is refused with its line where it cannot be: a close or an open outside of low to high, or two bars of one pair
and time that differ. Only a pair whose open, high and low are one number in every bar says nothing by them: whoever
wrote that file knew closes alone. Then all pairs come into one quote (`quotes`), and a name that paused and returned
becomes two coins (`pauses`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.exchange.prices.cells import moment_of, to_positive_float, to_symbol, to_time
from copytrading.exchange.prices.formats.finding import AUTO, OWN, read_in_format
from copytrading.exchange.prices.formats.layout import PRICES_COLUMNS, Kind
from copytrading.exchange.prices.pauses import with_ends
from copytrading.exchange.prices.price_tables import PriceTable, Written
from copytrading.exchange.prices.quotes import in_one_quote
from copytrading.exchange.prices.rows import Rows, dollars_as_tether, named
from copytrading.exchange.prices.sheets import RecordingError, read_sheet

OPEN, HIGH, LOW, CLOSE = range(4)
# Programs that reckon in floats write 0.30000000000000004 beside 0.3.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class FileBars:
    """The R bars of one file: `lines`, `times` and `symbols` (R,), `prices` (R, 4) open, high, low, close."""

    path: Path
    lines: IntArray
    times: IntArray
    symbols: list[str]
    prices: FloatArray
    format_name: str
    notes: tuple[tuple[frozenset[str], str], ...]

    @classmethod
    def of(cls, rows: Rows) -> "FileBars":
        prices = np.array([rows.converted(column, to_positive_float) for column in PRICES_COLUMNS[2:]]).T
        symbols = rows.converted("symbol", to_symbol)
        rows = rows.warned(*dollars_as_tether(list(dict.fromkeys(rows.texts("symbol")))))
        bars = cls(
            path=rows.path,
            lines=np.array(rows.lines, dtype=np.int64),
            times=np.array(rows.converted("ts", to_time), dtype=np.int64),
            symbols=symbols,
            prices=prices,
            format_name=rows.format_name,
            notes=tuple((frozenset(symbols), warning) for warning in rows.warnings),
        )
        if bars.impossible().any():
            bars = bars.with_closes_alone()
            bars.refuse_impossible()
        return bars

    def impossible(self) -> BoolArray:
        """Return which bars (R,) cannot be."""
        lows, highs = self.prices[:, LOW] * (1 - ROUNDING), self.prices[:, HIGH] * (1 + ROUNDING)
        ends = self.prices[:, [OPEN, CLOSE]]
        outside = (ends < lows[:, None]) | (ends > highs[:, None])
        impossible: BoolArray = outside.any(axis=1) | (highs < lows)
        return impossible

    def with_closes_alone(self) -> "FileBars":
        """Return the same bars, those of pairs whose open, high and low say nothing as flat ones at their close."""
        symbols = np.array(self.symbols)
        prices, blind = self.prices.copy(), []
        for symbol in sorted(set(self.symbols)):
            own = np.flatnonzero(symbols == symbol)
            if len(np.unique(prices[own, :CLOSE])) == 1:
                prices[own, :CLOSE] = prices[own, CLOSE:]
                blind.append(symbol)
        if not blind:
            return self
        sentence = (
            f"{self.path.name}: open, high and low of {named(blind)} are one number in all bars: only closes count."
        )
        return replace(self, prices=prices, notes=(*self.notes, (frozenset(blind), sentence)))

    def refuse_impossible(self) -> None:
        """
        Look at every bar.

        :raises RecordingError: with the line of the first one that cannot be.
        """
        wrong = np.flatnonzero(self.impossible())
        if wrong.size:
            row = int(wrong[0])
            first, high, low, last = self.prices[row].tolist()
            what = f"the high of {high:.12g} lies below the low of {low:.12g}"
            if high >= low:
                name, price = ("open", first) if not low <= first <= high else ("close", last)
                what = f"the {name} of {price:.12g} lies outside of low to high, {low:.12g} to {high:.12g}"
            raise RecordingError(
                path=self.path,
                line=int(self.lines[row]),
                sentence=f"The bar of {self.symbols[row]} cannot be: {what}. Correct or remove the row.",
            )


def read_prices(*paths: Path, format_name: str = AUTO) -> PriceTable:
    """
    Read one or several files of bars, `ts,symbol,open,high,low,close` or an export (`formats`), into one table.

    Further columns (volume) are ignored; rows may stand in any order.

    :raises RecordingError: if a file is malformed, a bar cannot be, two bars of the same pair and time differ, or
        nothing says what any of the pairs cost in USDT.
    """
    assert paths, "at least one file of prices"
    bars = [
        FileBars.of(read_in_format(read_sheet(path), required=PRICES_COLUMNS, kind=Kind.PRICES, name=format_name))
        for path in paths
    ]
    return with_ends(in_one_quote(_table_of(bars)))


def _table_of(parts: Sequence[FileBars]) -> PriceTable:
    files = np.concatenate([np.full(len(part.lines), number) for number, part in enumerate(parts)])
    lines = np.concatenate([part.lines for part in parts])
    row_times = np.concatenate([part.times for part in parts])
    row_symbols = [symbol for part in parts for symbol in part.symbols]
    prices = np.concatenate([part.prices for part in parts])

    symbols = tuple(sorted(set(row_symbols)))
    place_of = {symbol: place for place, symbol in enumerate(symbols)}
    row_columns = np.fromiter((place_of[symbol] for symbol in row_symbols), dtype=np.int64, count=len(row_symbols))
    times, row_bars = np.unique(row_times, return_inverse=True)
    cells = row_bars * len(symbols) + row_columns

    order = np.argsort(cells, kind="stable")
    repeated = cells[order[1:]] == cells[order[:-1]]
    differing = repeated & (prices[order[1:]] != prices[order[:-1]]).any(axis=1)
    if differing.any():
        at = int(np.flatnonzero(differing)[0])
        first, second = order[at], order[at + 1]
        raise RecordingError(
            path=parts[files[second]].path,
            line=int(lines[second]),
            sentence=(
                f"The bar of {row_symbols[second]} at {moment_of(row_times[second]):%Y-%m-%dT%H:%M:%SZ} differs from "
                f"{parts[files[first]].path.name}, line {lines[first]}. Keep one of the two."
            ),
        )
    shape = (len(times), len(symbols))

    def prices_of(kind: int) -> FloatArray:
        laid: FloatArray = np.full(shape[0] * shape[1], np.nan)
        laid[cells] = prices[:, kind]
        return laid.reshape(shape)

    def numbers_of(values: IntArray) -> IntArray:
        laid: IntArray = np.zeros(shape[0] * shape[1], dtype=np.int64)
        laid[cells] = values
        return laid.reshape(shape)

    return PriceTable(
        times=times,
        symbols=symbols,
        closes=prices_of(CLOSE),
        written=Written(
            paths=tuple(part.path for part in parts),
            opens=prices_of(OPEN),
            highs=prices_of(HIGH),
            lows=prices_of(LOW),
            files=numbers_of(files),
            lines=numbers_of(lines),
        ),
        notes=tuple(note for part in parts for note in part.notes),
        read_as=tuple(f"{part.path.name} is read as {part.format_name}" for part in parts if part.format_name != OWN),
    )
