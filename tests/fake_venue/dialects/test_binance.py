"""Binance's dialect where it is its own, as ccxt's real client sees it."""

from collections.abc import Iterator
from decimal import Decimal

import ccxt
import pytest

from tests.fake_venue.clients import client_of, place
from tests.fake_venue.venue import FakeVenue


@pytest.fixture
def client(fake_binance: FakeVenue) -> Iterator[ccxt.Exchange]:
    client = client_of(fake_binance)
    client.load_markets()
    yield client
    client.session.close()


class TestMarkets:
    def test_tell_prices_and_depth(self, client: ccxt.Exchange, fake_binance: FakeVenue) -> None:
        fake_binance.prices(BTC="51000")

        tickers = client.fetch_tickers()
        best = client.fetch_bids_asks()["BTC/USDT"]
        book = client.fetch_order_book("BTC/USDT")

        assert set(tickers) == {"BTC/USDT", "ETH/USDT", "SOL/USDT"}
        assert Decimal(tickers["BTC/USDT"]["last"]) == 51_000
        assert Decimal(best["bid"]) == Decimal("50994.90")
        assert [Decimal(str(number)) for number in book["asks"][0]] == [Decimal("51005.1"), Decimal("1.96059")]
        assert len(book["bids"]) == 20


class TestOrder:
    def test_is_filled_at_the_book_and_pays_its_fee_in_the_coin(self, client: ccxt.Exchange) -> None:
        order = place(client)

        assert (order["status"], Decimal(order["filled"]), Decimal(order["average"])) == (
            "closed",
            Decimal("0.1"),
            Decimal(50_005),
        )
        balances = client.fetch_balance()
        assert Decimal(balances["BTC"]["total"]) == Decimal("1.0999")
        assert Decimal(balances["USDT"]["total"]) == Decimal("94999.5")

    def test_pays_its_fee_in_the_quote_when_it_sells(self, client: ccxt.Exchange) -> None:
        order = place(client, side="sell", price="49900")

        trade = client.fetch_my_trades("BTC/USDT", params={"orderId": order["id"]})[0]
        assert (Decimal(trade["fee"]["cost"]), trade["fee"]["currency"]) == (Decimal("4.9995"), "USDT")
        assert Decimal(client.fetch_balance()["USDT"]["total"]) == Decimal("104994.5005")

    def test_ends_expired_when_nothing_is_left_within_its_limit(self, client: ccxt.Exchange) -> None:
        wish = {"symbol": "SOL/USDT", "quantity": "90", "price": "100.01"}

        first = place(client, **wish)
        second = place(client, "ss2a1", **wish)

        found = client.fetch_order(None, "SOL/USDT", {"origClientOrderId": "ss2a1"})
        assert first["status"] == "closed"
        assert Decimal(second["filled"]) == Decimal("9.991")
        assert (found["info"]["status"], found["filled"]) == ("EXPIRED", second["filled"])

    def test_walks_up_the_levels_and_tells_each_trade(self, client: ccxt.Exchange) -> None:
        order = place(client, symbol="SOL/USDT", quantity="250", price="200")

        trades = client.fetch_my_trades("SOL/USDT", params={"orderId": order["id"]})
        assert [Decimal(trade["price"]) for trade in trades] == [
            Decimal("100.01"),
            Decimal("100.03"),
            Decimal("100.05"),
        ]
        assert sum(Decimal(trade["amount"]) for trade in trades) == 250
        assert len({trade["id"] for trade in trades}) == 3

    def test_waits_when_it_may_and_fills_when_the_price_comes(
        self, client: ccxt.Exchange, fake_binance: FakeVenue
    ) -> None:
        place(client, price="49000", validity="GTC")

        waiting = client.fetch_open_orders("BTC/USDT")
        locked = client.fetch_balance()["USDT"]["used"]
        fake_binance.prices(BTC="48000")

        assert [order["clientOrderId"] for order in waiting] == ["ss1a1"]
        assert Decimal(locked) == 4_900
        assert client.fetch_open_orders("BTC/USDT") == []
        assert client.fetch_order(None, "BTC/USDT", {"origClientOrderId": "ss1a1"})["status"] == "closed"
        assert Decimal(client.fetch_balance()["USDT"]["used"]) == 0

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"symbol": "SOL/USDT", "quantity": "0.02", "price": "100"}, "NOTIONAL"),
            ({"price": "900000"}, "PERCENT_PRICE_BY_SIDE"),
            ({"quantity": "1.99", "price": "60000"}, "insufficient balance"),
        ],
    )
    def test_is_refused(self, client: ccxt.Exchange, changes: dict[str, str], error: str) -> None:
        with pytest.raises(ccxt.BaseError, match=error):
            place(client, **changes)
        assert client.fetch_orders("BTC/USDT") == []

    def test_is_refused_after_the_filters_changed(self, client: ccxt.Exchange, fake_binance: FakeVenue) -> None:
        fake_binance.change_market("BTC-USDT", lot_size="0.01", quantity_min="0.01")

        with pytest.raises(ccxt.InvalidOrder, match="LOT_SIZE"):
            place(client, quantity="0.015")


