"""Limit orders in the wallet, as they come without a script: looked at, placed once, listed, canceled."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import LimitOrder
from copytrading.services.wallet import touching
from tests.cast import World
from tests.services.wallet.limit_stage import held, place
from tests.views.account.test_wallet import key_of, market_id, send
from tests.views.scenes import counted_queries, settle_now

pytestmark = pytest.mark.usefixtures("old_prices_are_fine")


@pytest.fixture
def signed_in(client: Client, follower: User, world: World) -> Client:
    settle_now(world)
    client.force_login(follower)
    return client


def wish(**changes: str) -> dict[str, str]:
    return {
        "side": "BUY",
        "market": market_id("BTC"),
        "order_type": "LIMIT",
        "counted_in": "VALUE",
        "value": "500",
        "price_limit": "49,000",
        "lasts_days": "0",
        **changes,
    }


class TestTicket:
    def test_shows_first_what_is_held_then_places_it_once(self, signed_in: Client, follower: User) -> None:
        review = send(signed_in, "spot", **wish())
        assert "Let it wait" in review
        assert "you cancel it" in review
        assert not LimitOrder.objects.exists()

        for _ in range(3):
            content = send(signed_in, "spot", **wish(step="confirm", key=key_of(review, "key")))

        own = LimitOrder.objects.get()
        assert held(follower) == {"USDT": own.held_units}
        assert "Your order waits until BTC is at 49,000" in content
        assert "Buy 0.01019 BTC" in content

    def test_keeps_the_time_that_was_shown_however_late_it_is_confirmed(
        self, signed_in: Client, follower: User
    ) -> None:
        review = send(signed_in, "spot", **wish(lasts_days="7"))
        shown = key_of(review, "expires_at")
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', review[review.index('id="ticket"') :]))

        for _ in range(2):
            send(signed_in, "spot", **hidden)

        own = LimitOrder.objects.get()
        assert own.expires_at is not None
        assert own.expires_at.isoformat() == shown
        assert timedelta(days=6.9) < own.expires_at - own.placed_at <= timedelta(days=7)

    def test_warns_of_a_limit_that_is_far_away(self, signed_in: Client) -> None:
        assert "20.0% below the price now" in send(signed_in, "spot", **wish(price_limit="40000"))

    def test_counts_in_coins(self, signed_in: Client, world: World, follower: User) -> None:
        send(signed_in, "spot", **wish(counted_in="COINS", value="0.02"), step="confirm", key="a")

        assert LimitOrder.objects.get().quantity_units == 2 * 10**6

    def test_says_what_was_traded_at_once(self, signed_in: Client, world: World) -> None:
        content = send(signed_in, "spot", **wish(price_limit="50100"), step="confirm", key="a")

        assert "Bought 0.00" in content

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"price_limit": ""}, "A limit order needs its price."),
            ({"price_limit": "49000.001"}, "a multiple of 0.01"),
            ({"price_limit": "90000"}, "may be 12% away at most"),
            ({"value": "20000"}, "that are free"),
            ({"value": "1"}, "The venue takes orders in BTC-USDT from 5 USDT"),
            ({"counted_in": "COINS", "value": "0.0200001"}, "trades in steps of 0.00001 BTC"),
            ({"expires_at": "2020-01-01"}, "Choose a time that is ahead"),
        ],
    )
    def test_refuses_in_a_sentence_and_keeps_what_was_typed(
        self, signed_in: Client, changes: dict[str, str], sentence: str
    ) -> None:
        content = send(signed_in, "spot", **wish(**changes))

        assert sentence in content
        assert f'value="{changes.get("value", "500")}"' in content
        assert not LimitOrder.objects.exists()


class TestLimitOrders:
    def test_are_listed_with_what_became_of_them(self, signed_in: Client, world: World, follower: User) -> None:
        place(world, follower, "BUY", "BTC", "50100", quantity="0.01")
        place(world, follower, "BUY", "BTC", "45000", quantity="0.01")
        place(world, follower, "BUY", "ETH", "2000", quantity="0.1", expires_at=world.now + timedelta(seconds=5))
        touching.look_at_limit_orders(now=world.now + timedelta(seconds=6))

        content = signed_in.get(reverse("limit_orders")).content.decode()

        waiting, done = content.split("<h2>Done</h2>")
        assert ("Buy 0.01 BTC" in waiting, "45,000.00" in waiting) == (True, True)
        assert ("filled" in done, "expired" in done) == (True, True)

    def test_can_be_taken_back_by_their_owner_alone(
        self, signed_in: Client, world: World, follower: User, other_follower: User
    ) -> None:
        own = place(world, follower, "BUY", "BTC", "45000", quantity="0.01")
        anothers = place(world, other_follower, "BUY", "BTC", "45000", quantity="0.01")

        assert signed_in.post(reverse("limit_order_cancel", args=[anothers.pk])).status_code == 404
        first = signed_in.post(reverse("limit_order_cancel", args=[own.pk]), follow=True).content.decode()
        second = signed_in.post(reverse("limit_order_cancel", args=[own.pk]), follow=True).content.decode()

        assert "what was held is free again" in first
        assert "done already" in second
        assert (held(follower), len(held(other_follower))) == ({}, 1)

    def test_are_given_to_an_open_page_as_its_part(self, signed_in: Client, world: World, follower: User) -> None:
        place(world, follower, "BUY", "BTC", "45000", quantity="0.01")

        content = signed_in.get(reverse("limit_orders"), headers={"HX-Request": "true"}).content.decode()

        assert "<html" not in content
        assert "Buy 0.01 BTC" in content

    @pytest.mark.parametrize("page", ["wallet", "limit_orders"])
    def test_take_as_many_statements_for_many_as_for_few(
        self, signed_in: Client, world: World, follower: User, page: str
    ) -> None:
        def fill(count: int) -> int:
            for _ in range(count):
                place(world, follower, "BUY", "BTC", "45000", quantity="0.001")
                place(world, follower, "BUY", "BTC", "50100", quantity="0.001")
            with counted_queries() as asked:
                signed_in.get(reverse(page))
            return len(asked)

        assert fill(1) == fill(4)
