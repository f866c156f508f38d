"""Any other exchange: it shows before the first order that one could be found again, or is sent none."""

import json
from collections.abc import Iterator

import ccxt
import pytest
from django.conf import settings

from copytrading.exchange.errors import AbilityMissing, OrderRejected, RejectionCode, VenueUnreachable
from copytrading.exchange.live.dialects import others
from copytrading.exchange.live.venue import LiveVenue
from copytrading.exchange.live.wire import Wire
from tests.exchange.live.conftest import credentials_of, find, place
from tests.fake_venue.venue import FakeVenue, started_in_thread

# Exchanges of ccxt that speak like one we know and are not it, so that nothing of ours is made for them.
SPEAKS_LIKE = {"binanceus": "binance", "okxus": "okx", "bybiteu": "bybit"}


def other_at(exchange: str, fake: FakeVenue, *, is_vouched: bool = True) -> LiveVenue:
    wire = Wire(
        exchange=exchange, url=fake.address, redis_url=settings.REDIS_URL, credentials=credentials_of("platform")
    )
    return LiveVenue(wire, account="platform", quote="USDT", key_is_vouched=is_vouched)


@pytest.fixture
def at_binanceus() -> Iterator[tuple[FakeVenue, LiveVenue]]:
    with started_in_thread(dialect="binance") as fake:
        yield fake, other_at("binanceus", fake)


class TestAnotherExchange:
    @pytest.mark.parametrize("exchange", ["binanceus", "okxus"])
    def test_takes_orders_and_finds_them_again(self, exchange):
        with started_in_thread(dialect=SPEAKS_LIKE[exchange]) as fake:
            venue = other_at(exchange, fake)
            venue.check_abilities()
            venue.check_key()

            placed = place(venue)

            assert placed.is_complete
            assert find(venue) == placed

    def test_is_asked_about_an_order_that_never_was_before_the_first_one(self, at_binanceus):
        fake, venue = at_binanceus

        place(venue)

        asked = fake.state()["requests"]
        assert (asked["find"], asked["place"]) == (2, 1)

    @pytest.mark.parametrize(
        ("exchange", "words"),
        [
            ("bybiteu", "no way to find an order by our own id there"),
            ("gate", "no way to find an order by our own id there"),
            ("indodax", "or to ask for the trades of an order or to ask for our trades since a moment"),
        ],
    )
    def test_is_sent_nothing_where_ccxt_cannot_find_an_order_by_our_id(self, exchange, words):
        with started_in_thread(dialect="bybit") as fake:
            venue = other_at(exchange, fake)

            with pytest.raises(AbilityMissing, match=words):
                venue.check_abilities()
            with pytest.raises(OrderRejected, match="Not sent: Orders cannot be sent to") as rejection:
                place(venue)

            assert rejection.value.code is RejectionCode.ABILITY_MISSING
            assert fake.state()["requests"] == {}, "nobody was even asked"

    @pytest.mark.parametrize("endpoint", ["find", "open_orders", "trades"])
    @pytest.mark.parametrize(
        ("status", "body"), [(400, {"code": -1102, "msg": "orderId is mandatory."}), (200, "<html>Hello</html>")]
    )
    def test_is_sent_nothing_where_a_question_is_not_answered(self, at_binanceus, endpoint, status, body):
        fake, venue = at_binanceus
        fake.disturb(fault="answer", endpoint=endpoint, status=status, body=body, times=0)

        with pytest.raises(OrderRejected, match="what became of one could not be asked there") as rejection:
            place(venue)

        assert rejection.value.code is RejectionCode.ABILITY_MISSING
        assert "place" not in fake.state()["requests"]

    def test_is_sent_nothing_where_it_tells_about_another_order(self, at_binanceus):
        fake, venue = at_binanceus
        order = {
            "symbol": "BTCUSDT", "orderId": 7, "clientOrderId": "ss0a0", "price": "1", "origQty": "1",
            "executedQty": "0", "cummulativeQuoteQty": "0", "status": "NEW", "timeInForce": "IOC", "type": "LIMIT",
            "side": "BUY", "time": 1_700_000_000_000,
        }  # fmt: skip
        fake.disturb(fault="answer", endpoint="find", body=json.dumps(order), times=0)

        with pytest.raises(AbilityMissing, match="an order that never was, it tells about another"):
            venue.check_abilities()

    def test_is_asked_again_later_where_it_was_only_silent(self, at_binanceus):
        fake, venue = at_binanceus
        fake.disturb(fault="lost", endpoint="find", times=3)

        with pytest.raises(VenueUnreachable) as silence:
            venue.check_abilities()
        order = place(venue)

        assert not isinstance(silence.value, AbilityMissing)
        assert order.is_complete


class TestSpotMarkets:
    @pytest.mark.parametrize(
        ("asked", "left"),
        [
            (["spot", "swap"], ["spot"]),
            ({"types": ["spot", "linear"]}, {"types": ["spot"]}),
            ({"types": {"spot": True, "swap": {"linear": True}}}, {"types": {"spot": True}}),
            ({"method": "public"}, {"method": "public"}),
        ],
    )
    def test_are_all_that_is_asked_for_in_each_of_the_librarys_ways(self, asked, left):
        exchange = ccxt.binanceus({"options": {"fetchMarkets": asked}})
        exchange.options["fetchMarkets"] = asked

        others.prepare(exchange)

        assert exchange.options["fetchMarkets"] == left


class TestAbilities:
    def test_are_all_there_at_the_exchanges_we_know_of(self):
        able = [name for name in ("kraken", "kucoin", "mexc", "bitvavo") if not others.lacking(getattr(ccxt, name)())]

        assert able == ["kraken", "kucoin", "mexc", "bitvavo"]
