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
    client.urls["api"] = addresses(venue)
    return client


def addresses(venue: FakeVenue) -> dict[str, str]:
    """Return what goes into `urls["api"]` of a client."""
    return {
        "public": f"{venue.address}/api/v3",
        "private": f"{venue.address}/api/v3",
        "sapi": f"{venue.address}/sapi/v1",
        "fapiPublic": f"{venue.address}/fapi/v1",
        "dapiPublic": f"{venue.address}/dapi/v1",
    }
