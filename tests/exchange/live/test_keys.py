"""What a key may do at a real exchange, and how often it is used, in every dialect, over a socket."""

import pytest

from copytrading.exchange.errors import KEY_TROUBLES, KeyRefused, OrderRejected, RejectionCode, VenueBusy
from copytrading.exchange.orders import Side
from tests.exchange.live.conftest import find, place, venue_at


class TestKey:
    @pytest.mark.parametrize("changes", [{"key": "unknown"}, {"secret": "wrong"}])
    def test_that_is_wrong_is_refused(self, fake, changes):
        with pytest.raises(KeyRefused):
            venue_at(fake, **changes).check_key()

    def test_that_can_withdraw_is_refused(self, fake):
        with pytest.raises(KeyRefused, match="can move money away"):
            venue_at(fake, holder="mighty").check_key()

    def test_that_cannot_trade_is_refused(self, fake):
        with pytest.raises(KeyRefused, match="cannot trade"):
            venue_at(fake, holder="reading").check_key()

    def test_that_can_withdraw_never_sends_an_order(self, fake):
        with pytest.raises(OrderRejected, match=r"Not sent: .* can move money away") as rejection:
            place(venue_at(fake, holder="mighty"))

        assert rejection.value.code is RejectionCode.KEY_REFUSED
        assert "place" not in fake.state()["requests"]

    def test_that_was_revoked_says_so_everywhere(self, fake, venue):
        fake.change_key("platform-key", revoked=True)

        with pytest.raises(KeyRefused):
            venue.balances()
        with pytest.raises(KeyRefused):
            find(venue)
        with pytest.raises(OrderRejected) as rejection:
            place(venue, side=Side.SELL)
        assert rejection.value.code in KEY_TROUBLES

    def test_shows_nowhere(self, fake, venue, caplog):
        fake.change_key("platform-key", revoked=True)
        with caplog.at_level("DEBUG"), pytest.raises(KeyRefused) as trouble:
            venue.balances()

        shown = repr(venue) + repr(vars(venue)) + str(trouble.value) + caplog.text
        assert not [word for word in ("platform-key", "platform-secret", "platform-phrase") if word in shown]


class TestRateLimit:
    def test_keeps_everybody_away_for_as_long_as_the_venue_says(self, fake, venue):
        fake.disturb(fault="answer", endpoint="find", status=429, headers={"Retry-After": "7"}, body="")

        with pytest.raises(VenueBusy):
            find(venue)
        before = fake.state()["requests"]
        with pytest.raises(VenueBusy) as busy:
            venue_at(fake).balances()
        with pytest.raises(OrderRejected, match="Not sent") as rejection:
            place(venue)

        assert 6 < busy.value.wait_seconds <= 7
        assert rejection.value.code is RejectionCode.RATE_LIMITED
        assert fake.state()["requests"] == before
