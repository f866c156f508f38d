"""Bitget's words: each function returns the payload of one thing, with the keys of the real one."""

import json
from decimal import Decimal
from typing import Any

from tests.fake_venue.accounts import ApiKey, FakeAccount
from tests.fake_venue.books import Level
from tests.fake_venue.dialects.bybit_payloads import name_of
from tests.fake_venue.dialects.okx_payloads import plain
from tests.fake_venue.markets import FakeMarket, MarketState
from tests.fake_venue.orders import FakeOrder, FakeTrade, OrderStatus

USER = "8672173294"
# What each scope is called, reading and writing; the shorthand is theirs.
RIGHTS = {
    "read": ("stor", "wtor"),
    "trade": ("stow",),
    "elsewhere": ("coow", "cpow"),
    "withdraw": ("wtow", "wwow"),
}


def decimals(step: Decimal) -> str:
    """Return how many decimals a step has: rules are told as such there."""
    exponent = step.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return str(max(-exponent, 0))


def symbol(market: FakeMarket) -> dict[str, Any]:
    return {
        "symbol": name_of(market.symbol),
        "baseCoin": market.base,
        "quoteCoin": market.quote,
        "minTradeAmount": plain(market.quantity_min),
        "maxTradeAmount": plain(market.quantity_max),
        "takerFeeRate": "0.002",
        "makerFeeRate": "0.002",
        "pricePrecision": decimals(market.tick_size),
        "quantityPrecision": decimals(market.lot_size),
        "quotePrecision": "8",
        "status": "online" if market.state is MarketState.TRADING else "halt",
        "minTradeUSDT": plain(market.value_min),
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "areaSymbol": "no",
        "orderQuantity": "200",
        "openTime": "1532454360000",
        "offTime": "",
    }


def ticker(
    market: FakeMarket, *, bids: tuple[Level, ...], asks: tuple[Level, ...], mid: Decimal, now_ms: int
) -> dict[str, Any]:
    """Describe a market's prices; a side that was taken whole is empty."""
    bid, ask = ([plain(side[0][0]), plain(side[0][1])] if side else ["", ""] for side in (bids, asks))
    price = plain(mid)
    return {
        "open": price,
        "symbol": name_of(market.symbol),
        "high24h": price,
        "low24h": price,
        "lastPr": price,
        "quoteVolume": plain(mid * 1000),
        "baseVolume": "1000",
        "usdtVolume": plain(mid * 1000),
        "ts": str(now_ms),
        "bidPr": bid[0],
        "askPr": ask[0],
        "bidSz": bid[1],
        "askSz": ask[1],
        "openUtc": price,
        "changeUtc24h": "0",
        "change24h": "0",
    }


def book(bids: tuple[Level, ...], asks: tuple[Level, ...], *, now_ms: int) -> dict[str, Any]:
    return {
        "asks": [[plain(price), plain(quantity)] for price, quantity in asks],
        "bids": [[plain(price), plain(quantity)] for price, quantity in bids],
        "ts": str(now_ms),
    }


def order_taken(order: FakeOrder) -> dict[str, Any]:
    return {"orderId": str(order.order_id), "clientOid": order.client_order_id}


def long(number: Decimal) -> str:
    """Write a number with sixteen decimals, as orders are told."""
    return f"{number:.16f}"


def status_of(order: FakeOrder) -> str:
    if order.status is OrderStatus.OPEN:
        return "partially_filled" if order.trades else "live"
    return "filled" if order.status is OrderStatus.FILLED else "cancelled"


def order_told(order: FakeOrder) -> dict[str, Any]:
    """Describe an order; the sum of its fees is JSON within the JSON, and empty where there are none."""
    average = order.filled_value / order.filled_quantity if order.trades else Decimal(0)
    return _common(order) | {
        "price": long(order.price_limit),
        "size": long(order.quantity),
        "priceAvg": long(average),
        "baseVolume": long(order.filled_quantity),
        "quoteVolume": long(order.filled_value),
        "feeDetail": _fees(order),
        "cancelReason": "",
    }


def open_order_told(order: FakeOrder) -> dict[str, Any]:
    """Describe an order in the list of open ones, where `priceAvg` is its limit."""
    return _common(order) | {
        "priceAvg": plain(order.price_limit),
        "size": plain(order.quantity),
        "basePrice": plain(order.filled_value / order.filled_quantity) if order.trades else "0",
        "baseVolume": plain(order.filled_quantity),
        "quoteVolume": plain(order.filled_value),
        "presetTakeProfitPrice": "",
        "executeTakeProfitPrice": "",
        "presetStopLossPrice": "",
        "executeStopLossPrice": "",
        "tpslType": "normal",
        "triggerPrice": None,
    }


def _common(order: FakeOrder) -> dict[str, Any]:
    return {
        "userId": USER,
        "symbol": name_of(order.symbol),
        "orderId": str(order.order_id),
        "clientOid": order.client_order_id,
        "orderType": "limit",
        "side": order.side.lower(),
        "status": status_of(order),
        "enterPointSource": "API",
        "orderSource": "normal",
        "cTime": str(order.created_ms),
        "uTime": str(order.updated_ms),
    }


def _fees(order: FakeOrder) -> str:
    if not order.trades:
        return ""
    total = -float(sum((trade.fee for trade in order.trades), start=Decimal(0)))
    asset = order.trades[0].fee_asset
    return json.dumps(
        {
            asset: {"deduction": False, "feeCoinCode": asset, "totalDeductionFee": 0, "totalFee": total},
            "newFees": {"c": 0, "d": 0, "deduction": False, "r": total, "t": total, "totalDeductionFee": 0},
        }
    )


def fill(trade: FakeTrade) -> dict[str, Any]:
    return {
        "userId": USER,
        "symbol": name_of(trade.symbol),
        "orderId": str(trade.order_id),
        "tradeId": str(trade.trade_id),
        "orderType": "limit",
        "side": trade.side.lower(),
        "priceAvg": plain(trade.price),
        "size": plain(trade.quantity),
        "amount": plain(trade.value),
        "feeDetail": {
            "deduction": "no",
            "feeCoin": trade.fee_asset,
            "totalDeductionFee": "",
            "totalFee": plain(-trade.fee),
        },
        "tradeScope": "taker",
        "cTime": str(trade.at_ms),
        "uTime": str(trade.at_ms),
    }


def assets(account: FakeAccount, *, now_ms: int) -> list[dict[str, Any]]:
    return [
        {
            "coin": asset,
            "available": f"{account.free.get(asset, Decimal(0)):.8f}",
            "limitAvailable": "0",
            "frozen": f"{account.locked.get(asset, Decimal(0)):.8f}",
            "locked": "0.00000000",
            "uTime": str(now_ms),
        }
        for asset in account.totals()
    ]


def funding(asset: str, quantity: Decimal) -> dict[str, Any]:
    return {"coin": asset, "available": f"{quantity:.8f}", "frozen": "0.00000000", "usdtValue": "0"}


def key_info(key: ApiKey) -> dict[str, Any]:
    return {
        "userId": USER,
        "inviterId": "",
        "ips": "",
        "authorities": [right for scope, rights in RIGHTS.items() if scope in key.scopes for right in rights],
        "parentId": int(USER),
        "traderType": "not_trader",
        "channelCode": "",
        "channel": "",
        "regisTime": "1709120000000",
    }
