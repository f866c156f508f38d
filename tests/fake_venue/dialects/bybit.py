"""
Bybit's v5 spot REST, of a unified account: paths, signatures, payloads, codes.

Numbers are strings, every answer is `{"retCode": 0, "retMsg": "OK", "result": {...}, "retExtInfo": {}, "time": ms}`.
An error is most often an HTTP 200 with another `retCode`. A request is signed over timestamp, key, window and query or
body (HMAC-SHA256, hex) and valid for its window from its timestamp. Lists come newest first, page by cursor.
"""

import hashlib
import hmac
from decimal import Decimal
from typing import Any

from tests.fake_venue.accounts import ApiKey
from tests.fake_venue.dialects import bybit_payloads as payloads
from tests.fake_venue.dialects.dialect import Act, Asked, Dialect, Refusal
from tests.fake_venue.exchange import Habits
from tests.fake_venue.markets import FakeMarket
from tests.fake_venue.orders import FakeOrder, FakeTrade, OrderStatus, Reason, Refused, Validity
from tests.fake_venue.wire import Answer, Circumstances, Request, Route, json_answer

AHEAD_MS_MAX = 1_000
WEEK_MS = 7 * 86_400_000
DAY_MS = 86_400_000
ROWS_MAX = 100
ORDERS_MAX = 50
# What is told beside what is open.
RECENT_MAX = 500

# Reason -> code and sentence of a refused order.
REFUSALS: dict[Reason, tuple[int, str]] = {
    Reason.MARKET_UNKNOWN: (170121, "Invalid symbol."),
    Reason.MARKET_CLOSED: (170151, "The trading pair is not open yet."),
    Reason.LOT_SIZE: (170137, "Order volume decimal too long."),
    Reason.TICK_SIZE: (170134, "Order price has too many decimals."),
    Reason.QUANTITY_MIN: (170136, "Order quantity exceeded lower limit."),
    Reason.VALUE_MIN: (170140, "Order value exceeded lower limit."),
    Reason.PRICE_BAND: (170193, "Buy order price cannot be higher than the limit."),
    Reason.BALANCE_SHORT: (170131, "Insufficient balance."),
    Reason.DUPLICATE: (170141, "Duplicate clientOrderId."),
    Reason.MALFORMED: (10001, "Request parameter error."),
}


def body_of(code: int, message: str, *, now_ms: int = 0, result: Any = None) -> dict[str, Any]:
    told = {} if result is None else result
    return {"retCode": code, "retMsg": message, "result": told, "retExtInfo": {}, "time": now_ms}


def refusal(code: int, message: str, *, status: int = 200) -> Refusal:
    return Refusal(json_answer(body_of(code, message), status=status))


class Given(dict[str, str]):
    """The parameters of a request; asking for one that was not sent refuses the request."""

    def __missing__(self, name: str) -> str:
        raise refusal(10001, f"params error: {name} is required")


