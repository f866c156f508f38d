"""Bitget's dialect where it is its own, as ccxt's real client sees it."""

from collections.abc import Iterator
from decimal import Decimal

import ccxt
import pytest

from tests.fake_venue.clients import client_of, find, place
from tests.fake_venue.venue import FakeVenue


@pytest.fixture
def client(fake_bitget: FakeVenue) -> Iterator[ccxt.Exchange]:
    client = client_of(fake_bitget)
    client.load_markets()
    yield client
    client.session.close()


class TestMarkets:
    def test_tell_prices_and_depth(self, client: ccxt.Exchange, fake_bitget: FakeVenue) -> None:
        fake_bitget.prices(BTC="51000")

        tickers = client.fetch_tickers(["BTC/USDT", "ETH/USDT"])
        book = client.fetch_order_book("BTC/USDT", 5)

        assert set(tickers) == {"BTC/USDT", "ETH/USDT"}
        assert (tickers["BTC/USDT"]["last"], tickers["BTC/USDT"]["bid"]) == ("51000", "50994.9")
        assert tickers["BTC/USDT"]["timestamp"] == pytest.approx(client.milliseconds(), abs=2_000)
        assert len(book["asks"]) == 5

    def test_tell_their_rules_in_decimals(self, client: ccxt.Exchange) -> None:
        told = {row["symbol"]: row for row in client.public_spot_get_v2_spot_public_symbols()["data"]}

        assert (told["ETHUSDT"]["quantityPrecision"], told["ETHUSDT"]["pricePrecision"]) == ("4", "2")


class TestOrder:
    def test_is_only_acknowledged_and_tells_its_fills_when_asked(self, client: ccxt.Exchange) -> None:
        placed = place(client)

        found = find(client)

        assert (placed["status"], placed["filled"]) == (None, None)
        assert (found["id"], found["status"], Decimal(found["average"])) == (placed["id"], "closed", Decimal(50_005))

    def test_pays_its_fee_in_the_coin_it_receives(self, client: ccxt.Exchange) -> None:
        place(client)
        place(client, "ss2a1", side="sell", price="49900")

        bought, sold = client.fetch_my_trades("BTC/USDT")

        assert (Decimal(bought["fee"]["cost"]), bought["fee"]["currency"]) == (Decimal("0.0001"), "BTC")
        assert (Decimal(sold["fee"]["cost"]), sold["fee"]["currency"]) == (Decimal("4.9995"), "USDT")
        assert Decimal(client.fetch_balance()["BTC"]["total"]) == Decimal("0.9999")

    def test_ends_cancelled_when_nothing_is_left_within_its_limit(self, client: ccxt.Exchange) -> None:
        for client_order_id in ("ss1a1", "ss2a1"):
            place(client, client_order_id, symbol="SOL/USDT", quantity="90", price="100.01")

        found = find(client, "ss2a1", symbol="SOL/USDT")

        assert (found["status"], Decimal(found["filled"])) == ("canceled", Decimal("9.991"))

    def test_that_did_nothing_tells_no_fees(self, client: ccxt.Exchange) -> None:
        place(client, price="49000")

        told = find(client)["info"]

        assert (told["status"], told["feeDetail"]) == ("cancelled", "")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"price": "900000"}, "43009"),
            ({"symbol": "SOL/USDT", "quantity": "0.02", "price": "100"}, "45110"),
            ({"quantity": "1.99", "price": "60000"}, "43012"),
            ({"client_order_id": "with space"}, "40305"),
        ],
    )
    def test_is_refused(self, client: ccxt.Exchange, changes: dict[str, str], code: str) -> None:
        with pytest.raises(ccxt.BaseError, match=code):
            place(client, **changes)

    def test_that_comes_after_its_window_is_refused(self, client: ccxt.Exchange) -> None:
        window = {"requestTime": str(client.milliseconds() - 300), "receiveWindow": "200"}

        with pytest.raises(ccxt.BaseError, match="40078"):
            place(client, **window)


class TestClientOrderId:
    def test_is_a_duplicate_even_after_the_order_is_finished(
        self, client: ccxt.Exchange, fake_bitget: FakeVenue
    ) -> None:
        place(client)

        with pytest.raises(ccxt.BaseError, match="40786"):
            place(client)
        assert len(fake_bitget.orders()) == 1


class TestTrades:
    def test_come_newest_first_in_pages(self, client: ccxt.Exchange) -> None:
        place(client, symbol="SOL/USDT", quantity="250", price="200")
        asked = {"symbol": "SOLUSDT", "limit": "2"}

        page = client.private_spot_get_v2_spot_trade_fills(asked)["data"]
        rest = client.private_spot_get_v2_spot_trade_fills(asked | {"idLessThan": page[-1]["tradeId"]})["data"]

        assert [row["priceAvg"] for row in page] == ["100.05", "100.03"]
        assert [row["priceAvg"] for row in rest] == ["100.01"]

    def test_are_not_told_of_longer_ago_than_three_months(self, client: ccxt.Exchange) -> None:
        with pytest.raises(ccxt.BaseError, match="40704"):
            client.fetch_my_trades("BTC/USDT", since=client.milliseconds() - 91 * 86_400_000)


class TestKey:
    @pytest.mark.parametrize(
        ("options", "code"),
        [({"secret": "wrong"}, "40009"), ({"apiKey": "nobody"}, "40006"), ({"password": "x"}, "40012")],
    )
    def test_that_is_wrong_is_refused(self, fake_bitget: FakeVenue, options: dict[str, str], code: str) -> None:
        with pytest.raises(ccxt.AuthenticationError, match=code):
            client_of(fake_bitget, **options).private_spot_get_v2_spot_account_assets()

    @pytest.mark.parametrize(
        ("holder", "rights"),
        [
            ("platform", ["stor", "wtor", "stow"]),
            ("reading", ["stor", "wtor"]),
            ("mighty", ["stor", "wtor", "stow", "wtow", "wwow"]),
        ],
    )
    def test_tells_what_it_may_do(self, fake_bitget: FakeVenue, holder: str, rights: list[str]) -> None:
        told = client_of(fake_bitget, holder=holder).private_spot_get_v2_spot_account_info()["data"]

        assert told["authorities"] == rights

    def test_signs_for_a_time_that_passes(self, client: ccxt.Exchange, fake_bitget: FakeVenue) -> None:
        fake_bitget.set_clock(skew_seconds=31)

        with pytest.raises(ccxt.InvalidNonce, match="40008"):
            client.private_spot_get_v2_spot_account_assets()
