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


def first_row(content: Any) -> Any:
    """Return the first row of what was told: of the list in it, or of itself."""
    rows = content.get("list", content) if isinstance(content, dict) else content
    return rows[0] if isinstance(rows, list) else rows


class TestBybit:
    @pytest.mark.parametrize(
        ("name", "ask"),
        [
            ("http_get_account_info", lambda client: client.private_get_v5_account_info()),
            ("http_get_executions", lambda client: client.private_get_v5_execution_list({"category": "spot"})),
            ("http_get_fee_rate", lambda client: client.private_get_v5_account_fee_rate({"category": "spot"})),
            (
                "http_get_instruments_spot",
                lambda client: client.public_get_v5_market_instruments_info({"category": "spot"}),
            ),
            (
                "http_get_orderbook",
                lambda client: client.public_get_v5_market_orderbook({"category": "spot", "symbol": "BTCUSDT"}),
            ),
            ("http_get_orders_history", lambda client: client.private_get_v5_order_history({"category": "spot"})),
            (
                "http_get_orders_realtime",
                lambda client: client.private_get_v5_order_realtime({"category": "spot", "openOnly": "1"}),
            ),
            (
                "http_get_wallet_balance",
                lambda client: client.private_get_v5_account_wallet_balance({"accountType": "UNIFIED"}),
            ),
        ],
    )
    def test_has_every_key(self, recorded_data: Path, fake_bybit: FakeVenue, name: str, ask: Any) -> None:
        client = client_of(fake_bybit)
        place(client)
        real = recorded(recorded_data, f"bybit/{name}.json")

        told = ask(client)

        assert set(real) - set(told) == set()
        assert set(first_row(real["result"])) - set(first_row(told["result"])) == set()
        if name == "http_get_wallet_balance":
            coins = (first_row(content["result"])["coin"][0] for content in (real, told))
            assert set(next(coins)) - set(next(coins)) == set()


class TestBitget:
    @pytest.mark.parametrize(
        ("name", "ask"),
        [
            ("get_account_assets_request", lambda client: client.private_spot_get_v2_spot_account_assets()),
            ("get_history_orders_request", lambda client: client.private_spot_get_v2_spot_trade_history_orders()),
            ("get_symbols_request", lambda client: client.public_spot_get_v2_spot_public_symbols()),
            ("get_ticker_request", lambda client: client.public_spot_get_v2_spot_market_tickers()),
            ("get_trade_fills_request", lambda client: client.private_spot_get_v2_spot_trade_fills()),
            ("place_order_request", None),
            (
                "get_unfilled_orders_request_limit_order",
                lambda client: client.private_spot_get_v2_spot_trade_unfilled_orders(),
            ),
        ],
    )
    def test_has_every_key(self, recorded_data: Path, fake_bitget: FakeVenue, name: str, ask: Any) -> None:
        client = client_of(fake_bitget)
        placed = place(client)
        place(client, "ss2a1", price="49000", validity="GTC")
        real = recorded(recorded_data, f"bitget/{name}.json")

        told = first_row(ask(client)["data"]) if ask else placed["info"]

        assert set(first_row(real["data"])) - set(told) == set()
