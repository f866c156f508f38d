"""A clock that is off: a little is made up for, more is a clear state, and nothing is sent by it."""

import time
from datetime import UTC, datetime

import pytest

from copytrading.exchange.errors import ClockSkewed, OrderRejected, OutcomeUnknown, RejectionCode
from copytrading.exchange.live import dialects, wire
from copytrading.exchange.live.clock import VenueClock
from copytrading.exchange.live.dialects import bitget
from tests.exchange.live.conftest import find, place, venue_at


class TestVenueClock:
    def test_goes_on_by_itself_from_what_it_showed(self):
        clock = VenueClock()
        moment = time.monotonic()

        clock.look(venue_milliseconds=1_000_000, asked_at=moment - 0.2, answered_at=moment)

        assert 1_000_100 <= clock.milliseconds() < 1_001_100

    def test_is_not_believed_when_the_answer_took_too_long(self):
        clock = VenueClock()
        moment = time.monotonic()

        with pytest.raises(ClockSkewed, match=r"3\.0 s"):
            clock.look(venue_milliseconds=1_000_000, asked_at=moment - 3, answered_at=moment)

        assert not clock.is_known

    def test_says_which_of_the_two_is_behind(self):
        clock = VenueClock()
        moment = time.monotonic()
        clock.look(venue_milliseconds=int((time.time() + 5) * 1000), asked_at=moment, answered_at=moment)

        with pytest.raises(ClockSkewed, match=r"Our clock is 5\.0 s behind the venue's"):
            clock.check()


class TestOrder:
    @pytest.mark.parametrize("skew_seconds", [-1.5, 1.5])
    def test_is_signed_with_the_venues_time_when_ours_is_a_little_off(self, fake, skew_seconds):
        fake.set_clock(skew_seconds=skew_seconds)
        venue = venue_at(fake)

        order = place(venue)

        assert order.is_complete
        assert len(venue.trades_since(symbol="BTC-USDT", since=datetime.now(UTC))) <= 1

    @pytest.mark.parametrize("skew_seconds", [-5, 5])
    def test_is_not_sent_when_our_clock_is_five_seconds_off(self, fake, skew_seconds):
        fake.set_clock(skew_seconds=skew_seconds)
        venue = venue_at(fake)

        with pytest.raises(OrderRejected, match=r"Not sent: Our clock is [45]\.\d s") as rejection:
            place(venue)
        with pytest.raises(ClockSkewed):
            find(venue)

        assert rejection.value.code is RejectionCode.CLOCK_SKEWED
        assert "place" not in fake.state()["requests"]

    def test_is_not_sent_when_the_venues_clock_cannot_be_known(self, fake):
        fake.disturb(fault="answer", endpoint="time", status=503, body={}, times=0)

        with pytest.raises(OrderRejected, match="Not sent"):
            place(venue_at(fake))

        assert "place" not in fake.state()["requests"]

    @pytest.mark.parametrize("fake", ["binance"], indirect=True)
    def test_is_refused_once_when_a_clock_was_set_and_then_signed_rightly(self, fake, venue):
        fake.set_clock(skew_seconds=-2)

        with pytest.raises(OrderRejected) as rejection:
            place(venue)
        order = place(venue, client_order_id="ss2a1")

        assert rejection.value.code is RejectionCode.CLOCK_SKEWED
        assert order.is_complete

    def test_that_arrives_after_its_window_is_never_taken(self, fake, monkeypatch):
        monkeypatch.setattr(wire, "WINDOW_SECONDS", 0.4)
        monkeypatch.setattr(bitget, "WINDOW_SECONDS", 0.4)
        for dialect in (dialects.BINANCE, dialects.BYBIT):
            monkeypatch.setitem(dialect.options, "recvWindow", 400)
        venue = venue_at(fake)
        venue.check_key()
        venue.market_rules()
        fake.disturb(fault="late", endpoint="place", seconds=0.7)

        with pytest.raises(OutcomeUnknown):
            place(venue)
        time.sleep(0.4)

        assert find(venue) is None
        assert fake.orders() == []

    def test_that_arrives_late_within_its_window_is_taken(self, fake, venue):
        fake.disturb(fault="late", endpoint="place", seconds=0.7)

        with pytest.raises(OutcomeUnknown):
            place(venue)
        time.sleep(0.4)

        assert find(venue).is_complete
