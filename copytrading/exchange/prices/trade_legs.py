"""
A lead's trades in one quote: what was bought with another coin is a sale of that coin and a purchase.

    ETH-BTC, buy 1.5 at 0.0504       BTC-USDT, sell 0.0756  ·  ETH-USDT, buy 1.5 at 0.0504 × what a BTC costs then
    BTC-USDC, buy 0.05 at 60,230     BTC-USDT, buy 0.05 at 60,230 × what a USDC costs then

Dollars, euros and their tokens are cash, unless the lead trades them as a coin too: then they are one. A trade costs
its rate once, on the leg of the coin that was named first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from copytrading.exchange.prices.lead_trades import LeadTrades
from copytrading.exchange.prices.price_tables import PriceTable
from copytrading.exchange.prices.quotes import CASH_QUOTE, CURRENCIES

NO_FEE = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One side of a trade in USDT; a fee of None is the rate of the run."""

    row: int
    symbol: str
    side: int
    quantity: Decimal
    price: Decimal
    fee: Decimal | None
    fee_coin: str = ""


def in_one_quote(trades: LeadTrades, *, table: PriceTable) -> LeadTrades:
    """
    Return the trades as those of pairs that the table has, all in USDT; the legs of one trade stand together.

    :raises RecordingError: if a coin, or what it was paid in, has no prices.
    """
    bases = {symbol.partition("-")[0] for symbol in trades.symbols}
    legs: list[Leg] = []
    exchanged: list[int] = []
    notes: list[str] = []
    for row, symbol in enumerate(trades.symbols):
        base, _, quote = symbol.partition("-")
        is_cash = quote in CURRENCIES and quote not in bases - {CASH_QUOTE}
        if base == CASH_QUOTE:
            if not is_cash:
                raise trades.refusal(row, f"{symbol} is the wrong way round. Write it as {quote}-{CASH_QUOTE}.")
            exchanged.append(row)
            continue
        legs += _legs_of(trades, row, is_cash=is_cash, table=table)
    if exchanged:
        notes.append(
            f"{trades.path.name}, line {trades.lines[exchanged[0]]}: {trades.symbols[exchanged[0]]} exchanges cash for "
            f"cash, which is left out{f', as {len(exchanged) - 1} more do' if len(exchanged) > 1 else ''}."
        )
    for quote, said in sorted(_converted_quotes(trades, bases=bases).items()):
        notes.append(f"{trades.path.name}, line {trades.lines[said]}: {trades.symbols[said]} {_how(quote, bases)}.")
    if not legs:
        raise trades.refusal(exchanged[0], "No coin was traded: all rows exchange cash for cash. Give other trades.")
    return _of_legs(trades, legs, warnings=(*trades.warnings, *notes))


def _legs_of(trades: LeadTrades, row: int, *, is_cash: bool, table: PriceTable) -> Iterator[Leg]:
    base, _, quote = trades.symbols[row].partition("-")
    side, quantity, price = int(trades.sides[row]), trades.quantities[row], trades.prices[row]
    fee, fee_coin = (trades.fees[row], trades.fee_coins[row]) if trades.fees else (None, "")
    symbol = _known(trades, row, coin=base, table=table)
    if quote == CASH_QUOTE:
        yield Leg(row=row, symbol=symbol, side=side, quantity=quantity, price=price, fee=fee, fee_coin=fee_coin)
        return
    rate = table.rate_at(quote, int(trades.times[row]))
    if rate is None:
        raise trades.refusal(
            row,
            f"{trades.symbols[row]} is quoted in {quote}, and nothing says what a {quote} costs in USDT. "
            f"Add a file with prices of {quote}-{CASH_QUOTE}.",
        )
    if is_cash:
        if fee is not None and fee_coin == quote:
            fee, fee_coin = fee * rate, CASH_QUOTE
        yield Leg(row=row, symbol=symbol, side=side, quantity=quantity, price=price * rate, fee=fee, fee_coin=fee_coin)
        return
    own, other = (NO_FEE, fee) if fee is not None and fee_coin == quote else (fee, NO_FEE)
    traded = Leg(
        row=row, symbol=symbol, side=side, quantity=quantity, price=price * rate, fee=own, fee_coin=fee_coin or ""
    )
    paid = Leg(
        row=row,
        symbol=_known(trades, row, coin=quote, table=table),
        side=-side,
        quantity=quantity * price,
        price=rate,
        fee=other,
        fee_coin=quote if other else "",
    )
    # What is sold pays for what is bought.
    yield from (paid, traded) if side > 0 else (traded, paid)


def _known(trades: LeadTrades, row: int, *, coin: str, table: PriceTable) -> str:
    """Return what the table calls a coin's pair at the time of a trade."""
    symbol = f"{coin}-{CASH_QUOTE}"
    if symbol in table.symbols:
        return table.name_at(symbol, int(trades.times[row]))
    if symbol in table.unpriced:
        recorded = table.unpriced[symbol]
        quote = recorded.partition("-")[2]
        raise trades.refusal(
            row,
            f"The prices of {coin} are those of {recorded}, and nothing says what a {quote} costs in USDT. "
            f"Add a file with prices of {quote}-{CASH_QUOTE}.",
        )
    read_as = f" {'; '.join(table.read_as)}." if table.read_as else ""
    own = trades.symbols[row]
    wanted = symbol if coin != own.partition("-")[0] or own == symbol else f"{own} or {symbol}"
    raise trades.refusal(row, f"There are no prices of {wanted}. Add a file that has them.{read_as}")


def _converted_quotes(trades: LeadTrades, *, bases: set[str]) -> dict[str, int]:
    """Return the first trade in each quote but USDT."""
    found: dict[str, int] = {}
    for row, symbol in enumerate(trades.symbols):
        base, _, quote = symbol.partition("-")
        if quote != CASH_QUOTE and base != CASH_QUOTE:
            found.setdefault(quote, row)
    return found


def _how(quote: str, bases: set[str]) -> str:
    if quote in CURRENCIES and quote not in bases:
        return f"is paid in cash: {quote} are taken at their recorded price in USDT"
    return f"is a trade of two coins: {quote} are sold or bought at their recorded price in USDT"


def _of_legs(trades: LeadTrades, legs: list[Leg], *, warnings: tuple[str, ...]) -> LeadTrades:
    rows = [leg.row for leg in legs]
    has_fees = any(leg.fee is not None for leg in legs)
    return replace(
        trades,
        times=trades.times[rows],
        symbols=tuple(leg.symbol for leg in legs),
        sides=np.array([leg.side for leg in legs], dtype=np.int64),
        quantities=tuple(leg.quantity for leg in legs),
        prices=tuple(leg.price for leg in legs),
        lines=trades.lines[rows],
        fees=tuple(leg.fee for leg in legs) if has_fees else (),
        fee_coins=tuple(leg.fee_coin for leg in legs) if has_fees else (),
        warnings=warnings,
    )