class TestClientOrderId:
    def test_is_taken_again_once_the_order_is_finished_so_a_resend_doubles(
        self, client: ccxt.Exchange, fake_binance: FakeVenue
    ) -> None:
        place(client)
        place(client)

        state = fake_binance.state()

        assert [order["client_order_id"] for order in state["orders"]] == ["ss1a1", "ss1a1"]
        assert state["balances"]["platform"]["BTC"] == "1.19980000"

    def test_is_a_duplicate_while_the_order_is_open(self, client: ccxt.Exchange) -> None:
        place(client, price="49000", validity="GTC")

        with pytest.raises(ccxt.BaseError, match=r"Duplicate order sent\."):
            place(client)

    def test_leads_to_the_latest_order(self, client: ccxt.Exchange) -> None:
        place(client)
        latest = place(client, quantity="0.2")

        found = client.fetch_order(None, "BTC/USDT", {"origClientOrderId": "ss1a1"})

        assert found["id"] == latest["id"]


class TestTrades:
    def test_are_not_told_over_more_than_a_day(self, client: ccxt.Exchange) -> None:
        with pytest.raises(ccxt.BaseError, match="-1127"):
            client.fetch_my_trades("BTC/USDT", since=0, params={"until": 2 * 86_400_000})


class TestKey:
    def test_of_the_wrong_secret_is_refused(self, fake_binance: FakeVenue) -> None:
        with pytest.raises(ccxt.AuthenticationError, match="-1022"):
            client_of(fake_binance, secret="wrong").private_get_account()

    def test_that_nobody_knows_is_refused(self, fake_binance: FakeVenue) -> None:
        with pytest.raises(ccxt.AuthenticationError, match="-2015"):
            client_of(fake_binance, apiKey="nobody").private_get_account()

    def test_tells_what_it_may_do(self, fake_binance: FakeVenue) -> None:
        told = {
            holder: client_of(fake_binance, holder=holder).sapi_get_account_apirestrictions()
            for holder in ("platform", "reading", "mighty")
        }

        names = ("enableReading", "enableSpotAndMarginTrading", "enableWithdrawals")
        assert [told["platform"][name] for name in names] == [True, True, False]
        assert [told["reading"][name] for name in names] == [True, False, False]
        assert [told["mighty"][name] for name in names] == [True, True, True]

    def test_signs_for_a_time_that_passes(self, client: ccxt.Exchange, fake_binance: FakeVenue) -> None:
        fake_binance.set_clock(skew_seconds=11)

        with pytest.raises(ccxt.InvalidNonce, match="-1021"):
            client.fetch_balance()
        fake_binance.set_clock(skew_seconds=-5)
        with pytest.raises(ccxt.InvalidNonce, match="-1021"):
            client.fetch_balance()
