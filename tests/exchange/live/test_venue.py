"""Our side of a real exchange: what is placed and found, in every dialect, over a socket."""

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from copytrading.exchange.errors import (
    AnswerNotUnderstood,
    OrderRejected,
    OutcomeUnknown,
    RejectionCode,
    VenueUnreachable,
)
from copytrading.exchange.live import dialects
from copytrading.exchange.orders import Side, VenueStatus
from tests.exchange.live.conftest import find, place, venue_at


class TestPlacing:
    def test_tells_the_order_with_its_trades(self, fake, venue):
        order = place(venue)

        assert (order.status, order.side, order.filled_quantity) == (VenueStatus.FILLED, Side.BUY, Decimal("0.1"))
        assert order.is_complete
        (trade,) = order.trades
        assert trade.trade_id.startswith("BTC-USDT:")
        assert (trade.price, trade.quantity, trade.value) == (50005, Decimal("0.1"), Decimal("5000.5"))
        assert (trade.fee, trade.fee_asset) == (Decimal("0.0001"), "BTC")
        assert (trade.client_order_id, trade.venue_order_id) == ("ss1a1", order.venue_order_id)

    def test_pays_the_fee_of_a_sale_in_money(self, venue):
        order = place(venue, side=Side.SELL, price_limit=Decimal(49900))

        assert (order.trades[0].fee, order.trades[0].fee_asset) == (Decimal("4.9995"), "USDT")

    def test_cancels_what_the_book_does_not_give(self, fake, venue):
        fake.disturb(fault="partial", endpoint="place", fraction="0.25")

        order = place(venue)

        assert order.filled_quantity == Decimal("0.025")
        assert order.status in (VenueStatus.CANCELED, VenueStatus.EXPIRED)
        assert order.is_complete

    def test_finds_nothing_within_a_limit_below_the_market(self, venue):
        order = place(venue, price_limit=Decimal(49000))

        assert order.status in (VenueStatus.CANCELED, VenueStatus.EXPIRED)
        assert (order.filled_quantity, order.trades) == (0, ())

    def test_is_not_repeated_when_the_answer_never_comes(self, fake, venue):
        fake.disturb(fault="hold", endpoint="place")

        with pytest.raises(OutcomeUnknown):
            place(venue)

        found = find(venue)
        assert fake.state()["requests"]["place"] == 1
        assert found.filled_quantity == Decimal("0.1")
        assert found.is_complete

    def test_sends_nothing_in_a_market_the_exchange_does_not_have(self, fake, venue):
        with pytest.raises(OrderRejected) as rejection:
            place(venue, symbol="LUNA-USDT")

        assert rejection.value.code is RejectionCode.MARKET_UNKNOWN
        assert "place" not in fake.state()["requests"]

    def test_sends_nothing_that_does_not_fit_the_lot(self, fake, venue):
        with pytest.raises(OrderRejected, match="no whole number of lots") as rejection:
            place(venue, quantity=Decimal("0.000015"))

        assert rejection.value.code is RejectionCode.LOT_SIZE
        assert "place" not in fake.state()["requests"]

    def test_goes_by_the_new_rules_after_they_changed_on_the_way(self, fake, venue):
        fake.change_market("BTC-USDT", lot_size="0.2", quantity_min="0.2")

        with pytest.raises(OrderRejected) as refused_there:
            place(venue)
        with pytest.raises(OrderRejected, match="Not sent") as refused_here:
            place(venue, client_order_id="ss2a1")
        rules = {rule.symbol: rule for rule in venue.market_rules()}

        assert refused_there.value.code in (RejectionCode.LOT_SIZE, RejectionCode.VALUE_TOO_SMALL)
        assert refused_here.value.code is RejectionCode.LOT_SIZE
        assert fake.state()["requests"]["place"] == 1
        assert rules["BTC-USDT"].lot_size == Decimal("0.2")

    def test_is_refused_in_a_suspended_market(self, fake, venue):
        fake.change_market("BTC-USDT", state="SUSPENDED")

        with pytest.raises(OrderRejected) as rejection:
            place(venue)

        assert rejection.value.code is RejectionCode.MARKET_SUSPENDED


class TestAWorkerThatSlept:
    def test_sends_nothing_when_it_wakes_before_sending(self, fake, venue):
        with pytest.raises(OrderRejected) as rejection:
            place(venue, now=datetime.now(UTC) - timedelta(seconds=30))

        assert rejection.value.code is RejectionCode.TOO_LATE
        assert "place" not in fake.state()["requests"]

    def test_is_refused_by_the_exchange_when_it_was_past_its_own_look(self, fake, venue, monkeypatch):
        place(venue)
        call = venue._wire.client.call

        def asleep_for_a_while(*arguments, **options):
            time.sleep(2.5 if "signed_at" in options else 0)
            return call(*arguments, **options)

        monkeypatch.setattr(venue._wire.client, "call", asleep_for_a_while)

        with pytest.raises((OrderRejected, OutcomeUnknown)):
            place(venue, client_order_id="ss2a1", now=datetime.now(UTC) - timedelta(seconds=4))

        assert fake.state()["requests"]["place"] == 2, "it was sent, signed with the time of its claim"
        assert find(venue, client_order_id="ss2a1") is None


