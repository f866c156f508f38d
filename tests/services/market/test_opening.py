"""Real money is opened on purpose: each thing that is missing is one clear sentence."""

from collections.abc import Iterator

import pytest

from copytrading.exchange.live import client, wire
from copytrading.models import Market
from copytrading.services.market.opening import VenueNotUsable, open_venue
from copytrading.worlds.demo.world import RealMoneyHere, set_up_world
from tests.cast import NOON
from tests.fake_venue.venue import FakeVenue, started_in_thread

pytestmark = pytest.mark.django_db


@pytest.fixture
def exchange(settings, monkeypatch) -> Iterator[FakeVenue]:
    """A real venue, as far as the settings know, with everything they need."""
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(wire, "BACK_OFF_SECONDS", 0.01)
    with started_in_thread(dialect="binance") as venue:
        settings.SMARTSYNC_VENUE = "binance"
        settings.SMARTSYNC_VENUE_URL = venue.address
        settings.SMARTSYNC_VENUE_LIVE = True
        settings.SMARTSYNC_VENUE_KEY = "platform-key"
        settings.SMARTSYNC_VENUE_SECRET = "platform-secret"
        settings.SMARTSYNC_PRICES = "live"
        settings.SMARTSYNC_COINS = []
        yield venue


class TestOpenVenue:
    def test_says_that_money_is_paper(self):
        assert "Paper money" in open_venue()

    def test_says_where_orders_go_and_lists_the_markets(self, exchange):
        assert open_venue() == "Real money: orders go to binance, in 3 markets."
        assert Market.objects.count() == 3

    def test_says_under_which_tag(self, exchange, settings):
        settings.SMARTSYNC_BROKER_TAGS = {"binance": "Ab12Cd34", "gate": "of no matter here"}

        assert open_venue().endswith("in 3 markets, with the broker tag Ab12Cd34.")

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"SMARTSYNC_VENUE_LIVE": False}, "where orders cost real money: set SMARTSYNC_VENUE_LIVE=1"),
            ({"SMARTSYNC_VENUE_KEY": ""}, "SMARTSYNC_VENUE_KEY and SMARTSYNC_VENUE_SECRET are needed"),
            ({"SMARTSYNC_PRICES": "simulated"}, "set SMARTSYNC_PRICES=live"),
            ({"SMARTSYNC_VENUE": "bynance"}, "SMARTSYNC_VENUE is 'bynance'; it can be 'paper' or an exchange"),
            ({"SMARTSYNC_VENUE": "gate"}, "we know no way to find an order by our own id there"),
            ({"SMARTSYNC_VENUE_SECRET": "wrong"}, "does not take our key: its secret or its passphrase is wrong"),
            ({"SMARTSYNC_VENUE": "binanceus"}, "Check that it cannot withdraw, then set SMARTSYNC_VENUE_KEY_VOUCHED=1"),
            ({"SMARTSYNC_VENUE_KEY": "mighty-key", "SMARTSYNC_VENUE_SECRET": "mighty-secret"}, "can move money away"),
            ({"SMARTSYNC_VENUE_KEY": "reading-key", "SMARTSYNC_VENUE_SECRET": "reading-secret"}, "cannot trade"),
            ({"SMARTSYNC_BROKER_TAGS": {"binance": "x-Ab12"}}, "takes no tag like 'x-Ab12'.* without the x-"),
            ({"SMARTSYNC_VENUE": "gate", "SMARTSYNC_BROKER_TAGS": {"gate": "Ab12"}}, "no way to send one: take it out"),
            ({"SMARTSYNC_CASH": "EUR"}, "lists no market in EUR"),
        ],
    )
    def test_refuses_with_a_sentence_that_says_what_to_change(self, exchange, settings, changes, sentence):
        for name, value in changes.items():
            setattr(settings, name, value)

        with pytest.raises(VenueNotUsable, match=sentence):
            open_venue()

    def test_refuses_a_key_that_trades_futures_and_not_spot(self, exchange):
        exchange.change_key("platform-key", scopes=["read", "elsewhere"])

        with pytest.raises(VenueNotUsable, match="cannot trade spot, only margin, futures or the like"):
            open_venue()

    def test_refuses_a_country_that_the_exchange_does_not_serve(self, exchange):
        exchange.disturb(fault="answer", endpoint="*", status=451, body="", times=0)

        with pytest.raises(VenueNotUsable, match="serves nobody in the country that our server is in"):
            open_venue()

    def test_refuses_an_exchange_that_does_not_tell_about_its_orders(self, exchange, settings):
        settings.SMARTSYNC_VENUE, settings.SMARTSYNC_VENUE_KEY_VOUCHED = "binanceus", True
        exchange.disturb(fault="answer", endpoint="trades", status=400, body={"code": -1, "msg": "no"}, times=0)

        with pytest.raises(VenueNotUsable, match="what became of one could not be asked there"):
            open_venue()

    def test_opens_another_exchange_that_shows_that_orders_are_found(self, exchange, settings):
        settings.SMARTSYNC_VENUE, settings.SMARTSYNC_VENUE_KEY_VOUCHED = "binanceus", True

        assert open_venue() == "Real money: orders go to binanceus, in 3 markets."

    def test_refuses_a_clock_that_is_off(self, exchange):
        exchange.set_clock(skew_seconds=5)

        with pytest.raises(VenueNotUsable, match="behind the venue's"):
            open_venue()

    def test_refuses_a_venue_that_answers_nonsense(self, exchange):
        exchange.disturb(fault="answer", endpoint="*", body="<html>Hello</html>", times=0)

        with pytest.raises(VenueNotUsable, match="no answer"):
            open_venue()

    def test_refuses_books_that_hold_paper_money(self, follower, exchange):
        with pytest.raises(VenueNotUsable, match="hold paper money"):
            open_venue()


class TestRealMoney:
    def test_is_not_for_invented_leads(self, exchange):
        with pytest.raises(RealMoneyHere):
            set_up_world(now=NOON)
