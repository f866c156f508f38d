"""ccxt's own clients, pointed at a fake venue and otherwise unchanged. ccxt takes seconds to import: keep to tests."""

from typing import Any

import ccxt

from tests.fake_venue.venue import FakeVenue


def client_of(venue: FakeVenue, *, holder: str = "platform", **options: Any) -> ccxt.Exchange:
    """
    Return a client with the key of a holder (platform, reading, mighty), numbers as strings, and a short timeout.

    :param options: what else ccxt's constructor shall know, such as `secret` or `timeout`.
    """
    described = {
        "apiKey": f"{holder}-key",
        "secret": f"{holder}-secret",
        "password": f"{holder}-phrase",
        "timeout": 2_000,
        "enableRateLimit": False,
    }
    client = getattr(ccxt, venue.dialect)(described | options)
    client.number = str
    client.options["defaultType"] = "spot"
    client.urls["api"] = api_addresses(venue, client)
    return client


def api_addresses(venue: FakeVenue, client: ccxt.Exchange) -> dict[str, str]:
    """Return what goes into `urls["api"]` of a client."""
    if venue.dialect != "binance":
        # Their addresses have no path.
        return dict.fromkeys(client.urls["api"], venue.address)
    return {
        "public": f"{venue.address}/api/v3",
        "private": f"{venue.address}/api/v3",
        "sapi": f"{venue.address}/sapi/v1",
        "fapiPublic": f"{venue.address}/fapi/v1",
        "dapiPublic": f"{venue.address}/dapi/v1",
    }


def place(
    client: ccxt.Exchange,
    client_order_id: str = "ss1a1",
    *,
    symbol: str = "BTC/USDT",
    side: str = "buy",
    quantity: str = "0.1",
    price: str = "50100",
    validity: str = "IOC",
    **parameters: str,
) -> dict[str, Any]:
    """Place a limit order under a client order id, in any dialect, with further parameters of its own."""
    parameters |= {"timeInForce": validity, "clientOrderId": client_order_id}
    return client.create_order(symbol, "limit", side, quantity, price, parameters)


def find(client: ccxt.Exchange, client_order_id: str = "ss1a1", *, symbol: str = "BTC/USDT") -> dict[str, Any]:
    """
    Return the order under a client order id, in any dialect.

    :raises ccxt.OrderNotFound: if there is none.
    """
    if client.id != "bybit":
        return client.fetch_order(None, symbol, {"clientOrderId": client_order_id})
    # ccxt asks there for an order without an id as for one with the id "None".
    asked = {"category": "spot", "symbol": client.market(symbol)["id"], "orderLinkId": client_order_id}
    told = client.private_get_v5_order_realtime(asked)["result"]["list"]
    if not told:
        raise ccxt.OrderNotFound(f"bybit knows no order {client_order_id}")
    return client.parse_order(told[0], client.market(symbol))