class TestFinding:
    def test_tells_the_same_as_placing_did(self, venue):
        order = place(venue)

        assert find(venue) == order

    def test_finds_nothing_under_an_id_that_was_never_sent(self, venue):
        assert find(venue, "ss404a1") is None

    def test_tells_that_trades_are_still_missing(self, fake, venue):
        place(venue)
        fake.disturb(fault="lag", endpoint="trades", seconds=60)

        found = find(venue)

        assert found.status is VenueStatus.FILLED
        assert not found.is_complete

    def test_is_asked_again_when_there_was_no_answer(self, fake, venue):
        place(venue)
        before = fake.state()["requests"].get("find", 0)
        fake.disturb(fault="answer", endpoint="find", status=503, body={}, times=2)

        assert find(venue) is not None
        assert fake.state()["requests"]["find"] == before + 3

    def test_gives_up_after_two_more_attempts(self, fake, venue):
        fake.disturb(fault="lost", endpoint="find", times=0)

        with pytest.raises(VenueUnreachable):
            find(venue)

        assert fake.state()["requests"]["find"] == 3

    def test_does_not_believe_an_answer_about_another_order(self, fake, venue):
        place(venue)
        ids = dict.fromkeys(("clientOrderId", "clOrdId", "orderLinkId", "clientOid"), "x")
        fake.disturb(fault="nonsense", endpoint="find", times=0, fields=ids)

        with pytest.raises(AnswerNotUnderstood):
            find(venue)

    def test_does_not_believe_more_filled_than_ordered(self, fake, venue):
        place(venue)
        quantities = dict.fromkeys(("executedQty", "accFillSz", "cumExecQty", "baseVolume"), "7")
        fake.disturb(fault="nonsense", endpoint="find", times=0, fields=quantities)

        with pytest.raises(AnswerNotUnderstood):
            find(venue)


class TestTradesSince:
    def test_are_told_from_a_moment_on_oldest_first(self, venue):
        place(venue)
        time.sleep(0.01)  # both clocks count milliseconds
        between = datetime.now(UTC)
        later = [place(venue, client_order_id=f"ss{number}a1") for number in (2, 3)]

        trades = venue.trades_since(symbol="BTC-USDT", since=between)

        assert [trade.trade_id for trade in trades] == [order.trades[0].trade_id for order in later]

    def test_are_read_page_by_page(self, fake, monkeypatch):
        dialect = dialects.DIALECTS[fake.dialect]
        monkeypatch.setattr(sys.modules[dialect.ask_trades.__module__], "TRADES_A_PAGE", 2)
        monkeypatch.setattr(dialects, "DIALECTS", {fake.dialect: replace(dialect, page_length=2)})
        venue = venue_at(fake)
        begin = datetime.now(UTC) - timedelta(seconds=1)
        orders = [place(venue, client_order_id=f"ss{number}a1", quantity=Decimal("0.01")) for number in range(5)]

        trades = venue.trades_since(symbol="BTC-USDT", since=begin)

        assert [trade.trade_id for trade in trades] == [order.trades[0].trade_id for order in orders]

    def test_are_not_taken_for_none_when_the_answer_is_none(self, fake, venue):
        fake.disturb(fault="answer", endpoint="trades", body={}, times=0)

        with pytest.raises(AnswerNotUnderstood):
            venue.trades_since(symbol="BTC-USDT", since=datetime.now(UTC))


class TestOpenOrders:
    def test_are_none_after_orders_that_end_at_once(self, venue):
        place(venue, price_limit=Decimal(49000))

        assert venue.open_orders(symbol="BTC-USDT") == []

    def test_are_not_taken_for_none_when_the_answer_is_none(self, fake, venue):
        fake.disturb(fault="answer", endpoint="open_orders", body="{}", times=0)

        with pytest.raises(AnswerNotUnderstood):
            venue.open_orders(symbol="BTC-USDT")


class TestBalances:
    def test_are_told_by_asset_to_the_last_unit(self, venue):
        place(venue)

        assert venue.balances() == {"BTC": Decimal("1.0999"), "USDT": Decimal("94999.5")}

    @pytest.mark.parametrize("body", ["{}", "[]", "<html></html>", '{"code": "0", "data": []}'])
    def test_are_not_taken_for_none_when_the_answer_is_none(self, fake, venue, body):
        fake.disturb(fault="answer", endpoint="balances", body=body, times=0)

        with pytest.raises(AnswerNotUnderstood):
            venue.balances()

    def test_are_no_numbers_sometimes(self, fake, venue):
        fake.disturb(fault="nonsense", endpoint="balances", times=0)

        with pytest.raises(AnswerNotUnderstood):
            venue.balances()
