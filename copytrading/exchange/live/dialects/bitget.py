"""
Bitget, spot, of a classic account.

Every answer is `{"code": "00000", "msg": "success", "requestTime": ..., "data": ...}`, errors most often with HTTP 400.
An order that was placed is only acknowledged. Two windows bound when it can still be taken: the engine's own
(`receiveWindow`, which we ask for), and the gate's half minute, which holds whatever becomes of the other. We count on
the second.

40010 (timed out), 40015, 40200, 40725, 43002, 43003 and 43059 leave it open what became of an order and so are on no
list.
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

TRADES_A_PAGE = 100
# Three months are kept, and a span may be as long; a day less, so that the border is never met.
KEPT = timedelta(days=89)
GATE_SECONDS = 30.0
DONE = "00000"

CODES: dict[str, Meaning] = {
    "429": No.RATE_LIMITED,
    "22004": No.MARKET_BARRED,
    "25212": Known.DUPLICATE,
    "30007": No.RATE_LIMITED,
    "40000": No.PLACE_BARRED,
    "40001": No.KEY_REFUSED,
    "40002": No.KEY_REFUSED,
    "40003": No.KEY_REFUSED,
    "40004": No.CLOCK_SKEWED,
    "40005": No.CLOCK_SKEWED,
    "40006": No.KEY_UNKNOWN,
    "40007": No.MALFORMED,
    "40008": No.CLOCK_SKEWED,
    "40009": No.SECRET_WRONG,
    "40011": No.SECRET_WRONG,
    "40012": No.SECRET_WRONG,
    "40013": No.ACCOUNT_BARRED,
    "40014": No.RIGHT_MISSING,
    "40016": No.ACCOUNT_BARRED,
    "40017": No.MALFORMED,
    "40018": No.ADDRESS_BARRED,
    "40019": No.MALFORMED,
    "40020": No.MALFORMED,
    "40022": No.ACCOUNT_BARRED,
    "40023": No.ACCOUNT_BARRED,
    "40024": No.ACCOUNT_BARRED,
    "40025": No.RIGHT_MISSING,
    "40026": No.ACCOUNT_BARRED,
    "40031": No.ACCOUNT_BARRED,
    "40034": No.MALFORMED,
    "40035": No.ACCOUNT_BARRED,
    "40036": No.SECRET_WRONG,
    "40037": No.KEY_UNKNOWN,
    "40038": No.ADDRESS_BARRED,
    "40041": No.KEY_UNKNOWN,
    # "Timestamp for this request is outside of the ME receiveWindow": the engine did not take it.
    "40078": No.CLOCK_SKEWED,
    "40081": No.ENVIRONMENT_WRONG,
    "40085": No.ACCOUNT_BARRED,
    "40099": No.ENVIRONMENT_WRONG,
    "40100": No.ACCOUNT_BARRED,
    "40101": No.ACCOUNT_BARRED,
    "40102": No.MARKET_UNKNOWN,
    "40103": No.PLACE_BARRED,
    "40104": No.PLACE_BARRED,
    "40109": Known.NO_SUCH_ORDER,
    "40110": No.ENVIRONMENT_WRONG,
    "40111": No.PLACE_BARRED,
    "40301": No.RIGHT_MISSING,
    "40304": No.MALFORMED,
    "40305": No.MALFORMED,
    "40309": No.MARKET_UNKNOWN,
    "40402": No.MALFORMED,
    "40404": No.MALFORMED,
    "40500": No.MALFORMED,
    "40706": No.PRICE_BAND,
    "40710": No.ACCOUNT_BARRED,
    "40762": No.NOT_ENOUGH_BALANCE,
    "40768": Known.NO_SUCH_ORDER,
    "40786": Known.DUPLICATE,
    "41103": No.TICK_SIZE,
    "41114": No.MARKET_SUSPENDED,
    "43001": Known.NO_SUCH_ORDER,
    "43005": No.POSITION_LIMIT,
    "43006": No.VALUE_TOO_SMALL,
    "43007": No.POSITION_LIMIT,
    "43008": No.PRICE_BAND,
    "43009": No.PRICE_BAND,
    "43010": No.VALUE_TOO_SMALL,
    "43011": No.MALFORMED,
    "43012": No.NOT_ENOUGH_BALANCE,
    "43027": No.VALUE_TOO_SMALL,
    "43028": No.TICK_SIZE,
    "43037": No.VALUE_TOO_SMALL,
    "43038": No.POSITION_LIMIT,
    "43039": No.PRICE_BAND,
    "43040": No.PRICE_BAND,
    "43041": No.POSITION_LIMIT,
    "43042": No.VALUE_TOO_SMALL,
    "43111": No.MALFORMED,
    "43115": No.MARKET_SUSPENDED,
    "43118": Known.DUPLICATE,
    "43119": No.MARKET_SUSPENDED,
    "43120": No.MARKET_SUSPENDED,
    "43122": No.POSITION_LIMIT,
    "43123": No.MALFORMED,
    "43128": No.POSITION_LIMIT,
    "43132": No.NOT_ENOUGH_BALANCE,
    "45043": No.MARKET_SUSPENDED,
    "45057": Known.NO_SUCH_ORDER,
    "45110": No.VALUE_TOO_SMALL,
    "45111": No.VALUE_TOO_SMALL,
    "45112": No.POSITION_LIMIT,
    "45113": No.POSITION_LIMIT,
    "45114": No.VALUE_TOO_SMALL,
    "45115": No.TICK_SIZE,
    "400172": No.MALFORMED,
}

# "Parameter verification exception size checkBDScale error": too many decimals of what the message names.
SCALE_WRONG = "40808"


def meaning_of(answer: Answer) -> Meaning | None:
    """Return what an answer of Bitget proves; None where it proves nothing."""
    body = answer.body
    if answer.status >= 500 or not isinstance(body, dict):
        return None
    code = body.get("code")
    if code == SCALE_WRONG:
        message = str(body.get("msg"))
        return No.LOT_SIZE if "size" in message else No.TICK_SIZE if "price" in message else No.MALFORMED
    return CODES.get(code) if isinstance(code, str) else None


KEYS: dict[Call, str] = {
    Call.TIME: "serverTime",
    Call.BOOK: "bids",
    Call.PERMISSIONS: "authorities",
}


def is_answer(call: Call, body: Any) -> bool:
    """Return whether a body has the form of an answer of Bitget."""
    if not isinstance(body, dict) or body.get("code") != DONE:
        return False
    data = body.get("data")
    if call is Call.PLACE:
        return isinstance(data, dict) and bool(data.get("orderId"))
    if call in KEYS:
        return isinstance(data, dict) and data.get(KEYS[call]) is not None
    if call is Call.ORDER:
        # An empty list is one of its ways to say that there is no such order.
        return data == [] or only_row(data) is not None
    return isinstance(data, list)


# The shorthand for what a key may do: the last letter tells reading from writing, except for what follows.
HARMLESS = frozenset(
    {"readonly", "read", "coor", "cpor", "stor", "smor", "ttor", "wtor", "taxr", "chor", "p2pr", "pllr"}
)
SPOT = frozenset({"trade", "stow"})
ELSEWHERE = frozenset({"coow", "cpow", "smow", "ttow", "pllw"})


def ask_permissions(exchange: Any) -> frozenset[str]:
    """Return what a key may do. A right that is not known here may move money, for all we know."""
    rights = set(exchange.privateSpotGetV2SpotAccountInfo()["data"]["authorities"])
    given = {READ}
    if rights & SPOT:
        given.add(TRADE)
    if rights & ELSEWHERE:
        given.add(TRADE_ELSEWHERE)
    if rights - HARMLESS - SPOT - ELSEWHERE:
        given.add(WITHDRAW)
    return frozenset(given)


def place(exchange: Any, ticket: Ticket) -> Structure:
    """Hand in an order with the time it was claimed at; the answer only acknowledges it."""
    params = {
        "clientOid": ticket.client_order_id,
        "timeInForce": "IOC",
        "requestTime": str(exchange.nonce()),
        "receiveWindow": str(int(WINDOW_SECONDS * 1000)),
    }
    order: Structure = exchange.create_order(
        ticket.symbol, "limit", ticket.side, ticket.quantity, ticket.price_limit, params
    )
    return order


def read_order(exchange: Any, market: Any, row: Structure) -> Structure:
    """Return an order as ccxt reads it, without the text about its fees: an order must not be lost over that."""
    order: Structure = exchange.parse_order({**row, "feeDetail": None}, market)
    return order


def ask_order(exchange: Any, symbol: str, client_order_id: str) -> Structure | None:
    """Return the order under our id."""
    rows = exchange.privateSpotGetV2SpotTradeOrderInfo({"clientOid": client_order_id})["data"]
    return read_order(exchange, exchange.market(symbol), rows[0]) if rows else None


def ask_open_orders(exchange: Any, symbol: str) -> list[Structure]:
    """Return our orders in a market that are not finished."""
    market = exchange.market(symbol)
    rows = exchange.privateSpotGetV2SpotTradeUnfilledOrders({"symbol": market["id"], "limit": "100"})["data"]
    return [read_order(exchange, market, row) for row in rows]


def read_trades(exchange: Any, symbol: str, params: Structure) -> Trades:
    """Return a page of trades in the order they were told."""
    market = exchange.market(symbol)
    asked = {"symbol": market["id"], "limit": str(TRADES_A_PAGE), **params}
    rows = exchange.privateSpotGetV2SpotTradeFills(asked)["data"]
    return [exchange.parse_trade(row, market) for row in rows]


def ask_order_trades(exchange: Any, symbol: str, order: Structure) -> Trades:
    """Return the trades of an order."""
    return read_trades(exchange, symbol, {"orderId": order["id"]})


def ask_trades(exchange: Any, symbol: str, span: Span, page: Trades) -> Trades:
    """Return a page of trades, newest first."""
    params = {"startTime": str(span.begin), "endTime": str(span.end)}
    return read_trades(exchange, symbol, params | ({"idLessThan": page[-1]["id"]} if page else {}))


def prepare(exchange: Any) -> None:
    """Leave out the list of what can be borrowed, which ccxt asks for with the markets; nothing is borrowed here."""
    exchange.publicMarginGetV2MarginCurrencies = _nothing_to_borrow


def _nothing_to_borrow(*_: Any) -> dict[str, Any]:
    return {}


BITGET = Dialect(
    name="Bitget",
    # 10 orders a second, 20 questions about orders, 10 about trades and balances, one about the key.
    allowance=Allowance(capacity=12, per_second=10),
    validity_seconds=GATE_SECONDS + ON_THE_WAY_SECONDS,
    read_code=meaning_of,
    is_answer=is_answer,
    is_told_at_once=False,
    client_order_id_pattern=r"[A-Za-z0-9_#.:-]{1,50}",
    tagging=Tagging(
        pattern=r"[A-Za-z0-9_-]{1,32}", words="letters, digits, - and _, 32 at most", header="X-CHANNEL-API-CODE"
    ),
    options={
        "fetchMarkets": {"types": ["spot"]},
        # Known, or ccxt would ask for it with a request of its own.
        "uta": False,
        "timeDifference": 0,
    },
    weights={
        Call.MARKETS: 1,
        Call.PLACE: 2,
        Call.ORDER_TRADES: 2,
        Call.TRADES: 2,
        Call.BALANCES: 2,
        Call.PERMISSIONS: 8,
    },
    prepare=prepare,
    ask_permissions=ask_permissions,
    place=place,
    ask_orders=(ask_order,),
    ask_open_orders=ask_open_orders,
    ask_order_trades=ask_order_trades,
    ask_trades=ask_trades,
    page_length=TRADES_A_PAGE,
    transfers_a_page=100,
    transfers_params={"limit": 100},
    transfers_end="endTime",
    trades_span=KEPT,
    trades_kept=KEPT,
)
