"""Binance's words: each function returns the payload of one thing, with the keys of the real one."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.fake_venue.accounts import ApiKey, FakeAccount
from tests.fake_venue.books import Level
from tests.fake_venue.markets import FakeMarket, MarketState
from tests.fake_venue.orders import FakeOrder, FakeTrade, OrderStatus

RATE_LIMITS = [
    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
    {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
    {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200000},
]


def fixed(number: Decimal) -> str:
    """Write a number with eight decimals."""
    return f"{number:.8f}"


def status_of(order: FakeOrder) -> str:
    if order.status is OrderStatus.OPEN:
        return "PARTIALLY_FILLED" if order.trades else "NEW"
    return {OrderStatus.FILLED: "FILLED", OrderStatus.CANCELED: "CANCELED", OrderStatus.ENDED: "EXPIRED"}[order.status]


def exchange_info(markets: list[FakeMarket], *, now_ms: int) -> dict[str, Any]:
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": RATE_LIMITS,
        "exchangeFilters": [],
        "symbols": [market_info(market) for market in markets],
    }


def market_info(market: FakeMarket) -> dict[str, Any]:
    return {
        "symbol": market.base + market.quote,
        "status": "TRADING" if market.state is MarketState.TRADING else "BREAK",
        "baseAsset": market.base,
        "baseAssetPrecision": 8,
        "quoteAsset": market.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": fixed(market.tick_size),
                "maxPrice": "1000000.00000000",
                "tickSize": fixed(market.tick_size),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": fixed(market.quantity_min),
                "maxQty": fixed(market.quantity_max),
                "stepSize": fixed(market.lot_size),
            },
            {
                "filterType": "PERCENT_PRICE_BY_SIDE",
                "bidMultiplierUp": "5",
                "bidMultiplierDown": "0.2",
                "askMultiplierUp": "5",
                "askMultiplierDown": "0.2",
                "avgPriceMins": 5,
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": fixed(market.value_min),
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }


def ticker_price(market: FakeMarket, *, mid: Decimal, **_: Any) -> dict[str, Any]:
    return {"symbol": market.base + market.quote, "price": fixed(mid)}


def book_ticker(market: FakeMarket, *, bids: tuple[Level, ...], asks: tuple[Level, ...], **_: Any) -> dict[str, Any]:
    """Describe the best of either side; a side that was taken whole offers nothing at zero."""
    bid, ask = (side[0] if side else (Decimal(0), Decimal(0)) for side in (bids, asks))
    return {
        "symbol": market.base + market.quote,
        "bidPrice": fixed(bid[0]),
        "bidQty": fixed(bid[1]),
        "askPrice": fixed(ask[0]),
        "askQty": fixed(ask[1]),
    }


def day_ticker(
    market: FakeMarket, *, bids: tuple[Level, ...], asks: tuple[Level, ...], mid: Decimal, now_ms: int
) -> dict[str, Any]:
    price = fixed(mid)
    return book_ticker(market, bids=bids, asks=asks) | {
        "priceChange": "0.00000000",
        "priceChangePercent": "0.000",
        "weightedAvgPrice": price,
        "prevClosePrice": price,
        "lastPrice": price,
        "lastQty": fixed(market.lot_size),
        "openPrice": price,
        "highPrice": price,
        "lowPrice": price,
        "volume": "1000.00000000",
        "quoteVolume": fixed(mid * 1000),
        "openTime": now_ms - 86_400_000,
        "closeTime": now_ms,
        "firstId": 1,
        "lastId": 1000,
        "count": 1000,
    }


def depth(bids: tuple[Level, ...], asks: tuple[Level, ...], *, now_ms: int) -> dict[str, Any]:
    return {
        "lastUpdateId": now_ms,
        "bids": [[fixed(price), fixed(quantity)] for price, quantity in bids],
        "asks": [[fixed(price), fixed(quantity)] for price, quantity in asks],
    }


def _common(order: FakeOrder) -> dict[str, Any]:
    return {
        "symbol": order.symbol.replace("-", ""),
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        "price": fixed(order.price_limit),
        "origQty": fixed(order.quantity),
        "executedQty": fixed(order.filled_quantity),
        "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": fixed(order.filled_value),
        "status": status_of(order),
        "timeInForce": order.validity.value,
        "type": "LIMIT",
        "side": order.side,
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }


def new_order(order: FakeOrder, *, detail: str) -> dict[str, Any]:
    """Describe an order just taken: `detail` is ACK, RESULT or FULL."""
    common = _common(order)
    if detail == "ACK":
        names = ("symbol", "orderId", "orderListId", "clientOrderId")
        return {name: common[name] for name in names} | {"transactTime": order.created_ms}
    told = common | {"transactTime": order.created_ms, "workingTime": order.created_ms}
    if detail == "FULL":
        told["fills"] = [
            {
                "price": fixed(trade.price),
                "qty": fixed(trade.quantity),
                "commission": fixed(trade.fee),
                "commissionAsset": trade.fee_asset,
                "tradeId": trade.trade_id,
            }
            for trade in order.trades
        ]
    return told


def queried_order(order: FakeOrder) -> dict[str, Any]:
    return _common(order) | {
        "stopPrice": "0.00000000",
        "icebergQty": "0.00000000",
        "time": order.created_ms,
        "updateTime": order.updated_ms,
        "isWorking": True,
        "workingTime": order.created_ms,
    }


def canceled_order(order: FakeOrder) -> dict[str, Any]:
    return _common(order) | {
        "origClientOrderId": order.client_order_id,
        "clientOrderId": f"cancel{order.order_id}",
        "transactTime": order.updated_ms,
    }


def own_trade(trade: FakeTrade) -> dict[str, Any]:
    return {
        "symbol": trade.symbol.replace("-", ""),
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": -1,
        "price": fixed(trade.price),
        "qty": fixed(trade.quantity),
        "quoteQty": fixed(trade.value),
        "commission": fixed(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.at_ms,
        "isBuyer": trade.side == "BUY",
        "isMaker": False,
        "isBestMatch": True,
    }


def account_info(account: FakeAccount, *, fee_rate: Decimal, now_ms: int) -> dict[str, Any]:
    rate_points = int(fee_rate * 10_000)
    rate = fixed(fee_rate)
    return {
        "makerCommission": rate_points,
        "takerCommission": rate_points,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": rate, "taker": rate, "buyer": "0.00000000", "seller": "0.00000000"},
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": now_ms,
        "accountType": "SPOT",
        "balances": [
            {
                "asset": asset,
                "free": fixed(account.free.get(asset, Decimal(0))),
                "locked": fixed(account.locked.get(asset, Decimal(0))),
            }
            for asset in account.totals()
        ],
        "permissions": ["SPOT"],
        "uid": 354937868,
    }


def funding(asset: str, quantity: Decimal) -> dict[str, Any]:
    zero = dict.fromkeys(("locked", "freeze", "withdrawing"), "0")
    return {"asset": asset, "free": fixed(quantity)} | zero | {"btcValuation": "0"}


def locked_position(asset: str, quantity: Decimal) -> dict[str, Any]:
    return {
        "positionId": 123123,
        "parentPositionId": 123122,
        "projectId": f"{asset}*120",
        "asset": asset,
        "amount": fixed(quantity),
        "purchaseTime": "1700000000000",
        "duration": "120",
        "accrualDays": "4",
        "rewardAsset": asset,
        "APY": "0.02",
        "rewardAmt": "0",
        "extraRewardAsset": "",
        "extraRewardAPR": "",
        "estExtraRewardAmt": "",
        "nextPay": "0",
        "nextPayDate": "1700086400000",
        "payPeriod": "1",
        "redeemAmountEarly": fixed(quantity),
        "rewardsEndDate": "1710000000000",
        "deliverDate": "1710000000000",
        "redeemPeriod": "1",
        "redeemingAmt": "0",
        "redeemTo": "FLEXIBLE",
        "partialAmtDeliverDate": "0",
        "canRedeemEarly": True,
        "canFastRedemption": True,
        "autoSubscribe": True,
        "type": "NORMAL",
        "status": "HOLDING",
        "canReStake": True,
    }


def restrictions(key: ApiKey) -> dict[str, Any]:
    return {
        "ipRestrict": False,
        "createTime": 1_700_000_000_000,
        "enableReading": "read" in key.scopes,
        "enableSpotAndMarginTrading": "trade" in key.scopes,
        "enableWithdrawals": "withdraw" in key.scopes,
        "enableInternalTransfer": False,
        "enableMargin": "elsewhere" in key.scopes,
        "enableFutures": "elsewhere" in key.scopes,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enablePortfolioMarginTrading": False,
    }


def coin(asset: str, account: FakeAccount) -> dict[str, Any]:
    return {
        "coin": asset,
        "name": asset,
        "depositAllEnable": True,
        "withdrawAllEnable": True,
        "free": fixed(account.free.get(asset, Decimal(0))),
        "locked": fixed(account.locked.get(asset, Decimal(0))),
        "freeze": "0",
        "withdrawing": "0",
        "ipoing": "0",
        "ipoable": "0",
        "storage": "0",
        "isLegalMoney": False,
        "trading": True,
        "networkList": [],
    }


def deposit(row: dict[str, Any]) -> dict[str, Any]:
    """Return a deposit of `id`, `coin`, `amount`, `status` (0 on its way, 1 done, 2 rejected) and `at_ms`."""
    return {
        "id": row["id"], "amount": row["amount"], "coin": row["coin"], "network": "TRX", "status": row["status"],
        "address": "T-our-address", "addressTag": "", "txId": f"tx-{row['id']}", "insertTime": row["at_ms"],
        "completeTime": row["at_ms"], "transferType": 0, "unlockConfirm": "12/12", "confirmTimes": "12/12",
        "walletType": 0, "sourceAddress": "",
    }  # fmt: skip


def withdrawal(row: dict[str, Any]) -> dict[str, Any]:
    """Return a withdrawal of `id`, `coin`, `amount`, `fee`, `status` (4 on its way, 6 done, 5 failed) and `at_ms`."""
    at = datetime.fromtimestamp(row["at_ms"] / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "id": row["id"], "amount": row["amount"], "transactionFee": row["fee"], "coin": row["coin"],
        "status": row["status"], "address": "T-somebody", "txId": f"tx-{row['id']}", "applyTime": at,
        "completeTime": at, "network": "TRX", "transferType": 0, "info": "", "confirmNo": 12, "walletType": 0,
    }  # fmt: skip