class BybitDialect(Dialect):
    """How Bybit says it."""

    name = "bybit"
    habits = Habits(
        ids_reusable=False,
        client_id_pattern=r"[A-Za-z0-9_-]{1,36}",
        order_ids_per_market=False,
        has_value_min=True,
        first_order_id=1_523_347_543_495_541_000,
    )

    def routes(self) -> dict[tuple[str, str], tuple[Route, Act]]:
        return {
            ("GET", "/v5/market/time"): (Route(name="time"), self._time),
            ("GET", "/v5/market/instruments-info"): (Route(name="markets"), self._markets),
            ("GET", "/v5/market/tickers"): (Route(name="ticker"), self._tickers),
            ("GET", "/v5/market/orderbook"): (Route(name="book"), self._book),
            ("POST", "/v5/order/create"): (Route(name="place", scope="trade"), self._place),
            ("POST", "/v5/order/cancel"): (Route(name="cancel", scope="trade"), self._cancel),
            ("GET", "/v5/order/realtime"): (Route(name="open_orders", scope="read"), self._fresh_orders),
            ("GET", "/v5/order/history"): (Route(name="orders", scope="read"), self._old_orders),
            ("GET", "/v5/execution/list"): (Route(name="trades", scope="read"), self._trades),
            ("GET", "/v5/account/wallet-balance"): (Route(name="balances", scope="read"), self._balances),
            ("GET", "/v5/asset/transfer/query-account-coins-balance"): (
                Route(name="funding", scope="read"),
                self._funding,
            ),
            ("GET", "/v5/earn/position"): (Route(name="earn", scope="read"), self._earn),
            ("GET", "/v5/account/info"): (Route(name="account", scope="read"), self._account),
            ("GET", "/v5/account/fee-rate"): (Route(name="fees", scope="read"), self._fees),
            ("GET", "/v5/user/query-api"): (Route(name="permissions", scope="read"), self._key),
            # ccxt asks for them with the markets unless told otherwise.
            ("GET", "/v5/asset/coin/query-info"): (Route(name="coins", scope="read"), lambda _: {"rows": []}),
        }

    def found(self, request: Request) -> tuple[Route, Act] | None:
        """Return where a request leads; who asks either list for one order looks for it."""
        found = super().found(request)
        if (
            found
            and found[0].name in {"open_orders", "orders"}
            and {"orderId", "orderLinkId"} & set(request.parameters)
        ):
            return Route(name="find", scope="read"), found[1]
        return found

    # -- the manner of speaking ----------------------------------------------------------------------------------------

    def given(self, request: Request) -> dict[str, str]:
        if request.method == "GET":
            return Given(request.parameters)
        return Given({name: str(value) for name, value in request.json.items()})

    def open(self, request: Request, route: Route, *, circumstances: Circumstances, now_ms: int) -> ApiKey:
        sent = request.headers
        key = self.exchange.keys.get(sent.get("x-bapi-api-key", ""))
        if key is None or key.revoked:
            raise refusal(10003, "API key is invalid.", status=401)
        stamp, window = sent.get("x-bapi-timestamp", ""), sent.get("x-bapi-recv-window", "5000")
        signed = stamp + key.key + window + (request.body if request.method == "POST" else request.query)
        expected = hmac.new(key.secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, sent.get("x-bapi-sign", "")):
            raise refusal(10004, "error sign! please check your signature generation algorithm.")
        age_ms = now_ms - int(stamp)
        if (age_ms < -AHEAD_MS_MAX or age_ms > int(window)) and not circumstances.window_ignored:
            raise refusal(10002, "invalid request, please check your server timestamp or recv_window param.")
        if route.scope not in key.scopes:
            raise refusal(10005, "Permission denied, please check your API key permissions.")
        return key

    def tell(self, content: Any, *, now_ms: int) -> Answer:
        return json_answer(body_of(0, "OK", now_ms=now_ms, result=content))

    def refuse(self, refused: Refused) -> Refusal:
        return refusal(*REFUSALS[refused.reason])

    def malformed(self, message: str) -> Refusal:
        return refusal(10001, f"params error: {message}")

    def too_fast(self, *, seconds: float, banned: bool) -> Answer:
        if banned:
            return Answer(status=403, body="403, access too frequent", content_type="text/plain")
        headers = {"X-Bapi-Limit-Status": "0", "X-Bapi-Limit-Reset-Timestamp": str(int(seconds * 1000))}
        return json_answer(body_of(10006, "Too many visits!"), headers=headers)

    def unknown_path(self) -> Answer:
        return Answer(status=404, body="", content_type="text/plain")

    # -- public --------------------------------------------------------------------------------------------------------

    def _time(self, asked: Asked) -> dict[str, Any]:
        return {"timeSecond": str(asked.now_ms // 1000), "timeNano": str(asked.now_ms * 1_000_000)}

    def _markets(self, asked: Asked) -> dict[str, Any]:
        listed = self._asked_for(asked)
        return {**self._list([payloads.instrument(market) for market in listed], asked), "nextPageCursor": ""}

    def _tickers(self, asked: Asked) -> dict[str, Any]:
        told = []
        for market in self._asked_for(asked):
            bids, asks = self.exchange.sides(market.symbol, now_ms=asked.now_ms)
            mid = self.exchange.mid(market.symbol, now_ms=asked.now_ms)
            told.append(payloads.ticker(market, bids=bids, asks=asks, mid=mid))
        return self._list(told, asked)

    def _book(self, asked: Asked) -> dict[str, Any]:
        market = self._market(asked.given["symbol"])
        bids, asks = self.exchange.sides(market.symbol, now_ms=asked.now_ms)
        size = min(int(asked.given.get("limit", 1)), 200)
        return payloads.book(market.symbol, bids[:size], asks[:size], now_ms=asked.now_ms)

    # -- orders --------------------------------------------------------------------------------------------------------

    def _place(self, asked: Asked) -> dict[str, Any]:
        given = asked.given
        if given["category"] != "spot" or given["orderType"] != "Limit" or given.get("isLeverage", "0") != "0":
            raise refusal(10001, "Only limit orders of the spot market, without a loan, are spoken here.")
        order = self.exchange.place(
            account=asked.account,
            client_order_id=given.get("orderLinkId") or f"o{len(self.exchange.orders):035d}",
            symbol=self._market(given["symbol"]).symbol,
            side=given["side"].upper(),
            quantity=Decimal(given["qty"]),
            price_limit=Decimal(given["price"]),
            validity=Validity(given.get("timeInForce", "GTC")),
            now_ms=asked.now_ms,
            fill_fraction=Decimal(asked.circumstances.fill_fraction),
            tag=asked.headers.get("referer", ""),
        )
        return payloads.order_taken(order)

    def _cancel(self, asked: Asked) -> dict[str, Any]:
        found = self._orders_asked_for(asked)
        if not found or found[0].status is not OrderStatus.OPEN:
            raise refusal(170213, "Order does not exist.")
        self.exchange.cancel(found[0], now_ms=asked.now_ms)
        return payloads.order_taken(found[0])

    def _fresh_orders(self, asked: Asked) -> dict[str, Any]:
        """Return what is open; what ended lately, too, where one order is asked for or `openOnly` is 1."""
        told = self._orders_asked_for(asked)[:RECENT_MAX]
        if not self._names_one(asked) and asked.given.get("openOnly", "0") == "0":
            told = [order for order in told if order.status is OrderStatus.OPEN]
        return self._orders(told, asked)

    def _old_orders(self, asked: Asked) -> dict[str, Any]:
        """Return what has ended; what did nothing is forgotten after a day."""
        ended = [order for order in self._orders_asked_for(asked) if order.status is not OrderStatus.OPEN]
        kept = [order for order in ended if order.trades or asked.now_ms - order.created_ms < DAY_MS]
        return self._orders(kept, asked)

    def _orders(self, told: list[FakeOrder], asked: Asked) -> dict[str, Any]:
        limit = min(int(asked.given.get("limit", 20)), ORDERS_MAX)
        visible = [order for order in told if order.created_ms <= asked.hidden_from_ms]
        return {**self._list([payloads.order_told(order) for order in visible[:limit]], asked), "nextPageCursor": ""}

    def _trades(self, asked: Asked) -> dict[str, Any]:
        """Return own trades, newest first; a cursor is the number of the last trade told."""
        given = asked.given
        end = int(given.get("endTime") or asked.now_ms)
        begin = int(given.get("startTime") or end - WEEK_MS)
        if end - begin > WEEK_MS:
            raise refusal(10001, "The time range between startTime and endTime cannot exceed 7 days.")
        if "startTime" in given and "endTime" not in given:
            end = begin + WEEK_MS
        before = int(given["cursor"]) if given.get("cursor") else len(self.exchange.trades)

        def is_asked_for(trade: FakeTrade) -> bool:
            return (
                trade.account == asked.account
                and (given.get("symbol") in (None, payloads.name_of(trade.symbol)) or self._names_one(asked))
                and given.get("orderId") in (None, str(trade.order_id))
                and given.get("orderLinkId") in (None, trade.client_order_id)
                and begin <= trade.at_ms <= min(end, asked.hidden_from_ms)
                and trade.number < before
            )

        found = [trade for trade in reversed(self.exchange.trades) if is_asked_for(trade)]
        limit = min(int(given.get("limit", 50)), ROWS_MAX)
        told = found[:limit]
        cursor = str(told[-1].number) if len(found) > limit else ""
        rows = [payloads.execution(trade, self._order_of(trade)) for trade in told]
        return {**self._list(rows, asked), "nextPageCursor": cursor}

    # -- the account ---------------------------------------------------------------------------------------------------

    def _balances(self, asked: Asked) -> dict[str, Any]:
        if asked.given["accountType"] != "UNIFIED":
            raise refusal(10001, "accountType only support UNIFIED.")
        return {"list": [payloads.wallet(self.exchange.accounts[asked.account])]}

    def _funding(self, asked: Asked) -> dict[str, Any]:
        if asked.given["accountType"] != "FUND":
            raise refusal(10001, "Only the funding account is told here.")
        kept = self.exchange.accounts[asked.account].funding
        return payloads.funding(kept)

    def _earn(self, asked: Asked) -> dict[str, Any]:
        """Return the positions of one category; there is no question for all of them."""
        account = self.exchange.accounts[asked.account]
        kept = {"FlexibleSaving": account.earn, "OnChain": account.staked}.get(asked.given["category"])
        if kept is None:
            raise refusal(180001, "Invalid parameter: category")
        return {"list": [payloads.position(*held) for held in kept.items()]}

    def _account(self, asked: Asked) -> dict[str, Any]:
        return payloads.account_info(now_ms=asked.now_ms)

    def _fees(self, asked: Asked) -> dict[str, Any]:
        return {"list": [payloads.fee_rate(market, self.exchange.fee_rate) for market in self.exchange.listed()]}

    def _key(self, asked: Asked) -> dict[str, Any]:
        assert asked.key is not None
        return payloads.key_info(asked.key)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _list(self, rows: list[dict[str, Any]], asked: Asked) -> dict[str, Any]:
        return {"category": asked.given["category"], "list": rows}

    def _market(self, name: str) -> FakeMarket:
        for market in self.exchange.listed():
            if payloads.name_of(market.symbol) == name:
                return market
        raise Refused(Reason.MARKET_UNKNOWN)

    def _asked_for(self, asked: Asked) -> list[FakeMarket]:
        """Return the market that is named, or all; derivatives exist and there are none."""
        if asked.given["category"] != "spot":
            return []
        if "symbol" in asked.given:
            return [self._market(asked.given["symbol"])]
        return self.exchange.listed()

    def _names_one(self, asked: Asked) -> bool:
        return "orderId" in asked.given or "orderLinkId" in asked.given

    def _orders_asked_for(self, asked: Asked) -> list[FakeOrder]:
        """Return orders newest first: those under an order id, else under our own, else of a market, else all."""
        given = asked.given
        if given["category"] != "spot":
            return []
        known = [order for order in reversed(self.exchange.orders) if order.account == asked.account]
        if "orderId" in given:
            return [order for order in known if str(order.order_id) == given["orderId"]]
        if "orderLinkId" in given:
            return [order for order in known if order.client_order_id == given["orderLinkId"]]
        if "symbol" in given:
            return [order for order in known if payloads.name_of(order.symbol) == given["symbol"]]
        return known

    def _order_of(self, trade: FakeTrade) -> FakeOrder | None:
        return self.exchange.find(account=trade.account, symbol=trade.symbol, order_id=trade.order_id)
