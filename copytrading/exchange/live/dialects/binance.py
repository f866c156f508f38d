"""
Binance, spot.

Errors are HTTP 4xx with `{"code": -n, "msg": ...}`. -1000, -1001, -1006, -1007 and -1008 leave it open what became of
an order and so are on no list.
"""

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
)
from copytrading.exchange.live.verdicts import Known, Meaning

TRADES_A_PAGE = 1000
PAIRS_MAX = 100

CODES: dict[int, Meaning] = {
    -1002: No.KEY_REFUSED,
    -1003: No.RATE_LIMITED,
    -1005: No.ADDRESS_BARRED,
    -1011: No.ADDRESS_BARRED,
    -1015: No.RATE_LIMITED,
    -1021: No.CLOCK_SKEWED,
    -1022: No.SECRET_WRONG,
    -1099: No.KEY_REFUSED,
    -1100: No.MALFORMED,
    -1101: No.MALFORMED,
    -1102: No.MALFORMED,
    -1103: No.MALFORMED,
    -1104: No.MALFORMED,
    -1105: No.MALFORMED,
    -1106: No.MALFORMED,
    -1108: No.MALFORMED,
    -1111: No.LOT_SIZE,
    -1114: No.MALFORMED,
    -1115: No.MALFORMED,
    -1116: No.MALFORMED,
    -1117: No.MALFORMED,
    -1121: No.MARKET_UNKNOWN,
    -1130: No.MALFORMED,
    -2008: No.KEY_UNKNOWN,
    -2013: Known.NO_SUCH_ORDER,
    -2014: No.KEY_UNKNOWN,
    # "Invalid API-key, IP, or permissions for action": which of them, it does not say.
    -2015: No.KEY_REFUSED,
    -2017: No.ACCOUNT_BARRED,
}

# -1013 says that a request did not reach the matching engine; the filter it failed stands in the message.
FILTERS: dict[str, Meaning] = {
    "LOT_SIZE": No.LOT_SIZE,
    "MARKET_LOT_SIZE": No.LOT_SIZE,
    "PRICE_FILTER": No.TICK_SIZE,
    "NOTIONAL": No.VALUE_TOO_SMALL,
    "MIN_NOTIONAL": No.VALUE_TOO_SMALL,
    "PERCENT_PRICE": No.PRICE_BAND,
    "PERCENT_PRICE_BY_SIDE": No.PRICE_BAND,
    "MAX_POSITION": No.POSITION_LIMIT,
    "MAX_NUM_ORDERS": No.POSITION_LIMIT,
    "EXCHANGE_MAX_NUM_ORDERS": No.POSITION_LIMIT,
}
FILTER_WORDS = "Filter failure: "
FILTER_FAILED = -1013

# -2010 says "new order rejected" of a duplicate, too, so here the message decides; an unknown one proves nothing.
ORDER_REFUSED = -2010
MESSAGES: dict[str, Meaning] = {
    "Account has insufficient balance for requested action.": No.NOT_ENOUGH_BALANCE,
    "Duplicate order sent.": Known.DUPLICATE,
    "Market is closed.": No.MARKET_SUSPENDED,
    "This action is disabled on this account.": No.ACCOUNT_BARRED,
    "This account may not place or cancel orders.": No.ACCOUNT_BARRED,
    "This symbol is restricted for this account.": No.MARKET_BARRED,
    "This symbol is not permitted for this account.": No.MARKET_BARRED,
    "Rest API trading is not enabled.": No.RIGHT_MISSING,
    "Price * QTY is zero or less.": No.VALUE_TOO_SMALL,
}
# The same was told in several wordings over the years.
BARRED_MARKET_WORDS = ("not permitted for this account", "restricted for this account")


def meaning_of(answer: Answer) -> Meaning | None:
    """Return what an answer of Binance proves; None where it proves nothing."""
    body = answer.body
    if not 400 <= answer.status < 500 or not isinstance(body, dict):
        return None
    code, message = body.get("code"), body.get("msg")
    if not isinstance(code, int) or not isinstance(message, str):
        return None
    if code in (FILTER_FAILED, ORDER_REFUSED) and message.startswith(FILTER_WORDS):
        return FILTERS.get(message.removeprefix(FILTER_WORDS).strip(" ."), No.MALFORMED)
    if code in (FILTER_FAILED, ORDER_REFUSED) and any(words in message for words in BARRED_MARKET_WORDS):
        return No.MARKET_BARRED
    if code == FILTER_FAILED:
        return MESSAGES.get(message, No.MALFORMED)
    if code == ORDER_REFUSED:
        return MESSAGES.get(message)
    return CODES.get(code)


