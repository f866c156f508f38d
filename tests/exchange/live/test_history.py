"""What an exchange tells of deposits and withdrawals, read from its own wire format."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from copytrading.exchange.errors import VenueUnreachable
from copytrading.exchange.transfers import TransferState, VenueTransfer
from tests.exchange.live.conftest import venue_at
from tests.fake_venue.venue import FakeVenue

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def told(fake_binance: FakeVenue) -> FakeVenue:
    """Return the fake exchange with two deposits and a withdrawal, each an hour after the other."""
    hours = [int((AT + timedelta(hours=hour)).timestamp() * 1000) for hour in range(3)]
    fake_binance.tell_transfers(
        "platform",
        deposits=[
            {"id": "d1", "coin": "USDT", "amount": "250.000001", "status": 1, "at_ms": hours[0]},
            {"id": "d2", "coin": "BTC", "amount": "0.5", "status": 0, "at_ms": hours[1]},
        ],
        withdrawals=[{"id": "w1", "coin": "USDT", "amount": "99", "fee": "1", "status": 6, "at_ms": hours[2]}],
    )
    return fake_binance


class TestTransfersSince:
    def test_are_told_to_the_last_digit_oldest_first(self, told: FakeVenue) -> None:
        found = venue_at(told).transfers_since(since=AT)

        assert found == [
            VenueTransfer(
                reference="d1", is_deposit=True, asset="USDT", quantity=Decimal("250.000001"), fee=Decimal(0),
                state=TransferState.DONE, happened_at=AT,
            ),
            VenueTransfer(
                reference="d2", is_deposit=True, asset="BTC", quantity=Decimal("0.5"), fee=Decimal(0),
                state=TransferState.PENDING, happened_at=AT + timedelta(hours=1),
            ),
            VenueTransfer(
                reference="w1", is_deposit=False, asset="USDT", quantity=Decimal(99), fee=Decimal(1),
                state=TransferState.DONE, happened_at=AT + timedelta(hours=2),
            ),
        ]  # fmt: skip

    def test_are_not_guessed_from_what_is_no_number(self, told: FakeVenue) -> None:
        odd = {"id": "d3", "coin": "USDT", "amount": "a lot", "status": 1, "at_ms": int(AT.timestamp() * 1000)}
        told.tell_transfers("platform", deposits=[odd])

        with pytest.raises(VenueUnreachable):
            venue_at(told).transfers_since(since=AT)
