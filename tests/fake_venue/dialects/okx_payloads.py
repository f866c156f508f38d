"""OKX's words: each function returns the payload of one thing, with the keys of the real one."""

from decimal import Decimal
from typing import Any

from tests.fake_venue.accounts import ApiKey, FakeAccount
from tests.fake_venue.books import Level
from tests.fake_venue.markets import FakeMarket, MarketState
from tests.fake_venue.orders import FakeOrder, FakeTrade, OrderStatus, Validity

STATES = {
    OrderStatus.OPEN: "live",
    OrderStatus.FILLED: "filled",
    OrderStatus.ENDED: "canceled",
    OrderStatus.CANCELED: "canceled",
}
ORDER_TYPES = {Validity.IOC: "ioc", Validity.FOK: "fok", Validity.GTC: "limit"}
PERMISSIONS = {"read": "read_only", "trade": "trade", "withdraw": "withdraw"}
FIRST_BILL = 2_497_000_000_000_000_000
LISTED_MS = "1548133413000"


def plain(number: Decimal) -> str:
    """Write a number without needless zeros and without an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def bill_of(trade: FakeTrade) -> int:
    """Return the bill of a trade; bills count over all markets and pages are cut by them."""
    return FIRST_BILL + trade.number


def instrument(market: FakeMarket) -> dict[str, Any]:
    empty = ("alias", "auctionEndTime", "ctMult", "ctType", "ctVal", "ctValCcy", "expTime", "instFamily", "lever")
    empty += ("optType", "settleCcy", "stk", "uly")
    return dict.fromkeys(empty, "") | {
        "baseCcy": market.base,
        "category": "1",
        "instId": market.symbol,
        "instType": "SPOT",
        "listTime": LISTED_MS,
        "lotSz": plain(market.lot_size),
        "maxIcebergSz": plain(market.quantity_max),
        "maxLmtAmt": "20000000",
        "maxLmtSz": plain(market.quantity_max),
        "maxMktAmt": "1000000",
        "maxMktSz": "1000000",
        "maxStopSz": "1000000",
        "maxTriggerSz": plain(market.quantity_max),
        "maxTwapSz": plain(market.quantity_max),
        "minSz": plain(market.quantity_min),
        "quoteCcy": market.quote,
        "ruleType": "normal",
        "state": "live" if market.state is MarketState.TRADING else "suspend",
        "tickSz": plain(market.tick_size),
    }


def ticker(
    market: FakeMarket, *, bids: tuple[Level, ...], asks: tuple[Level, ...], mid: Decimal, now_ms: int
) -> dict[str, Any]:
    """Describe a market's prices; a side that was taken whole is empty."""
    bid, ask = ([plain(side[0][0]), plain(side[0][1])] if side else ["", ""] for side in (bids, asks))
    price = plain(mid)
    return {
        "instType": "SPOT",
        "instId": market.symbol,
        "last": price,
        "lastSz": plain(market.lot_size),
        "askPx": ask[0],
        "askSz": ask[1],
        "bidPx": bid[0],
        "bidSz": bid[1],
        "open24h": price,
        "high24h": price,
        "low24h": price,
        "volCcy24h": plain(mid * 1000),
        "vol24h": "1000",
        "sodUtc0": price,
        "sodUtc8": price,
        "ts": str(now_ms),
    }


def book(bids: tuple[Level, ...], asks: tuple[Level, ...], *, now_ms: int) -> dict[str, Any]:
    return {
        "asks": [[plain(price), plain(quantity), "0", "1"] for price, quantity in asks],
        "bids": [[plain(price), plain(quantity), "0", "1"] for price, quantity in bids],
        "ts": str(now_ms),
        "seqId": now_ms,
    }


def order_taken(order: FakeOrder) -> dict[str, Any]:
    return {
        "clOrdId": order.client_order_id,
        "ordId": str(order.order_id),
        "sCode": "0",
        "sMsg": "Order placed",
        "tag": "",
        "ts": str(order.updated_ms),
    }


