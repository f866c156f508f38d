"""
The operator's endpoints: `POST /_...` with JSON changes the world, `GET /_...` tells about it.

| endpoint | body or answer |
|---|---|
| `POST /_faults` | a rule or a list of rules (see faults); `DELETE /_faults` ends all, or those of a `fault` |
| `POST /_release` | `{"number": 7, "cut": true}`, both optional: lets held answers go, or cuts them |
| `POST /_prices` | `{"BTC-USDT": "50100"}` |
| `POST /_deposit` | `{"account": "platform", "balances": {"USDT": "1000"}}`; negative takes away; `place` too |
| `POST /_history` | `{"account", "deposits": [...], "withdrawals": [...]}`: what is told of transfers (Binance only) |
| `POST /_retell` | `{"account", "id", "status"}`: another status of a transfer that was told |
| `POST /_trade` | `{"account", "symbol", "side", "quantity", "price", "fee", "fee_asset"}`: somebody's own trade |
| `POST /_markets` | `{"symbol": "BTC-USDT", "state": "SUSPENDED"}`; filters too; a new symbol is listed |
| `POST /_keys` | `{"key": "platform-key", "revoked": true}`; `scopes` too |
| `POST /_clock` | `{"skew_seconds": 5}`: the venue's clock is so far ahead of ours |
| `POST /_rates` | `{"weight_max": 100}` a minute; `ban_after`, `ban_seconds` too |
| `GET /_held` | the answers that are held at this moment |
| `GET /_state` | everything: orders, trades, balances, requests, held answers, rules |
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from tests.fake_venue import world
from tests.fake_venue.wire import Answer, Request, json_answer

if TYPE_CHECKING:
    from tests.fake_venue.server import FakeServer


def answer(server: "FakeServer", request: Request) -> Answer:
    """Do what an operator's request says; what it does not understand is a 400 with the reason."""
    act = ACTS.get((request.method, request.path))
    if act is None:
        return json_answer({"error": f"There is no {request.method} {request.path}."}, status=404)
    try:
        content = json.loads(request.body or "{}")
        if (request.method, request.path) == ("POST", "/_faults"):
            server.faults.add(content if isinstance(content, list) else [content]) if content else None
        with server.exchange.lock:
            return json_answer(act(server, content))
    except (AssertionError, InvalidOperation, KeyError, TypeError, ValueError) as error:
        return json_answer({"error": repr(error)}, status=400)


def _prices(server: "FakeServer", prices: dict[str, str]) -> dict[str, str]:
    for symbol, price in prices.items():
        server.exchange.set_price(symbol, Decimal(price), now_ms=server.now_ms())
    return prices


def _deposit(server: "FakeServer", content: dict[str, Any]) -> dict[str, str]:
    world.deposit(
        server.exchange,
        account=content["account"],
        balances=content["balances"],
        place=content.get("place", "free"),
    )
    return {asset: str(total) for asset, total in server.exchange.accounts[content["account"]].totals().items()}


def _history(server: "FakeServer", content: dict[str, Any]) -> dict[str, int]:
    account = server.exchange.accounts[content["account"]]
    account.deposits += content.get("deposits", [])
    account.withdrawals += content.get("withdrawals", [])
    return {"told": len(account.deposits) + len(account.withdrawals)}


def _retell(server: "FakeServer", content: dict[str, Any]) -> dict[str, int]:
    account = server.exchange.accounts[content["account"]]
    (row,) = [row for row in account.deposits + account.withdrawals if row["id"] == content["id"]]
    row["status"] = content["status"]
    return {"status": row["status"]}


def _trade(server: "FakeServer", content: dict[str, str]) -> dict[str, str]:
    numbers = {name: Decimal(content[name]) for name in ("quantity", "price", "fee")}
    names = {name: content[name] for name in ("account", "symbol", "side", "fee_asset")}
    server.exchange.trade_elsewhere(**names, **numbers, now_ms=server.now_ms())
    return content


def _markets(server: "FakeServer", content: dict[str, Any]) -> dict[str, str]:
    world.put_market(server.exchange, content)
    return {"symbol": content["symbol"], "state": server.exchange.markets[content["symbol"]].state}


def _keys(server: "FakeServer", content: dict[str, Any]) -> dict[str, str]:
    world.put_key(server.exchange, content)
    return {"key": content["key"]}


def _clock(server: "FakeServer", content: dict[str, Any]) -> dict[str, float]:
    server.skew_seconds = float(content["skew_seconds"])
    return {"skew_seconds": server.skew_seconds}


def _rates(server: "FakeServer", content: dict[str, Any]) -> dict[str, Any]:
    for name in ("weight_max", "ban_after", "ban_seconds", "used", "banned_until_ms"):
        if name in content:
            setattr(server.rates, name, content[name])
    return {"weight_max": server.rates.weight_max, "used": server.rates.used}


def _release(server: "FakeServer", content: dict[str, Any]) -> dict[str, int]:
    return {"released": server.release(number=content.get("number"), cut=bool(content.get("cut")))}


def _faults(server: "FakeServer", _: Any) -> dict[str, Any]:
    return {"faults": server.faults.as_json()}


def _no_faults(server: "FakeServer", content: dict[str, Any]) -> dict[str, Any]:
    server.faults.clear(content.get("fault", ""))
    return _faults(server, content)


def _held(server: "FakeServer", _: Any) -> dict[str, Any]:
    return {"held": [held.as_json() for held in server.held.values()]}


def _state(server: "FakeServer", _: Any) -> dict[str, Any]:
    exchange = server.exchange
    return {
        "dialect": server.dialect.name,
        "now_ms": server.now_ms(),
        "skew_seconds": server.skew_seconds,
        "orders": [order.as_json() for order in exchange.orders],
        "trades": [trade.as_json() for trade in exchange.trades],
        "balances": {
            name: {asset: str(total) for asset, total in account.totals().items()}
            for name, account in exchange.accounts.items()
        },
        "everything": {
            name: {asset: str(total) for asset, total in account.everything().items()}
            for name, account in exchange.accounts.items()
        },
        "markets": {symbol: market.state for symbol, market in exchange.markets.items()},
        "requests": dict(server.requests),
        "weight_used": server.rates.used,
        "refused_for_rate": server.rates.refusals_total,
        "faults": server.faults.as_json(),
        **_held(server, None),
    }


ACTS: dict[tuple[str, str], Callable[["FakeServer", Any], dict[str, Any]]] = {
    ("POST", "/_faults"): _faults,
    ("DELETE", "/_faults"): _no_faults,
    ("POST", "/_release"): _release,
    ("POST", "/_prices"): _prices,
    ("POST", "/_deposit"): _deposit,
    ("POST", "/_history"): _history,
    ("POST", "/_retell"): _retell,
    ("POST", "/_trade"): _trade,
    ("POST", "/_markets"): _markets,
    ("POST", "/_keys"): _keys,
    ("POST", "/_clock"): _clock,
    ("POST", "/_rates"): _rates,
    ("GET", "/_held"): _held,
    ("GET", "/_state"): _state,
}
