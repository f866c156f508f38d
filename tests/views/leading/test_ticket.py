"""A lead's ticket: from the wish over the preview to the order, as it comes without a script."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from copytrading.exchange.errors import VenueUnreachable
from copytrading.models import Lead, LeadOrder
from copytrading.services.market import listings
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


class TestParts:
    def test_of_the_worth_are_written_for_a_buy_and_lose_nothing_typed(self, console: Client) -> None:
        asked = wish(quantity="", order_type="LIMIT", price_limit="45,000", part="25")

        content = send(console, "lead_order", **asked)

        assert figure_in(content) == "2500"
        assert 'value="45,000"' in content
        assert re.search(r'value="VALUE"[^>]*checked', content) and re.search(r'value="LIMIT"[^>]*checked', content)
        assert 'class="errors"' not in content
        assert not LeadOrder.objects.exists()

    def test_of_all_reach_as_far_as_the_cash_with_fee_and_slippage(self, console: Client) -> None:
        content = send(console, "lead_order", **wish(quantity="7", part="100"))

        typed = figure_in(content)
        assert 9_900 < float(typed) < 10_000
        assert "Followers’ part" in send(console, "lead_order", **wish(quantity=typed, counted_in="VALUE"))

    def test_of_the_coin_are_written_for_a_sale_in_whole_lots(self, console: Client, world: World, lead: Lead) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        half = send(console, "lead_order", **wish(side="SELL", part="50"))
        everything = send(console, "lead_order", **wish(side="SELL", part="100"))

        assert (figure_in(half), figure_in(everything)) == ("0.05", "0.1")
        assert re.search(r'value="COINS"[^>]*checked', half)

    @pytest.mark.parametrize("change", [{"part": "33"}, {"part": "x"}, {"part": "25", "market": "999999"}])
    def test_of_nothing_known_leave_the_form_as_it_was(self, console: Client, change: dict[str, str]) -> None:
        content = send(console, "lead_order", **(wish(quantity="0.04") | change))

        assert figure_in(content) == "0.04"
        assert not LeadOrder.objects.exists()

    def test_stay_beside_a_refusal_with_what_was_typed(self, console: Client) -> None:
        content = send(console, "lead_order", **wish(quantity="1"))

        assert "not enough cash" in content and figure_in(content) == "1"
        assert content.count('name="part"') == 5


class TestBook:
    def test_shows_the_best_prices_and_what_the_lead_holds(self, console: Client, world: World, lead: Lead) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        content = console.get(reverse("lead_book"), {"market": wish()["market"]}).text

        assert "BTC / USDT" in content and "spread" in content
        bids, asks = prices_in(content)
        assert bids == sorted(bids, reverse=True) and asks == sorted(asks) and bids[0] < asks[0]
        assert "0.1 BTC" in content

    def test_says_so_where_the_venue_does_not_answer(self, console: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def silent(market: object, *, now: object) -> None:
            raise VenueUnreachable("no answer")

        monkeypatch.setattr(listings, "book_of", silent)

        content = console.get(reverse("lead_book"), {"market": wish("SOL")["market"]}).text

        assert "tells no book at the moment" in content and "price 100.00<" in content

    @pytest.mark.parametrize("market", ["", "0", "999999", "x"])
    def test_of_no_market_is_not_there(self, console: Client, market: str) -> None:
        assert console.get(reverse("lead_book"), {"market": market}).status_code == 404

    def test_is_for_who_trades_here(self, client: Client, follower: User) -> None:
        client.force_login(follower)

        assert client.get(reverse("lead_book"), {"market": wish()["market"]}).status_code == 404


def figure_in(content: str) -> str:
    found = re.search(r'name="quantity" value="([^"]*)"', content)
    assert found, "the ticket has no figure"
    return found[1]


def prices_in(content: str) -> tuple[list[float], list[float]]:
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", content, re.S)]
    cells = [[float(cell.replace(",", "")) for cell in row[1:3] if cell] for row in rows if row]
    return [row[0] for row in cells if row], [row[1] for row in cells if len(row) > 1]