def order_told(order: FakeOrder) -> dict[str, Any]:
    """Describe an order; its fee is negative, in the coin received."""
    empty = ("algoClOrdId", "algoId", "attachAlgoClOrdId", "cancelSource", "cancelSourceReason", "ccy", "fillPx")
    empty += ("fillTime", "lever", "pxType", "pxUsd", "pxVol", "quickMgnType", "slOrdPx", "slTriggerPx", "tag")
    empty += ("slTriggerPxType", "stpId", "tgtCcy", "tpOrdPx", "tpTriggerPx", "tpTriggerPxType", "tradeId", "avgPx")
    base, quote = order.symbol.split("-")
    told = dict.fromkeys(empty, "") | {
        "accFillSz": plain(order.filled_quantity),
        "attachAlgoOrds": [],
        "cTime": str(order.created_ms),
        "category": "normal",
        "clOrdId": order.client_order_id,
        "fee": plain(-sum((trade.fee for trade in order.trades), start=Decimal(0))),
        "feeCcy": base if order.side == "BUY" else quote,
        "fillSz": "0",
        "instId": order.symbol,
        "instType": "SPOT",
        "isTpLimit": "false",
        "linkedAlgoOrd": {"algoId": ""},
        "ordId": str(order.order_id),
        "ordType": ORDER_TYPES[order.validity],
        "pnl": "0",
        "posSide": "net",
        "px": plain(order.price_limit),
        "rebate": "0",
        "rebateCcy": quote if order.side == "BUY" else base,
        "reduceOnly": "false",
        "side": order.side.lower(),
        "source": "",
        "state": STATES[order.status],
        "stpMode": "cancel_maker",
        "sz": plain(order.quantity),
        "tdMode": "cash",
        "uTime": str(order.updated_ms),
    }
    if order.trades:
        last = order.trades[-1]
        told |= {
            "avgPx": plain(order.filled_value / order.filled_quantity),
            "fillPx": plain(last.price),
            "fillSz": plain(last.quantity),
            "fillTime": str(last.at_ms),
            "tradeId": str(last.trade_id),
        }
        if order.status is OrderStatus.OPEN:
            told["state"] = "partially_filled"
    if order.status is OrderStatus.ENDED:
        told |= {"cancelSource": "14", "cancelSourceReason": "Order canceled: the rest of an IOC order"}
    return told


def fill(trade: FakeTrade) -> dict[str, Any]:
    return {
        "instType": "SPOT",
        "instId": trade.symbol,
        "tradeId": str(trade.trade_id),
        "ordId": str(trade.order_id),
        "clOrdId": trade.client_order_id,
        "billId": str(bill_of(trade)),
        "tag": "",
        "fillPx": plain(trade.price),
        "fillSz": plain(trade.quantity),
        "fillIdxPx": plain(trade.price),
        "side": trade.side.lower(),
        "posSide": "net",
        "execType": "T",
        "feeCcy": trade.fee_asset,
        "fee": plain(-trade.fee),
        "fillTime": str(trade.at_ms),
        "ts": str(trade.at_ms),
    }


def balance(account: FakeAccount, *, now_ms: int) -> dict[str, Any]:
    empty = ("adjEq", "borrowFroz", "imr", "mgnRatio", "mmr", "notionalUsd", "notionalUsdForBorrow", "ordFroz", "upl")
    empty += ("notionalUsdForFutures", "notionalUsdForOption", "notionalUsdForSwap")
    totals = dict.fromkeys(account.open_profit, Decimal(0)) | account.totals()
    details = [_balance_detail(account, asset, total, now_ms=now_ms) for asset, total in totals.items()]
    return dict.fromkeys(empty, "") | {"details": details, "isoEq": "0", "totalEq": "0", "uTime": str(now_ms)}


