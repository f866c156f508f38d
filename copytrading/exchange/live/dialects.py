"""
What differs between venues: how much they allow, how long an order stays valid, what an answer looks like.

Binance and OKX are known in detail. Any other exchange of ccxt can be named in the settings and is met with more
caution: no code of it proves a rejection, and an order that did not arrive is waited for much longer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from copytrading.exchange.live import verdicts
from copytrading.exchange.live.budget import Allowance
from copytrading.exchange.live.client import Answer
from copytrading.exchange.live.verdicts import Meaning

READ, TRADE, WITHDRAW = "read", "trade", "withdraw"

# Within it the venue takes an order at all; afterwards it refuses it as too old.
WINDOW_SECONDS = 5.0
# Between the claim of an order and its sending, and for what the venue's gate and its engine take.
ON_THE_WAY_SECONDS = 2.5
# Where a venue has no such window.
WINDOWLESS_SECONDS = 60.0

Trades = list[dict[str, Any]]


class Call(StrEnum):
    """What can be asked."""

    TIME = "TIME"
    MARKETS = "MARKETS"
    BOOK = "BOOK"
    QUOTES = "QUOTES"
    PLACE = "PLACE"
    ORDER = "ORDER"
    OPEN_ORDERS = "OPEN_ORDERS"
    ORDER_TRADES = "ORDER_TRADES"
    TRADES = "TRADES"
    BALANCES = "BALANCES"
    FUNDING = "FUNDING"
    EARN = "EARN"
    STAKED = "STAKED"
    PERMISSIONS = "PERMISSIONS"


class PermissionsNotTold(Exception):
    """This exchange has no way, or none that we know, to say what a key may do."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """
    How one exchange is spoken to.

    `is_answer` says whether a body has the form of an answer to a call: ccxt reads a missing list as an empty one,
    and an account without balances is not what a broken answer should look like.
    `is_told_at_once` is whether placing an order tells what became of it.
    """

    allowance: Allowance
    validity_seconds: float
    meaning_of: Callable[[Answer], Meaning | None]
    is_answer: Callable[[Call, Any], bool]
    is_told_at_once: bool
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[Call, float] = field(default_factory=dict)
    markets_params: Mapping[str, Any] = field(default_factory=dict)
    place_params: Mapping[str, Any] = field(default_factory=dict)
    deadline_header: str = ""
    # Whether ccxt's "order not found" is believed, for want of a code that we know.
    trusts_not_found: bool = False
    find_param: str = "clientOrderId"
    place_param: str = "clientOrderId"
    ask_permissions: Callable[[Any], frozenset[str]] | None = None
    # The trades of one order; a page of trades from a moment (milliseconds) on, or the one after a page.
    ask_order_trades: Callable[[Any, str, str], Trades]
    ask_trades: Callable[[Any, str, int, Trades], Trades]
    page_length: int
    # The best offers of these pairs, by ccxt's symbol, in one request.
    ask_quotes: Callable[..., dict[str, Any]]

    def weight(self, call: Call) -> float:
        """Return what a call costs."""
        return self.weights.get(call, 1.0)


def any_quotes(exchange: Any, *, symbols: list[str]) -> dict[str, Any]:
    """Return the tickers of these pairs."""
    quotes: dict[str, Any] = exchange.fetch_tickers(symbols)
    return quotes


# -- Binance -----------------------------------------------------------------------------------------------------------

BINANCE_KEYS: dict[Call, str] = {
    Call.TIME: "serverTime",
    Call.MARKETS: "symbols",
    Call.BOOK: "bids",
    Call.PLACE: "orderId",
    Call.ORDER: "orderId",
    Call.BALANCES: "balances",
    Call.EARN: "rows",
    Call.PERMISSIONS: "enableReading",
}
BINANCE_TRADES_A_PAGE = 1000
BINANCE_PAIRS_MAX = 100


def is_binance_answer(call: Call, body: Any) -> bool:
    """Return whether a body has the form of an answer of Binance."""
    if call in BINANCE_KEYS:
        return isinstance(body, dict) and BINANCE_KEYS[call] in body
    return isinstance(body, list)


def binance_permissions(exchange: Any) -> frozenset[str]:
    """Return what a key may do. Moving money between accounts counts as withdrawing: it leaves ours."""
    told = exchange.sapiGetAccountApiRestrictions()
    trade = ("enableSpotAndMarginTrading", "enableMargin", "enableFutures", "enableVanillaOptions")
    withdraw = ("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer")
    return frozenset(
        permission
        for permission, names in ((READ, ("enableReading",)), (TRADE, trade), (WITHDRAW, withdraw))
        if any(told.get(name) not in (False, None, "false") for name in names)
    )


def binance_order_trades(exchange: Any, symbol: str, order_id: str) -> Trades:
    """Return the trades of an order."""
    trades: Trades = exchange.fetch_my_trades(symbol, None, BINANCE_TRADES_A_PAGE, {"orderId": order_id})
    return trades


def binance_trades(exchange: Any, symbol: str, since: int, page: Trades) -> Trades:
    """Return a page of trades, oldest first. A trade id cannot be asked for together with a time."""
    if page:
        params, begin = {"fromId": max(int(trade["id"]) for trade in page) + 1}, None
    else:
        params, begin = {}, since
    trades: Trades = exchange.fetch_my_trades(symbol, begin, BINANCE_TRADES_A_PAGE, params)
    return trades


def binance_quotes(exchange: Any, *, symbols: list[str]) -> dict[str, Any]:
    """Return the best offers; of all pairs, and ours among them, where naming ours would be too long a line."""
    quotes: dict[str, Any] = exchange.fetch_bids_asks(symbols if len(symbols) <= BINANCE_PAIRS_MAX else None)
    return quotes


BINANCE = Dialect(
    # 6,000 a minute, and 100 orders in ten seconds, which is why an order weighs so much here.
    allowance=Allowance(capacity=1000, per_second=80),
    validity_seconds=WINDOW_SECONDS + ON_THE_WAY_SECONDS,
    meaning_of=verdicts.binance_meaning,
    is_answer=is_binance_answer,
    is_told_at_once=True,
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
    },
    # Who may trade what is most of an answer of megabytes.
    markets_params={"showPermissionSets": "false"},
    place_params={"newOrderRespType": "FULL"},
    place_param="newClientOrderId",
    find_param="origClientOrderId",
    ask_permissions=binance_permissions,
    ask_order_trades=binance_order_trades,
    ask_trades=binance_trades,
    page_length=BINANCE_TRADES_A_PAGE,
    ask_quotes=binance_quotes,
)

# -- OKX ---------------------------------------------------------------------------------------------------------------

OKX_TRADES_A_PAGE = 100
OKX_RECENT = timedelta(days=3)


def is_okx_answer(call: Call, body: Any) -> bool:
    """Return whether a body has the form of an answer of OKX."""
    if not isinstance(body, dict) or body.get("code") != verdicts.OKX_DONE:
        return False
    if call is Call.PLACE:
        row = verdicts.only_row(body)
        return row is not None and row.get("sCode") == verdicts.OKX_DONE
    if call in (Call.TIME, Call.BOOK, Call.ORDER, Call.BALANCES, Call.PERMISSIONS):
        return verdicts.only_row(body) is not None
    return isinstance(body.get("data"), list)


def okx_permissions(exchange: Any) -> frozenset[str]:
    """Return what a key may do."""
    told = exchange.privateGetAccountConfig()["data"][0]["perm"]
    words = {word.strip() for word in told.split(",")}
    return frozenset({READ} | ({TRADE, WITHDRAW} & words))


def okx_order_trades(exchange: Any, symbol: str, order_id: str) -> Trades:
    """Return the trades of an order; of the last three days, since that list is the fresh one."""
    market = exchange.market(symbol)
    told = exchange.privateGetTradeFills({"instType": "SPOT", "instId": market["id"], "ordId": order_id})
    trades: Trades = exchange.parse_trades(told["data"], market)
    return trades


def okx_trades(exchange: Any, symbol: str, since: int, page: Trades) -> Trades:
    """Return a page of trades, newest first. The list of three days is fresh, that of three months is not."""
    market = exchange.market(symbol)
    params: dict[str, Any] = {"instType": "SPOT", "instId": market["id"], "begin": since, "limit": OKX_TRADES_A_PAGE}
    if page:
        params["after"] = page[-1]["info"]["billId"]
    is_recent = exchange.nonce() - since < OKX_RECENT / timedelta(milliseconds=1)
    told = exchange.privateGetTradeFills(params) if is_recent else exchange.privateGetTradeFillsHistory(params)
    # ccxt sorts by time, and the page goes on from the last row that was told.
    trades: Trades = [exchange.parse_trade(row, market) for row in told["data"]]
    return trades


OKX = Dialect(
    # 60 orders in two seconds for each market; what is allowed less often weighs more.
    allowance=Allowance(capacity=40, per_second=25),
    validity_seconds=WINDOW_SECONDS + ON_THE_WAY_SECONDS,
    meaning_of=verdicts.okx_meaning,
    is_answer=is_okx_answer,
    is_told_at_once=False,
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
    place_params={"tdMode": "cash"},
    deadline_header="expTime",
    place_param="clOrdId",
    find_param="clOrdId",
    ask_permissions=okx_permissions,
    ask_order_trades=okx_order_trades,
    ask_trades=okx_trades,
    page_length=OKX_TRADES_A_PAGE,
    ask_quotes=any_quotes,
)

# -- Any other ---------------------------------------------------------------------------------------------------------


def is_json(_call: Call, body: Any) -> bool:
    """Return whether there is anything in a body: of an exchange we have not read about no more can be said."""
    return isinstance(body, dict | list)


def any_order_trades(exchange: Any, symbol: str, order_id: str) -> Trades:
    """Return the trades of an order."""
    trades: Trades = exchange.fetch_order_trades(order_id, symbol)
    return trades


def any_trades(exchange: Any, symbol: str, since: int, page: Trades) -> Trades:
    """Return a page of trades, oldest first: from the last one seen on, which is then told once more."""
    trades: Trades = exchange.fetch_my_trades(symbol, page[-1]["timestamp"] if page else since)
    return trades


OTHER = Dialect(
    allowance=Allowance(capacity=10, per_second=2),
    validity_seconds=WINDOWLESS_SECONDS,
    meaning_of=verdicts.nothing_proven,
    is_answer=is_json,
    is_told_at_once=False,
    trusts_not_found=True,
    ask_order_trades=any_order_trades,
    ask_trades=any_trades,
    # How long a page is we do not know, so a further one is asked for until nothing new comes.
    page_length=1,
    ask_quotes=any_quotes,
)

DIALECTS = {"binance": BINANCE, "okx": OKX}


def dialect_of(exchange: str) -> Dialect:
    """Return how an exchange is spoken to."""
    return DIALECTS.get(exchange, OTHER)
