"""
A price table: what every coin cost at every bar.

    times (T,)       when each bar opened, in microseconds since 1970 UTC, rising
    symbols (A,)     the pairs, sorted
    closes (T, A)    the close of each bar; nan where a pair has no bar

Nothing is filled in: a pair that starts later, stops earlier or was halted
has nan there, and whoever uses the table decides what that means.

Closes are floats because decisions are made of them. Money needs the price as
it was written: `close_at` gives that back, exactly, for up to 15 digits, which
is what a float keeps of any decimal number.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.exchange.prices.rows import (
    RecordingError,
    Rows,
    moment_of,
    read_rows,
    to_positive_float,
    to_symbol,
    to_time,
)

BAR_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, eq=False)
class PriceTable:
    """Closes of all pairs over time, see above."""

    times: IntArray
    symbols: tuple[str, ...]
    closes: FloatArray

    def __post_init__(self) -> None:
        assert self.closes.shape == (len(self.times), len(self.symbols))
        assert (np.diff(self.times) > 0).all(), "bars must follow one another"
        self.times.flags.writeable = False
        self.closes.flags.writeable = False

    @property
    def listed(self) -> BoolArray:
        """Which pairs have a bar, (T, A)."""
        return ~np.isnan(self.closes)

    def close_at(self, bar: int, symbol: str) -> Decimal | None:
        """Return the close of a pair as it was written, or None where it has no bar."""
        close = float(self.closes[bar, self.symbols.index(symbol)])
        return None if np.isnan(close) else exact(close)

    def closes_at(self, bar: int) -> dict[str, Decimal]:
        """Return the closes of all pairs that have this bar, as they were written."""
        closes = self.closes[bar].tolist()
        return {symbol: exact(close) for symbol, close in zip(self.symbols, closes, strict=True) if close == close}

    def only(self, symbols: Sequence[str]) -> "PriceTable":
        """Return the table of these pairs alone, without the bars that none of them has."""
        columns = [self.symbols.index(symbol) for symbol in sorted(set(symbols))]
        closes = self.closes[:, columns]
        kept = ~np.isnan(closes).all(axis=1)
        return PriceTable(
            times=self.times[kept], symbols=tuple(self.symbols[column] for column in columns), closes=closes[kept]
        )

    def first_bar_at_or_after(self, time: int) -> int:
        """Return the index of the first bar that opens at or after a time; T if there is none."""
        return int(np.searchsorted(self.times, time, side="left"))


def exact(price: float) -> Decimal:
    """Return the decimal number of up to 15 digits that was read as this float."""
    # repr gives the shortest text that reads back as the same float, in fixed notation
    # so that no exponent ("1E+4") reaches a form, a log or a venue.
    return Decimal(f"{Decimal(repr(price)):f}")


def paths_in(text: str) -> tuple[Path, ...]:
    """Return the paths of a list in a setting: with commas between, or what separates paths on this system."""
    return tuple(Path(part.strip()) for part in text.replace(os.pathsep, ",").split(",") if part.strip())


def read_prices(*paths: Path) -> PriceTable:
    """
    Read one or several files of bars, `ts,symbol,open,high,low,close`, into one table.

    Further columns (volume) are ignored; rows may stand in any order.

    :raises RecordingError: if a file is malformed, or two bars of the same pair and time differ.
    """
    assert paths, "at least one file of prices"
    columns = [_columns_of(read_rows(path, required=("ts", "symbol", *BAR_PRICES))) for path in paths]
    files = np.concatenate([np.full(len(lines), place) for place, (_, lines, _, _, _) in enumerate(columns)])
    lines = np.concatenate([lines for _, lines, _, _, _ in columns])
    row_times = np.concatenate([row_times for _, _, row_times, _, _ in columns])
    row_symbols = [symbol for _, _, _, row_symbols, _ in columns for symbol in row_symbols]
    bars = np.concatenate([bars for _, _, _, _, bars in columns])

    symbols = tuple(sorted(set(row_symbols)))
    place_of = {symbol: place for place, symbol in enumerate(symbols)}
    row_columns = np.fromiter((place_of[symbol] for symbol in row_symbols), dtype=np.int64, count=len(row_symbols))
    times, row_bars = np.unique(row_times, return_inverse=True)
    cells = row_bars * len(symbols) + row_columns

    order = np.argsort(cells, kind="stable")
    repeated = cells[order[1:]] == cells[order[:-1]]
    differing = repeated & (bars[order[1:]] != bars[order[:-1]]).any(axis=1)
    if differing.any():
        at = int(np.flatnonzero(differing)[0])
        first, second = order[at], order[at + 1]
        raise RecordingError(
            path=paths[files[second]],
            line=int(lines[second]),
            sentence=(
                f"The bar of {row_symbols[second]} at {moment_of(row_times[second]):%Y-%m-%dT%H:%M:%SZ} differs from "
                f"{paths[files[first]].name}, line {lines[first]}. Keep one of the two."
            ),
        )
    closes = np.full(len(times) * len(symbols), np.nan)
    closes[cells] = bars[:, BAR_PRICES.index("close")]
    return PriceTable(times=times, symbols=symbols, closes=closes.reshape(len(times), len(symbols)))


def _columns_of(rows: Rows) -> tuple[Path, IntArray, IntArray, list[str], FloatArray]:
    """Return path, lines (R,), times (R,), symbols (R,) and prices (R, 4) of one file's rows."""
    bars = np.array([rows.converted(column, to_positive_float) for column in BAR_PRICES]).T
    return (
        rows.path,
        np.array(rows.lines, dtype=np.int64),
        np.array(rows.converted("ts", to_time), dtype=np.int64),
        rows.converted("symbol", to_symbol),
        bars,
    )
