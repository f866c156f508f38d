"""
Bybit, spot, of a unified account.

Every answer is `{"retCode": 0, "retMsg": "OK", "result": {...}, "time": ...}`, errors most often with HTTP 200. An
order that was placed is only acknowledged, and placing is asynchronous: what became of it is asked. ccxt refuses to ask
for one order there unless it is told that it will not find old ones, so the two lists are asked as they are: the fresh
one, which has what is open and the last five hundred that ended, and the history, which lags and keeps.

10000, 10014, 10016, 170001, 170007, 170032, 170035, 170146, 170149, 170210 and 170234 leave it open what became of an
order and so are on no list.
"""

from datetime import timedelta
from typing import Any

from copytrading.exchange.errors import RejectionCode as No
from copytrading.exchange.live.budget import Allowance
from copytrading.exchange.live.client import Answer
from copytrading.exchange.live.dialects.base import (
    ON_THE_WAY_SECONDS,
    READ,
    TRADE,
    TRADE_ELSEWHERE,
    WINDOW_SECONDS,
    WITHDRAW,
    Call,
    Dialect,
    Span,
    Structure,
    Tagging,
    Ticket,
    Trades,
    only_row,
)
from copytrading.exchange.live.verdicts import Known, Meaning

CATEGORY = "spot"
TRADES_A_PAGE = 100
SPAN = timedelta(days=7)
KEPT = timedelta(days=730)
DONE = 0

FORBIDDEN = 403
# What stands in a 403 that is no JSON: who asks too often is kept out for ten minutes, a barred country for good.
TOO_OFTEN_WORDS = "access too frequent"
BARRED_PLACE_WORDS = "block access from your country"
KEPT_OUT_SECONDS = 600.0

CODES: dict[int, Meaning] = {
    -2015: No.KEY_UNKNOWN,
    10001: No.MALFORMED,
    10002: No.CLOCK_SKEWED,
    # Deleted, or of another of their worlds: the live one, the test net and the two for demo share this code.
    10003: No.KEY_UNKNOWN,
    10004: No.SECRET_WRONG,
    10005: No.RIGHT_MISSING,
    10006: No.RATE_LIMITED,
    10007: No.KEY_REFUSED,
    10008: No.ACCOUNT_BARRED,
    10009: No.RATE_LIMITED,
    10010: No.ADDRESS_BARRED,
    10017: No.MALFORMED,
    10018: No.RATE_LIMITED,
    10020: No.ACCOUNT_BARRED,
    10024: No.PLACE_BARRED,
    10027: No.ACCOUNT_BARRED,
    10028: No.ACCOUNT_BARRED,
    10029: No.MARKET_BARRED,
    10032: No.ENVIRONMENT_WRONG,
    12141: Known.DUPLICATE,
    33004: No.KEY_UNKNOWN,
    110004: No.NOT_ENOUGH_BALANCE,
    110007: No.NOT_ENOUGH_BALANCE,
    110012: No.NOT_ENOUGH_BALANCE,
    110072: Known.DUPLICATE,
    170005: No.RATE_LIMITED,
    170010: No.POSITION_LIMIT,
    170011: No.POSITION_LIMIT,
    170019: No.POSITION_LIMIT,
    170031: No.MARKET_SUSPENDED,
    170033: No.NOT_ENOUGH_BALANCE,
    170105: No.MALFORMED,
    170115: No.MALFORMED,
    170116: No.MALFORMED,
    170117: No.MALFORMED,
    170121: No.MARKET_UNKNOWN,
    170124: No.POSITION_LIMIT,
    170130: No.MALFORMED,
    170131: No.NOT_ENOUGH_BALANCE,
    170132: No.PRICE_BAND,
    170133: No.PRICE_BAND,
    170134: No.TICK_SIZE,
    170135: No.POSITION_LIMIT,
    170136: No.VALUE_TOO_SMALL,
    170137: No.LOT_SIZE,
    170140: No.VALUE_TOO_SMALL,
    170141: Known.DUPLICATE,
    170148: No.LOT_SIZE,
    170151: No.MARKET_SUSPENDED,
    170157: No.MARKET_BARRED,
    170192: No.PRICE_BAND,
    170193: No.PRICE_BAND,
    170194: No.PRICE_BAND,
    170195: No.PRICE_BAND,
    170196: No.PRICE_BAND,
    170197: No.PRICE_BAND,
    170198: No.PRICE_BAND,
    170199: No.PRICE_BAND,
    170200: No.PRICE_BAND,
    170201: No.MALFORMED,
    170202: No.MALFORMED,
    # "This trading pair is only available to the ... region."
    170209: No.MARKET_BARRED,
    170213: Known.NO_SUCH_ORDER,
    170217: No.MARKET_SUSPENDED,
    170219: No.ACCOUNT_BARRED,
    170221: No.MARKET_UNKNOWN,
    170222: No.RATE_LIMITED,
    170223: No.ACCOUNT_BARRED,
    # Markets that a person of the account has to ask for first.
    170224: No.MARKET_BARRED,
    170226: No.ACCOUNT_BARRED,
    170227: No.MALFORMED,
    170228: No.POSITION_LIMIT,
    170229: No.POSITION_LIMIT,
    170241: No.MARKET_BARRED,
    170341: No.POSITION_LIMIT,
    170371: No.PRICE_BAND,
    170372: No.PRICE_BAND,
    170709: No.MARKET_BARRED,
    170810: No.POSITION_LIMIT,
}


