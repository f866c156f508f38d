from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from copytrading.exchange.errors import MarketUnknown, OrderRejected
from copytrading.exchange.markets import MarketStatus
from copytrading.exchange.orders import Side, VenueOrder, VenueStatus
from copytrading.exchange.paper.models import PaperMarket, PaperOrder, PaperTrade
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.exchange.paper.world import set_prices

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def place(venue: PaperVenue, **changes: Any) -> VenueOrder:
    order: dict[str, Any] = {
        "client_order_id": "first",
        "symbol": "SOL-USDT",
        "side": Side.BUY,
        "quantity": Decimal(5),
        "price_limit": Decimal("100.30"),
        "now": NOON,
    }
    return venue.place_limit_ioc(**(order | changes))


class TestMarketRules:
    def test_says_what_each_market_accepts(self, venue):
        rules = venue.market_rules()

        assert [market.symbol for market in rules] == ["DOT-USDT", "SOL-USDT"]
        assert (rules[1].base, rules[1].quote, rules[1].status) == ("SOL", "USDT", MarketStatus.TRADING)
        assert str(rules[1].lot_size) == "0.001"


class TestBook:
    def test_shows_what_is_left_until_the_next_price(self, venue):
        fresh = venue.book("SOL-USDT", now=NOON)
        place(venue)

        left = venue.book("SOL-USDT", now=NOON)
        set_prices({"SOL-USDT": Decimal(100)}, NOON + timedelta(seconds=1))
        renewed = venue.book("SOL-USDT", now=NOON)

        assert left.asks[0].quantity == fresh.asks[0].quantity - 5
        assert left.bids == fresh.bids
        assert renewed.asks == fresh.asks
        assert renewed.as_of == NOON + timedelta(seconds=1)

    def test_refuses_a_market_it_does_not_list(self, venue):
        with pytest.raises(MarketUnknown, match="no market PEPE-USDT"):
            venue.book("PEPE-USDT", now=NOON)


class TestPlaceLimitIoc:
    def test_fills_at_the_prices_of_the_book(self, venue):
        order = place(venue)

        (trade,) = order.trades
        assert order.status is VenueStatus.FILLED
        assert order.filled_quantity == 5
        assert (trade.price, trade.value) == (Decimal("100.10"), Decimal("500.50"))
        assert (trade.fee, trade.fee_asset) == (Decimal("0.5005"), "USDT")

    def test_makes_one_trade_for_each_level(self, venue):
        order = place(venue, quantity=Decimal(30))

        assert [trade.price for trade in order.trades] == [Decimal("100.10"), Decimal("100.20"), Decimal("100.30")]
        assert sum(trade.quantity for trade in order.trades) == 30
        assert len({trade.trade_id for trade in order.trades}) == 3

    def test_cancels_what_the_book_does_not_give(self, venue):
        depth = venue.book("SOL-USDT", now=NOON).depth_within(Side.BUY, Decimal("100.10"))

        order = place(venue, quantity=Decimal(100), price_limit=Decimal("100.10"))

        assert order.status is VenueStatus.CANCELED
        assert order.filled_quantity == depth

    def test_cancels_everything_when_the_limit_is_off_the_book(self, venue):
        order = place(venue, price_limit=Decimal(100))

        assert order.status is VenueStatus.CANCELED
        assert order.filled_quantity == 0
        assert order.trades == ()

    def test_moves_the_money_of_a_buy(self, venue):
        place(venue)

        assert venue.balances() == {"USDT": Decimal("99498.9995"), "SOL": Decimal(505)}

    def test_moves_the_money_of_a_sell(self, venue):
        place(venue, side=Side.SELL, price_limit=Decimal("99.90"))

        assert venue.balances() == {"USDT": Decimal("100499.0005"), "SOL": Decimal(495)}

    def test_opens_a_balance_for_a_coin_bought_for_the_first_time(self, venue):
        place(venue, symbol="DOT-USDT", price_limit=Decimal("10.10"))

        assert venue.balances()["DOT"] == 5

    def test_conserves_money_up_to_its_fees(self, venue):
        before = venue.balances()

        bought = place(venue, quantity=Decimal(30))
        sold = place(venue, side=Side.SELL, quantity=Decimal(30), price_limit=Decimal("99.70"))

        after = venue.balances()
        trades = bought.trades + sold.trades
        paid = sum(trade.value if trade.side is Side.BUY else -trade.value for trade in trades)
        assert after["SOL"] == before["SOL"]
        assert before["USDT"] - after["USDT"] == paid + sum(trade.fee for trade in trades)

    def test_fills_exactly_at_the_price_without_spread_and_end(self, venue):
        PaperMarket.objects.filter(symbol="SOL-USDT").update(level_count=0)

        order = place(venue, quantity=Decimal(700), price_limit=Decimal(100))

        (trade,) = order.trades
        assert (trade.price, trade.quantity) == (100, 700)

    @pytest.mark.parametrize(
        ("changes", "code", "sentence"),
        [
            ({"symbol": "PEPE-USDT"}, "MARKET_UNKNOWN", "The venue lists no market PEPE-USDT."),
            ({"quantity": Decimal("0.0005")}, "LOT_SIZE", "0.0005 is not a whole number of lots of 0.001 SOL."),
            ({"quantity": Decimal(0)}, "LOT_SIZE", "0 is not a whole number of lots of 0.001 SOL."),
            ({"quantity": Decimal(-5)}, "LOT_SIZE", "-5 is not a whole number of lots of 0.001 SOL."),
            ({"price_limit": Decimal("100.301")}, "TICK_SIZE", "100.301 is not a whole number of ticks of 0.01."),
            ({"price_limit": Decimal(0)}, "TICK_SIZE", "0 is not a whole number of ticks of 0.01."),
            ({"quantity": Decimal("0.049")}, "VALUE_TOO_SMALL", "The order is worth 4.91470 USDT, less than 5."),
            (
                {"symbol": "DOT-USDT", "side": Side.SELL, "price_limit": Decimal("9.90")},
                "NOT_ENOUGH_BALANCE",
                "The account holds 0 DOT; 5 are needed.",
            ),
        ],
    )
    def test_refuses_with_a_code_and_a_sentence_and_writes_nothing(self, venue, changes, code, sentence):
        before = venue.balances()

        with pytest.raises(OrderRejected) as refusal:
            place(venue, **changes)

        assert (refusal.value.code, str(refusal.value)) == (code, sentence)
        assert venue.balances() == before
        assert not PaperOrder.objects.exists()

    def test_refuses_a_suspended_market(self, venue):
        PaperMarket.objects.filter(symbol="SOL-USDT").update(status=MarketStatus.SUSPENDED)

        with pytest.raises(OrderRejected) as refusal:
            place(venue)

        assert refusal.value.code == "MARKET_SUSPENDED"

    def test_refuses_a_buy_that_the_account_cannot_pay_with_its_fee(self, venue):
        PaperMarket.objects.filter(symbol="SOL-USDT").update(level_count=0)

        with pytest.raises(OrderRejected) as refusal:
            place(venue, quantity=Decimal(1000), price_limit=Decimal(100))

        assert str(refusal.value) == "The account holds 100000 USDT; 100100.00000000 are needed."

    def test_takes_the_same_client_order_id_again(self, venue):
        first, second = place(venue), place(venue)

        assert first.venue_order_id != second.venue_order_id
        assert PaperOrder.objects.filter(client_order_id="first").count() == 2

    def test_has_nothing_to_do_with_other_accounts(self, venue):
        with pytest.raises(OrderRejected, match="The account holds 0 USDT"):
            place(PaperVenue(account="stranger"))


