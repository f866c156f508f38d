"""Exports of bars: what is particular to each."""

import pytest

from copytrading.exchange.prices.cells import moment_of
from copytrading.exchange.prices.files import RecordingError, read_prices
from tests.exports import bars

VISION = "1735689600000000,93576.00,93610.93,93537.50,93610.93,8.21827,1735689659999999,768978.00,2631,3.95,369757.32,0"


class TestEveryLayout:
    @pytest.mark.parametrize("layout", bars.LAYOUTS)
    def test_says_the_same_bars(self, written, layout):
        path = written(bars.LAYOUTS[layout]().text(), name="BTCUSDT-1h-2024-03.csv")

        table = read_prices(path)

        assert table.symbols == ("BTC-USDT",)
        assert table.closes[:, 0].tolist() == [60_000 + 200 * hour for hour in range(24)]
        assert f"{moment_of(table.times[1]):%Y-%m-%d %H:%M}" == "2024-03-01 01:00"


class TestCryptoDataDownload:
    HEADER = "Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount"

    def test_counts_seconds_in_old_rows_and_milliseconds_in_new_ones(self, written):
        table = read_prices(
            written(
                "https://www.CryptoDataDownload.com",
                self.HEADER,
                "1709254800000,2024-03-01 01:00:00,BTC/USDT,2,2,2,2,1,1,1",
                "1709251200.0,2024-03-01 00:00:00,BTC/USDT,1,1,1,1,1,1,1",
            )
        )

        assert [moment_of(time).hour for time in table.times] == [0, 1]
        assert table.symbols == ("BTC-USDT",)

    def test_writes_half_a_day_s_hours_in_old_files(self, written):
        table = read_prices(
            written(
                "https://www.CryptoDataDownload.com",
                "Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USD",
                "2020-07-04 01-PM,BTCUSD,3,3,3,3,1,1",
                "2020-07-04 12-PM,BTCUSD,2,2,2,2,1,1",
                "2020-07-04 12-AM,BTCUSD,1,1,1,1,1,1",
            )
        )

        assert [moment_of(time).hour for time in table.times] == [0, 12, 13]
        assert table.notes_of(["BTC-USDT"]) == ["some.csv: BTC-USD: dollars are taken as USDT, one for one."]

    def test_is_refused_where_it_says_two_moments(self, written):
        path = written(self.HEADER, "1709254800000,2024-03-01 02:00:00,BTCUSDT,2,2,2,2,1,1,1")

        with pytest.raises(RecordingError, match="line 2: Unix '1709254800000' and Date '2024-03-01 02:00:00' are two"):
            read_prices(path)


class TestBinanceVision:
    @pytest.mark.parametrize(
        "name", ["BTCUSDT-1m-2025-01.csv", "BTCUSDT-1m-2025-01-01.csv", "1INCHUSDT-1d-2025-01.csv"]
    )
    def test_is_named_by_its_file(self, written, name):
        table = read_prices(written(VISION, name=name))

        assert table.symbols == (name.partition("USDT")[0] + "-USDT",)
        assert f"{moment_of(table.times[0]):%Y-%m-%d}" == "2025-01-01"

    def test_is_refused_where_no_name_says_its_pair(self, written):
        with pytest.raises(RecordingError, match=r"line 1: These are bars of Binance Vision.* such as BTCUSDT-1h"):
            read_prices(written(VISION, name="bars.csv"))
