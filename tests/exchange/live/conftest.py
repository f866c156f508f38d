"""Our side of the line to a fake venue: the venue's own clients, short waits, one budget for each address."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from copytrading.exchange.live import client, wire
from copytrading.exchange.live.client import Credentials
from copytrading.exchange.live.dialects import DIALECTS
from copytrading.exchange.live.venue import LiveVenue
from copytrading.exchange.live.wire import Wire
from copytrading.exchange.orders import Side, VenueOrder
from tests.fake_venue.venue import FakeVenue, started_in_thread


@pytest.fixture(params=sorted(DIALECTS))
def fake(request: pytest.FixtureRequest) -> Iterator[FakeVenue]:
    """A fake venue of each dialect, one after the other."""
    with started_in_thread(dialect=request.param) as venue:
        yield venue


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(wire, "BACK_OFF_SECONDS", 0.01)


def credentials_of(holder: str, **changes: str) -> Credentials:
    given = {"key": f"{holder}-key", "secret": f"{holder}-secret", "password": f"{holder}-phrase"}
    return Credentials(**(given | changes))


def wire_to(fake: FakeVenue, *, holder: str | None = None, **changes: str) -> Wire:
    credentials = credentials_of(holder, **changes) if holder else None
    return Wire(exchange=fake.dialect, url=fake.address, redis_url=settings.REDIS_URL, credentials=credentials)


def venue_at(fake: FakeVenue, *, holder: str = "platform", **changes: str) -> LiveVenue:
    return LiveVenue(wire_to(fake, holder=holder, **changes), account="platform", quote="USDT", key_is_vouched=False)


@pytest.fixture
def venue(fake: FakeVenue) -> LiveVenue:
    """Our venue over a fake one of each dialect, its key checked and its rules read."""
    venue = venue_at(fake)
    venue.check_key()
    venue.market_rules()
    return venue


def place(venue: LiveVenue, **changes: Any) -> VenueOrder:
    """Buy a tenth of a bitcoin at a limit above the market, unless told otherwise."""
    order: dict[str, Any] = {
        "client_order_id": "ss1a1",
        "symbol": "BTC-USDT",
        "side": Side.BUY,
        "quantity": Decimal("0.1"),
        "price_limit": Decimal("50100"),
        "now": datetime.now(UTC),
    }
    return venue.place_limit_ioc(**(order | changes))


def find(venue: LiveVenue, client_order_id: str = "ss1a1") -> VenueOrder | None:
    return venue.find_order(client_order_id=client_order_id, symbol="BTC-USDT")


@contextlib.contextmanager
def prepared(dialect: str) -> Iterator[tuple[FakeVenue, LiveVenue]]:
    """Give a fake venue and our venue over it, its key checked and its rules read."""
    with started_in_thread(dialect=dialect) as fake:
        venue = venue_at(fake)
        venue.check_key()
        venue.market_rules()
        yield fake, venue
