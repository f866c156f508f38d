"""Live prices with paper orders: real filters, several exchanges, one of them silent."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from copytrading.exchange import registry
from copytrading.exchange.live import client, wire
from copytrading.models import Alarm, Copy, Market, Order
from copytrading.queries.market import board as market_queries
from copytrading.services.cycle import syncing
from copytrading.services.feed.live import SILENT_SECONDS, LiveFeed
from copytrading.worlds.demo import acting
from copytrading.worlds.demo.world import set_up_world
from tests.fake_venue.venue import FakeVenue, started_in_thread

pytestmark = pytest.mark.django_db


@pytest.fixture
def exchanges(settings, monkeypatch) -> Iterator[dict[str, FakeVenue]]:
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(wire, "BACK_OFF_SECONDS", 0.01)
    with started_in_thread(dialect="binance") as binance, started_in_thread(dialect="okx") as okx:
        settings.SMARTSYNC_PRICES = "live"
        settings.SMARTSYNC_PRICE_SOURCES = ["binance", "okx"]
        settings.SMARTSYNC_EXCHANGE_URLS = {"binance": binance.address, "okx": okx.address}
        settings.SMARTSYNC_COINS = []
        yield {"binance": binance, "okx": okx}


@pytest.fixture
def feed(exchanges) -> Iterator[LiveFeed]:
    feed = LiveFeed(now=timezone.now(), wait_seconds=2)
    yield feed
    feed.close()


def marks() -> dict[str, Decimal]:
    return dict(Market.objects.values_list("symbol", "mark__price"))


class TestLiveFeed:
    def test_lists_the_paper_markets_with_the_real_filters(self, exchanges, feed):
        exchanges["binance"].change_market("SOL-USDT", lot_size="0.05", quantity_min="0.05", value_min="7")

        feed.tick(now=timezone.now())

        sol = Market.objects.get(symbol="SOL-USDT")
        assert (sol.lot_units, sol.value_min_units) == (5_000_000, 700_000_000)
        assert {rule.symbol for rule in registry.venue().market_rules()} == {"BTC-USDT", "ETH-USDT", "SOL-USDT"}

    def test_moves_marks_and_paper_books_with_the_exchanges(self, exchanges, feed):
        feed.tick(now=timezone.now())
        for exchange in exchanges.values():
            exchange.prices(BTC="50500")
        feed.tick(now=timezone.now() + timedelta(seconds=1.2))

        book = registry.venue().book("BTC-USDT", now=timezone.now())
        assert marks() == {"BTC-USDT": 50500, "ETH-USDT": 2500, "SOL-USDT": 100}
        assert book.bids[0].price < 50500 < book.asks[0].price

    def test_goes_on_with_the_others_when_one_is_silent_and_tells_an_operator(self, exchanges, feed):
        exchanges["binance"].prices(BTC="49990")
        feed.tick(now=timezone.now())
        exchanges["okx"].disturb(fault="answer", endpoint="*", status=503, body={}, times=0)
        later = timezone.now() + timedelta(seconds=SILENT_SECONDS + 1)

        feed.tick(now=later)

        alarm = Alarm.objects.get(cleared_at__isnull=True)
        assert (alarm.kind, alarm.key) == (Alarm.Kind.PRICES_DEGRADED, "prices:okx")
        assert "okx answered 503" in alarm.sentence

        exchanges["okx"].calm()
        feed.tick(now=later + timedelta(seconds=1))

        assert not Alarm.objects.filter(cleared_at__isnull=True).exists()

    def test_does_not_wait_for_a_slow_exchange(self, exchanges, settings, monkeypatch):
        monkeypatch.setattr(client, "TIMEOUT_SECONDS", 5)
        settings.SMARTSYNC_PRICE_SOURCES = ["okx", "binance"]
        exchanges["okx"].disturb(fault="slow", endpoint="ticker", seconds=1)
        feed = LiveFeed(now=timezone.now(), wait_seconds=0.5)

        feed.tick(now=timezone.now())
        heard_from_binance = marks()
        feed.close()

        assert set(heard_from_binance) == {"BTC-USDT", "ETH-USDT", "SOL-USDT"}


class TestDemoWorld:
    def test_opens_on_live_prices_with_paper_money(self, exchanges, feed):
        now = timezone.now()

        demo = set_up_world(now=now)
        for second in range(1, acting.LOOKS_MIN + 2):
            moment = now + timedelta(seconds=second)
            feed.tick(now=moment)
            for lead_id in syncing.leads_to_sync(now=moment):
                syncing.sync_lead(lead_id=lead_id, now=moment)

        assert demo.copies == Copy.objects.filter(is_reference=False).count() > 0
        assert Order.objects.filter(status=Order.Status.FILLED).exists()
        assert market_queries.cash_asset().symbol == "USDT"
        assert all("place" not in exchange.state()["requests"] for exchange in exchanges.values())
