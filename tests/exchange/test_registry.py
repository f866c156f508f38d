import os
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured

from copytrading.exchange.paper.venue import PaperVenue
from copytrading.exchange.prices.files import RecordingError
from copytrading.exchange.prices.recorded import RecordedPrices
from copytrading.exchange.registry import price_source, price_sources, venue

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class TestVenue:
    def test_is_the_paper_venue_when_the_settings_say_so(self, settings):
        settings.SMARTSYNC_VENUE = "paper"

        assert isinstance(venue(), PaperVenue)

    def test_refuses_a_name_it_does_not_know(self, settings):
        settings.SMARTSYNC_VENUE = "papier"

        with pytest.raises(ImproperlyConfigured, match="SMARTSYNC_VENUE is 'papier'; it can be 'paper'"):
            venue()

    def test_is_a_real_exchange_with_one_client_for_a_process(self, settings):
        settings.SMARTSYNC_VENUE = "okx"
        settings.SMARTSYNC_VENUE_LIVE = True
        settings.SMARTSYNC_VENUE_KEY = settings.SMARTSYNC_VENUE_SECRET = "something"
        settings.SMARTSYNC_PRICES = "live"

        ours = venue()

        assert (ours.name, ours.account) == ("okx", "platform")
        assert venue() is ours

    def test_is_another_client_in_a_child_of_this_process(self, settings, monkeypatch):
        settings.SMARTSYNC_VENUE = "okx"
        settings.SMARTSYNC_VENUE_LIVE = True
        settings.SMARTSYNC_VENUE_KEY = settings.SMARTSYNC_VENUE_SECRET = "something"
        settings.SMARTSYNC_PRICES = "live"
        ours = venue()

        monkeypatch.setattr("os.getpid", lambda: 1)

        assert venue() is not ours


class TestPriceSources:
    def test_are_several_when_they_are_live(self, settings):
        settings.SMARTSYNC_PRICES = "live"
        settings.SMARTSYNC_PRICE_SOURCES = ["binance", "okx"]

        assert [source.name for source in price_sources(now=NOON)] == ["binance", "okx"]

    @pytest.mark.parametrize("names", [[], ["bynance"]])
    def test_refuse_what_is_no_exchange(self, settings, names):
        settings.SMARTSYNC_PRICES = "live"
        settings.SMARTSYNC_PRICE_SOURCES = names

        with pytest.raises(ImproperlyConfigured, match="SMARTSYNC_PRICE_SOURCES"):
            price_sources(now=NOON)


class TestPriceSource:
    def test_goes_on_from_the_last_prices_when_simulated(self, settings):
        settings.SMARTSYNC_PRICES = "simulated"

        quotes = price_source(now=NOON, last_prices={"BTC-USDT": Decimal("12345.67")}).quotes(NOON)

        assert {quote.symbol: quote.price for quote in quotes}["BTC-USDT"] == Decimal("12345.67")

    def test_plays_the_file_the_settings_name(self, settings, tmp_path):
        path = tmp_path / "prices.csv"
        path.write_text(
            "ts,symbol,open,high,low,close,volume\n2021-01-01,BTC-USDT,1,1,1,1,1\n2021-01-02,BTC-USDT,2,2,2,2,1\n"
        )
        settings.SMARTSYNC_PRICES = str(path)
        settings.SMARTSYNC_SPEED = 60

        source = price_source(now=NOON, position=datetime(2021, 1, 2, tzinfo=UTC))

        assert isinstance(source, RecordedPrices)
        assert [quote.price for quote in source.quotes(NOON)] == [2]

    @pytest.mark.parametrize("between", [",", ", ", os.pathsep])
    def test_plays_several_files_as_one(self, settings, tmp_path, between):
        paths = [tmp_path / f"{coin}.csv" for coin in ("BTC", "ETH")]
        for path in paths:
            path.write_text(f"ts,symbol,open,high,low,close,volume\n2021-01-01,{path.stem}-USDT,1,1,1,1,1\n")
        settings.SMARTSYNC_PRICES = between.join(map(str, paths))

        assert price_source(now=NOON).symbols == ("BTC-USDT", "ETH-USDT")

    def test_says_what_is_wrong_with_the_file(self, settings, tmp_path):
        settings.SMARTSYNC_PRICES = str(tmp_path / "none.csv")

        with pytest.raises(RecordingError, match=r"none\.csv: There is no such file"):
            price_source(now=NOON)
