"""
Binance's spot trade history as downloaded (Orders → Spot order → Trade history → Export), newest first.

    Date(UTC),Pair,Side,Price,Executed,Amount,Fee                      the coin glued to each amount: 0.0500000000BTC
    Date(UTC),Market,Type,Price,Amount,Total,Fee,Fee Coin              as it was until 2021

The offset may be another than UTC (`Date(UTC+8)`); it is then taken off.
"""

import re
from collections.abc import Sequence

from copytrading.exchange.prices.cells import to_symbol
from copytrading.exchange.prices.formats.layout import (
    Format,
    Kind,
    bare_number,
    in_utc,
    offset_minutes,
    split_pair,
)
from copytrading.exchange.prices.rows import Rows

GLUED = ("date(utc)", "pair", "side", "price", "executed", "amount", "fee")
SEPARATE = ("date(utc)", "market", "type", "price", "amount", "total", "fee", "fee coin")

AMOUNT = r"-?[\d,]*\.?\d+(?:E[+-]?\d+)?"
# A coin may begin with a digit (1INCH), but then the pair says where the amount ends.
ANY_AMOUNT = re.compile(rf"({AMOUNT})\s*([A-Z].*)?")
FEE_COIN = "BNB"


def read(rows: Rows, above: Sequence[Sequence[str]]) -> Rows:
    """Return a trade history in our columns."""
    minutes = offset_minutes(rows.written["date(utc)"]) or 0
    times = [in_utc(text, minutes=minutes) for text in rows.texts("date(utc)")]
    return _read_glued(rows, times) if "executed" in rows.columns else _read_separate(rows, times)


def _read_glued(rows: Rows, times: Sequence[str]) -> Rows:
    parts = [
        _apart(rows, place, *texts)
        for place, texts in enumerate(zip(*map(rows.texts, ("pair", "executed", "amount", "fee")), strict=True))
    ]
    symbols, quantities, values, fees, fee_coins = zip(*parts, strict=True)
    return rows.rewritten(
        {
            "ts": times,
            "symbol": symbols,
            "side": rows.texts("side"),
            "quantity": quantities,
            "price": [bare_number(text) for text in rows.texts("price")],
            "value": values,
            "fee": fees,
            "fee_asset": fee_coins,
        },
        written=_written(rows, ts="date(utc)", symbol="pair", quantity="executed", value="amount"),
    )


def _apart(
    rows: Rows, row: int, written_pair: str, executed: str, amount: str, fee: str
) -> tuple[str, str, str, str, str]:
    """Return pair, quantity, value, fee and its coin; what is no amount stays as it is."""
    pair, executed, amount = (re.sub(r"[\s/_-]", "", text.upper()) for text in (written_pair, executed, amount))
    for place in range(1, len(pair)):
        base, quote = pair[:place], pair[place:]
        quantity, value = executed.removesuffix(base), amount.removesuffix(quote)
        if quantity != executed and value != amount and re.fullmatch(AMOUNT, quantity) and re.fullmatch(AMOUNT, value):
            cost, coin = _fee_apart(fee.strip().upper(), coins=(base, quote, FEE_COIN))
            return f"{base}-{quote}", bare_number(quantity), bare_number(value), cost, coin
    if all(found and found[2] for found in map(ANY_AMOUNT.fullmatch, (executed, amount))):
        # Both are amounts of coins, so it is the pair that is wrong: a contract, or another one.
        _refuse_no_pair(rows, row, split_pair(written_pair))
        raise rows.refusal(
            row, f"Pair {written_pair!r} does not fit its amounts, {executed} and {amount}. Correct the row."
        )
    return split_pair(written_pair), executed, amount, fee, ""


def _refuse_no_pair(rows: Rows, row: int, pair: str) -> None:
    try:
        to_symbol(pair)
    except ValueError as refusal:
        raise rows.refusal(row, f"{rows.written['pair']} {refusal}") from None


def _fee_apart(fee: str, *, coins: Sequence[str]) -> tuple[str, str]:
    for coin in sorted(coins, key=len, reverse=True):
        cost = fee.removesuffix(coin).strip()
        if cost != fee and re.fullmatch(AMOUNT, cost):
            return bare_number(cost), coin
    found = ANY_AMOUNT.fullmatch(fee)
    return (bare_number(found[1]), found[2] or "") if found else (fee, "")


def _read_separate(rows: Rows, times: Sequence[str]) -> Rows:
    return rows.rewritten(
        {
            "ts": times,
            "symbol": [split_pair(text) for text in rows.texts("market")],
            "side": rows.texts("type"),
            "quantity": [bare_number(text) for text in rows.texts("amount")],
            "price": [bare_number(text) for text in rows.texts("price")],
            "value": [bare_number(text) for text in rows.texts("total")],
            "fee": [bare_number(text) for text in rows.texts("fee")],
            "fee_asset": rows.texts("fee coin"),
        },
        written=_written(rows, ts="date(utc)", symbol="market", side="type", quantity="amount", value="total"),
    )


def _written(rows: Rows, **names: str) -> dict[str, str]:
    return {ours: rows.written[theirs] for ours, theirs in names.items()} | {
        name: rows.written[name] for name in ("price", "side", "fee") if name in rows.written and name not in names
    }


FORMAT = Format(
    name="binance",
    kind=Kind.TRADES,
    where="Orders, Spot, Trade History, Export",
    layouts=(GLUED, SEPARATE),
    read=read,
)
