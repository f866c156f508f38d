"""
Bitget's v2 spot REST, of a classic account: paths, signatures, payloads, codes.

Numbers are strings, every answer is `{"code": "00000", "msg": "success", "requestTime": ms, "data": ...}`, an error an
HTTP 400 with another code. A request is signed over timestamp, method, path with query and body (HMAC-SHA256, base64)
and let in within thirty seconds of its timestamp; an order may name a narrower window, which the engine keeps to.
Lists come newest first, at most a hundred rows.
"""

import base64
import hashlib
import hmac
from decimal import Decimal
from typing import Any

from tests.fake_venue.accounts import ApiKey
from tests.fake_venue.dialects import bitget_payloads as payloads
from tests.fake_venue.dialects.bybit_payloads import name_of
from tests.fake_venue.dialects.dialect import Act, Asked, Dialect, Refusal
from tests.fake_venue.exchange import Habits
from tests.fake_venue.markets import FakeMarket
from tests.fake_venue.orders import FakeOrder, FakeTrade, OrderStatus, Reason, Refused, Validity
from tests.fake_venue.wire import Answer, Circumstances, Request, Route, json_answer

GATE_MS = 30_000
SPAN_MS = 90 * 86_400_000
ROWS_MAX = 100

# Reason -> code and sentence of a refused order.
REFUSALS: dict[Reason, tuple[str, str]] = {
    Reason.MARKET_UNKNOWN: ("40102", "Symbol does not exist"),
    Reason.MARKET_CLOSED: ("41114", "The current trading pair is under maintenance"),
    Reason.LOT_SIZE: ("40808", "Parameter verification exception size checkBDScale error value=0.1 checkScale=0"),
    Reason.TICK_SIZE: ("41103", "param price scale error error"),
    Reason.QUANTITY_MIN: ("45111", "less than the minimum order quantity"),
    Reason.VALUE_MIN: ("45110", "less than the minimum amount 5 USDT"),
    Reason.PRICE_BAND: ("43009", "The current order price exceeds the limit"),
    Reason.BALANCE_SHORT: ("43012", "Insufficient balance"),
    Reason.DUPLICATE: ("40786", "Duplicate clientOid"),
    Reason.MALFORMED: ("40305", "clientOid or clientOrderId length cannot greater than 64"),
}
VALIDITIES = {"ioc": Validity.IOC, "fok": Validity.FOK, "gtc": Validity.GTC}


def body_of(code: str, message: str, *, now_ms: int = 0, data: Any = None) -> dict[str, Any]:
    return {"code": code, "msg": message, "requestTime": now_ms, "data": data}


def refusal(code: str, message: str, *, status: int = 400) -> Refusal:
    return Refusal(json_answer(body_of(code, message), status=status))


class Given(dict[str, str]):
    """The parameters of a request; asking for one that was not sent refuses the request."""

    def __missing__(self, name: str) -> str:
        raise refusal("40019", f"Parameter {name} cannot be empty")


