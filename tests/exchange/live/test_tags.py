"""The tag by which an exchange knows who brought an order: it arrives, costs no order, and nobody else's does."""

import re
from decimal import Decimal

import pytest

from copytrading.exchange.errors import OrderRejected
from copytrading.exchange.live.dialects import DIALECTS
from copytrading.exchange.live.venue import LiveVenue
from copytrading.exchange.orders import VenueStatus
from copytrading.services.safety.restores import epoch_of
from tests.cast import NOON
from tests.exchange.live.conftest import find, place
from tests.fake_venue.venue import FakeVenue

TAG = "Ab12Cd34"


def id_at(fake: FakeVenue, own: str = "ss1a1") -> str:
    """Return our id of an order as it is written for an exchange."""
    tagging = DIALECTS[fake.dialect].tagging
    assert tagging is not None
    return tagging.id_beginning.format(tag=TAG) + own


class TestABrokersTag:
    def test_arrives_with_the_order_which_is_found_again(self, fake: FakeVenue, venue: LiveVenue) -> None:
        placed = place(venue, client_order_id=id_at(fake), broker_tag=TAG)

        (arrived,) = fake.orders()
        assert (arrived["tag"], arrived["client_order_id"]) == (TAG, id_at(fake))
        assert placed.status == VenueStatus.FILLED
        found = find(venue, id_at(fake))
        assert found is not None
        assert (found.client_order_id, found.filled_quantity) == (id_at(fake), Decimal("0.1"))

    def test_is_nobodys_where_we_have_none(self, fake: FakeVenue, venue: LiveVenue) -> None:
        """The library would name itself, in a header at Bybit and Bitget."""
        place(venue)

        assert [order["tag"] for order in fake.orders()] == [""]

    def test_of_one_order_is_not_that_of_the_next(self, fake: FakeVenue, venue: LiveVenue) -> None:
        place(venue, client_order_id=id_at(fake), broker_tag=TAG)
        place(venue, client_order_id="ss2a1")

        assert [order["tag"] for order in fake.orders()] == [TAG, ""]

    def test_leaves_room_for_ids_of_a_long_life_after_a_restore(self, fake: FakeVenue, venue: LiveVenue) -> None:
        own = f"ss{10**12}a1e{epoch_of(NOON)}"

        place(venue, client_order_id=id_at(fake, own), broker_tag=TAG)

        assert re.fullmatch(DIALECTS[fake.dialect].client_order_id_pattern, id_at(fake, own))
        assert fake.orders()[0]["client_order_id"] == id_at(fake, own)

    @pytest.mark.parametrize("tag", ["a b", "ü", "x" * 33, "a\r\nb"])
    def test_that_would_not_be_taken_is_never_sent(self, fake: FakeVenue, venue: LiveVenue, tag: str) -> None:
        with pytest.raises(OrderRejected, match="takes no broker tag"):
            place(venue, broker_tag=tag)

        assert fake.orders() == []
