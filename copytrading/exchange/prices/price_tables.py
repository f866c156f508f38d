"""
A price table: what every coin cost at every bar, in USDT.

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
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.exchange.prices.sheets import RecordingError


@dataclass(frozen=True, eq=False)
class Written:
    """
    How the bars of a table stand in their files, each (T, A).

    `opens`, `highs` and `lows` are the other prices of a bar; `files` numbers `paths`, `lines` are 0 without a bar.
    """

    paths: tuple[Path, ...]
    opens: FloatArray
    highs: FloatArray
    lows: FloatArray
    files: IntArray
    lines: IntArray

    def at(self, bars: IntArray | slice, columns: IntArray | slice | Sequence[int]) -> "Written":
        """Return the part of some bars and pairs."""
        return Written(
            paths=self.paths,
            opens=self.opens[bars][:, columns],
            highs=self.highs[bars][:, columns],
            lows=self.lows[bars][:, columns],
            files=self.files[bars][:, columns],
            lines=self.lines[bars][:, columns],
        )

    def refusal(self, bar: int, column: int, sentence: str) -> RecordingError:
        """Return the error that refuses one bar."""
        return RecordingError(
            path=self.paths[self.files[bar, column]], line=int(self.lines[bar, column]), sentence=sentence
        )

    def place(self, bar: int, column: int) -> str:
        """Return file and line of a bar, for a sentence."""
        return f"{self.paths[self.files[bar, column]].name}, line {self.lines[bar, column]}"


@dataclass(frozen=True, eq=False)
class PriceTable:
    """
    Closes of all pairs over time, see above.

    `rates` say what a unit of another quote is worth in USDT at each bar (T,), nan where nothing says it; a quote that
    has a pair of its own is worth its closes. `unpriced` are pairs that were recorded in a quote without a rate, by the
    symbol they would have. `later_names` says for a pair since when its name means another coin, and what that one is
    called. `notes` are sentences about some pairs, for whoever uses one of them; `read_as` says which files are
    exports, and whose.
    """

    times: IntArray
    symbols: tuple[str, ...]
    closes: FloatArray
    written: Written | None = None
    rates: Mapping[str, FloatArray] = field(default_factory=dict)
    unpriced: Mapping[str, str] = field(default_factory=dict)
    later_names: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    notes: tuple[tuple[frozenset[str], str], ...] = ()
    read_as: tuple[str, ...] = ()

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

    def name_at(self, symbol: str, time: int) -> str:
        """Return what this table calls the coin that a name means at a time."""
        for since, name in self.later_names.get(symbol, ()):
            if time >= since:
                symbol = name
        return symbol

    def rate_at(self, quote: str, time: int) -> Decimal | None:
        """
        Return what a unit of another quote was worth in USDT in the bar of a time, or else at the bar nearest to it.

        None without any.
        """
        rates = self.rates.get(quote)
        if rates is None:
            symbol = self.name_at(f"{quote}-USDT", time)
            if symbol not in self.symbols:
                return None
            rates = self.closes[:, self.symbols.index(symbol)]
        known = np.flatnonzero(~np.isnan(rates))
        if not known.size:
            return None
        place = max(int(np.searchsorted(self.times[known], time, side="right")) - 1, 0)
        return exact(float(rates[known[place]]))

    def notes_of(self, symbols: Collection[str]) -> list[str]:
        """Return what there is to say about these pairs."""
        return [sentence for pairs, sentence in self.notes if pairs & set(symbols)]


def exact(price: float) -> Decimal:
    """Return the decimal number of up to 15 digits that was read as this float."""
    # repr gives the shortest text that reads back as the same float, in fixed notation
    # so that no exponent ("1E+4") reaches a form, a log or a venue.
    return Decimal(f"{Decimal(repr(price)):f}")


def paths_in(text: str) -> tuple[Path, ...]:
    """Return the paths of a list in a setting: with commas between, or what separates paths on this system."""
    return tuple(Path(part.strip()) for part in text.replace(os.pathsep, ",").split(",") if part.strip())