KEYS: dict[Call, str] = {
    Call.TIME: "serverTime",
    Call.MARKETS: "symbols",
    Call.BOOK: "bids",
    Call.PLACE: "orderId",
    Call.ORDER: "orderId",
    Call.BALANCES: "balances",
    Call.EARN: "rows",
    Call.PERMISSIONS: "enableReading",
}


def is_answer(call: Call, body: Any) -> bool:
    """Return whether a body has the form of an answer of Binance."""
    if call in KEYS:
        return isinstance(body, dict) and KEYS[call] in body
    return isinstance(body, list)


# What each box of a key gives. Moving money between accounts counts as withdrawing: it leaves ours.
RIGHTS = {
    READ: ("enableReading",),
    TRADE: ("enableSpotAndMarginTrading",),
    TRADE_ELSEWHERE: (
        "enableMargin",
        "enableFutures",
        "enableVanillaOptions",
        "enablePortfolioMarginTrading",
        "enableFixApiTrade",
    ),
    WITHDRAW: ("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer"),
}


def ask_permissions(exchange: Any) -> frozenset[str]:
    """Return what a key may do."""
    told = exchange.sapiGetAccountApiRestrictions()
    return frozenset(
        right for right, boxes in RIGHTS.items() if any(told.get(box) not in (False, None, "false") for box in boxes)
    )


def place(exchange: Any, ticket: Ticket) -> Structure:
    """Hand in an order; the answer tells its fills."""
    params = {"newClientOrderId": ticket.client_order_id, "timeInForce": "IOC", "newOrderRespType": "FULL"}
    order: Structure = exchange.create_order(
        ticket.symbol, "limit", ticket.side, ticket.quantity, ticket.price_limit, params
    )
    return order


def ask_order(exchange: Any, symbol: str, client_order_id: str) -> Structure | None:
    """Return the latest order under our id; one that never was is an error there."""
    order: Structure = exchange.fetch_order(None, symbol, {"origClientOrderId": client_order_id})
    return order


def ask_order_trades(exchange: Any, symbol: str, order: Structure) -> Trades:
    """Return the trades of an order."""
    trades: Trades = exchange.fetch_my_trades(symbol, None, TRADES_A_PAGE, {"orderId": order["id"]})
    return trades


def ask_trades(exchange: Any, symbol: str, span: Span, page: Trades) -> Trades:
    """Return a page of trades, oldest first. A trade id cannot be asked for together with a time."""
    if page:
        params, begin = {"fromId": max(int(trade["id"]) for trade in page) + 1}, None
    else:
        params, begin = {}, span.begin
    trades: Trades = exchange.fetch_my_trades(symbol, begin, TRADES_A_PAGE, params)
    return trades


def ask_quotes(exchange: Any, *, symbols: list[str]) -> dict[str, Any]:
    """Return the best offers; of all pairs, and ours among them, where naming ours would be too long a line."""
    quotes: dict[str, Any] = exchange.fetch_bids_asks(symbols if len(symbols) <= PAIRS_MAX else None)
    return quotes


BINANCE = Dialect(
    name="Binance",
    # 6,000 a minute, and 100 orders in ten seconds, which is why an order weighs so much here.
    allowance=Allowance(capacity=1000, per_second=80),
    validity_seconds=WINDOW_SECONDS + ON_THE_WAY_SECONDS,
    read_code=meaning_of,
    is_answer=is_answer,
    is_told_at_once=True,
    client_order_id_pattern=r"[.A-Z:/a-z0-9_-]{1,36}",
    tagging=Tagging(
        pattern=r"[A-Za-z0-9]{1,10}", words="one to ten letters and digits, without the x-", id_beginning="x-{tag}"
    ),
    options={
        "fetchMarkets": {"types": ["spot"]},
        "fetchMargins": False,
        "fetchCurrencies": False,
        "recvWindow": int(WINDOW_SECONDS * 1000),
    },
    weights={
        Call.MARKETS: 20,
        Call.BOOK: 5,
        Call.QUOTES: 4,
        Call.PLACE: 20,
        Call.ORDER: 4,
        Call.OPEN_ORDERS: 6,
        Call.ORDER_TRADES: 5,
        Call.TRADES: 20,
        Call.BALANCES: 20,
        Call.EARN: 150,
        Call.WITHDRAWALS: 18,
    },
    # Who may trade what is most of an answer of megabytes.
    markets_params={"showPermissionSets": "false"},
    ask_permissions=ask_permissions,
    place=place,
    ask_orders=(ask_order,),
    ask_order_trades=ask_order_trades,
    ask_trades=ask_trades,
    page_length=TRADES_A_PAGE,
    transfers_a_page=1000,
    transfers_params={"limit": 1000},
    transfers_end="endTime",
    # Rejected, and of a kind that is not taken: a deposit may be told as done before.
    transfers_failed={Call.DEPOSITS: frozenset({"2", "7"})},
    ask_quotes=ask_quotes,
)
