"""
Coinbase's two files: the fills of Advanced Trade (once Pro), and the transaction report of the simple app.

    [portfolio,]trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit

    Transactions                                                       lines of its own stand above
    User,…
    [ID,]Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,
    Total (inclusive of fees and/or spread),Fees and/or Spread,Notes   (until 2023 Spot Price Currency, Spot Price at
                                                                       Transaction)

Of the report, purchases, sales and conversions are read. What else moves coins (sending, receiving, rewards) is left
out and told.
"""

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from copytrading.exchange.prices.cells import to_positive_decimal
from copytrading.exchange.prices.formats.layout import Format, Kind, bare_number
from copytrading.exchange.prices.rows import Rows
from copytrading.exchange.prices.sheets import RecordingError

FILLS = ("trade id", "product", "side", "created at", "size", "price", "fee", "total", "price/fee/total unit")
REPORT = (
    "timestamp", "transaction type", "asset", "quantity transacted", "price currency", "price at transaction",
    "subtotal", "fees and/or spread", "notes",
)  # fmt: skip
OLD_REPORT = tuple(
    {"price currency": "spot price currency", "price at transaction": "spot price at transaction"}.get(name, name)
    for name in REPORT
)

SIDES = {
    "buy": "buy",
    "advanced trade buy": "buy",
    "advance trade buy": "buy",
    "sell": "sell",
    "advanced trade sell": "sell",
    "advance trade sell": "sell",
}
CONVERT = "convert"
CONVERTED = re.compile(r"Converted ([\d.,]+) (\S+) to ([\d.,]+) (\S+)", re.IGNORECASE)
TRADED_ON = re.compile(r" on (\w+)-(\w+) at ")
CURRENCY_SIGN = re.compile(r"^(-?)[^\d.,-]+(?=[\d.])")


def read(rows: Rows, above: Sequence[Sequence[str]]) -> Rows:
    """Return fills, or a report's trades, in our columns."""
    return _read_fills(rows) if "product" in rows.columns else _read_report(rows)


def _read_fills(rows: Rows) -> Rows:
    return rows.rewritten(
        {
            "ts": rows.texts("created at"),
            "symbol": rows.texts("product"),
            "side": rows.texts("side"),
            "quantity": [bare_number(text) for text in rows.texts("size")],
            "price": [bare_number(text) for text in rows.texts("price")],
            "fee": [bare_number(text) for text in rows.texts("fee")],
            "fee_asset": rows.texts("price/fee/total unit"),
            "trade_id": rows.texts("trade id"),
        },
        written={
            "ts": "created at",
            "symbol": "product",
            "quantity": "size",
            "trade_id": "trade id",
        },
    )


def _read_report(rows: Rows) -> Rows:
    kinds = [text.strip().casefold() for text in rows.texts("transaction type")]
    is_trade = [kind in SIDES or kind == CONVERT for kind in kinds]
    if not any(is_trade):
        raise RecordingError(
            path=rows.path, sentence="None of its rows is a purchase or a sale. Download a report that has some."
        )
    others = Counter(
        text.strip() for text, kept in zip(rows.texts("transaction type"), is_trade, strict=True) if not kept
    )
    trades = rows.only(is_trade)
    if others:
        named = ", ".join(f"{count} of {kind or 'no type'}" for kind, count in sorted(others.items()))
        first = rows.lines[is_trade.index(False)]
        trades = trades.warned(
            f"Only purchases, sales and conversions are read; other rows are left out, from line {first} on: {named}."
        )
    currency = "price currency" if "price currency" in rows.columns else "spot price currency"
    price = "price at transaction" if "price at transaction" in rows.columns else "spot price at transaction"
    read_rows = [
        _trade(trades, place, currency=currency_of_row, price=price_of_row)
        for place, (currency_of_row, price_of_row) in enumerate(
            zip(trades.texts(currency), trades.texts(price), strict=True)
        )
    ]
    symbols, sides, quantities, prices, values = zip(*read_rows, strict=True)
    ids = {"trade_id": trades.texts("id")} if "id" in trades.columns else {}
    return trades.rewritten(
        {
            "ts": [re.sub(r" UTC$", "Z", text.strip()) for text in trades.texts("timestamp")],
            "symbol": symbols,
            "side": sides,
            "quantity": quantities,
            "price": prices,
            "value": values,
            "fee": [_amount(text) for text in trades.texts("fees and/or spread")],
            "fee_asset": [text.strip() for text in trades.texts(currency)],
        }
        | ids,
        written={
            "ts": "Timestamp",
            "symbol": "Asset",
            "side": "Transaction Type",
            "quantity": "Quantity Transacted",
            "price": rows.written[price],
            "value": "Subtotal",
            "fee": "Fees and/or Spread",
            "trade_id": "ID",
        },
    )


def _trade(rows: Rows, place: int, *, currency: str, price: str) -> tuple[str, str, str, str, str]:
    """Return pair, side, quantity, price and value of one row of a report."""
    kind = rows.texts("transaction type")[place].strip().casefold()
    asset, quantity = rows.texts("asset")[place].strip(), _amount(rows.texts("quantity transacted")[place])
    notes, subtotal = rows.texts("notes")[place], _amount(rows.texts("subtotal")[place])
    if kind == CONVERT:
        return _conversion(rows, place, notes=notes)
    pair = TRADED_ON.search(notes)
    if pair and pair[2].upper() in ("BTC", "ETH"):
        raise rows.refusal(
            place,
            f"It was traded on {pair[1]}-{pair[2]}, and the report says only what it was worth. "
            "Give the fills of Advanced Trade instead.",
        )
    return f"{asset}-{currency.strip()}", SIDES[kind], quantity, _amount(price), subtotal


def _conversion(rows: Rows, place: int, *, notes: str) -> tuple[str, str, str, str, str]:
    """Return a conversion as the purchase of one coin with another."""
    found = CONVERTED.search(notes)
    try:
        if found is None:
            raise ValueError
        paid, bought = to_positive_decimal(bare_number(found[1])), to_positive_decimal(bare_number(found[3]))
    except ValueError:
        raise rows.refusal(
            place, f"Notes {notes!r} do not say what was converted into what. Complete them or remove the row."
        ) from None
    price: Decimal = paid / bought
    return f"{found[4]}-{found[2]}", "buy", f"{bought:f}", f"{price:f}", f"{paid:f}"


def _amount(text: str) -> str:
    """Return an amount of money without its sign of currency and without the sign that only says which way it went."""
    return bare_number(CURRENCY_SIGN.sub(r"\1", text.strip())).removeprefix("-")


FORMAT = Format(
    name="coinbase",
    kind=Kind.TRADES,
    where="Advanced Trade fills, or Taxes, Documents, Transaction history",
    layouts=(FILLS, REPORT, OLD_REPORT),
    read=read,
)
