"""
Lead trades: what a real trader bought and sold, one row a fill, in order.

    times (R,)         when, in microseconds since 1970 UTC, never falling
    symbols (R,)       the pair of each trade
    sides (R,)         +1 bought, -1 sold
    quantities (R,)    coins, exactly as written, always above zero
    prices (R,)        quote per coin, exactly as written
    lines (R,)         where each stands in the file, for whoever must refuse one later
    fees, fee_coins    what each cost and in which coin, below zero for a rebate; a fee of None is the rate of the run.
                       Empty where that was not asked for

Rows whose `status` says that they were never traded are left out and counted. A trade that stands there several times
under one id counts once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from copytrading.engine.arrays import IntArray
from copytrading.exchange.prices.cells import to_decimal, to_positive_decimal, to_symbol, to_time
from copytrading.exchange.prices.formats.finding import AUTO, read_in_format
from copytrading.exchange.prices.formats.layout import TRADES_COLUMNS, Kind
from copytrading.exchange.prices.rows import Rows, chosen_trader, dollars_as_tether
from copytrading.exchange.prices.sheets import RecordingError, read_sheet
from copytrading.exchange.prices.trade_rows import traded_rows, without_repetitions

# What the coin of a fee is called: recordings differ.
FEE_COIN_COLUMNS = ("fee_asset", "fee_currency")
# How far quantity × price may be from the value that an exchange reckoned itself.
VALUE_TOLERANCE = Decimal("0.01")


@dataclass(frozen=True, eq=False)
class LeadTrades:
    """Trades of one lead in the order they happened, see above. `warnings` are sentences about the file."""

    path: Path
    times: IntArray
    symbols: tuple[str, ...]
    sides: IntArray
    quantities: tuple[Decimal, ...]
    prices: tuple[Decimal, ...]
    lines: IntArray
    skipped_rows: int
    fees: tuple[Decimal | None, ...] = ()
    fee_coins: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.symbols)

    def at(self, places: Sequence[int]) -> "LeadTrades":
        """Return the trades at some places, in that order."""
        return replace(
            self,
            times=self.times[list(places)],
            symbols=tuple(self.symbols[place] for place in places),
            sides=self.sides[list(places)],
            quantities=tuple(self.quantities[place] for place in places),
            prices=tuple(self.prices[place] for place in places),
            lines=self.lines[list(places)],
            fees=tuple(self.fees[place] for place in places) if self.fees else (),
            fee_coins=tuple(self.fee_coins[place] for place in places) if self.fees else (),
        )

    def refusal(self, place: int, sentence: str) -> RecordingError:
        """Return the error that refuses one trade."""
        return RecordingError(path=self.path, line=int(self.lines[place]), sentence=sentence)


def read_lead_trades(
    path: Path, *, trader: str | None = None, with_fees: bool = False, format_name: str = AUTO
) -> LeadTrades:
    """
    Read the trades of one trader, `ts,symbol,side,quantity,price` or an export (`formats`); other columns are ignored.

    `with_fees` reads `fee,fee_asset` too, and refuses a file that does not have them.

    :raises RecordingError: if the file is malformed, out of order, or the trader is not there.
    """
    rows = read_in_format(read_sheet(path), required=TRADES_COLUMNS, kind=Kind.TRADES, name=format_name)
    rows = chosen_trader(rows, trader=trader)
    found = len(rows)
    rows, quantity_column = traded_rows(rows)
    if not rows:
        raise RecordingError(path=path, sentence="No row was traded. Give a file with closed or filled trades.")
    skipped = found - len(rows)
    rows = without_repetitions(rows)
    rows, times = _in_order(rows)
    written_symbols = rows.texts("symbol")
    symbols = rows.converted("symbol", to_symbol)
    sides = rows.converted("side", _to_side)
    quantities = tuple(rows.converted(quantity_column, to_positive_decimal))
    prices = tuple(rows.converted("price", to_positive_decimal))
    _refuse_other_values(rows, quantities=quantities, prices=prices)
    fees, fee_coins = _fees_of(rows) if with_fees else ((), ())
    return LeadTrades(
        path=path,
        times=times,
        symbols=tuple(symbols),
        sides=np.array(sides, dtype=np.int64),
        quantities=quantities,
        prices=prices,
        lines=np.array(rows.lines, dtype=np.int64),
        skipped_rows=skipped,
        fees=fees,
        fee_coins=fee_coins,
        warnings=rows.warned(*dollars_as_tether(written_symbols)).warnings,
    )


def _in_order(rows: Rows) -> tuple[Rows, IntArray]:
    """Return the rows by time. Exports have an order of their own, newest first as a rule; our own files are sorted."""
    times = np.array(rows.converted("ts", to_time), dtype=np.int64)
    falling = np.flatnonzero(np.diff(times) < 0)
    if not falling.size:
        return rows, times
    if not rows.is_export:
        raise RecordingError(
            path=rows.path,
            line=rows.lines[falling[0] + 1],
            sentence="The trade is older than the one above it. Sort the trades by time.",
        )
    # What stands below is older then, also within one second.
    places = np.arange(len(rows))[:: -1 if times[0] > times[-1] else 1]
    places = places[np.argsort(times[places], kind="stable")]
    return rows.at(places.tolist()), times[places]


def _refuse_other_values(rows: Rows, *, quantities: Sequence[Decimal], prices: Sequence[Decimal]) -> None:
    """Refuse a row whose value, as its exchange reckoned it, is not quantity × price."""
    if "value" not in rows.columns or not rows.is_export:
        return
    values = rows.converted("value", to_decimal)
    for place, (value, quantity, price) in enumerate(zip(values, quantities, prices, strict=True)):
        last_digit = Decimal(1).scaleb(int(value.as_tuple().exponent))
        if abs(abs(value) - quantity * price) > abs(value) * VALUE_TOLERANCE + last_digit:
            raise rows.refusal(
                place,
                f"{rows.written.get('value', 'value')} is {value}, but {quantity} at {price} make "
                f"{quantity * price:.8g}. Correct the row, or fetch the file again.",
            )


def _fees_of(rows: Rows) -> tuple[tuple[Decimal, ...], tuple[str, ...]]:
    """Return what each row cost, and the coin that was paid in, in capitals."""
    coin_column = next((name for name in FEE_COIN_COLUMNS if name in rows.columns), None)
    if coin_column is None or "fee" not in rows.columns:
        raise RecordingError(path=rows.path, line=1, sentence="The header lacks fee and fee_asset. Leave out the fees.")
    fees = tuple(rows.converted("fee", _to_fee))
    if not rows.is_export:
        for place, fee in enumerate(fees):
            if fee < 0:
                raise rows.refusal(
                    place,
                    f"fee {rows.texts('fee')[place]!r} is below zero, as OKX and others write what was paid. "
                    f"Write costs as numbers above zero ({-fee:f}); for OKX's own file give --format okx.",
                )
    coins = tuple(text.strip().upper() for text in rows.texts(coin_column))
    for place, (fee, coin) in enumerate(zip(fees, coins, strict=True)):
        if fee and not coin:
            raise rows.refusal(place, f"{coin_column} is missing. Name the fee's coin.")
    return fees, tuple("USDT" if coin == "USD" else coin for coin in coins)


def _to_fee(text: str) -> Decimal:
    return to_decimal(text.strip() or "0")


def _to_side(text: str) -> int:
    side = text.strip().lower()
    if side not in ("buy", "sell"):
        raise ValueError(f"{text!r} is unknown. Write buy or sell.")
    return 1 if side == "buy" else -1
