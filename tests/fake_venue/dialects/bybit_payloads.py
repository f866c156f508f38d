"""Bybit's words: each function returns the payload of one thing, with the keys of the real one."""

from decimal import Decimal
from typing import Any

from tests.fake_venue.accounts import ApiKey, FakeAccount
from tests.fake_venue.books import Level
from tests.fake_venue.dialects.okx_payloads import plain
from tests.fake_venue.markets import FakeMarket, MarketState
from tests.fake_venue.orders import FakeOrder, FakeTrade, OrderStatus


def name_of(symbol: str) -> str:
    """Return a market's name there, BTCUSDT."""
    return symbol.replace("-", "")


def instrument(market: FakeMarket) -> dict[str, Any]:
    return {
        "symbol": name_of(market.symbol),
        "baseCoin": market.base,
        "quoteCoin": market.quote,
        "innovation": "0",
        "status": "Trading" if market.state is MarketState.TRADING else "PreLaunch",
        "marginTrading": "utaOnly",
        "lotSizeFilter": {
            "basePrecision": plain(market.lot_size),
            "quotePrecision": "0.00000001",
            "minOrderQty": plain(market.quantity_min),
            "maxOrderQty": plain(market.quantity_max),
            "minOrderAmt": plain(market.value_min),
            "maxOrderAmt": "4000000",
        },
        "priceFilter": {"tickSize": plain(market.tick_size)},
    }


def ticker(market: FakeMarket, *, bids: tuple[Level, ...], asks: tuple[Level, ...], mid: Decimal) -> dict[str, Any]:
    """Describe a market's prices; a side that was taken whole is empty."""
    bid, ask = ([plain(side[0][0]), plain(side[0][1])] if side else ["", ""] for side in (bids, asks))
    price = plain(mid)
    return {
        "symbol": name_of(market.symbol),
        "bid1Price": bid[0],
        "bid1Size": bid[1],
        "ask1Price": ask[0],
        "ask1Size": ask[1],
        "lastPrice": price,
        "prevPrice24h": price,
        "price24hPcnt": "0",
        "highPrice24h": price,
        "lowPrice24h": price,
        "turnover24h": plain(mid * 1000),
        "volume24h": "1000",
        "usdIndexPrice": price,
    }


def book(symbol: str, bids: tuple[Level, ...], asks: tuple[Level, ...], *, now_ms: int) -> dict[str, Any]:
    return {
        "s": name_of(symbol),
        "b": [[plain(price), plain(quantity)] for price, quantity in bids],
        "a": [[plain(price), plain(quantity)] for price, quantity in asks],
        "ts": now_ms,
        "u": now_ms,
        "seq": now_ms,
        "cts": now_ms,
    }


def order_taken(order: FakeOrder) -> dict[str, Any]:
    return {"orderId": str(order.order_id), "orderLinkId": order.client_order_id}


def status_of(order: FakeOrder) -> str:
    """Return the word for where an order stands: one whose rest was dropped after a part was filled has its own."""
    if order.status is OrderStatus.OPEN:
        return "PartiallyFilled" if order.trades else "New"
    if order.status is OrderStatus.FILLED:
        return "Filled"
    return "PartiallyFilledCanceled" if order.trades else "Cancelled"


def order_told(order: FakeOrder) -> dict[str, Any]:
    status = status_of(order)
    left = order.open_quantity if order.status is OrderStatus.OPEN else Decimal(0)
    fees: dict[str, Decimal] = {}
    for trade in order.trades:
        fees[trade.fee_asset] = fees.get(trade.fee_asset, Decimal(0)) + trade.fee
    return {
        "orderId": str(order.order_id),
        "orderLinkId": order.client_order_id,
        "blockTradeId": "",
        "symbol": name_of(order.symbol),
        "price": plain(order.price_limit),
        "qty": plain(order.quantity),
        "side": order.side.capitalize(),
        "isLeverage": "0",
        "positionIdx": 0,
        "orderStatus": status,
        "cancelType": "UNKNOWN",
        "rejectReason": "EC_NoImmediateQtyToFill" if status == "Cancelled" else "EC_NoError",
        "avgPrice": plain(order.filled_value / order.filled_quantity) if order.trades else "",
        "leavesQty": plain(left),
        "leavesValue": plain(left * order.price_limit),
        "cumExecQty": plain(order.filled_quantity),
        "cumExecValue": plain(order.filled_value),
        "cumExecFee": plain(sum((trade.fee for trade in order.trades), start=Decimal(0))),
        "cumFeeDetail": {asset: plain(fee) for asset, fee in fees.items()},
        "timeInForce": order.validity.value,
        "orderType": "Limit",
        "stopOrderType": "",
        "orderIv": "",
        "marketUnit": "",
        "triggerPrice": "0",
        "takeProfit": "0",
        "stopLoss": "0",
        "tpslMode": "",
        "tpLimitPrice": "0",
        "slLimitPrice": "0",
        "tpTriggerBy": "",
        "slTriggerBy": "",
        "triggerDirection": 0,
        "triggerBy": "",
        "lastPriceOnCreated": "",
        "basePrice": plain(order.price_limit),
        "reduceOnly": False,
        "closeOnTrigger": False,
        "placeType": "",
        "smpType": "None",
        "smpGroup": 0,
        "smpOrderId": "",
        "createdTime": str(order.created_ms),
        "updatedTime": str(order.updated_ms),
    }