@pytest.mark.django_db(transaction=True)
class TestFarAway:
    @pytest.mark.parametrize(
        "call",
        [
            lambda venue: place(venue),
            lambda venue: venue.book("SOL-USDT", now=NOON),
            lambda venue: venue.market_rules(),
            lambda venue: venue.find_order(client_order_id="first", symbol="SOL-USDT"),
            lambda venue: venue.trades_since(symbol="SOL-USDT", since=NOON),
            lambda venue: venue.balances(),
        ],
    )
    def test_cannot_be_called_while_a_transaction_is_open(self, venue, call):
        with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
            call(venue)


class TestFindOrder:
    def test_gives_back_what_placing_gave(self, venue):
        placed = place(venue, quantity=Decimal(30))

        assert venue.find_order(client_order_id="first", symbol="SOL-USDT") == placed

    def test_gives_the_latest_of_several(self, venue):
        place(venue)
        latest = place(venue)

        assert venue.find_order(client_order_id="first", symbol="SOL-USDT") == latest

    def test_gives_nothing_for_an_id_never_placed(self, venue):
        place(venue)

        assert venue.find_order(client_order_id="second", symbol="SOL-USDT") is None
        assert venue.find_order(client_order_id="first", symbol="DOT-USDT") is None
        assert PaperVenue("stranger").find_order(client_order_id="first", symbol="SOL-USDT") is None


class TestTradesSince:
    def test_gives_this_markets_trades_from_the_moment_on(self, venue):
        place(venue)
        later = place(venue, client_order_id="later", quantity=Decimal(20), now=NOON + timedelta(seconds=5))
        place(venue, symbol="DOT-USDT", price_limit=Decimal("10.10"), now=NOON + timedelta(seconds=5))

        trades = venue.trades_since(symbol="SOL-USDT", since=NOON + timedelta(seconds=5))

        assert tuple(trades) == later.trades
        assert len(venue.trades_since(symbol="SOL-USDT", since=NOON)) == PaperTrade.objects.count() - 1

    def test_keeps_the_trades_of_other_accounts_to_itself(self, venue):
        place(venue)

        assert PaperVenue("stranger").trades_since(symbol="SOL-USDT", since=NOON) == []
