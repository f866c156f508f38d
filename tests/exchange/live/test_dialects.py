"""Where one exchange is its own: lists, fees, words and windows that ccxt reads otherwise, over a socket."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from copytrading.exchange.errors import KEY_TROUBLES, KeyRefused, OrderRejected, RejectionCode, VenueBusy
from copytrading.exchange.live.dialects import DIALECTS, bitget, bybit
from copytrading.exchange.live.holdings import ANY, READINGS
from copytrading.exchange.live.venue import LiveVenue
from copytrading.exchange.orders import VenueStatus
from tests.exchange.live.conftest import find, place, prepared, venue_at, wire_to
from tests.fake_venue.venue import FakeVenue

Prepared = tuple[FakeVenue, LiveVenue]

NO_ORDER = {"retCode": 0, "retMsg": "OK", "result": {"category": "spot", "list": [], "nextPageCursor": ""}}


@pytest.fixture
def at_bybit() -> Iterator[Prepared]:
    with prepared("bybit") as both:
        yield both


@pytest.fixture
def at_bitget() -> Iterator[Prepared]:
    with prepared("bitget") as both:
        yield both


def changed(fake: FakeVenue, endpoint: str, **fields: Any) -> None:
    fake.disturb(fault="nonsense", endpoint=endpoint, times=0, fields=fields)


class TestEveryDialect:
    @pytest.mark.parametrize("exchange", DIALECTS)
    def test_takes_our_own_order_ids(self, exchange):
        for order_id in (1, 2**63 - 1):
            assert re.fullmatch(DIALECTS[exchange].client_order_id_pattern, f"ss{order_id}a99")

    @pytest.mark.parametrize("exchange", DIALECTS)
    def test_asks_for_spot_markets_only_and_nothing_beside_them(self, exchange):
        with prepared(exchange) as (fake, venue):
            before = fake.state()["requests"]
            venue.market_rules()

            asked = fake.state()["requests"]

        assert {name: asked[name] - before.get(name, 0) for name in asked if asked[name] != before.get(name, 0)} == {
            "markets": 1
        }

    def test_makes_one_request_of_one_question_from_the_first_on(self, fake):
        venue = venue_at(fake)

        place(venue)
        venue.balances()
        venue.open_orders(symbol="BTC-USDT")
        venue.trades_since(symbol="BTC-USDT", since=datetime.now(UTC) - timedelta(minutes=1))

        once = dict.fromkeys(("time", "permissions", "markets", "place", "balances", "open_orders"), 1)
        # What is not told at once takes two questions more: the order, and its trades.
        told_at_once = DIALECTS[fake.dialect].is_told_at_once
        trades = {"trades": 1} if told_at_once else {"trades": 2, "find": 1}
        # What an account holds is asked for place by place, but what stays here has no staking at the platform's venue.
        places = dict.fromkeys((one.call.lower() for one in READINGS.get(fake.dialect, ANY)), 1)
        if fake.dialect == "bybit":
            # One address tells of both, by category.
            places |= {"earn": places["earn"] + places.pop("staked")}
        assert fake.state()["requests"] == once | places | trades

    def test_refuses_an_id_that_the_exchange_would_not_keep(self, fake, venue):
        with pytest.raises(OrderRejected, match="takes no order under the id") as rejection:
            place(venue, client_order_id="ss1 a1")

        assert rejection.value.code is RejectionCode.MALFORMED
        assert "place" not in fake.state()["requests"]

    @pytest.mark.parametrize("exchange", ["binance", "bybit", "bitget"])
    def test_takes_no_key_for_a_trading_key_that_trades_everything_but_spot(self, exchange):
        with prepared(exchange) as (fake, _):
            fake.change_key("platform-key", scopes=["read", "elsewhere"])

            with pytest.raises(KeyRefused, match="cannot trade spot, only margin, futures or the like") as refusal:
                venue_at(fake).check_key()

        assert refusal.value.code is RejectionCode.RIGHT_MISSING

    @pytest.mark.parametrize("exchange", DIALECTS)
    def test_says_what_is_wrong_with_the_key_that_an_order_needs(self, exchange):
        with prepared(exchange) as (fake, venue):
            fake.change_key("platform-key", scopes=["read"])

            with pytest.raises(OrderRejected) as rejection:
                place(venue)

        assert rejection.value.code in KEY_TROUBLES
        assert "does not take our key: " in str(rejection.value)


class TestBybit:
    def test_finds_in_the_history_what_the_fresh_list_has_forgotten(self, at_bybit):
        fake, venue = at_bybit
        placed = place(venue)
        fake.disturb(fault="answer", endpoint="find", body=NO_ORDER)

        assert find(venue) == placed

    def test_finds_no_order_that_neither_list_has(self, at_bybit):
        fake, venue = at_bybit
        place(venue)
        fake.disturb(fault="answer", endpoint="find", body=NO_ORDER, times=2)

        assert find(venue) is None

    def test_takes_an_order_that_ended_in_part_for_what_it_is(self, at_bybit):
        fake, venue = at_bybit
        fake.disturb(fault="partial", endpoint="place", fraction="0.3")

        order = place(venue)

        assert (order.status, order.filled_quantity) == (VenueStatus.CANCELED, Decimal("0.03"))
        assert order.is_complete

    def test_tells_a_fee_in_the_coin_that_was_charged(self, at_bybit):
        fake, venue = at_bybit
        changed(fake, "trades", feeCurrency="MNT", execFee="0.5")

        (trade,) = place(venue).trades

        assert (trade.fee, trade.fee_asset) == (Decimal("0.5"), "MNT")

    def test_asks_for_trades_week_by_week(self, at_bybit):
        fake, venue = at_bybit
        placed = place(venue)
        before = fake.state()["requests"]["trades"]

        told = venue.trades_since(symbol="BTC-USDT", since=datetime.now(UTC) - timedelta(days=20))

        assert [trade.trade_id for trade in told] == [trade.trade_id for trade in placed.trades]
        assert fake.state()["requests"]["trades"] - before == 3

    @pytest.mark.parametrize(
        ("told", "rights"),
        [
            ({"readOnly": 1, "permissions": {"Wallet": ["Withdraw"], "Spot": ["SpotTrade"]}}, {"read"}),
            ({"readOnly": 0, "permissions": {"Spot": ["SpotTrade"], "Exchange": ["History"]}}, {"read", "trade"}),
            ({"readOnly": 0, "permissions": {"ContractTrade": ["Order"], "Spot": []}}, {"read", "trade elsewhere"}),
            ({"readOnly": 0, "permissions": {"Wallet": ["AccountTransfer"]}}, {"read", "withdraw"}),
            ({"readOnly": 0, "permissions": {"FiatP2P": ["FiatP2POrder"]}}, {"read", "withdraw"}),
        ],
    )  # fmt: skip
    def test_takes_a_right_that_it_does_not_know_for_one_that_moves_money(self, at_bybit, told, rights):
        fake, _ = at_bybit
        body = {"retCode": 0, "retMsg": "OK", "result": told, "time": 1}
        fake.disturb(fault="answer", endpoint="permissions", body=body)

        assert wire_to(fake, holder="platform").permissions() == rights

    def test_waits_until_the_moment_it_names(self, at_bybit):
        fake, venue = at_bybit
        body = {"retCode": 10006, "retMsg": "Too many visits!", "result": {}, "time": 1_700_000_000_000}
        headers = {"X-Bapi-Limit-Reset-Timestamp": "1700000002500"}
        fake.disturb(fault="answer", endpoint="find", body=body, headers=headers)

        with pytest.raises(VenueBusy) as busy:
            find(venue)

        assert busy.value.wait_seconds == 2.5

    def test_stays_away_for_ten_minutes_when_its_gate_says_so(self, at_bybit):
        fake, venue = at_bybit
        fake.disturb(fault="answer", endpoint="find", status=403, body="403, access too frequent")

        with pytest.raises(VenueBusy) as busy:
            find(venue)

        assert busy.value.wait_seconds == 600

    @pytest.mark.parametrize(
        "body",
        [{"retCode": False, "result": {"list": []}}, {"retCode": 0, "result": []}, {"retCode": 0}, {"retCode": "0"}],
    )
    def test_takes_nothing_for_an_answer_that_is_none(self, body):
        assert not any(bybit.is_answer(call, body) for call in bybit.Call)


class TestBitget:
    def test_finds_an_order_that_filled_and_its_trades(self, at_bitget):
        fake, venue = at_bitget
        fake.disturb(fault="cut", endpoint="place")
        with pytest.raises(Exception, match="did not answer"):
            place(venue)

        found = find(venue)

        assert (found.status, found.filled_quantity) == (VenueStatus.FILLED, Decimal("0.1"))
        assert found.is_complete

    def test_finds_no_order_where_the_list_is_empty(self, at_bitget):
        fake, venue = at_bitget
        fake.disturb(fault="answer", endpoint="find", body={"code": "00000", "msg": "success", "data": []})

        assert find(venue) is None

    def test_reads_an_order_that_did_nothing(self, at_bitget):
        _, venue = at_bitget

        order = place(venue, price_limit=Decimal(49000))

        assert (order.status, order.filled_quantity) == (VenueStatus.CANCELED, 0)

    def test_reads_an_order_whatever_the_text_about_its_fees_is(self, at_bitget):
        fake, venue = at_bitget
        changed(fake, "find", feeDetail="no list of fees")

        assert place(venue).is_complete

    def test_tells_a_fee_in_the_coin_that_was_charged(self, at_bitget):
        fake, venue = at_bitget
        fee = {"deduction": "yes", "feeCoin": "BGB", "totalDeductionFee": "-0.0171", "totalFee": "-0.0171"}
        changed(fake, "trades", feeDetail=fee)

        (trade,) = place(venue).trades

        assert (trade.fee, trade.fee_asset) == (Decimal("0.0171"), "BGB")

    def test_asks_for_no_trade_that_is_not_kept_any_more(self, at_bitget):
        _, venue = at_bitget
        placed = place(venue)

        told = venue.trades_since(symbol="BTC-USDT", since=datetime.now(UTC) - timedelta(days=200))

        assert [trade.trade_id for trade in told] == [trade.trade_id for trade in placed.trades]

    def test_counts_on_the_wider_window(self):
        assert bitget.BITGET.validity_seconds > bitget.GATE_SECONDS > bitget.WINDOW_SECONDS

    @pytest.mark.parametrize(
        ("authorities", "rights"),
        [
            (["readonly"], {"read"}),
            (["trade", "readonly"], {"read", "trade"}),
            (["stor", "stow"], {"read", "trade"}),
            (["coor", "coow"], {"read", "trade elsewhere"}),
            (["wtow"], {"read", "withdraw"}),
            (["p2p"], {"read", "withdraw"}),
            (["brand-new"], {"read", "withdraw"}),
        ],
    )
    def test_takes_a_right_that_it_does_not_know_for_one_that_moves_money(self, at_bitget, authorities, rights):
        fake, _ = at_bitget
        body = {"code": "00000", "msg": "success", "data": {"authorities": authorities}}
        fake.disturb(fault="answer", endpoint="permissions", body=body)

        assert wire_to(fake, holder="platform").permissions() == rights
