"""
freqtrade's own tables as CSV, its trades or its orders: `sqlite3 -header -csv tradesv3.sqlite "select * from orders"`.

    pair, open_date, open_rate, close_date, close_rate, amount         a purchase, and its sale once it is closed;
      [fee_open, fee_close, is_short, leverage]                        also what a backtest's result is written as
    ft_pair, side, amount, filled, average, status, order_filled_date  one row an order

Orders are nearer to what happened: a trade that was bought or sold in several steps has only its average.
"""

from collections.abc import Sequence
from decimal import Decimal

from copytrading.exchange.prices.cells import to_decimal
from copytrading.exchange.prices.formats.layout import Format, Kind, split_pair
from copytrading.exchange.prices.rows import Rows

TRADES = ("pair", "open_date", "open_rate", "close_date", "close_rate", "amount")
ORDERS = ("ft_pair", "side", "amount", "filled", "average", "status", "order_filled_date")
NOTHING = ("", "nan", "none", "nat", "null")


def read(rows: Rows, above: Sequence[Sequence[str]]) -> Rows:
    """Return trades or orders in our columns."""
    return _read_orders(rows) if "ft_pair" in rows.columns else _read_trades(rows)


def _read_trades(rows: Rows) -> Rows:
    _refuse_contracts(rows)
    closed = [place for place, text in enumerate(rows.texts("close_date")) if text.strip().casefold() not in NOTHING]
    opened, ended = rows, rows.at(closed)
    both = rows.at([*range(len(rows)), *closed])
    fees, coins = [], []
    for part, end in ((opened, "open"), (ended, "close")):
        for place in range(len(part)):
            fee, coin = _fee(part, place, end=end)
            fees.append(fee)
            coins.append(coin)
    return both.rewritten(
        {
            "ts": [*opened.texts("open_date"), *ended.texts("close_date")],
            "symbol": [split_pair(text) for text in both.texts("pair")],
            "side": ["buy"] * len(opened) + ["sell"] * len(ended),
            "quantity": both.texts("amount"),
            "price": [*opened.texts("open_rate"), *ended.texts("close_rate")],
            "fee": fees,
            "fee_asset": coins,
        },
        written={
            "ts": "open_date or close_date",
            "symbol": "pair",
            "quantity": "amount",
            "price": "open_rate or close_rate",
        },
    )


def _refuse_contracts(rows: Rows) -> None:
    for place, (short, leverage) in enumerate(
        zip(rows.texts_or_blank("is_short"), rows.texts_or_blank("leverage"), strict=True)
    ):
        if short.casefold() not in ("", "0", "false") or leverage not in ("", "1", "1.0"):
            raise rows.refusal(place, "The trade is short or leveraged, and only spot trades are read. Remove its row.")


def _fee(rows: Rows, place: int, *, end: str) -> tuple[str, str]:
    """Return what the beginning or the end of a trade cost, and in which coin: as told, or else by the rate."""
    told, coin, rate, price, amount = (
        rows.texts_or_blank(name)[place]
        for name in (f"fee_{end}_cost", f"fee_{end}_currency", f"fee_{end}", f"{end}_rate", "amount")
    )
    if told.casefold() not in NOTHING and coin.casefold() not in NOTHING:
        return told, coin
    try:
        cost: Decimal = to_decimal(rate) * to_decimal(price) * to_decimal(amount)
    except ValueError:
        return "", ""
    return f"{cost:f}", split_pair(rows.texts("pair")[place]).partition("-")[2]


def _read_orders(rows: Rows) -> Rows:
    symbols = [split_pair(text) for text in rows.texts("ft_pair")]
    times = [
        next((text for text in dates if text.casefold() not in NOTHING), "")
        for dates in zip(
            *map(rows.texts_or_blank, ("order_filled_date", "order_update_date", "order_date")), strict=True
        )
    ]
    prices = [
        average if average.casefold() not in NOTHING else price
        for average, price in zip(rows.texts_or_blank("average"), rows.texts_or_blank("price"), strict=True)
    ]
    fees = ["" if fee.casefold() in NOTHING else fee for fee in rows.texts_or_blank("ft_fee_base")]
    return rows.rewritten(
        {
            "ts": times,
            "symbol": symbols,
            "side": rows.texts("side"),
            "quantity": rows.texts("amount"),
            "price": prices,
            "status": rows.texts("status"),
            "filled": rows.texts("filled"),
            "fee": fees,
            "fee_asset": [symbol.partition("-")[0] if fee else "" for symbol, fee in zip(symbols, fees, strict=True)],
            **({"trade_id": rows.texts("order_id")} if "order_id" in rows.columns else {}),
        },
        written={
            "ts": "order_filled_date",
            "symbol": "ft_pair",
            "quantity": "amount",
            "price": "average",
            "trade_id": "order_id",
        },
    )


FORMAT = Format(
    name="freqtrade",
    kind=Kind.TRADES,
    where="the table trades or orders of tradesv3.sqlite, with a header",
    layouts=(TRADES, ORDERS),
    read=read,
)
