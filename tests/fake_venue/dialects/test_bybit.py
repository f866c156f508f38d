"""Bybit's dialect where it is its own, as ccxt's real client sees it."""

from collections.abc import Iterator
from decimal import Decimal

import ccxt
import pytest

from tests.fake_venue.clients import client_of, find, place
from tests.fake_venue.venue import FakeVenue


@pytest.fixture
def client(fake_bybit: FakeVenue) -> Iterator[ccxt.Exchange]:
    client = client_of(fake_bybit)
    client.load_markets()
    yield client
    client.session.close()


class TestMarkets:
    def test_tell_prices_and_depth(self, client: ccxt.Exchange, fake_bybit: FakeVenue) -> None:
        fake_bybit.prices(BTC="51000")

        tickers = client.fetch_tickers(["BTC/USDT", "ETH/USDT"])
        book = client.fetch_order_book("BTC/USDT", 5)

        assert set(tickers) == {"BTC/USDT", "ETH/USDT"}
        assert (tickers["BTC/USDT"]["last"], tickers["BTC/USDT"]["bid"]) == ("51000", "50994.9")
        assert len(book["asks"]) == 5


class TestOrder:
    def test_is_only_acknowledged_and_tells_its_fills_when_asked(self, client: ccxt.Exchange) -> None:
        placed = place(client)

        found = find(client)

        assert (placed["status"], placed["filled"]) == (None, None)
        assert (found["id"], found["status"], Decimal(found["average"])) == (placed["id"], "closed", Decimal(50_005))

    def test_pays_its_fee_in_the_coin_it_receives(self, client: ccxt.Exchange) -> None:
        place(client)
        place(client, "ss2a1", side="sell", price="49900")

        sold, bought = client.private_get_v5_execution_list({"category": "spot", "symbol": "BTCUSDT"})["result"]["list"]

        assert (bought["execFee"], bought["feeCurrency"]) == ("0.0001", "BTC")
        assert (sold["execFee"], sold["feeCurrency"]) == ("4.9995", "USDT")
        assert Decimal(client.fetch_balance()["BTC"]["total"]) == Decimal("0.9999")

    @pytest.mark.parametrize(
        ("price", "status", "filled"),
        [("100.01", "PartiallyFilledCanceled", "9.991"), ("90", "Cancelled", "0")],
    )
    def test_ends_with_a_word_for_what_was_filled(
        self, client: ccxt.Exchange, price: str, status: str, filled: str
    ) -> None:
        place(client, symbol="SOL/USDT", quantity="90", price="100.01")
        place(client, "ss2a1", symbol="SOL/USDT", quantity="90", price=price)

        told = find(client, "ss2a1", symbol="SOL/USDT")["info"]

        assert (told["orderStatus"], told["cumExecQty"], told["leavesQty"]) == (status, filled, "0")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"price": "900000"}, "170193"),
            ({"symbol": "SOL/USDT", "quantity": "0.02", "price": "100"}, "170140"),
            ({"quantity": "1.99", "price": "60000"}, "170131"),
            ({"client_order_id": "with.dot"}, "10001"),
        ],
    )
    def test_is_refused_with_http_200(self, client: ccxt.Exchange, changes: dict[str, str], code: str) -> None:
        with pytest.raises(ccxt.BaseError, match=code):
            place(client, **changes)
        assert client.fetch_closed_orders("BTC/USDT") == []

    def test_cannot_be_asked_for_by_ccxt_as_it_stands(self, client: ccxt.Exchange) -> None:
        place(client)

        with pytest.raises(ccxt.ArgumentsRequired, match="acknowledged"):
            client.fetch_order(None, "BTC/USDT", {"orderLinkId": "ss1a1"})
        with pytest.raises(ccxt.OrderNotFound):
            client.fetch_order(None, "BTC/USDT", {"orderLinkId": "ss1a1", "acknowledged": True})


class TestClientOrderId:
    def test_is_a_duplicate_even_after_the_order_is_finished(
        self, client: ccxt.Exchange, fake_bybit: FakeVenue
    ) -> None:
        place(client)

        with pytest.raises(ccxt.InvalidOrder, match="170141"):
            place(client)
        assert len(fake_bybit.orders()) == 1


class TestTrades:
    def test_come_newest_first_by_cursor(self, client: ccxt.Exchange) -> None:
        place(client, symbol="SOL/USDT", quantity="250", price="200")
        asked = {"category": "spot", "symbol": "SOLUSDT", "limit": "2"}

        page = client.private_get_v5_execution_list(asked)["result"]
        rest = client.private_get_v5_execution_list(asked | {"cursor": page["nextPageCursor"]})["result"]

        assert [row["execPrice"] for row in page["list"]] == ["100.05", "100.03"]
        assert [row["execPrice"] for row in rest["list"]] == ["100.01"]
        assert rest["nextPageCursor"] == ""

    def test_are_not_told_over_more_than_a_week(self, client: ccxt.Exchange) -> None:
        with pytest.raises(ccxt.BaseError, match="10001"):
            client.fetch_my_trades("BTC/USDT", since=0, params={"endTime": 8 * 86_400_000})


class TestKey:
    @pytest.mark.parametrize(("options", "code"), [({"secret": "wrong"}, "10004"), ({"apiKey": "nobody"}, "10003")])
    def test_that_is_wrong_is_refused(self, fake_bybit: FakeVenue, options: dict[str, str], code: str) -> None:
        with pytest.raises(ccxt.AuthenticationError, match=code):
            client_of(fake_bybit, **options).private_get_v5_account_info()

    def test_tells_what_it_may_do(self, fake_bybit: FakeVenue) -> None:
        told = {
            holder: client_of(fake_bybit, holder=holder).private_get_v5_user_query_api()["result"]
            for holder in ("platform", "reading", "mighty")
        }

        assert [told[holder]["readOnly"] for holder in told] == [0, 1, 0]
        assert [bool(told[holder]["permissions"]["Wallet"]) for holder in told] == [False, False, True]
        assert told["reading"]["permissions"]["Spot"] == ["SpotTrade"], "its rights are listed all the same"

    @pytest.mark.parametrize("skew_seconds", [7, -2])
    def test_signs_for_a_time_that_passes(
        self, client: ccxt.Exchange, fake_bybit: FakeVenue, skew_seconds: float
    ) -> None:
        fake_bybit.set_clock(skew_seconds=skew_seconds)

        with pytest.raises(ccxt.InvalidNonce, match="10002"):
            client.private_get_v5_account_info()
