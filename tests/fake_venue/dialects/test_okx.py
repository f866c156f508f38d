"""OKX's dialect where it is its own, as ccxt's real client sees it."""

from collections.abc import Iterator
from decimal import Decimal

import ccxt
import pytest

from tests.fake_venue.clients import client_of, place
from tests.fake_venue.venue import FakeVenue


@pytest.fixture
def client(fake_okx: FakeVenue) -> Iterator[ccxt.Exchange]:
    client = client_of(fake_okx)
    client.load_markets()
    yield client
    client.session.close()


class TestMarkets:
    def test_tell_prices_and_depth(self, client: ccxt.Exchange, fake_okx: FakeVenue) -> None:
        fake_okx.prices(BTC="51000")

        tickers = client.fetch_tickers()
        book = client.fetch_order_book("BTC/USDT", 5)

        assert set(tickers) == {"BTC/USDT", "ETH/USDT", "SOL/USDT"}
        assert Decimal(tickers["BTC/USDT"]["last"]) == 51_000
        assert Decimal(tickers["BTC/USDT"]["bid"]) == Decimal("50994.9")
        assert tickers["BTC/USDT"]["timestamp"] == pytest.approx(client.milliseconds(), abs=2_000)
        assert len(book["asks"]) == 5


class TestOrder:
    def test_is_only_taken_and_tells_its_fills_when_asked(self, client: ccxt.Exchange) -> None:
        placed = place(client)
        found = client.fetch_order(None, "BTC/USDT", {"clientOrderId": "ss1a1"})

        assert (placed["status"], placed["filled"]) == (None, None)
        assert found["id"] == placed["id"]
        assert (found["status"], Decimal(found["filled"]), Decimal(found["average"])) == (
            "closed",
            Decimal("0.1"),
            Decimal(50_005),
        )

    def test_pays_its_fee_in_the_coin_it_receives(self, client: ccxt.Exchange) -> None:
        bought = place(client)
        sold = place(client, "ss2a1", side="sell", price="49900")

        buy_trade = client.fetch_my_trades("BTC/USDT", params={"ordId": bought["id"]})[0]
        sell_trade = client.fetch_my_trades("BTC/USDT", params={"ordId": sold["id"]})[0]
        assert (buy_trade["info"]["fee"], buy_trade["fee"]["currency"]) == ("-0.0001", "BTC")
        assert (sell_trade["info"]["fee"], sell_trade["fee"]["currency"]) == ("-4.9995", "USDT")
        assert Decimal(client.fetch_balance()["BTC"]["total"]) == Decimal("0.9999")

    def test_ends_canceled_when_nothing_is_left_within_its_limit(self, client: ccxt.Exchange) -> None:
        for client_order_id in ("ss1a1", "ss2a1"):
            place(client, client_order_id, symbol="SOL/USDT", quantity="90", price="100.01")

        found = client.fetch_order(None, "SOL/USDT", {"clientOrderId": "ss2a1"})

        assert (found["status"], Decimal(found["filled"])) == ("canceled", Decimal("9.991"))

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"price": "900000"}, "51137"),
            ({"side": "sell", "price": "9"}, "51138"),
            ({"quantity": "1.99", "price": "60000"}, "51008"),
            ({"client_order_id": "with-dash"}, "51000"),
        ],
    )
    def test_is_refused_with_a_code_inside(self, client: ccxt.Exchange, changes: dict[str, str], code: str) -> None:
        with pytest.raises(ccxt.BaseError, match=f'"code":"1".*"sCode":"{code}"'):
            place(client, **changes)
        assert client.fetch_closed_orders("BTC/USDT") == []

    def test_is_refused_below_the_least_quantity(self, client: ccxt.Exchange, fake_okx: FakeVenue) -> None:
        fake_okx.change_market("BTC-USDT", quantity_min="0.2")

        with pytest.raises(ccxt.InvalidOrder, match="51020"):
            place(client)

    def test_that_comes_after_its_time_is_refused(self, client: ccxt.Exchange) -> None:
        client.headers = {"expTime": str(client.milliseconds() - 1)}

        with pytest.raises(ccxt.BaseError, match="50036"):
            place(client)


class TestClientOrderId:
    def test_is_a_duplicate_even_after_the_order_is_finished(self, client: ccxt.Exchange, fake_okx: FakeVenue) -> None:
        place(client)

        with pytest.raises(ccxt.InvalidOrder, match="51016"):
            place(client)
        assert len(fake_okx.orders()) == 1


class TestTrades:
    def test_come_newest_first_in_pages(self, client: ccxt.Exchange) -> None:
        place(client, symbol="SOL/USDT", quantity="250", price="200")

        page = client.private_get_trade_fills({"instId": "SOL-USDT", "limit": "2"})["data"]
        rest = client.private_get_trade_fills({"instId": "SOL-USDT", "after": page[-1]["billId"]})["data"]

        assert [row["fillPx"] for row in page] == ["100.05", "100.03"]
        assert [row["fillPx"] for row in rest] == ["100.01"]


class TestKey:
    @pytest.mark.parametrize(
        ("options", "code"),
        [({"secret": "wrong"}, "50113"), ({"apiKey": "nobody"}, "50111"), ({"password": "x"}, "50105")],
    )
    def test_that_is_wrong_is_refused(self, fake_okx: FakeVenue, options: dict[str, str], code: str) -> None:
        with pytest.raises(ccxt.AuthenticationError, match=code):
            client_of(fake_okx, **options).fetch_balance()

    @pytest.mark.parametrize(
        ("holder", "permissions"),
        [("platform", "read_only,trade"), ("reading", "read_only"), ("mighty", "read_only,trade,withdraw")],
    )
    def test_tells_what_it_may_do(self, fake_okx: FakeVenue, holder: str, permissions: str) -> None:
        told = client_of(fake_okx, holder=holder).private_get_account_config()["data"][0]

        assert (told["perm"], told["acctLv"]) == (permissions, "1")

    def test_signs_for_a_time_that_passes(self, client: ccxt.Exchange, fake_okx: FakeVenue) -> None:
        fake_okx.set_clock(skew_seconds=31)

        with pytest.raises(ccxt.InvalidNonce, match="50102"):
            client.fetch_balance()
