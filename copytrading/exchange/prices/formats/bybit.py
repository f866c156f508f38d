"""
Bybit's spot trade history as downloaded (Orders → Unified trading order → Spot → Trade history → Export), newest first.

    UID: …,Company Name: …,Country: …                                  may stand above
    [Uid,]Spot Pairs,Order Type,Direction,[feeCoin,ExecFeeV2,]Filled Value,Filled Price,Filled Quantity,Fees,
    Transaction ID,Order No.,Timestamp (UTC)

Times are written `14:35 2024-11-16` or `2024-12-09 19:48:23`. Where no coin is named, what is bought pays the fee in
coins and what is sold pays it in the quote.
"""

import re
from collections.abc import Sequence

from copytrading.exchange.prices.formats.layout import Format, Kind, bare_number, in_utc, offset_minutes, split_pair
from copytrading.exchange.prices.rows import Rows

HEADER = (
    "spot pairs", "direction", "filled value", "filled price", "filled quantity", "fees", "transaction id",
    "timestamp (utc)",
)  # fmt: skip
HOUR_FIRST = re.compile(r"(\d{1,2}:\d{2}(?::\d{2})?) (\d{4}-\d{2}-\d{2})")
NOTHING = "--"


def read(rows: Rows, above: Sequence[Sequence[str]]) -> Rows:
    """Return a trade history in our columns."""
    minutes = offset_minutes(rows.written["timestamp (utc)"]) or 0
    symbols = [split_pair(text) for text in rows.texts("spot pairs")]
    sides = rows.texts("direction")
    fees, coins = _fees(rows, symbols=symbols, sides=sides)
    return rows.rewritten(
        {
            "ts": [in_utc(_day_first(text), minutes=minutes) for text in rows.texts("timestamp (utc)")],
            "symbol": symbols,
            "side": sides,
            "quantity": [bare_number(text) for text in rows.texts("filled quantity")],
            "price": [bare_number(text) for text in rows.texts("filled price")],
            "value": [bare_number(text) for text in rows.texts("filled value")],
            "fee": fees,
            "fee_asset": coins,
            "trade_id": rows.texts("transaction id"),
        },
        written={
            "ts": rows.written["timestamp (utc)"],
            "symbol": "Spot Pairs",
            "side": "Direction",
            "quantity": "Filled Quantity",
            "price": "Filled Price",
            "value": "Filled Value",
            "fee": "Fees",
            "trade_id": "Transaction ID",
        },
    )


def _day_first(text: str) -> str:
    found = HOUR_FIRST.fullmatch(text.strip())
    return f"{found[2]} {found[1]:0>5}" if found else text


def _fees(rows: Rows, *, symbols: Sequence[str], sides: Sequence[str]) -> tuple[list[str], list[str]]:
    fees = [bare_number(text) for text in rows.texts("fees")]
    coins = []
    for symbol, side in zip(symbols, sides, strict=True):
        base, _, quote = symbol.partition("-")
        coins.append(base if side.strip().casefold() == "buy" else quote)
    named = zip(rows.texts_or_blank("feecoin"), rows.texts_or_blank("execfeev2"), strict=True)
    for place, (coin, fee) in enumerate(named):
        if coin not in ("", NOTHING):
            coins[place], fees[place] = coin, fees[place] if fee in ("", NOTHING) else bare_number(fee)
    return ["" if fee == NOTHING else fee for fee in fees], coins


FORMAT = Format(
    name="bybit",
    kind=Kind.TRADES,
    where="Orders, Spot, Trade History, Export",
    layouts=(HEADER,),
    read=read,
)
