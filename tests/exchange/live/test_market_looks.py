"""What a real exchange tells of its markets: rules and books, in every dialect, over a socket."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from copytrading.exchange.errors import AnswerNotUnderstood, MarketUnknown
from copytrading.exchange.live.venue import LiveVenue
from copytrading.exchange.markets import MarketStatus
from copytrading.exchange.orders import Side
from tests.exchange.live.conftest import wire_to


class TestMarketRules:
    def test_are_read_from_the_filters(self, venue):
        rules = {rule.symbol: rule for rule in venue.market_rules()}

        assert list(rules) == ["BTC-USDT", "ETH-USDT", "SOL-USDT"]
        assert (rules["ETH-USDT"].lot_size, rules["ETH-USDT"].tick_size) == (Decimal("0.0001"), Decimal("0.01"))

    def test_ask_for_a_lot_that_is_never_below_the_least_quantity(self, fake, venue):
        fake.change_market("SOL-USDT", lot_size="0.001", quantity_min="0.05")

        rules = {rule.symbol: rule for rule in venue.market_rules()}

        assert rules["SOL-USDT"].lot_size == Decimal("0.05")

    def test_say_what_is_suspended_and_leave_out_what_has_gone(self, fake, venue):
        fake.change_market("SOL-USDT", state="SUSPENDED")
        fake.change_market("ETH-USDT", state="VANISHED")

        rules = {rule.symbol: rule.status for rule in venue.market_rules()}

        assert rules == {"BTC-USDT": MarketStatus.TRADING, "SOL-USDT": MarketStatus.SUSPENDED}

    def test_are_those_of_our_coins(self, fake):
        wire = wire_to(fake, holder="platform")
        venue = LiveVenue(wire, account="platform", quote="USDT", coins=["ETH"], key_is_vouched=False)

        assert [rule.symbol for rule in venue.market_rules()] == ["ETH-USDT"]

    @pytest.mark.parametrize("body", ["{}", '{"symbols": []}', '{"code": "0", "data": []}', "<html></html>"])
    def test_are_not_taken_for_none_when_the_answer_is_none(self, fake, venue, body):
        fake.disturb(fault="answer", endpoint="markets", body=body, times=0)

        with pytest.raises(AnswerNotUnderstood):
            venue.market_rules()


class TestBook:
    def test_is_read_best_first(self, venue):
        book = venue.book("BTC-USDT", now=datetime.now(UTC))

        assert (book.bids[0].price, book.asks[0].price) == (49995, 50005)
        assert len(book.bids) == 20
        assert book.depth_within(Side.BUY, Decimal("50005")) == book.asks[0].quantity

    def test_says_that_there_is_no_such_market(self, venue):
        with pytest.raises(MarketUnknown):
            venue.book("LUNA-USDT", now=datetime.now(UTC))

    def test_that_is_no_book_is_not_understood(self, fake, venue):
        fake.disturb(fault="nonsense", endpoint="book", times=0)

        with pytest.raises(AnswerNotUnderstood):
            venue.book("BTC-USDT", now=datetime.now(UTC))
