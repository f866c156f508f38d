"""The readers against real recordings, where they are at hand."""

import numpy as np
import pytest

from copytrading.exchange.prices.files import RecordingError, read_lead_trades, read_prices, read_weights


class TestTheRecordings:
    @pytest.mark.parametrize(
        ("name", "rows", "pairs"),
        [
            ("prices_1h_2021-01_2021-06_MIT.csv.gz", 201_513, 50),
            ("prices_1h_2020-01_2022-04.csv.gz", 227_485, 12),
            ("prices_1h_2018-08_2019-03.csv.gz", 42_880, 8),
            ("prices_1h_2021_trader_coins.csv.gz", 67_537, 19),
            ("prices_5m_2023-02_2023-03.csv.gz", 116_496, 9),
            ("prices_1d_2018-01_2022-04.csv.gz", 27_682, 27),
        ],
    )
    def test_hold_the_prices_their_catalogue_says(self, recorded_data, name, rows, pairs):
        table = read_prices(recorded_data / "prices" / name)

        assert table.listed.sum() == rows
        assert len(table.symbols) == pairs

    def test_hold_a_live_trader_whose_coins_two_files_cover(self, recorded_data):
        prices = recorded_data / "prices"
        table = read_prices(prices / "prices_1h_2021_trader_coins.csv.gz", prices / "prices_1h_2020-01_2022-04.csv.gz")

        trades = read_lead_trades(recorded_data / "trades" / "trader_ft_live_01.csv")

        assert set(trades.symbols) <= set(table.symbols)
        assert (len(trades), trades.skipped_rows) == (95, 37)
        assert len(set(trades.symbols)) == 18

    def test_differ_between_two_independent_sources_in_some_bars(self, recorded_data):
        prices = recorded_data / "prices"

        with pytest.raises(RecordingError, match="line 11908: The bar of ADA-USDT at 2021-01-11T08:00:00Z differs"):
            read_prices(prices / "prices_1h_2020-01_2022-04.csv.gz", prices / "prices_1h_2021-01_2021-06_MIT.csv.gz")

    def test_hold_two_model_portfolios(self, recorded_data):
        path = recorded_data / "trades" / "weights_crypto_risk_control.csv"

        first, second = read_weights(path, trader="CRC3"), read_weights(path, trader="CRC_MOP")

        assert len(first) + len(second) == 175
        assert first.symbols == ("BTC-USDT", "ETH-USDT", "XRP-USDT")
        np.testing.assert_allclose(first.weights.sum(axis=1) + first.cash_weights, 1, atol=1e-8)
