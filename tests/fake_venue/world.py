"""
The world a venue starts with, as JSON.

    {
      "accounts": {"platform": {"USDT": "100000"}},
      "keys": [{"key": "K", "secret": "S", "passphrase": "P", "account": "platform", "scopes": ["read", "trade"]}],
      "markets": [{"symbol": "BTC-USDT", "price": "50000", "lot_size": "0.00001", "level_value": "100000"},
                  {"symbol": "ETH-USDT", "recording": "book50_ETH.csv.gz", "speed": 1}],
      "fee_rate": "0.001", "refill_seconds": 2, "weight_max": 6000
    }

A market takes the fields of FakeMarket and either those of BuiltLadder or a recording.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fake_venue.accounts import ApiKey, FakeAccount
from tests.fake_venue.books import BuiltLadder, FakeBook, LadderSource, read_recorded_ladder
from tests.fake_venue.exchange import FakeExchange
from tests.fake_venue.markets import FakeMarket

LADDER_FIELDS = ("level_value", "spread_points", "step_points")

SMALL_WORLD: dict[str, Any] = {
    "accounts": {"platform": {"USDT": "100000", "BTC": "1"}, "outsider": {"USDT": "5000", "ETH": "3"}},
    "keys": [
        {"key": "platform-key", "secret": "platform-secret", "passphrase": "platform-phrase", "account": "platform"},
        {
            "key": "reading-key",
            "secret": "reading-secret",
            "passphrase": "reading-phrase",
            "account": "outsider",
            "scopes": ["read"],
        },
        {
            "key": "mighty-key",
            "secret": "mighty-secret",
            "passphrase": "mighty-phrase",
            "account": "platform",
            "scopes": ["read", "trade", "withdraw"],
        },
    ],
    "markets": [
        {"symbol": "BTC-USDT", "price": "50000", "level_value": "100000"},
        {
            "symbol": "ETH-USDT",
            "price": "2500",
            "lot_size": "0.0001",
            "quantity_min": "0.0001",
            "level_value": "50000",
        },
        {
            "symbol": "SOL-USDT",
            "price": "100",
            "lot_size": "0.001",
            "quantity_min": "0.001",
            "level_value": "10000",
        },
    ],
}


def fill(exchange: FakeExchange, world: dict[str, Any]) -> None:
    """Put accounts, keys and markets of a described world into an exchange."""
    for name, balances in world.get("accounts", {}).items():
        deposit(exchange, account=name, balances=balances)
    for key in world.get("keys", []):
        put_key(exchange, key)
    for market in world.get("markets", []):
        put_market(exchange, market, refill_seconds=float(world.get("refill_seconds", 2)))


def deposit(exchange: FakeExchange, *, account: str, balances: dict[str, Any], place: str = "free") -> None:
    """Credit a place of an account, which is opened if it is new; negative quantities take away."""
    holder = exchange.accounts.setdefault(account, FakeAccount(name=account))
    for asset, quantity in balances.items():
        holder.put(place, asset, Decimal(str(quantity)))


def put_key(exchange: FakeExchange, key: dict[str, Any]) -> None:
    """Make a key, or change one that exists: scopes, revoked."""
    known = exchange.keys.get(key["key"])
    merged = (vars(known) if known else {}) | key
    if "scopes" in key:
        merged["scopes"] = frozenset(key["scopes"])
    exchange.keys[key["key"]] = ApiKey(**merged)


def put_market(exchange: FakeExchange, market: dict[str, Any], *, refill_seconds: float = 2) -> None:
    """List a market, or change the filters and the state of one that exists."""
    symbol = market["symbol"]
    if symbol not in exchange.markets:
        exchange.markets[symbol] = FakeMarket(symbol=symbol)
    made = exchange.markets[symbol]
    made.change(market)
    if "price" in market or "recording" in market:
        exchange.books[symbol] = FakeBook(source=_ladder(made, market), refill_seconds=refill_seconds)


def _ladder(made: FakeMarket, market: dict[str, Any]) -> LadderSource:
    if "recording" in market:
        return read_recorded_ladder(Path(market["recording"]), speed=float(market.get("speed", 1)))
    chosen = {name: Decimal(str(market[name])) for name in LADDER_FIELDS if name in market}
    ladder = BuiltLadder(
        price=Decimal(str(market["price"])), tick_size=made.tick_size, lot_size=made.lot_size, **chosen
    )
    ladder.levels = int(market.get("levels", ladder.levels))
    return ladder
