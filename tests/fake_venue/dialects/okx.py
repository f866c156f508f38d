"""
OKX's v5 spot REST: paths, signatures, payloads, codes.

Numbers are strings, times are strings of milliseconds, every answer is `{"code": "0", "msg": "", "data": [...]}`.
An order that is refused is an HTTP 200 with code "1" and the reason in `data[0].sCode`. A request is signed over its
ISO timestamp, method, path and body (HMAC-SHA256, base64), valid for 30 s or until its `expTime`. Lists come newest
first, at most a hundred rows.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.fake_venue.accounts import ApiKey
from tests.fake_venue.dialects import okx_payloads as payloads
from tests.fake_venue.dialects.dialect import Act, Asked, Dialect, Refusal
from tests.fake_venue.exchange import Habits
from tests.fake_venue.orders import FakeOrder, FakeTrade, OrderStatus, Reason, Refused, Validity
from tests.fake_venue.wire import Answer, Circumstances, Request, Route, json_answer

VALID_MS = 30_000
ROWS_MAX = 100

# Reason -> code and sentence of a refused order.
REFUSALS: dict[Reason, tuple[str, str]] = {
    Reason.MARKET_UNKNOWN: ("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist."),
    Reason.MARKET_CLOSED: ("51022", "Contract suspended."),
    Reason.LOT_SIZE: ("51121", "Order quantity must be a multiple of the lot size."),
    Reason.TICK_SIZE: ("51000", "Parameter px error"),
    Reason.QUANTITY_MIN: ("51020", "Your order should meet or exceed the minimum order amount."),
    Reason.VALUE_MIN: ("51020", "Your order should meet or exceed the minimum order amount."),
    Reason.PRICE_BAND: ("51137", "Your order price has triggered the limit price."),
    Reason.BALANCE_SHORT: ("51008", "Order failed. Insufficient balance in account."),
    Reason.DUPLICATE: ("51016", "Client order ID already exists."),
    Reason.MALFORMED: ("51000", "Parameter clOrdId error"),
}
VALIDITIES = {"ioc": Validity.IOC, "fok": Validity.FOK, "limit": Validity.GTC}


def refusal(code: str, message: str, *, status: int = 200) -> Refusal:
    return Refusal(json_answer({"code": code, "msg": message, "data": []}, status=status))


class Given(dict[str, str]):
    """The parameters of a request; asking for one that was not sent refuses the request."""

    def __missing__(self, name: str) -> str:
        raise refusal("50014", f"Parameter {name} cannot be empty.", status=400)


class OkxDialect(Dialect):
    """How OKX says it."""

    name = "okx"
    habits = Habits(
        ids_reusable=False,
        client_id_pattern=r"[A-Za-z0-9]{1,32}",
        order_ids_per_market=False,
        has_value_min=False,
        first_order_id=2_497_956_918_703_120_000,
    )

    def routes(self) -> dict[tuple[str, str], tuple[Route, Act]]:
        place, cancel = Route(name="place", scope="trade"), Route(name="cancel", scope="trade")
        trades = Route(name="trades", scope="read")
        return {
            ("GET", "/api/v5/public/time"): (Route(name="time"), self._time),
            ("GET", "/api/v5/public/instruments"): (Route(name="markets"), self._markets),
            ("GET", "/api/v5/market/ticker"): (Route(name="ticker"), self._tickers),
            ("GET", "/api/v5/market/tickers"): (Route(name="ticker"), self._tickers),
            ("GET", "/api/v5/market/books"): (Route(name="book"), self._book),
            ("POST", "/api/v5/trade/order"): (place, self._place),
            ("POST", "/api/v5/trade/batch-orders"): (place, self._place),
            ("POST", "/api/v5/trade/cancel-order"): (cancel, self._cancel),
            ("POST", "/api/v5/trade/cancel-batch-orders"): (cancel, self._cancel),
            ("GET", "/api/v5/trade/order"): (Route(name="find", scope="read"), self._find),
            ("GET", "/api/v5/trade/orders-pending"): (Route(name="open_orders", scope="read"), self._open_orders),
            ("GET", "/api/v5/trade/orders-history"): (Route(name="orders", scope="read"), self._orders),
            ("GET", "/api/v5/trade/fills"): (trades, self._trades),
            ("GET", "/api/v5/trade/fills-history"): (trades, self._trades),
            ("GET", "/api/v5/account/balance"): (Route(name="balances", scope="read"), self._balances),
            ("GET", "/api/v5/asset/balances"): (Route(name="funding", scope="read"), self._funding),
            ("GET", "/api/v5/finance/savings/balance"): (Route(name="earn", scope="read"), self._earn),
            ("GET", "/api/v5/finance/staking-defi/orders-active"): (Route(name="staked", scope="read"), self._staked),
            ("GET", "/api/v5/account/config"): (Route(name="permissions", scope="read"), self._config),
            ("GET", "/api/v5/account/trade-fee"): (Route(name="fees", scope="read"), self._fees),
            ("GET", "/api/v5/asset/currencies"): (Route(name="coins", scope="read"), self._coins),
        }

    # -- the manner of speaking ----------------------------------------------------------------------------------------

    def given(self, request: Request) -> dict[str, str]:
        """Return the parameters; of a batch, those of its one order."""
        if request.method == "GET":
            return Given(request.parameters)
        content = request.json
        if isinstance(content, list):
            if len(content) != 1:
                raise refusal("50014", "Only batches of one are spoken here.", status=400)
            content = content[0]
        return Given({name: str(value) for name, value in content.items()})

    def open(self, request: Request, route: Route, *, circumstances: Circumstances, now_ms: int) -> ApiKey:
        sent = request.headers
        key = self.exchange.keys.get(sent.get("ok-access-key", ""))
        if key is None:
            raise refusal("50111", "Invalid OK-ACCESS-KEY", status=401)
        if key.revoked:
            raise refusal("50119", "API key doesn't exist", status=401)
        stamp = sent.get("ok-access-timestamp", "")
        signed = stamp + request.method + request.target + request.body
        expected = base64.b64encode(hmac.new(key.secret.encode(), signed.encode(), hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(expected, sent.get("ok-access-sign", "")):
            raise refusal("50113", "Invalid Sign", status=401)
        if sent.get("ok-access-passphrase") != key.passphrase:
            raise refusal("50105", "Request header OK-ACCESS-PASSPHRASE incorrect.", status=401)
        age_ms = now_ms - int(datetime.fromisoformat(stamp).timestamp() * 1000)
        if abs(age_ms) > VALID_MS and not circumstances.window_ignored:
            raise refusal("50102", "Timestamp request expired", status=401)
        if int(sent.get("exptime") or now_ms) < now_ms and not circumstances.window_ignored:
            raise refusal("50036", "The expTime can't be earlier than the current system time.")
        if route.scope not in key.scopes:
            raise refusal("50120", "This API key doesn't have permission to use this function", status=401)
        return key

    def tell(self, content: Any, *, now_ms: int) -> Answer:
        rows = content if isinstance(content, list) else [content]
        told = {"code": "0", "msg": "", "data": rows}
        return json_answer(told)

    def refuse(self, refused: Refused) -> Refusal:
        return refusal(*REFUSALS[refused.reason])

    def malformed(self, message: str) -> Refusal:
        return refusal("51000", f"Parameter error: {message}", status=400)

    def too_fast(self, *, seconds: float, banned: bool) -> Answer:
        return refusal("50011", "Too Many Requests", status=429).answer

    def unknown_path(self) -> Answer:
        return refusal("404", "Not Found", status=404).answer

    # -- public --------------------------------------------------------------------------------------------------------

    def _time(self, asked: Asked) -> dict[str, Any]:
        return {"ts": str(asked.now_ms)}

    def _markets(self, asked: Asked) -> list[dict[str, Any]]:
        if asked.given["instType"] != "SPOT":
            return []
        return [
            payloads.instrument(market) for market in self.exchange.listed() if self._is_asked_for(market.symbol, asked)
        ]

    def _tickers(self, asked: Asked) -> list[dict[str, Any]]:
        if asked.given.get("instType", "SPOT") != "SPOT":
            return []
        if "instId" in asked.given:
            self.exchange.market(asked.given["instId"])
        told = []
        for market in self.exchange.listed():
            if self._is_asked_for(market.symbol, asked):
                bids, asks = self.exchange.sides(market.symbol, now_ms=asked.now_ms)
                mid = self.exchange.mid(market.symbol, now_ms=asked.now_ms)
                told.append(payloads.ticker(market, bids=bids, asks=asks, mid=mid, now_ms=asked.now_ms))
        return told

    def _book(self, asked: Asked) -> dict[str, Any]:
        market = self.exchange.market(asked.given["instId"])
        bids, asks = self.exchange.sides(market.symbol, now_ms=asked.now_ms)
        size = min(int(asked.given.get("sz", 1)), 400)
        return payloads.book(bids[:size], asks[:size], now_ms=asked.now_ms)

    # -- orders --------------------------------------------------------------------------------------------------------

    def _place(self, asked: Asked) -> dict[str, Any]:
        given = asked.given
        if given["tdMode"] != "cash" or given["ordType"] not in VALIDITIES:
            raise self._order_refusal(given, "51000", "Parameter tdMode or ordType error")
        try:
            order = self.exchange.place(
                account=asked.account,
                client_order_id=given.get("clOrdId") or f"o{len(self.exchange.orders):031d}",
                symbol=given["instId"],
                side=given["side"].upper(),
                quantity=Decimal(given["sz"]),
                price_limit=Decimal(given["px"]),
                validity=VALIDITIES[given["ordType"]],
                now_ms=asked.now_ms,
                fill_fraction=Decimal(asked.circumstances.fill_fraction),
                tag=given.get("tag", ""),
            )
        except Refused as refused:
            code, message = REFUSALS[refused.reason]
            if refused.reason is Reason.PRICE_BAND and given["side"] == "sell":
                code = "51138"
            raise self._order_refusal(given, code, message) from None
        return payloads.order_taken(order)

    def _cancel(self, asked: Asked) -> dict[str, Any]:
        order = self._order(asked)
        if order is None:
            raise self._order_refusal(asked.given, "51400", "Cancellation failed as the order does not exist.")
        if order.status is not OrderStatus.OPEN:
            raise self._order_refusal(asked.given, "51402", "Cancellation failed as the order is already completed.")
        self.exchange.cancel(order, now_ms=asked.now_ms)
        return payloads.order_taken(order)

    def _find(self, asked: Asked) -> dict[str, Any]:
        order = self._order(asked)
        if order is None or order.created_ms > asked.hidden_from_ms:
            raise refusal("51603", "Order does not exist")
        return payloads.order_told(order)

    def _open_orders(self, asked: Asked) -> list[dict[str, Any]]:
        return [payloads.order_told(order) for order in self._orders_asked_for(asked, are_open=True)]

    def _orders(self, asked: Asked) -> list[dict[str, Any]]:
        known = self._orders_asked_for(asked, are_open=False)
        return [payloads.order_told(order) for order in known if order.created_ms <= asked.hidden_from_ms]

    def _trades(self, asked: Asked) -> list[dict[str, Any]]:
        """Return own trades, newest first: `after` a bill means older than it, `before` newer."""
        given = asked.given
        begin, end = int(given.get("begin", 0)), int(given.get("end", asked.now_ms))

        def is_asked_for(trade: FakeTrade) -> bool:
            bill = payloads.bill_of(trade)
            return (
                trade.account == asked.account
                and self._is_asked_for(trade.symbol, asked)
                and given.get("ordId") in (None, str(trade.order_id))
                and begin <= trade.at_ms <= min(end, asked.hidden_from_ms)
                and int(given.get("before", 0)) < bill < int(given.get("after", bill + 1))
            )

        told = [trade for trade in reversed(self.exchange.trades) if is_asked_for(trade)]
        return [payloads.fill(trade) for trade in told[: self._rows(asked)]]

    # -- the account ---------------------------------------------------------------------------------------------------

    def _balances(self, asked: Asked) -> dict[str, Any]:
        return payloads.balance(self.exchange.accounts[asked.account], now_ms=asked.now_ms)

    def _funding(self, asked: Asked) -> list[dict[str, Any]]:
        return [payloads.funding(*kept) for kept in self.exchange.accounts[asked.account].funding.items()]

    def _earn(self, asked: Asked) -> list[dict[str, Any]]:
        return [payloads.savings(*kept) for kept in self.exchange.accounts[asked.account].earn.items()]

    def _staked(self, asked: Asked) -> list[dict[str, Any]]:
        return [payloads.staking(*kept) for kept in self.exchange.accounts[asked.account].staked.items()]

    def _config(self, asked: Asked) -> dict[str, Any]:
        assert asked.key is not None
        return payloads.config(asked.key)

    def _fees(self, asked: Asked) -> dict[str, Any]:
        return payloads.fees(self.exchange.fee_rate, now_ms=asked.now_ms)

    def _coins(self, asked: Asked) -> list[dict[str, Any]]:
        markets = self.exchange.listed()
        coins = sorted({market.base for market in markets} | {market.quote for market in markets})
        return [payloads.coin(coin) for coin in coins]

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _is_asked_for(self, symbol: str, asked: Asked) -> bool:
        return asked.given.get("instId") in (None, symbol)

    def _order(self, asked: Asked) -> FakeOrder | None:
        given = asked.given
        symbol = self.exchange.market(given["instId"]).symbol
        if given.get("ordId"):
            return self.exchange.find(account=asked.account, symbol=symbol, order_id=int(given["ordId"]))
        return self.exchange.find(account=asked.account, symbol=symbol, client_order_id=given["clOrdId"])

    def _orders_asked_for(self, asked: Asked, *, are_open: bool) -> list[FakeOrder]:
        """Return orders newest first: `after` an order means older than it, `before` newer."""
        given = asked.given
        told = [
            order
            for order in reversed(self.exchange.orders)
            if order.account == asked.account
            and (order.status is OrderStatus.OPEN) is are_open
            and self._is_asked_for(order.symbol, asked)
            and int(given.get("before", 0)) < order.order_id < int(given.get("after", order.order_id + 1))
        ]
        return told[: self._rows(asked)]

    def _rows(self, asked: Asked) -> int:
        return min(int(asked.given.get("limit", ROWS_MAX)), ROWS_MAX)

    def _order_refusal(self, given: dict[str, str], code: str, message: str) -> Refusal:
        row = {"clOrdId": given.get("clOrdId", ""), "ordId": "", "tag": "", "sCode": code, "sMsg": message}
        return Refusal(json_answer({"code": "1", "msg": "All operations failed", "data": [row]}))
