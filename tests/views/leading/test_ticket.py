"""A lead's ticket: from the wish over the preview to the order, as it comes without a script."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.models import Lead, LeadOrder
from tests.cast import World
from tests.views.console import key_of, send, wish

pytestmark = pytest.mark.usefixtures("old_prices_are_fine")


class TestTicket:
    def test_previews_then_gives_the_order_once(
        self, console: Client, world: World, lead: Lead, follower: User
    ) -> None:
        world.start(follower, lead, "1000")
        world.settle()

        review = send(console, "lead_order", **wish())
        assert "Followers’ part" in review
        assert not LeadOrder.objects.exists()
        for _ in range(3):
            send(console, "lead_order", **wish(step="confirm", key=key_of(review, "key")))

        order = LeadOrder.objects.get()
        assert (order.quantity_units, order.order_type) == (10**7, LeadOrder.OrderType.MARKET)

    def test_lets_a_limit_order_wait_and_be_taken_back(self, console: Client, lead: Lead) -> None:
        limit = wish(order_type="LIMIT", price_limit="45,000")

        assert "The price is not there yet" in send(console, "lead_order", **limit)
        content = send(console, "lead_order", **limit, step="confirm", key="page")
        assert "45,000.00 limit" in content
        order = LeadOrder.objects.get()

        answer = console.post(reverse("lead_order_cancel", args=[order.pk]), follow=True)

        assert "Canceled." in answer.content.decode()
        order.refresh_from_db()
        assert order.status == LeadOrder.Status.CANCELED

    def test_takes_a_value_in_usdt_and_gives_the_coins_that_were_shown(
        self, console: Client, world: World, lead: Lead
    ) -> None:
        in_usdt = wish(quantity="2,500.01", counted_in="VALUE")
        review = send(console, "lead_order", **in_usdt)
        # A thousandth of what it pays for is no lot.
        assert "Buy 0.05 BTC" in review
        assert 'name="quantity" value="0.05000000"' in review

        world.wait(1, BTC="40000")
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', review[review.index('id="ticket"') :]))
        send(console, "lead_order", **hidden)

        assert LeadOrder.objects.get().quantity_units == 5 * 10**6

    def test_values_a_limit_order_at_its_price(self, console: Client) -> None:
        asked = wish(quantity="900", counted_in="VALUE", order_type="LIMIT", price_limit="45000")

        assert "Buy 0.02 BTC at 45,000.00 or better" in send(console, "lead_order", **asked)

    def test_gives_no_order_that_was_confirmed_as_a_value(self, console: Client) -> None:
        answer = send(console, "lead_order", **wish(quantity="2500", counted_in="VALUE", step="confirm", key="page"))

        assert "Followers’ part" in answer
        assert not LeadOrder.objects.exists()

    def test_takes_back_nothing_of_somebody_else(
        self, console: Client, world: World, lead: Lead, stranger: User
    ) -> None:
        order = world.lead_trades(lead, "BTC", "BUY", "0.01")
        console.force_login(stranger)

        assert console.post(reverse("lead_order_cancel", args=[order.pk])).status_code == 404

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"quantity": "1"}, "not enough cash"),
            ({"quantity": "0.000001"}, "smallest lot"),
            ({"quantity": "0.1", "counted_in": "VALUE"}, "smallest lot"),
            ({"quantity": "6000", "counted_in": "VALUE", "side": "SELL"}, "has less BTC than that"),
            ({"quantity": "0.000000001"}, "At most 8 decimals."),
            ({"side": "SELL"}, "has less BTC than that"),
            ({"order_type": "LIMIT"}, "needs its price"),
            ({"order_type": "LIMIT", "price_limit": "45000.001"}, "a multiple of 0.01"),
            ({"market": "999999"}, "Select a valid choice"),
        ],
    )
    def test_refuses_in_a_sentence(self, console: Client, change: dict[str, str], sentence: str) -> None:
        assert sentence in send(console, "lead_order", **wish(**change))
        assert not LeadOrder.objects.exists()