def execution(trade: FakeTrade, order: FakeOrder | None) -> dict[str, Any]:
    """Tell a trade; one that was made by hand has no order that is told."""
    return {
        "symbol": name_of(trade.symbol),
        "orderId": str(trade.order_id),
        "orderLinkId": trade.client_order_id,
        "side": trade.side.capitalize(),
        "orderPrice": plain(order.price_limit if order else trade.price),
        "orderQty": plain(order.quantity if order else trade.quantity),
        "leavesQty": "0",
        "createType": "",
        "orderType": "Limit",
        "stopOrderType": "",
        "execFee": plain(trade.fee),
        "execId": str(trade.trade_id),
        "execPrice": plain(trade.price),
        "execQty": plain(trade.quantity),
        "execType": "Trade",
        "execValue": plain(trade.value),
        "execTime": str(trade.at_ms),
        "feeCurrency": trade.fee_asset,
        "isMaker": False,
        "feeRate": "0.001",
        "tradeIv": "",
        "markIv": "",
        "markPrice": "",
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": "",
        "extraFees": "",
        "seq": trade.number,
    }


def wallet(account: FakeAccount) -> dict[str, Any]:
    zero = ("totalEquity", "accountIMRate", "totalMarginBalance", "totalInitialMargin", "totalAvailableBalance")
    zero += ("accountMMRate", "totalPerpUPL", "totalWalletBalance", "accountLTV", "totalMaintenanceMargin")
    coins = [_coin(account, asset, total) for asset, total in account.totals().items()]
    return dict.fromkeys(zero, "0") | {"accountType": "UNIFIED", "coin": coins}


def _coin(account: FakeAccount, asset: str, total: Decimal) -> dict[str, Any]:
    zero = ("bonus", "accruedInterest", "totalOrderIM", "totalPositionMM", "usdValue", "unrealisedPnl", "spotBorrow")
    zero += ("borrowAmount", "totalPositionIM", "cumRealisedPnl", "availableToBorrow")
    return dict.fromkeys(zero, "0") | {
        "coin": asset,
        "equity": plain(total + account.open_profit.get(asset, Decimal(0))),
        "walletBalance": plain(total),
        "locked": plain(account.locked.get(asset, Decimal(0))),
        "availableToWithdraw": "",
        "collateralSwitch": False,
        "marginCollateral": True,
    }


def funding(kept: dict[str, Decimal]) -> dict[str, Any]:
    rows = [
        {"coin": asset, "transferBalance": plain(quantity), "walletBalance": plain(quantity), "bonus": ""}
        for asset, quantity in kept.items()
    ]
    return {"memberId": "533285", "accountType": "FUND", "balance": rows}


def position(asset: str, quantity: Decimal) -> dict[str, Any]:
    return {
        "coin": asset,
        "productId": "428",
        "amount": plain(quantity),
        "totalPnl": "0",
        "claimableYield": "0",
        "id": "",
        "status": "",
        "orderId": "",
    }


def key_info(key: ApiKey) -> dict[str, Any]:
    """Describe a key: what is made read-only lists its rights all the same."""
    writes = key.scopes - {"read"}
    empty: dict[str, list[str]] = {"Options": [], "CopyTrading": [], "BlockTrade": [], "NFT": [], "Affiliate": []}
    return {
        "id": "13770661",
        "note": key.key,
        "apiKey": key.key,
        "readOnly": 0 if writes else 1,
        "secret": "",
        "permissions": empty
        | {
            "ContractTrade": ["Order", "Position"] if "elsewhere" in key.scopes else [],
            "Spot": ["SpotTrade"] if "trade" in key.scopes or not writes else [],
            "Wallet": ["AccountTransfer", "Withdraw"] if "withdraw" in key.scopes else [],
            "Derivatives": [],
            "Exchange": ["ExchangeHistory"],
        },
        "ips": ["*"],
        "type": 1,
        "deadlineDay": 83,
        "expiredAt": "2030-01-01T00:00:00Z",
        "createdAt": "2024-01-01T00:00:00Z",
        "unified": 0,
        "uta": 1,
        "userID": 24600000,
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": "",
        "isMaster": True,
        "parentUid": "0",
        "kycLevel": "LEVEL_DEFAULT",
        "kycRegion": "",
    }


def account_info(*, now_ms: int) -> dict[str, Any]:
    return {
        "marginMode": "REGULAR_MARGIN",
        "updatedTime": str(now_ms),
        "unifiedMarginStatus": 6,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def fee_rate(market: FakeMarket, rate: Decimal) -> dict[str, Any]:
    return {
        "symbol": name_of(market.symbol),
        "takerFeeRate": plain(rate),
        "makerFeeRate": plain(rate),
        "baseCoin": "",
    }
