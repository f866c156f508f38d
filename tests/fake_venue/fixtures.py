"""
Fake venues for every test; clients.py has ccxt's own clients on them.

    def test_...(self, fake_binance: FakeVenue): ...     one dialect; so are fake_okx, fake_bybit and fake_bitget
    def test_...(self, fake_venue: FakeVenue): ...       every dialect, one after the other
"""

from collections.abc import Iterator

import pytest

from tests.fake_venue.server import DIALECTS
from tests.fake_venue.venue import FakeVenue, started_in_thread


@pytest.fixture
def fake_binance() -> Iterator[FakeVenue]:
    with started_in_thread(dialect="binance") as venue:
        yield venue


@pytest.fixture
def fake_okx() -> Iterator[FakeVenue]:
    with started_in_thread(dialect="okx") as venue:
        yield venue


@pytest.fixture
def fake_bybit() -> Iterator[FakeVenue]:
    with started_in_thread(dialect="bybit") as venue:
        yield venue


@pytest.fixture
def fake_bitget() -> Iterator[FakeVenue]:
    with started_in_thread(dialect="bitget") as venue:
        yield venue


@pytest.fixture(params=sorted(DIALECTS))
def fake_venue(request: pytest.FixtureRequest) -> Iterator[FakeVenue]:
    with started_in_thread(dialect=request.param) as venue:
        yield venue
