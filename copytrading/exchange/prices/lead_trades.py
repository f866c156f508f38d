"""
Lead trades: what a real trader bought and sold, one row a fill, in order.

    times (R,)         when, in microseconds since 1970 UTC, never falling
    symbols (R,)       the pair of each trade
    sides (R,)         +1 bought, -1 sold
    quantities (R,)    coins, exactly as written, always above zero
    prices (R,)        quote per coin, exactly as written
    lines (R,)         where each stands in the file, for whoever must refuse one later
    fees, fee_coins    what each cost and in which coin, where that was asked for; empty otherwise

Rows whose `status` says that they were never traded are left out and counted.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from copytrading.engine.arrays import IntArray
from copytrading.exchange.prices.rows import (
    RecordingError,
    Rows,
    chosen_trader,
    read_rows,
    to_decimal_of_zero_or_more,
    to_positive_decimal,
    to_symbol,
    to_time,
)

TRADED = ("closed", "filled", "")
# What the coin of a fee is called: recordings differ.
FEE_COIN_COLUMNS = ("fee_asset", "fee_currency")


@dataclass(frozen=True, eq=False)
class LeadTrades:
    """Trades of one lead in the order they happened, see above."""

    path: Path
    times: IntArray
    symbols: tuple[str, ...]
    sides: IntArray
    quantities: tuple[Decimal, ...]
    prices: tuple[Decimal, ...]
    lines: IntArray
    skipped_rows: int
    fees: tuple[Decimal, ...] = ()
    fee_coins: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.symbols)


def read_lead_trades(
    path: Path, *, trader: str | None = None, symbols: Collection[str] | None = None, with_fees: bool = False
) -> LeadTrades:
    """
    Read the trades of one trader, `ts,symbol,side,quantity,price`; further columns are ignored.

    With `symbols` given (those of a price table), a trade in any other pair is refused. `with_fees` reads
    `fee,fee_asset` too, and refuses a file that does not have them.

    :raises RecordingError: if the file is malformed, out of order, or the trader is not there.
    """
    rows = chosen_trader(read_rows(path, required=("ts", "symbol", "side", "quantity", "price")), trader=trader)
    found = len(rows)
    if "status" in rows.columns:
        rows = rows.only([status.strip().lower() in TRADED for status in rows.texts("status")])
    if not rows:
        raise RecordingError(path=path, sentence="No row was traded. Give a file with closed or filled trades.")
    times = np.array(rows.converted("ts", to_time), dtype=np.int64)
    falling = np.flatnonzero(np.diff(times) < 0)
    if falling.size:
        raise RecordingError(
            path=path,
            line=rows.lines[falling[0] + 1],
            sentence="The trade is older than the one above it. Sort the trades by time.",
        )
    traded_symbols = rows.converted("symbol", to_symbol)
    for symbol, line in zip(traded_symbols, rows.lines, strict=True):
        if symbols is not None and symbol not in symbols:
            raise RecordingError(
                path=path, line=line, sentence=f"There are no prices of {symbol}. Add a file that has them."
            )
    fees, fee_coins = _fees_of(rows) if with_fees else ((), ())
    return LeadTrades(
        path=path,
        times=times,
        symbols=tuple(traded_symbols),
        sides=np.array(rows.converted("side", _to_side), dtype=np.int64),
        quantities=tuple(rows.converted("quantity", to_positive_decimal)),
        prices=tuple(rows.converted("price", to_positive_decimal)),
        lines=np.array(rows.lines, dtype=np.int64),
        skipped_rows=found - len(rows),
        fees=fees,
        fee_coins=fee_coins,
    )


def _fees_of(rows: Rows) -> tuple[tuple[Decimal, ...], tuple[str, ...]]:
    """Return what each row cost, and the coin that was paid in, in capitals."""
    coin_column = next((name for name in FEE_COIN_COLUMNS if name in rows.columns), None)
    if coin_column is None or "fee" not in rows.columns:
        raise RecordingError(path=rows.path, line=1, sentence="The header lacks fee and fee_asset. Leave out the fees.")
    fees = tuple(rows.converted("fee", to_decimal_of_zero_or_more))
    coins = tuple(text.strip().upper() for text in rows.texts(coin_column))
    for fee, coin, line in zip(fees, coins, rows.lines, strict=True):
        if fee and not coin:
            raise RecordingError(path=rows.path, line=line, sentence=f"{coin_column} is missing. Name the fee's coin.")
    return fees, coins


def _to_side(text: str) -> int:
    side = text.strip().lower()
    if side not in ("buy", "sell"):
        raise ValueError(f"{text!r} is unknown. Write buy or sell.")
    return 1 if side == "buy" else -1
