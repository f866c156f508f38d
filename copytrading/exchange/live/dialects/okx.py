"""
OKX, spot.

Every answer is `{"code": "0", "msg": "", "data": [...]}`. An order that is refused is an HTTP 200 with code "1" and the
reason in its row. 50001, 50004, 50013, 50026, 51054 and 51149 leave it open what became of an order and so are on no
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
RECENT = timedelta(days=3)

DONE = "0"
# "All operations failed": the code of the one order is in its row.
FAILED = "1"

CODES: dict[str, Meaning] = {
    "50002": No.MALFORMED,
    "50006": No.MALFORMED,
    "50007": No.ACCOUNT_BARRED,
    "50011": No.RATE_LIMITED,
    "50014": No.MALFORMED,
    "50015": No.MALFORMED,
    "50016": No.MALFORMED,
    "50024": No.MALFORMED,
    "50027": No.ACCOUNT_BARRED,
    "50030": No.RIGHT_MISSING,
    "50035": No.ADDRESS_BARRED,
    "50061": No.RATE_LIMITED,
    "50100": No.ACCOUNT_BARRED,
    "50101": No.ENVIRONMENT_WRONG,
    "50102": No.CLOCK_SKEWED,
    "50103": No.KEY_REFUSED,
    "50104": No.SECRET_WRONG,
    "50105": No.SECRET_WRONG,
    "50106": No.SECRET_WRONG,
    "50107": No.KEY_REFUSED,
    "50110": No.ADDRESS_BARRED,
    "50111": No.KEY_UNKNOWN,
    "50112": No.CLOCK_SKEWED,
    "50113": No.SECRET_WRONG,
    "50114": No.KEY_REFUSED,
    "50119": No.KEY_UNKNOWN,
    "50120": No.RIGHT_MISSING,
    "51000": No.MALFORMED,
    "51001": No.MARKET_UNKNOWN,
    "51004": No.POSITION_LIMIT,
    "51005": No.POSITION_LIMIT,
    "51006": No.PRICE_BAND,
    "51008": No.NOT_ENOUGH_BALANCE,
    "51010": No.ACCOUNT_BARRED,
    "51015": No.MARKET_UNKNOWN,
    "51016": Known.DUPLICATE,
    "51020": No.VALUE_TOO_SMALL,
    "51021": No.MARKET_SUSPENDED,
    "51022": No.MARKET_SUSPENDED,
    "51024": No.ACCOUNT_BARRED,
    "51027": No.MARKET_SUSPENDED,
    "51028": No.MARKET_SUSPENDED,
    "51100": No.VALUE_TOO_SMALL,
    "51116": No.PRICE_BAND,
    "51119": No.NOT_ENOUGH_BALANCE,
    "51120": No.VALUE_TOO_SMALL,
    "51121": No.LOT_SIZE,
    "51127": No.NOT_ENOUGH_BALANCE,
    "51129": No.POSITION_LIMIT,
    "51131": No.NOT_ENOUGH_BALANCE,
    "51137": No.PRICE_BAND,
    "51138": No.PRICE_BAND,
    # "You can't trade this pair due to local compliance restrictions."
    "51155": No.MARKET_BARRED,
    "51603": Known.NO_SUCH_ORDER,
}


def rows_of(body: Any) -> Any:
    """Return the rows of an answer; None where it is none."""
    return body.get("data") if isinstance(body, dict) else None


def meaning_of(answer: Answer) -> Meaning | None:
    """Return what an answer of OKX proves; None where it proves nothing."""
    body = answer.body
    if answer.status >= 500 or not isinstance(body, dict):
        return None
    code = body.get("code")
    if code == FAILED:
        row = only_row(rows_of(body))
        return CODES.get(str(row.get("sCode"))) if row is not None else None
    return CODES.get(code) if isinstance(code, str) else None


def is_answer(call: Call, body: Any) -> bool:
    """Return whether a body has the form of an answer of OKX."""
    if not isinstance(body, dict) or body.get("code") != DONE:
        return False
    if call is Call.PLACE:
        row = only_row(rows_of(body))
        return row is not None and row.get("sCode") == DONE
    if call in (Call.TIME, Call.BOOK, Call.ORDER, Call.BALANCES, Call.PERMISSIONS):
        return only_row(rows_of(body)) is not None
    return isinstance(rows_of(body), list)


def ask_permissions(exchange: Any) -> frozenset[str]:
    """Return what a key may do."""
    told = exchange.privateGetAccountConfig()["data"][0]["perm"]
    words = {word.strip() for word in told.split(",")}
    return frozenset({READ} | ({TRADE, WITHDRAW} & words))


def place(exchange: Any, ticket: Ticket) -> Structure:
    """Hand in an order, in the account's own coins."""
    params = {"clOrdId": ticket.client_order_id, "timeInForce": "IOC", "tdMode": "cash"}
    if ticket.broker_tag:
        params["tag"] = ticket.broker_tag
    order: Structure = exchange.create_order(
        ticket.symbol, "limit", ticket.side, ticket.quantity, ticket.price_limit, params
    )
    return order


