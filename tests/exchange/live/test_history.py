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

    def test_are_taken_back_where_the_exchange_does(self, told: FakeVenue) -> None:
        """A deposit that is rejected has a word that the library does not know."""
        told.retell_transfer("platform", "d1", status=2)
        told.retell_transfer("platform", "w1", status=5)

        states = {one.reference: one.state for one in venue_at(told).transfers_since(since=AT)}

        assert states == {
            "d1": TransferState.FAILED,
            "d2": TransferState.PENDING,
            "w1": TransferState.FAILED,
        }

    @pytest.mark.parametrize("count", [999, 1_000, 1_001, 3_500])
    def test_are_all_told_however_many_pages_that_takes(self, fake_binance: FakeVenue, count: int) -> None:
        begin = int(AT.timestamp() * 1000)
        # Several a second, whose withdrawals are told by the second.
        rows = [
            {"id": f"t{number}", "coin": "USDT", "amount": "5", "fee": "0", "at_ms": begin + 130 * number}
            for number in range(count)
        ]
        fake_binance.tell_transfers(
            "platform",
            deposits=[{**row, "status": 1} for row in rows],
            withdrawals=[{**row, "status": 6} for row in rows],
        )

        found = venue_at(fake_binance).transfers_since(since=AT)

        for is_deposit in (True, False):
            told = [one.reference for one in found if one.is_deposit is is_deposit]
            assert sorted(told) == sorted(row["id"] for row in rows)
