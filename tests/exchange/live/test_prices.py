"""Prices of a real exchange: all our pairs in one question, as old as the exchange says."""

import contextlib
import urllib.request
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest

from copytrading.exchange.errors import AnswerNotUnderstood, VenueBusy, VenueUnreachable
from copytrading.exchange.live.prices import LivePrices
from tests.exchange.live.conftest import wire_to

TICKERS = {
    "binance": "/api/v3/ticker/bookTicker",
    "okx": "/api/v5/market/tickers?instType=SPOT",
    "bybit": "/v5/market/tickers?category=spot",
    "bitget": "/api/v2/spot/market/tickers",
}


@pytest.fixture
def source(fake) -> LivePrices:
    return LivePrices(wire_to(fake), quote="USDT")


def prices_of(source: LivePrices) -> dict[str, Decimal]:
    return {quote.symbol: quote.price for quote in source.quotes(datetime.now(UTC))}


class TestQuotes:
    def test_are_the_middle_of_the_best_offers(self, fake, source):
        fake.prices(BTC="51000")

        assert prices_of(source) == {"BTC-USDT": 51000, "ETH-USDT": 2500, "SOL-USDT": 100}

    def test_are_asked_for_in_one_question_without_a_key(self, fake, source):
        prices_of(source)
        prices_of(source)

        assert fake.state()["requests"] == {"markets": 1, "ticker": 2}

    def test_name_the_exchange_and_its_time(self, fake, source):
        now = datetime.now(UTC)

        quotes = source.quotes(now)

        assert {quote.source for quote in quotes} == {fake.dialect}
        assert all(timedelta(0) <= now - quote.as_of <= timedelta(seconds=1.1) for quote in quotes)

    def test_are_never_younger_than_our_own_clock(self, source):
        long_ago = datetime.now(UTC) - timedelta(minutes=5)

        assert {quote.as_of for quote in source.quotes(long_ago)} == {long_ago}

    def test_are_old_when_the_answer_is(self, fake, source):
        prices_of(source)
        written = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
        with urllib.request.urlopen(fake.address + TICKERS[fake.dialect]) as answer:
            body = answer.read().decode().replace('"ts"', '"ignored"')
        headers = {"Date": format_datetime(written, usegmt=True)}
        fake.disturb(fault="answer", endpoint="ticker", body=body, headers=headers)

        assert {quote.as_of for quote in source.quotes(datetime.now(UTC))} == {written}

    def test_leave_out_a_pair_that_has_gone(self, fake, source):
        prices_of(source)
        fake.change_market("ETH-USDT", state="VANISHED")

        with contextlib.suppress(VenueUnreachable):
            prices_of(source)

        assert set(prices_of(source)) == {"BTC-USDT", "SOL-USDT"}

    @pytest.mark.parametrize("body", ["{}", "<html></html>", '{"code": "1", "data": []}', "null"])
    def test_are_not_taken_for_none_when_the_answer_is_none(self, fake, source, body):
        fake.disturb(fault="answer", endpoint="ticker", body=body, times=0)

        with pytest.raises(AnswerNotUnderstood):
            prices_of(source)

    def test_are_no_numbers_sometimes(self, fake, source):
        fake.disturb(fault="nonsense", endpoint="ticker", times=0)

        with pytest.raises(AnswerNotUnderstood):
            prices_of(source)

    def test_wait_when_the_exchange_says_so(self, fake, source):
        fake.disturb(fault="answer", endpoint="ticker", status=418, body="", headers={"Retry-After": "9"})

        with pytest.raises(VenueBusy) as busy:
            prices_of(source)

        assert busy.value.wait_seconds == 9

    def test_are_unreachable_when_nobody_answers(self, fake, source):
        fake.disturb(fault="lost", endpoint="*", times=0)

        with pytest.raises(VenueUnreachable):
            prices_of(source)


class TestMarketRules:
    def test_are_those_of_our_coins(self, fake):
        source = LivePrices(wire_to(fake), quote="USDT", coins=["ETH", "SOL"])

        assert [rule.symbol for rule in source.market_rules()] == ["ETH-USDT", "SOL-USDT"]
        assert source.symbols == ("ETH-USDT", "SOL-USDT")
