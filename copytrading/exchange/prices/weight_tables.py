"""
A weight table: a published model portfolio, one row a rebalance.

    times (R,)           when, in microseconds since 1970 UTC, rising
    symbols (A,)         the pairs, sorted, cash not among them
    weights (R, A)       share of equity in each pair; 0 where the file names none
    cash_weights (R,)    share of equity in cash; the row of both sums to one
    lines (R,)           the first line of each rebalance

A weight is that of a coin, whatever its pair is quoted in.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.exchange.prices.cells import to_decimal, to_symbol, to_time
from copytrading.exchange.prices.formats.finding import read_own
from copytrading.exchange.prices.price_tables import PriceTable
from copytrading.exchange.prices.quotes import CASH_QUOTE
from copytrading.exchange.prices.rows import Rows, chosen_trader, dollars_as_tether
from copytrading.exchange.prices.sheets import RecordingError, read_sheet

CASH = "CASH"
COLUMNS = ("ts", "symbol", "weight_target")

# Published weights carry ten digits, so a sum is off by some 1e-9.
WEIGHT_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class WeightTable:
    """Target weights of one model portfolio over time, see above."""

    path: Path
    times: IntArray
    symbols: tuple[str, ...]
    weights: FloatArray
    cash_weights: FloatArray
    lines: IntArray
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.times)


def read_weights(path: Path, *, trader: str | None = None, prices: PriceTable | None = None) -> WeightTable:
    """
    Read a model portfolio, `ts,symbol,weight_target`, where the symbol `CASH` is cash.

    With `prices` given, a weight in a pair that they lack is refused, and each name is that of its time there.

    :raises RecordingError: if the file is malformed, out of order, names a pair twice in one
        rebalance, or the weights of a rebalance do not sum to one within 1e-6.
    """
    rows = chosen_trader(read_own(read_sheet(path), required=COLUMNS), trader=trader)
    row_times = np.array(rows.converted("ts", to_time), dtype=np.int64)
    falling = np.flatnonzero(np.diff(row_times) < 0)
    if falling.size:
        raise RecordingError(
            path=path,
            line=rows.lines[falling[0] + 1],
            sentence="The weight is older than the one above it. Sort the weights by time.",
        )
    row_symbols = rows.converted("symbol", _to_symbol_or_cash)
    if prices is not None:
        row_symbols = [
            symbol if symbol == CASH else prices.name_at(symbol, time)
            for symbol, time in zip(row_symbols, row_times.tolist(), strict=True)
        ]
    row_weights = rows.converted("weight_target", _to_weight)
    named = tuple(sorted({*row_symbols, CASH}))
    place_of = {symbol: place for place, symbol in enumerate(named)}
    times, first_rows, row_rebalances = np.unique(row_times, return_index=True, return_inverse=True)
    weights = np.full((len(times), len(named)), np.nan)
    for row, (symbol, weight) in enumerate(zip(row_symbols, row_weights, strict=True)):
        if prices is not None and symbol != CASH and symbol not in prices.symbols:
            raise rows.refusal(row, f"There are no prices of {symbol}. Add a file that has them.")
        cell = (row_rebalances[row], place_of[symbol])
        if not np.isnan(weights[cell]):
            raise rows.refusal(row, f"{symbol} has a weight at this time already. Keep one of the two.")
        weights[cell] = weight
    weights = np.nan_to_num(weights, nan=0.0)
    first_lines = np.array(rows.lines, dtype=np.int64)[first_rows]
    _refuse_other_sums(rows=rows, weights=weights, first_lines=first_lines)
    cash = place_of[CASH]
    return WeightTable(
        path=path,
        times=times,
        symbols=tuple(symbol for symbol in named if symbol != CASH),
        weights=np.delete(weights, cash, axis=1),
        cash_weights=weights[:, cash],
        lines=first_lines,
        warnings=rows.warned(*dollars_as_tether(list(dict.fromkeys(rows.texts("symbol"))))).warnings,
    )


def _refuse_other_sums(*, rows: Rows, weights: FloatArray, first_lines: IntArray) -> None:
    sums = weights.sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1) > WEIGHT_SUM_TOLERANCE)
    if wrong.size:
        raise RecordingError(
            path=rows.path,
            line=int(first_lines[wrong[0]]),
            sentence=f"The weights of this time sum to {sums[wrong[0]]:.6f}, not to 1. Add the missing part as CASH.",
        )


def _to_symbol_or_cash(text: str) -> str:
    return CASH if text.strip().upper() == CASH else f"{to_symbol(text).partition('-')[0]}-{CASH_QUOTE}"


def _to_weight(text: str) -> float:
    try:
        weight = float(to_decimal(text))
    except ValueError:
        weight = float("nan")
    if not 0 <= weight <= 1:
        raise ValueError(f"{text!r} is not a weight. Write a number from 0 to 1.")
    return weight