def meaning_of(answer: Answer) -> Meaning | None:
    """Return what an answer of Bybit proves; None where it proves nothing."""
    if answer.status >= 500:
        return None
    body = answer.body
    if isinstance(body, dict):
        code = body.get("retCode")
        return CODES.get(code) if isinstance(code, int) else None
    if answer.status == FORBIDDEN and TOO_OFTEN_WORDS in answer.text:
        return No.RATE_LIMITED
    if answer.status == FORBIDDEN and BARRED_PLACE_WORDS in answer.text:
        return No.PLACE_BARRED
    return None


def wait_of(answer: Answer) -> float | None:
    """Return after how many seconds it may be asked again; None where it does not say."""
    if answer.status == FORBIDDEN:
        return KEPT_OUT_SECONDS
    until = answer.headers.get("X-Bapi-Limit-Reset-Timestamp", "")
    now = answer.body.get("time") if isinstance(answer.body, dict) else None
    if not until.isdecimal() or not isinstance(now, int):
        return answer.wait_seconds
    return max((int(until) - now) / 1000, 0.0) or None


def is_answer(call: Call, body: Any) -> bool:
    """Return whether a body has the form of an answer of Bybit."""
    if not isinstance(body, dict) or body.get("retCode") != DONE or isinstance(body["retCode"], bool):
        return False
    result = body.get("result")
    if not isinstance(result, dict):
        return False
    match call:
        case Call.TIME:
            return "timeSecond" in result
        case Call.BOOK:
            return isinstance(result.get("b"), list) and isinstance(result.get("a"), list)
        case Call.PLACE:
            return bool(result.get("orderId"))
        case Call.PERMISSIONS:
            return isinstance(result.get("permissions"), dict)
        case Call.ORDER:
            # An empty list is how it says that there is no such order.
            return isinstance(result.get("list"), list) and len(result["list"]) <= 1
        case Call.BALANCES:
            row = only_row(result.get("list"))
            return row is not None and isinstance(row.get("coin"), list)
        case Call.FUNDING:
            return isinstance(result.get("balance"), list)
        case Call.DEPOSITS | Call.WITHDRAWALS:
            return isinstance(result.get("rows"), list)
    return isinstance(result.get("list"), list)


# Groups of rights that only tell, and those that trade; what is in any other group may move money, for all we know.
HARMLESS = frozenset({"Exchange", "Affiliate", "NFT"})
ELSEWHERE = frozenset({"ContractTrade", "Options", "Derivatives", "CopyTrading", "BlockTrade", "Earn"})


def ask_permissions(exchange: Any) -> frozenset[str]:
    """Return what a key may do; one that is made read-only may do nothing else, whatever rights are listed for it."""
    told = exchange.privateGetV5UserQueryApi()["result"]
    if told["readOnly"] in (1, "1"):
        return frozenset({READ})
    groups = {group for group, rights in told["permissions"].items() if rights}
    given = {READ}
    if "Spot" in groups:
        given.add(TRADE)
    if groups & ELSEWHERE:
        given.add(TRADE_ELSEWHERE)
    if groups - HARMLESS - ELSEWHERE - {"Spot"}:
        given.add(WITHDRAW)
    return frozenset(given)


def place(exchange: Any, ticket: Ticket) -> Structure:
    """Hand in an order, without a loan; the answer only acknowledges it."""
    params = {"orderLinkId": ticket.client_order_id, "timeInForce": "IOC", "isLeverage": 0}
    order: Structure = exchange.create_order(
        ticket.symbol, "limit", ticket.side, ticket.quantity, ticket.price_limit, params
    )
    return order


def read_order(exchange: Any, market: Any, row: Structure) -> Structure:
    """Return an order as ccxt reads it, except that one that ended in part is not taken for one that was filled."""
    order: Structure = exchange.parse_order(row, market)
    if row["orderStatus"] == "PartiallyFilledCanceled":
        order["status"] = "canceled"
    return order


