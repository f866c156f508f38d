"""
Kraken's trades as downloaded (Documents → New export → Trades), in UTC.

    txid,ordertxid,pair,[aclass,subclass,]time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers,…

Pairs are written with Kraken's own names of coins (XXBTZUSD, XBTEUR, XDGUSD), newer files write BTC/USD. The fee is in
the quote. What was bought on margin is no spot trade.
"""

import re
from collections.abc import Sequence

from copytrading.exchange.prices.cells import to_decimal
from copytrading.exchange.prices.formats.layout import Format, Kind, bare_number, split_pair
from copytrading.exchange.prices.rows import Rows

HEADER = ("txid", "pair", "time", "type", "price", "cost", "fee", "vol")

# Kraken's old names: an X before a coin, a Z before a currency, and two coins that it alone calls so.
OWN_NAMES = {"XBT": "BTC", "XDG": "DOGE"}
PREFIXED = re.compile(r"X([A-Z]{3})|Z([A-Z]{3})")
OLD_PAIR = re.compile(r"(X[A-Z]{3})([XZ][A-Z]{3})")
# A currency with its Z after a coin without an X: USDTZUSD, but not XTZUSD.
OLD_ENDING = re.compile(r"(.{4,})(ZUSD|ZEUR|ZGBP|ZCAD|ZJPY|ZAUD|XXBT|XETH)")
QUOTES = ("USDT", "USDC", "USD", "EUR", "GBP", "CAD", "CHF", "AUD", "JPY", "XBT", "ETH", "DAI", "DOT")


def read(rows: Rows, above: Sequence[Sequence[str]]) -> Rows:
    """Return trades in our columns."""
    for place, margin in enumerate(rows.texts_or_blank("margin")):
        if margin and _differs_from_zero(margin):
            raise rows.refusal(place, "The trade was made on margin, and only spot trades are read. Remove its rows.")
    symbols = [_symbol(text) for text in rows.texts("pair")]
    return rows.rewritten(
        {
            "ts": rows.texts("time"),
            "symbol": symbols,
            "side": rows.texts("type"),
            "quantity": [bare_number(text) for text in rows.texts("vol")],
            "price": [bare_number(text) for text in rows.texts("price")],
            "value": [bare_number(text) for text in rows.texts("cost")],
            "fee": [bare_number(text) for text in rows.texts("fee")],
            "fee_asset": [symbol.partition("-")[2] for symbol in symbols],
            "trade_id": rows.texts("txid"),
        },
        written={
            "ts": "time",
            "symbol": "pair",
            "side": "type",
            "quantity": "vol",
            "value": "cost",
            "trade_id": "txid",
        },
    )


def _differs_from_zero(text: str) -> bool:
    try:
        return to_decimal(text) != 0
    except ValueError:
        return True


def _symbol(text: str) -> str:
    pair = text.strip().upper()
    found = re.fullmatch(r"([^/]+)/([^/:]+)", pair) or OLD_PAIR.fullmatch(pair) or OLD_ENDING.fullmatch(pair)
    base, _, quote = (f"{found[1]}-{found[2]}" if found else split_pair(pair, quotes=QUOTES)).partition("-")
    return f"{_coin(base)}-{_coin(quote)}" if quote else pair


def _coin(name: str) -> str:
    found = PREFIXED.fullmatch(name)
    bare = (found[1] or found[2]) if found else name
    return OWN_NAMES.get(bare, bare)


FORMAT = Format(
    name="kraken",
    kind=Kind.TRADES,
    where="Documents, New export, Trades",
    layouts=(HEADER,),
    read=read,
)
