"""
Fake venues for every test; clients.py has ccxt's own clients on them.

    def test_...(fake_binance: FakeVenue): ...
    @pytest.mark.parametrize("fake_venue", ["okx"], indirect=True)     without it: both dialects, one after the other
"""

from collections.abc import Iterator

import pytest

from tests.fake_venue.venue import FakeVenue, started_in_thread


@pytest.fixture
def fake_binance() -> Iterator[FakeVenue]:
    with started_in_thread(dialect="binance") as venue:
        yield venue
