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
    client.urls["api"] = api_addresses(venue)
    return client


def api_addresses(venue: FakeVenue) -> dict[str, str]:
    """Return what goes into `urls["api"]` of a client."""
    if venue.dialect == "okx":
        return {"rest": venue.address}
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
) -> dict[str, Any]:
    """Place a limit order under a client order id, in either dialect."""
    parameters = {"timeInForce": validity, "clientOrderId": client_order_id}
    return client.create_order(symbol, "limit", side, quantity, price, parameters)