def _balance_detail(account: FakeAccount, asset: str, total: Decimal, *, now_ms: int) -> dict[str, Any]:
    empty = ("accAvgPx", "borrowFroz", "clSpotInUseAmt", "crossLiab", "interest", "isoLiab", "liab", "maxLoan", "mmr")
    empty += ("maxSpotInUseAmt", "mgnRatio", "openAvgPx", "spotBal", "spotInUseAmt", "spotUpl", "spotUplRatio", "imr")
    empty += ("totalPnl", "totalPnlRatio", "uplLiab", "availEq")
    zero = ("disEq", "eqUsd", "fixedBal", "isoEq", "isoUpl", "notionalLever", "rewardBal", "smtSyncEq", "stgyEq")
    zero += ("spotCopyTradingEq", "spotIsoBal", "twap", "upl")
    locked = plain(account.locked.get(asset, Decimal(0)))
    return (
        dict.fromkeys(empty, "")
        | dict.fromkeys(zero, "0")
        | {
            "ccy": asset,
            "availBal": plain(account.free.get(asset, Decimal(0))),
            "cashBal": plain(total),
            "collateralEnabled": False,
            "eq": plain(total + account.open_profit.get(asset, Decimal(0))),
            "frozenBal": locked,
            "ordFrozen": locked,
            "uTime": str(now_ms),
        }
    )


def funding(asset: str, quantity: Decimal) -> dict[str, Any]:
    return {"ccy": asset, "bal": plain(quantity), "availBal": plain(quantity), "frozenBal": "0"}


def savings(asset: str, quantity: Decimal) -> dict[str, Any]:
    zero = dict.fromkeys(("earnings", "loanAmt", "redemptAmt"), "0")
    return {"ccy": asset, "amt": plain(quantity), "pendingAmt": plain(quantity), "rate": "0.01"} | zero


def staking(asset: str, quantity: Decimal) -> dict[str, Any]:
    return {
        "ordId": "754147",
        "state": "1",
        "ccy": asset,
        "protocol": "OKX Earn",
        "protocolType": "staking",
        "productId": "1234",
        "term": "0",
        "apy": "0.03",
        "investData": [{"ccy": asset, "amt": plain(quantity)}],
        "earningData": [{"ccy": asset, "earningType": "0", "earnings": "0"}],
        "fastRedemptionData": [],
        "purchasedTime": "1700000000000",
        "estSettlementTime": "",
        "cancelRedemptionDeadline": "",
        "tag": "",
    }


def config(key: ApiKey) -> dict[str, Any]:
    """Describe account and key: `acctLv` 1 is spot mode, `perm` what the key may do."""
    return {
        "acctLv": "1",
        "autoLoan": False,
        "ctIsoMode": "automatic",
        "enableSpotBorrow": False,
        "greeksType": "PA",
        "ip": "",
        "kycLv": "2",
        "label": key.key,
        "level": "Lv1",
        "levelTmp": "",
        "mainUid": "354937868",
        "mgnIsoMode": "automatic",
        "opAuth": "0",
        "perm": ",".join(PERMISSIONS[scope] for scope in ("read", "trade", "withdraw") if scope in key.scopes),
        "posMode": "net_mode",
        "roleType": "0",
        "spotBorrowAutoRepay": False,
        "spotOffsetType": "",
        "spotRoleType": "0",
        "spotTraderInsts": [],
        "traderInsts": [],
        "type": "0",
        "uid": "354937868",
    }


def fees(fee_rate: Decimal, *, now_ms: int) -> dict[str, Any]:
    empty = ("delivery", "exercise", "makerU", "makerUSDC", "takerU", "takerUSDC", "uly")
    return dict.fromkeys(empty, "") | {
        "category": "1",
        "instType": "SPOT",
        "level": "Lv1",
        "maker": plain(-fee_rate),
        "taker": plain(-fee_rate),
        "ts": str(now_ms),
    }


def coin(asset: str) -> dict[str, Any]:
    return {
        "ccy": asset,
        "name": asset,
        "chain": f"{asset}-{asset}",
        "canDep": True,
        "canInternal": True,
        "canWd": True,
        "mainNet": True,
        "minDep": "0.00001",
        "minWd": "0.0001",
        "maxWd": "1000000",
        "minFee": "0",
        "maxFee": "0",
        "fee": "0",
        "wdTickSz": "8",
        "needTag": False,
    }