def _asked_for(exchange: Any, told: Any, symbol: str) -> Structure | None:
    rows = told["result"]["list"]
    return read_order(exchange, exchange.market(symbol), rows[0]) if rows else None


def ask_fresh_order(exchange: Any, symbol: str, client_order_id: str) -> Structure | None:
    """Return the order under our id if it is open or ended lately."""
    params = {"category": CATEGORY, "symbol": exchange.market(symbol)["id"], "orderLinkId": client_order_id}
    return _asked_for(exchange, exchange.privateGetV5OrderRealtime(params), symbol)


def ask_old_order(exchange: Any, symbol: str, client_order_id: str) -> Structure | None:
    """Return the order under our id if it ended, within a week; one that did nothing is kept for a day."""
    params = {"category": CATEGORY, "symbol": exchange.market(symbol)["id"], "orderLinkId": client_order_id}
    return _asked_for(exchange, exchange.privateGetV5OrderHistory(params), symbol)


def ask_open_orders(exchange: Any, symbol: str) -> list[Structure]:
    """Return our orders in a market that are not finished: fifty of them, and we have one."""
    market = exchange.market(symbol)
    params = {"category": CATEGORY, "symbol": market["id"], "openOnly": 0, "limit": 50}
    rows = exchange.privateGetV5OrderRealtime(params)["result"]["list"]
    return [read_order(exchange, market, row) for row in rows]


def read_trades(exchange: Any, symbol: str, params: Structure) -> Trades:
    """Return a page of trades in the order they were told, each with its fee in the coin that was charged."""
    market = exchange.market(symbol)
    asked = {"category": CATEGORY, "execType": "Trade", "limit": TRADES_A_PAGE, **params}
    result = exchange.privateGetV5ExecutionList(asked)["result"]
    page = []
    for row in result["list"]:
        trade: Structure = exchange.parse_trade(row, market)
        # ccxt goes by the side: a fee that is paid in MNT would be taken for one in the coin that was bought.
        if row.get("feeCurrency") and trade.get("fee"):
            trade["fee"]["currency"] = exchange.safe_currency_code(row["feeCurrency"])
        trade["info"] = {**row, "nextPageCursor": result.get("nextPageCursor") or ""}
        page.append(trade)
    return page


def ask_order_trades(exchange: Any, symbol: str, order: Structure) -> Trades:
    """Return the trades of an order."""
    return read_trades(exchange, symbol, {"orderId": order["id"]})


def ask_trades(exchange: Any, symbol: str, span: Span, page: Trades) -> Trades:
    """Return a page of trades, newest first, of a week at most."""
    cursor = page[-1]["info"]["nextPageCursor"] if page else ""
    if page and not cursor:
        return []
    params = {"symbol": exchange.market(symbol)["id"], "startTime": span.begin, "endTime": span.end}
    return read_trades(exchange, symbol, params | ({"cursor": cursor} if cursor else {}))


BYBIT = Dialect(
    name="Bybit",
    # 20 orders a second, 50 questions of each kind, and 600 requests in five seconds from one address.
    allowance=Allowance(capacity=20, per_second=20),
    validity_seconds=WINDOW_SECONDS + ON_THE_WAY_SECONDS,
    read_code=meaning_of,
    is_answer=is_answer,
    is_told_at_once=False,
    client_order_id_pattern=r"[A-Za-z0-9_-]{1,36}",
    tagging=Tagging(pattern=r"[A-Za-z0-9_-]{1,32}", words="letters, digits, - and _, 32 at most", header="Referer"),
    options={
        "fetchMarkets": {"types": [CATEGORY], "usePrivateInstrumentsInfo": False},
        "recvWindow": int(WINDOW_SECONDS * 1000),
        # Known, or ccxt would ask for it before every order, with two more requests.
        "enableUnifiedMargin": False,
        "enableUnifiedAccount": True,
        "unifiedMarginStatus": 6,
    },
    weights={Call.PLACE: 2, Call.PERMISSIONS: 4},
    read_wait=wait_of,
    ask_permissions=ask_permissions,
    place=place,
    ask_orders=(ask_fresh_order, ask_old_order),
    ask_open_orders=ask_open_orders,
    ask_order_trades=ask_order_trades,
    ask_trades=ask_trades,
    page_length=TRADES_A_PAGE,
    transfers_a_page=50,
    transfers_params={"limit": 50},
    transfers_end="endTime",
    transfers_failed={Call.DEPOSITS: frozenset({"fail"})},
    trades_span=SPAN,
    trades_kept=KEPT,
)
