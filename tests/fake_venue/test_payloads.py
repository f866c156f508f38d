"""Our answers against recorded ones: every key that the real venue sends is there."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fake_venue.clients import client_of, place
from tests.fake_venue.venue import FakeVenue


def recorded(folder: Path, name: str) -> Any:
    return json.loads((folder / "exchange" / name).read_text())


class TestBinance:
    @pytest.mark.parametrize(
        ("name", "ask"),
        [
            ("account_response", lambda client: client.private_get_account()),
            ("account_trades_response", lambda client: client.private_get_mytrades({"symbol": "BTCUSDT"})[0]),
            ("order_response", lambda client: client.private_get_order({"symbol": "BTCUSDT", "orderId": 1002})),
            ("all_orders_response", lambda client: client.private_get_allorders({"symbol": "BTCUSDT"})[0]),
            ("new_order_full_response", lambda client: place(client)["info"]),
            ("depth_response", lambda client: client.public_get_depth({"symbol": "BTCUSDT"})),
            ("ticker_24hr_response", lambda client: client.public_get_ticker_24hr({"symbol": "BTCUSDT"})),
            ("book_ticker_response", lambda client: client.public_get_ticker_bookticker({"symbol": "BTCUSDT"})),
            ("exchange_info_response", lambda client: client.public_get_exchangeinfo()["symbols"][0]),
        ],
    )
    def test_has_every_key(self, recorded_data: Path, fake_binance: FakeVenue, name: str, ask: Any) -> None:
        client = client_of(fake_binance)
        place(client)
        real = recorded(recorded_data, f"binance/http/{name}.json")
        if isinstance(real, dict):
            real = real.get("symbols", real)

        told = ask(client)

        assert set(real[0] if isinstance(real, list) else real) - set(told) == set()


class TestOkx:
    @pytest.mark.parametrize(
        ("name", "ask"),
        [
            ("http_get_account_balance", lambda client: client.private_get_account_balance()),
            ("http_get_instruments_spot", lambda client: client.public_get_public_instruments({"instType": "SPOT"})),
            ("http_get_order_book", lambda client: client.public_get_market_books({"instId": "BTC-USDT"})),
            ("http_get_orders_history", lambda client: client.private_get_trade_orders_history({"instType": "SPOT"})),
            ("http_transaction_detail", lambda client: client.private_get_trade_fills({"instId": "BTC-USDT"})),
            ("http_get_trade_fee_response", lambda client: client.private_get_account_trade_fee({"instType": "SPOT"})),
            ("ws_tickers", lambda client: client.public_get_market_ticker({"instId": "BTC-USDT"})),
        ],
    )
    def test_has_every_key(self, recorded_data: Path, fake_okx: FakeVenue, name: str, ask: Any) -> None:
        client = client_of(fake_okx)
        place(client)
        real = recorded(recorded_data, f"okx/{name}.json")

        told = ask(client)["data"][0]

        expected = real["data"][0] if "data" in real else real
        assert set(expected) - set(told) == set()
        if name == "http_get_account_balance":
            assert set(expected["details"][0]) - set(told["details"][0]) == set()