class BitgetDialect(Dialect):
    """How Bitget says it."""

    name = "bitget"
    habits = Habits(
        ids_reusable=False,
        client_id_pattern=r"[A-Za-z0-9_#.:-]{1,64}",
        order_ids_per_market=False,
        has_value_min=True,
        first_order_id=1_148_903_850_645_331_000,
    )

    def routes(self) -> dict[tuple[str, str], tuple[Route, Act]]:
        return {
            ("GET", "/api/v2/public/time"): (Route(name="time"), self._time),
            ("GET", "/api/v2/spot/public/symbols"): (Route(name="markets"), self._markets),
            # Margin and contracts exist and have no markets, because ccxt asks for them unless told otherwise.
            ("GET", "/api/v2/spot/public/coins"): (Route(name="coins"), lambda _: []),
            ("GET", "/api/v2/margin/currencies"): (Route(name="margin"), lambda _: []),
            ("GET", "/api/v2/mix/market/contracts"): (Route(name="contracts"), lambda _: []),
            ("GET", "/api/v3/account/settings"): (Route(name="mode", scope="read"), self._no_unified_account),
            ("GET", "/api/v2/spot/market/tickers"): (Route(name="ticker"), self._tickers),
            ("GET", "/api/v2/spot/market/orderbook"): (Route(name="book"), self._book),
            ("POST", "/api/v2/spot/trade/place-order"): (Route(name="place", scope="trade"), self._place),
            ("POST", "/api/v2/spot/trade/cancel-order"): (Route(name="cancel", scope="trade"), self._cancel),
            ("GET", "/api/v2/spot/trade/orderInfo"): (Route(name="find", scope="read"), self._find),
            ("GET", "/api/v2/spot/trade/unfilled-orders"): (Route(name="open_orders", scope="read"), self._open_orders),
            ("GET", "/api/v2/spot/trade/history-orders"): (Route(name="orders", scope="read"), self._orders),
            ("GET", "/api/v2/spot/trade/fills"): (Route(name="trades", scope="read"), self._trades),
            ("GET", "/api/v2/spot/account/assets"): (Route(name="balances", scope="read"), self._balances),
            ("GET", "/api/v2/account/funding-assets"): (Route(name="funding", scope="read"), self._funding),
            ("GET", "/api/v2/earn/account/assets"): (Route(name="earn", scope="read"), self._earn),
            ("GET", "/api/v2/spot/account/info"): (Route(name="permissions", scope="read"), self._key),
        }

    # -- the manner of speaking ----------------------------------------------------------------------------------------

    def given(self, request: Request) -> dict[str, str]:
        if request.method == "GET":
            return Given(request.parameters)
        return Given({name: str(value) for name, value in request.json.items()})

    def open(self, request: Request, route: Route, *, circumstances: Circumstances, now_ms: int) -> ApiKey:
        sent = request.headers
        key = self.exchange.keys.get(sent.get("access-key", ""))
        if key is None:
            raise refusal("40006", "Invalid ACCESS_KEY")
        if key.revoked:
            raise refusal("40037", "Apikey does not exist")
        stamp = sent.get("access-timestamp", "")
        signed = stamp + request.method + request.target + request.body
        expected = base64.b64encode(hmac.new(key.secret.encode(), signed.encode(), hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(expected, sent.get("access-sign", "")):
            raise refusal("40009", "sign signature error")
        if sent.get("access-passphrase") != key.passphrase:
            raise refusal("40012", "apikey/password is incorrect")
        if abs(now_ms - int(stamp)) > GATE_MS and not circumstances.window_ignored:
            raise refusal("40008", "Request timestamp expired")
        if route.scope not in key.scopes:
            raise refusal("40014", "Incorrect permissions, need spot trade permissions")
        return key

    def tell(self, content: Any, *, now_ms: int) -> Answer:
        return json_answer(body_of("00000", "success", now_ms=now_ms, data=content))

    def refuse(self, refused: Refused) -> Refusal:
        return refusal(*REFUSALS[refused.reason])

    def malformed(self, message: str) -> Refusal:
        return refusal("40017", f"Parameter verification failed {message}")

    def too_fast(self, *, seconds: float, banned: bool) -> Answer:
        return refusal("429", "Too Many Requests", status=429).answer

    def unknown_path(self) -> Answer:
        return refusal("40404", "Request URL NOT FOUND", status=404).answer

    # -- public --------------------------------------------------------------------------------------------------------

    def _time(self, asked: Asked) -> dict[str, Any]:
        return {"serverTime": str(asked.now_ms)}

    def _markets(self, asked: Asked) -> list[dict[str, Any]]:
        return [payloads.symbol(market) for market in self._asked_for(asked)]

    def _tickers(self, asked: Asked) -> list[dict[str, Any]]:
        told = []
        for market in self._asked_for(asked):
            bids, asks = self.exchange.sides(market.symbol, now_ms=asked.now_ms)
            mid = self.exchange.mid(market.symbol, now_ms=asked.now_ms)
            told.append(payloads.ticker(market, bids=bids, asks=asks, mid=mid, now_ms=asked.now_ms))
        return told

    def _book(self, asked: Asked) -> dict[str, Any]:
        market = self._market(asked.given["symbol"])
        bids, asks = self.exchange.sides(market.symbol, now_ms=asked.now_ms)
        size = min(int(asked.given.get("limit", 150)), 150)
        return payloads.book(bids[:size], asks[:size], now_ms=asked.now_ms)

    # -- orders --------------------------------------------------------------------------------------------------------

    def _place(self, asked: Asked) -> dict[str, Any]:
        given = asked.given
        validity = VALIDITIES.get(given["force"].lower())
        if given["orderType"] != "limit" or validity is None:
            raise refusal("40020", "Parameter orderType or force error")
        if "receiveWindow" in given and not asked.circumstances.window_ignored:
            age_ms = asked.now_ms - int(given["requestTime"])
            if age_ms > int(given["receiveWindow"]):
                raise refusal("40078", "Timestamp for this request is outside of the ME receiveWindow.")
        order = self.exchange.place(
            account=asked.account,
            client_order_id=given.get("clientOid") or f"o{len(self.exchange.orders):031d}",
            symbol=self._market(given["symbol"]).symbol,
            side=given["side"].upper(),
            quantity=Decimal(given["size"]),
            price_limit=Decimal(given["price"]),
            validity=validity,
            now_ms=asked.now_ms,
            fill_fraction=Decimal(asked.circumstances.fill_fraction),
            tag=asked.headers.get("x-channel-api-code", ""),
        )
        return payloads.order_taken(order)

    def _cancel(self, asked: Asked) -> dict[str, Any]:
        order = self._order(asked)
        if order is None or order.status is not OrderStatus.OPEN:
            raise refusal("43001", "The order does not exist")
        self.exchange.cancel(order, now_ms=asked.now_ms)
        return payloads.order_taken(order)

    def _find(self, asked: Asked) -> list[dict[str, Any]]:
        order = self._order(asked)
        if order is None or order.created_ms > asked.hidden_from_ms:
            raise refusal("43001", "The order does not exist")
        return [payloads.order_told(order)]

    def _open_orders(self, asked: Asked) -> list[dict[str, Any]]:
        return [payloads.open_order_told(order) for order in self._orders_asked_for(asked, are_open=True)]

    def _orders(self, asked: Asked) -> list[dict[str, Any]]:
        known = self._orders_asked_for(asked, are_open=False)
        return [payloads.order_told(order) for order in known if order.created_ms <= asked.hidden_from_ms]

    def _trades(self, asked: Asked) -> list[dict[str, Any]]:
        """Return own trades, newest first: `idLessThan` a trade means older than it."""
        given = asked.given
        begin, end = int(given.get("startTime") or 0), int(given.get("endTime") or asked.now_ms)
        if given.get("startTime") and given.get("endTime") and end - begin > SPAN_MS:
            raise refusal("40705", "The start and end time cannot exceed 90 days")
        if given.get("startTime") and asked.now_ms - begin > SPAN_MS:
            raise refusal("40704", "Can only check the data of the last three months")

        def is_asked_for(trade: FakeTrade) -> bool:
            return (
                trade.account == asked.account
                and given.get("symbol") in (None, name_of(trade.symbol))
                and given.get("orderId") in (None, str(trade.order_id))
                and begin <= trade.at_ms <= min(end, asked.hidden_from_ms)
                and trade.trade_id < int(given.get("idLessThan") or trade.trade_id + 1)
            )

        told = [trade for trade in reversed(self.exchange.trades) if is_asked_for(trade)]
        return [payloads.fill(trade) for trade in told[: self._rows(asked)]]

    # -- the account ---------------------------------------------------------------------------------------------------

    def _balances(self, asked: Asked) -> list[dict[str, Any]]:
        return payloads.assets(self.exchange.accounts[asked.account], now_ms=asked.now_ms)

    def _funding(self, asked: Asked) -> list[dict[str, Any]]:
        return [payloads.funding(*kept) for kept in self.exchange.accounts[asked.account].funding.items()]

    def _earn(self, asked: Asked) -> list[dict[str, Any]]:
        """Return all products together: savings, and what is staked."""
        account = self.exchange.accounts[asked.account]
        coins = sorted(account.earn.keys() | account.staked.keys())
        kept = {coin: account.earn.get(coin, Decimal(0)) + account.staked.get(coin, Decimal(0)) for coin in coins}
        return [{"coin": coin, "amount": f"{quantity:.8f}"} for coin, quantity in kept.items()]

    def _key(self, asked: Asked) -> dict[str, Any]:
        assert asked.key is not None
        return payloads.key_info(asked.key)

    def _no_unified_account(self, asked: Asked) -> Any:
        raise refusal("40084", "You are in Classic Account mode, and the Unified Account API is not supported")

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _market(self, name: str) -> FakeMarket:
        for market in self.exchange.listed():
            if name_of(market.symbol) == name:
                return market
        raise Refused(Reason.MARKET_UNKNOWN)

    def _asked_for(self, asked: Asked) -> list[FakeMarket]:
        return [self._market(asked.given["symbol"])] if "symbol" in asked.given else self.exchange.listed()

    def _order(self, asked: Asked) -> FakeOrder | None:
        """Return the order under either id, in whichever market."""
        given = asked.given
        for order in reversed(self.exchange.orders):
            if order.account != asked.account:
                continue
            if "orderId" in given and str(order.order_id) == given["orderId"]:
                return order
            if "orderId" not in given and order.client_order_id == given["clientOid"]:
                return order
        return None

    def _orders_asked_for(self, asked: Asked, *, are_open: bool) -> list[FakeOrder]:
        """Return orders newest first: `idLessThan` an order means older than it."""
        given = asked.given
        told = [
            order
            for order in reversed(self.exchange.orders)
            if order.account == asked.account
            and (order.status is OrderStatus.OPEN) is are_open
            and given.get("symbol") in (None, name_of(order.symbol))
            and order.order_id < int(given.get("idLessThan") or order.order_id + 1)
        ]
        return told[: self._rows(asked)]

    def _rows(self, asked: Asked) -> int:
        return min(int(asked.given.get("limit") or ROWS_MAX), ROWS_MAX)
