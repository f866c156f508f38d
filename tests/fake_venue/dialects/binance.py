"""
Binance's spot REST: paths, signatures, payloads, codes.

Numbers are strings with eight decimals, times are milliseconds. A signed request carries `timestamp` and `signature`
(HMAC-SHA256 of everything before it) and is valid for `recvWindow` ms from its timestamp. Errors are
`{"code": -n, "msg": ...}`.
"""

import hashlib
import hmac
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.fake_venue.accounts import ApiKey
from tests.fake_venue.dialects import binance_payloads as payloads
from tests.fake_venue.dialects.dialect import Act, Asked, Dialect, Refusal
from tests.fake_venue.exchange import Habits
from tests.fake_venue.markets import FakeMarket
from tests.fake_venue.orders import FakeOrder, OrderStatus, Reason, Refused, Validity
from tests.fake_venue.wire import Answer, Circumstances, Request, Route, json_answer

DAY_MS = 86_400_000
AHEAD_MS_MAX = 1_000
TRANSFERS_MAX, TRANSFERS_SPAN_MS_MAX = 1_000, 90 * DAY_MS

REFUSALS: dict[Reason, tuple[int, str]] = {
    Reason.MARKET_UNKNOWN: (-1121, "Invalid symbol."),
    Reason.MARKET_CLOSED: (-1013, "Market is closed."),
    Reason.LOT_SIZE: (-1013, "Filter failure: LOT_SIZE"),
    Reason.QUANTITY_MIN: (-1013, "Filter failure: LOT_SIZE"),
    Reason.TICK_SIZE: (-1013, "Filter failure: PRICE_FILTER"),
    Reason.VALUE_MIN: (-1013, "Filter failure: NOTIONAL"),
    Reason.PRICE_BAND: (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    Reason.BALANCE_SHORT: (-2010, "Account has insufficient balance for requested action."),
    Reason.DUPLICATE: (-2010, "Duplicate order sent."),
    Reason.MALFORMED: (-1100, "Illegal characters found in a parameter."),
}


def refusal(code: int, message: str, *, status: int = 400) -> Refusal:
    return Refusal(json_answer({"code": code, "msg": message}, status=status))


def transfers_asked_for(rows: list[dict[str, Any]], given: dict[str, str]) -> list[dict[str, Any]]:
    """Return a page of transfers, newest first, of 90 days at most."""
    begin, end = int(given.get("startTime", 0)), int(given.get("endTime", 2**63))
    if "startTime" in given and end - begin > TRANSFERS_SPAN_MS_MAX:
        raise refusal(-1127, "More than 90 days between startTime and endTime.")
    found = sorted((row for row in rows if begin <= row["at_ms"] <= end), key=lambda row: -row["at_ms"])
    return found[: min(int(given.get("limit", TRANSFERS_MAX)), TRANSFERS_MAX)]


def broker_in(client_order_id: str) -> str:
    """Return which broker an order's own id names: eight characters behind x-."""
    return client_order_id[2:10] if client_order_id.startswith("x-") else ""


class Given(dict[str, str]):
    """The parameters of a request; asking for one that was not sent refuses the request."""

    def __missing__(self, name: str) -> str:
        raise refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


class BinanceDialect(Dialect):
    """How Binance says it."""

    name = "binance"
    habits = Habits(
        ids_reusable=True,
        client_id_pattern=r"[\.A-Z:/a-z0-9_-]{1,36}",
        order_ids_per_market=True,
        has_value_min=True,
    )

    def routes(self) -> dict[tuple[str, str], tuple[Route, Act]]:
        place, cancel = Route(name="place", scope="trade"), Route(name="cancel", scope="trade")
        return {
            ("GET", "/api/v3/ping"): (Route(name="time"), lambda _: {}),
            ("GET", "/api/v3/time"): (Route(name="time"), self._time),
            ("GET", "/api/v3/exchangeInfo"): (Route(name="markets", weight=20), self._markets),
            ("GET", "/api/v3/ticker/price"): (Route(name="ticker", weight=4), self._ticker(payloads.ticker_price)),
            ("GET", "/api/v3/ticker/bookTicker"): (Route(name="ticker", weight=4), self._ticker(payloads.book_ticker)),
            ("GET", "/api/v3/ticker/24hr"): (Route(name="ticker", weight=40), self._ticker(payloads.day_ticker)),
            ("GET", "/api/v3/depth"): (Route(name="book", weight=5), self._book),
            ("POST", "/api/v3/order"): (place, self._place),
            ("DELETE", "/api/v3/order"): (cancel, self._cancel),
            ("GET", "/api/v3/order"): (Route(name="find", weight=4, scope="read"), self._find),
            ("GET", "/api/v3/openOrders"): (Route(name="open_orders", weight=6, scope="read"), self._open_orders),
            ("GET", "/api/v3/allOrders"): (Route(name="orders", weight=20, scope="read"), self._orders),
            ("GET", "/api/v3/myTrades"): (Route(name="trades", weight=20, scope="read"), self._trades),
            ("GET", "/api/v3/account"): (Route(name="balances", weight=20, scope="read"), self._balances),
            ("POST", "/sapi/v1/asset/get-funding-asset"): (Route(name="funding", scope="read"), self._funding),
            ("GET", "/sapi/v1/simple-earn/locked/position"): (Route(name="earn", weight=150, scope="read"), self._earn),
            ("GET", "/sapi/v1/account/apiRestrictions"): (Route(name="permissions", scope="read"), self._permissions),
            ("GET", "/sapi/v1/capital/deposit/hisrec"): (Route(name="deposits", scope="read"), self._deposits),
            ("GET", "/sapi/v1/capital/withdraw/history"): (
                Route(name="withdrawals", weight=18, scope="read"),
                self._withdrawals,
            ),
            ("GET", "/sapi/v1/capital/config/getall"): (Route(name="coins", weight=10, scope="read"), self._coins),
            # Margin and derivatives exist and have no markets, because ccxt asks for them unless told otherwise.
            ("GET", "/sapi/v1/margin/allPairs"): (Route(name="markets", scope="read"), lambda _: []),
            ("GET", "/sapi/v1/margin/isolated/allPairs"): (Route(name="markets", scope="read"), lambda _: []),
            ("GET", "/fapi/v1/exchangeInfo"): (Route(name="markets"), lambda _: {"symbols": []}),
            ("GET", "/dapi/v1/exchangeInfo"): (Route(name="markets"), lambda _: {"symbols": []}),
        }

    # -- the manner of speaking ----------------------------------------------------------------------------------------

    def given(self, request: Request) -> dict[str, str]:
        return Given(request.parameters)

    def open(self, request: Request, route: Route, *, circumstances: Circumstances, now_ms: int) -> ApiKey:
        key = self.exchange.keys.get(request.headers.get("x-mbx-apikey", ""))
        if key is None or key.revoked or route.scope not in key.scopes:
            raise refusal(-2015, "Invalid API-key, IP, or permissions for action.", status=401)
        signed = "".join(part for part in (request.query, request.body) if part)
        payload, _, signature = signed.rpartition("&signature=")
        expected = hmac.new(key.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature):
            raise refusal(-1022, "Signature for this request is not valid.", status=401)
        given = self.given(request)
        age_ms = now_ms - int(given["timestamp"])
        if age_ms < -AHEAD_MS_MAX:
            raise refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if age_ms > int(given.get("recvWindow", 5_000)) and not circumstances.window_ignored:
            raise refusal(-1021, "Timestamp for this request is outside of the recvWindow.")
        return key

    def tell(self, content: Any, *, now_ms: int) -> Answer:
        return json_answer(content)

    def refuse(self, refused: Refused) -> Refusal:
        return refusal(*REFUSALS[refused.reason])

    def malformed(self, message: str) -> Refusal:
        return refusal(-1100, "Illegal characters found in a parameter.")

    def too_fast(self, *, seconds: float, banned: bool) -> Answer:
        message = "Way too much request weight used; IP banned." if banned else "Too many requests."
        headers = {"Retry-After": str(int(seconds) + 1)}
        return json_answer({"code": -1003, "msg": message}, status=418 if banned else 429, headers=headers)

    def unknown_path(self) -> Answer:
        return Answer(status=404, body="<html><body>404 Not found</body></html>", content_type="text/html")

    def headers(self, *, weight_used: int) -> dict[str, str]:
        return {"X-MBX-USED-WEIGHT": str(weight_used), "X-MBX-USED-WEIGHT-1M": str(weight_used)}

    # -- public --------------------------------------------------------------------------------------------------------

    def _time(self, asked: Asked) -> dict[str, Any]:
        return {"serverTime": asked.now_ms}

    def _markets(self, asked: Asked) -> dict[str, Any]:
        return payloads.exchange_info(self._asked_for(asked.given), now_ms=asked.now_ms)

    def _ticker(self, describe: Callable[..., dict[str, Any]]) -> Act:
        def answer(asked: Asked) -> Any:
            now_ms, told = asked.now_ms, []
            for market in self._asked_for(asked.given):
                bids, asks = self.exchange.sides(market.symbol, now_ms=now_ms)
                mid = self.exchange.mid(market.symbol, now_ms=now_ms)
                told.append(describe(market, bids=bids, asks=asks, mid=mid, now_ms=now_ms))
            return told[0] if "symbol" in asked.given else told

        return answer

    def _book(self, asked: Asked) -> dict[str, Any]:
        bids, asks = self.exchange.sides(self._market(asked.given).symbol, now_ms=asked.now_ms)
        limit = int(asked.given.get("limit", 100))
        return payloads.depth(bids[:limit], asks[:limit], now_ms=asked.now_ms)

    # -- orders --------------------------------------------------------------------------------------------------------

    def _place(self, asked: Asked) -> dict[str, Any]:
        given = asked.given
        if given["type"] != "LIMIT":
            raise refusal(-1116, "Invalid orderType.")
        order = self.exchange.place(
            account=asked.account,
            client_order_id=given.get("newClientOrderId") or f"web{len(self.exchange.orders):012d}",
            symbol=self._market(given).symbol,
            side=given["side"],
            quantity=Decimal(given["quantity"]),
            price_limit=Decimal(given["price"]),
            validity=Validity(given["timeInForce"]),
            now_ms=asked.now_ms,
            fill_fraction=Decimal(asked.circumstances.fill_fraction),
            tag=broker_in(given.get("newClientOrderId", "")),
        )
        return payloads.new_order(order, detail=given.get("newOrderRespType", "FULL"))

    def _cancel(self, asked: Asked) -> dict[str, Any]:
        order = self._order(asked)
        if order is None or order.status is not OrderStatus.OPEN:
            raise refusal(-2011, "Unknown order sent.")
        self.exchange.cancel(order, now_ms=asked.now_ms)
        return payloads.canceled_order(order)

    def _find(self, asked: Asked) -> dict[str, Any]:
        order = self._order(asked)
        if order is None or order.created_ms > asked.hidden_from_ms:
            raise refusal(-2013, "Order does not exist.")
        return payloads.queried_order(order)

    def _open_orders(self, asked: Asked) -> list[dict[str, Any]]:
        return [
            payloads.queried_order(order)
            for market in self._asked_for(asked.given)
            for order in self.exchange.orders_of(asked.account, market.symbol)
            if order.status is OrderStatus.OPEN
        ]

    def _orders(self, asked: Asked) -> list[dict[str, Any]]:
        known = self.exchange.orders_of(asked.account, self._market(asked.given).symbol)
        told = [order for order in known if order.created_ms <= asked.hidden_from_ms]
        if "orderId" in asked.given:
            told = [order for order in told if order.order_id >= int(asked.given["orderId"])]
        return [payloads.queried_order(order) for order in _page(told, asked.given, moment=lambda row: row.created_ms)]

    def _trades(self, asked: Asked) -> list[dict[str, Any]]:
        given = asked.given
        known = self.exchange.trades_of(asked.account, self._market(given).symbol)
        told = [trade for trade in known if trade.at_ms <= asked.hidden_from_ms]
        if "orderId" in given:
            told = [trade for trade in told if trade.order_id == int(given["orderId"])]
        if "fromId" in given:
            told = [trade for trade in told if trade.trade_id >= int(given["fromId"])]
        return [payloads.own_trade(trade) for trade in _page(told, given, moment=lambda row: row.at_ms)]

    # -- the account ---------------------------------------------------------------------------------------------------

    def _balances(self, asked: Asked) -> dict[str, Any]:
        holder = self.exchange.accounts[asked.account]
        return payloads.account_info(holder, fee_rate=self.exchange.fee_rate, now_ms=asked.now_ms)

    def _funding(self, asked: Asked) -> list[dict[str, Any]]:
        return [payloads.funding(*kept) for kept in self.exchange.accounts[asked.account].funding.items()]

    def _earn(self, asked: Asked) -> dict[str, Any]:
        locked = list(self.exchange.accounts[asked.account].earn.items())
        size, page = int(asked.given.get("size", 10)), int(asked.given.get("current", 1))
        rows = [payloads.locked_position(*kept) for kept in locked[(page - 1) * size : page * size]]
        return {"rows": rows, "total": len(locked)}

    def _deposits(self, asked: Asked) -> list[dict[str, Any]]:
        rows = self.exchange.accounts[asked.account].deposits
        return [payloads.deposit(row) for row in transfers_asked_for(rows, asked.given)]

    def _withdrawals(self, asked: Asked) -> list[dict[str, Any]]:
        rows = self.exchange.accounts[asked.account].withdrawals
        return [payloads.withdrawal(row) for row in transfers_asked_for(rows, asked.given)]

    def _permissions(self, asked: Asked) -> dict[str, Any]:
        assert asked.key is not None
        return payloads.restrictions(asked.key)

    def _coins(self, asked: Asked) -> list[dict[str, Any]]:
        markets = self.exchange.listed()
        coins = sorted({market.base for market in markets} | {market.quote for market in markets})
        return [payloads.coin(coin, self.exchange.accounts[asked.account]) for coin in coins]

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _market(self, given: dict[str, str]) -> FakeMarket:
        wanted = given["symbol"]
        for market in self.exchange.listed():
            if market.base + market.quote == wanted:
                return market
        raise Refused(Reason.MARKET_UNKNOWN)

    def _asked_for(self, given: dict[str, str]) -> list[FakeMarket]:
        """Return the markets named by `symbol` or `symbols`, or all of them."""
        if "symbol" in given:
            return [self._market(given)]
        if "symbols" in given:
            names = given["symbols"].strip("[]").replace('"', "").split(",")
            return [self._market({"symbol": name}) for name in names]
        return self.exchange.listed()

    def _order(self, asked: Asked) -> FakeOrder | None:
        given, account, symbol = asked.given, asked.account, self._market(asked.given).symbol
        if "orderId" in given:
            return self.exchange.find(account=account, symbol=symbol, order_id=int(given["orderId"]))
        return self.exchange.find(account=account, symbol=symbol, client_order_id=given["origClientOrderId"])


def _page(rows: list[Any], given: dict[str, str], *, moment: Callable[[Any], int]) -> list[Any]:
    """Return what `startTime`, `endTime` and `limit` leave: the first rows from a start on, else the latest."""
    start, end = given.get("startTime"), given.get("endTime")
    if start and end and int(end) - int(start) > DAY_MS:
        raise refusal(-1127, "More than 24 hours between startTime and endTime.")
    limit = min(int(given.get("limit", 500)), 1000)
    within = [row for row in rows if int(start or 0) <= moment(row) and (not end or moment(row) <= int(end))]
    forward = start or "fromId" in given or "orderId" in given
    return within[:limit] if forward else within[-limit:]