def ask_order(exchange: Any, symbol: str, client_order_id: str) -> Structure | None:
    """Return the latest order under our id; one that never was is an error there."""
    order: Structure = exchange.fetch_order(None, symbol, {"clOrdId": client_order_id})
    return order


def ask_order_trades(exchange: Any, symbol: str, order: Structure) -> Trades:
    """Return the trades of an order; of the last three days, since that list is the fresh one."""
    market = exchange.market(symbol)
    told = exchange.privateGetTradeFills({"instType": "SPOT", "instId": market["id"], "ordId": order["id"]})
    trades: Trades = exchange.parse_trades(told["data"], market)
    return trades


def ask_trades(exchange: Any, symbol: str, span: Span, page: Trades) -> Trades:
    """Return a page of trades, newest first. The list of three days is fresh, that of three months is not."""
    market = exchange.market(symbol)
    params: dict[str, Any] = {
        "instType": "SPOT",
        "instId": market["id"],
        "begin": span.begin,
        "limit": TRADES_A_PAGE,
    }
    if page:
        params["after"] = page[-1]["info"]["billId"]
    is_recent = exchange.nonce() - span.begin < RECENT / timedelta(milliseconds=1)
    told = exchange.privateGetTradeFills(params) if is_recent else exchange.privateGetTradeFillsHistory(params)
    # ccxt sorts by time, and the page goes on from the last row that was told.
    trades: Trades = [exchange.parse_trade(row, market) for row in told["data"]]
    return trades


OKX = Dialect(
    name="OKX",
    # 60 orders in two seconds for each market; what is allowed less often weighs more.
    allowance=Allowance(capacity=40, per_second=25),
    validity_seconds=WINDOW_SECONDS + ON_THE_WAY_SECONDS,
    read_code=meaning_of,
    is_answer=is_answer,
    is_told_at_once=False,
    client_order_id_pattern=r"[A-Za-z0-9]{1,32}",
    tagging=Tagging(pattern=r"[A-Za-z0-9]{1,16}", words="one to sixteen letters and digits"),
    options={"fetchMarkets": {"types": ["spot"]}, "createOrder": "privatePostTradeOrder"},
    weights={
        Call.MARKETS: 3,
        Call.BOOK: 1.5,
        Call.QUOTES: 3,
        Call.ORDER_TRADES: 1,
        Call.TRADES: 3,
        Call.BALANCES: 8,
        Call.FUNDING: 5,
        Call.EARN: 5,
        Call.STAKED: 10,
        Call.PERMISSIONS: 8,
        Call.TIME: 3,
    },
    deadline_header="expTime",
    ask_permissions=ask_permissions,
    place=place,
    ask_orders=(ask_order,),
    ask_order_trades=ask_order_trades,
    ask_trades=ask_trades,
    page_length=TRADES_A_PAGE,
    transfers_a_page=100,
    transfers_params={"limit": 100},
    transfers_end="after",
)
