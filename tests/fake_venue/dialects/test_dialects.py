"""What all dialects say alike, as ccxt's real client sees it; what only one of them says is in a file of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import ccxt
import pytest

from tests.fake_venue.clients import client_of, find, place
from tests.fake_venue.venue import FakeVenue

Refusal = tuple[type[ccxt.BaseError], str]


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of a dialect for what is the same in all of them."""

    least: tuple[str, str]
    counts_orders_in_each_market: bool
    suspended: Refusal
    unknown: Refusal
    revoked: Refusal
    only_reads: Refusal


WORDS = {
    "binance": Words(
        least=("cost", "5"),
        counts_orders_in_each_market=True,
        suspended=(ccxt.MarketClosed, "Market is closed"),
        unknown=(ccxt.OrderNotFound, "-2013"),
        revoked=(ccxt.BaseError, "-2015"),
        only_reads=(ccxt.BaseError, "-2015"),
    ),
    "okx": Words(
        least=("amount", "0.0001"),
        counts_orders_in_each_market=False,
        suspended=(ccxt.ContractUnavailable, "51022"),
        unknown=(ccxt.OrderNotFound, "51603"),
        revoked=(ccxt.ExchangeError, "50119"),
        only_reads=(ccxt.ExchangeError, "50120"),
    ),
    "bybit": Words(
        least=("cost", "5"),
        counts_orders_in_each_market=False,
        suspended=(ccxt.InvalidOrder, "170151"),
        unknown=(ccxt.OrderNotFound, "knows no order"),
        revoked=(ccxt.AuthenticationError, "10003"),
        only_reads=(ccxt.PermissionDenied, "10005"),
    ),
    "bitget": Words(
        least=("cost", "5"),
        counts_orders_in_each_market=False,
        suspended=(ccxt.OnMaintenance, "41114"),
        unknown=(ccxt.OrderNotFound, "43001"),
        revoked=(ccxt.AuthenticationError, "40037"),
        only_reads=(ccxt.PermissionDenied, "40014"),
    ),
}


@pytest.fixture
def words(fake_venue: FakeVenue) -> Words:
    return WORDS[fake_venue.dialect]


@pytest.fixture
def client(fake_venue: FakeVenue) -> Iterator[ccxt.Exchange]:
    client = client_of(fake_venue)
    client.load_markets()
    yield client
    client.session.close()


class TestMarkets:
    def test_have_their_filters(self, client: ccxt.Exchange, words: Words) -> None:
        market = client.market("ETH/USDT")

        limit, least = words.least
        assert market["active"]
        assert Decimal(market["precision"]["amount"]) == Decimal("0.0001")
        assert Decimal(market["precision"]["price"]) == Decimal("0.01")
        assert Decimal(market["limits"][limit]["min"]) == Decimal(least)

    def test_vanish_and_are_suspended(self, client: ccxt.Exchange, fake_venue: FakeVenue, words: Words) -> None:
        fake_venue.change_market("BTC-USDT", state="SUSPENDED")
        fake_venue.change_market("ETH-USDT", state="VANISHED")

        markets = client.load_markets(True)

        assert markets["BTC/USDT"]["active"] is False
        assert "ETH/USDT" not in markets
        error, sentence = words.suspended
        with pytest.raises(error, match=sentence):
            place(client)

    def test_say_their_time(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        fake_venue.set_clock(skew_seconds=5)

        assert client.fetch_time() - client.milliseconds() == pytest.approx(5_000, abs=500)


class TestOrder:
    def test_waits_when_it_may_and_can_be_canceled(self, client: ccxt.Exchange) -> None:
        order = place(client, price="49000", validity="GTC")

        waiting = client.fetch_open_orders("BTC/USDT")
        locked = client.fetch_balance()["USDT"]["used"]
        client.cancel_order(order["id"], "BTC/USDT")

        assert [order["clientOrderId"] for order in waiting] == ["ss1a1"]
        assert Decimal(locked) == 4_900
        assert client.fetch_open_orders("BTC/USDT") == []
        assert find(client)["status"] == "canceled"
        assert Decimal(client.fetch_balance()["USDT"]["free"]) == 100_000

    def test_that_never_was_does_not_exist(self, client: ccxt.Exchange, words: Words) -> None:
        error, code = words.unknown

        with pytest.raises(error, match=code):
            find(client, "nobody")


class TestTrades:
    def test_count_their_ids_in_each_market(self, client: ccxt.Exchange, words: Words) -> None:
        place(client)
        place(client, "ss2a1", symbol="ETH/USDT", price="2510")

        first = client.fetch_my_trades("BTC/USDT")[0]
        other = client.fetch_my_trades("ETH/USDT")[0]

        assert first["id"] == other["id"], "a trade id alone does not name a trade"
        assert (first["order"] == other["order"]) is words.counts_orders_in_each_market

    def test_are_told_since_a_moment(self, client: ccxt.Exchange) -> None:
        place(client)
        moment = client.fetch_my_trades("BTC/USDT")[0]["timestamp"]

        assert len(client.fetch_my_trades("BTC/USDT", since=moment)) == 1
        assert client.fetch_my_trades("BTC/USDT", since=moment + 1) == []


class TestKey:
    def test_that_was_revoked_is_refused(self, client: ccxt.Exchange, fake_venue: FakeVenue, words: Words) -> None:
        fake_venue.change_key("platform-key", revoked=True)

        error, code = words.revoked
        with pytest.raises(error, match=code):
            client.fetch_balance()

    def test_for_reading_may_not_trade(self, fake_venue: FakeVenue, words: Words) -> None:
        reading = client_of(fake_venue, holder="reading")

        error, code = words.only_reads
        assert Decimal(reading.fetch_balance()["ETH"]["total"]) == 3
        with pytest.raises(error, match=code):
            place(reading)
