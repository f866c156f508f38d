"""
An account's own trades since a moment, as its exchange tells them: what a look at balances alone can only guess.

Some exchanges tell the trades of all pairs in one answer, others those of one pair: then a call is made for each pair
that can have changed the balances, and no more than a handful.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from copytrading.exchange.live import answers
from copytrading.exchange.live.dialects.base import Call
from copytrading.exchange.live.wire import Wire

PAIRS_MAX = 12

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class OwnTrade:
    """One trade: signed quantities of base and quote, without the fee, which is above zero where it was paid."""

    base: str
    quote: str
    base_quantity: Decimal
    quote_quantity: Decimal
    fee_coin: str
    fee_quantity: Decimal
    executed_at: datetime


def read_own_trades(wire: Wire, *, pairs: Iterable[Pair], since: datetime) -> list[OwnTrade]:
    """
    Return the trades of an account since a moment, oldest first; none where the exchange cannot be asked.

    :param pairs: base and quote of those that may have traded, likeliest first.
    :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
    """
    if wire.exchange in OF_ALL_PAIRS:
        ask_all = OF_ALL_PAIRS[wire.exchange]
        rows = wire.ask(Call.TRADES, lambda exchange: ask_all(exchange, answers.milliseconds(since)))
    elif wire.exchange in OF_ONE_PAIR:
        rows = []
        for pair in list(pairs)[:PAIRS_MAX]:
            rows += wire.ask(Call.TRADES, _of_pair(OF_ONE_PAIR[wire.exchange], pair, answers.milliseconds(since)))
    else:
        return []
    # Those of one millisecond stay in the order in which they were made.
    return sorted(rows, key=lambda trade: trade.executed_at)


def _of_pair(
    ask: Callable[[Any, Pair, int], list[OwnTrade]], pair: Pair, since: int
) -> Callable[[Any], list[OwnTrade]]:
    return lambda exchange: ask(exchange, pair, since)


def _trade(
    pair: Pair,
    *,
    is_buy: bool,
    quantity: Decimal,
    value: Decimal,
    fee_coin: str,
    fee_quantity: Decimal,
    executed_at: datetime,
) -> OwnTrade:
    sign = 1 if is_buy else -1
    return OwnTrade(
        base=pair[0],
        quote=pair[1],
        base_quantity=sign * quantity,
        quote_quantity=-sign * value,
        fee_coin=fee_coin,
        fee_quantity=fee_quantity,
        executed_at=executed_at,
    )


def binance_trades(exchange: Any, pair: Pair, since: int) -> list[OwnTrade]:
    """Return the trades of one pair."""
    told = exchange.privateGetMyTrades({"symbol": "".join(pair), "startTime": since, "limit": 1000})
    return [_binance_trade(row, pair) for row in told]


def _binance_trade(row: Mapping[str, Any], pair: Pair) -> OwnTrade:
    return _trade(
        pair,
        # ccxt's raw answers carry a truth as JSON does.
        is_buy=str(row["isBuyer"]).lower() == "true",
        quantity=answers.positive(row["qty"], of="quantity of a trade"),
        value=answers.positive(row["quoteQty"], of="value of a trade"),
        fee_coin=str(row.get("commissionAsset") or pair[1]),
        fee_quantity=answers.number(row.get("commission") or 0, of="fee"),
        executed_at=answers.moment(row["time"], of="time of a trade"),
    )


def okx_trades(exchange: Any, since: int) -> list[OwnTrade]:
    """Return the last hundred trades on the spot market, told newest first; a paid fee is below zero there."""
    told = exchange.privateGetTradeFills({"instType": "SPOT", "begin": since, "limit": 100})
    return [_okx_trade(row) for row in reversed(told["data"])]


def _okx_trade(row: Mapping[str, Any]) -> OwnTrade:
    base, _, quote = answers.text(row["instId"], of="pair of a trade").partition("-")
    quantity = answers.positive(row["fillSz"], of="quantity of a trade")
    return _trade(
        (base, quote),
        is_buy=row["side"] == "buy",
        quantity=quantity,
        value=quantity * answers.positive(row["fillPx"], of="price of a trade"),
        fee_coin=str(row.get("feeCcy") or quote),
        fee_quantity=-answers.number(row.get("fee") or 0, of="fee"),
        executed_at=answers.moment(row["ts"], of="time of a trade"),
    )


def bybit_trades(exchange: Any, pair: Pair, since: int) -> list[OwnTrade]:
    """
    Return the last hundred trades of one pair, told newest first, of a week at most.

    Without a beginning: with one it would tell the week after.
    """
    asked = {"category": "spot", "execType": "Trade", "symbol": "".join(pair), "limit": 100}
    rows = exchange.privateGetV5ExecutionList(asked)["result"]["list"]
    return [_bybit_trade(row, pair) for row in reversed(rows) if int(row["execTime"]) >= since]


def _bybit_trade(row: Mapping[str, Any], pair: Pair) -> OwnTrade:
    quantity = answers.positive(row["execQty"], of="quantity of a trade")
    return _trade(
        pair,
        is_buy=row["side"] == "Buy",
        quantity=quantity,
        value=quantity * answers.positive(row["execPrice"], of="price of a trade"),
        fee_coin=str(row.get("feeCurrency") or (pair[0] if row["side"] == "Buy" else pair[1])),
        fee_quantity=answers.number(row.get("execFee") or 0, of="fee"),
        executed_at=answers.moment(row["execTime"], of="time of a trade"),
    )


def bitget_trades(exchange: Any, pair: Pair, since: int) -> list[OwnTrade]:
    """
    Return the last hundred trades of one pair, told newest first; a fee is below zero there where it was paid.

    Without a beginning: one that is older than three months would be refused.
    """
    rows = exchange.privateSpotGetV2SpotTradeFills({"symbol": "".join(pair), "limit": "100"})["data"]
    return [_bitget_trade(row, pair) for row in reversed(rows) if int(row["cTime"]) >= since]


def _bitget_trade(row: Mapping[str, Any], pair: Pair) -> OwnTrade:
    fee = row.get("feeDetail") or {}
    return _trade(
        pair,
        is_buy=row["side"] == "buy",
        quantity=answers.positive(row["size"], of="quantity of a trade"),
        value=answers.positive(row["amount"], of="value of a trade"),
        fee_coin=str(fee.get("feeCoin") or pair[1]),
        fee_quantity=-answers.number(fee.get("totalFee") or 0, of="fee"),
        executed_at=answers.moment(row["cTime"], of="time of a trade"),
    )


OF_ONE_PAIR: dict[str, Callable[[Any, Pair, int], list[OwnTrade]]] = {
    "binance": binance_trades,
    "bybit": bybit_trades,
    "bitget": bitget_trades,
}
OF_ALL_PAIRS: dict[str, Callable[[Any, int], list[OwnTrade]]] = {"okx": okx_trades}
