from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from copytrading.exchange.prices.files import RecordingError, moment_of, read_prices, time_of

PRICES_HEADER = "ts,symbol,open,high,low,close,volume"


def bar(ts: str, symbol: str, close: str) -> str:
    return f"{ts},{symbol},{close},{close},{close},{close},1"


class TestReadPrices:
    def test_keeps_gaps_and_late_starts_as_nan(self, written):
        path = written(
            PRICES_HEADER,
            bar("2021-01-01T00:00:00Z", "BTC-USDT", "100"),
            bar("2021-01-01T01:00:00Z", "BTC-USDT", "101"),
            bar("2021-01-01T01:00:00Z", "ADA-USDT", "0.0098138"),
            bar("2021-01-01T03:00:00Z", "ADA-USDT", "0.01"),
        )

        table = read_prices(path)

        assert table.symbols == ("ADA-USDT", "BTC-USDT")
        assert [moment_of(time).hour for time in table.times] == [0, 1, 3]
        np.testing.assert_array_equal(table.closes, [[np.nan, 100], [0.0098138, 101], [0.01, np.nan]])

    def test_gives_a_close_back_as_it_was_written(self, written):
        table = read_prices(
            written(
                PRICES_HEADER,
                bar("2021-01-01", "BTC-USDT", "38109.68"),
                bar("2021-01-01", "SHIB-USDT", "0.00000817"),
                bar("2021-01-02", "BTC-USDT", "10000"),
            )
        )

        assert str(table.close_at(0, "SHIB-USDT")) == "0.00000817"
        assert table.close_at(1, "SHIB-USDT") is None
        assert table.closes_at(0) == {"BTC-USDT": Decimal("38109.68"), "SHIB-USDT": Decimal("0.00000817")}
        assert f"{table.close_at(1, 'BTC-USDT')}" == "10000.0"

    def test_takes_rows_in_any_order_and_dollars_as_tether(self, written):
        table = read_prices(
            written(
                PRICES_HEADER, bar("2021-01-02", "BTC-USD", "2"), "", bar("2021-01-01", "BTC-USD", "1"), name="p.csv.gz"
            )
        )

        assert table.symbols == ("BTC-USDT",)
        assert table.closes.tolist() == [[1], [2]]

    def test_joins_files_whose_bars_agree(self, written):
        first = written(PRICES_HEADER, bar("2021-01-01", "BTC-USDT", "1"), name="a.csv")
        second = written(
            PRICES_HEADER, bar("2021-01-01", "BTC-USDT", "1.0"), bar("2021-01-01", "ETH-USDT", "5"), name="b.csv"
        )

        table = read_prices(first, second)

        assert table.closes.tolist() == [[1, 5]]

    def test_refuses_files_whose_bars_differ(self, written):
        first = written(PRICES_HEADER, bar("2021-01-01", "BTC-USDT", "1"), name="a.csv")
        second = written(
            PRICES_HEADER, bar("2021-01-01", "ETH-USDT", "5"), bar("2021-01-01", "BTC-USDT", "2"), name="b.csv"
        )

        with pytest.raises(RecordingError) as refusal:
            read_prices(first, second)

        assert str(refusal.value) == (
            "b.csv, line 3: The bar of BTC-USDT at 2021-01-01T00:00:00Z differs from a.csv, line 2. "
            "Keep one of the two."
        )

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ("2021-01-02,BTC-USDT,1,1,1,O.5,1", "close 'O.5' is not a number. Correct or remove the row."),
            ("2021-01-02,BTC-USDT,1,1,1,nan,1", "close 'nan' is not a number. Correct or remove the row."),
            ("2021-01-02,BTC-USDT,1,inf,1,1,1", "high 'inf' is not a number. Correct or remove the row."),
            ("2021-01-02,BTC-USDT,1,1,1,1_0,1", "close '1_0' is not a number. Correct or remove the row."),
            ("2021-01-02,BTC-USDT,1,1,1,,1", "close '' is not a number. Correct or remove the row."),
            ("2021-01-02,BTC-USDT,1,1,1,0,1", "close '0' must be above zero. Correct or remove the row."),
            ("2021-01-02,BTC-USDT,1,1,-1,1,1", "low '-1' must be above zero. Correct or remove the row."),
            ("yesterday,BTC-USDT,1,1,1,1,1", "ts 'yesterday' is not a time. Write it as 2021-03-15T08:00:00Z."),
            (
                "2021-01-02T00:00:00+01:00,BTC-USDT,1,1,1,1,1",
                "ts '2021-01-02T00:00:00+01:00' is not in UTC. Convert it and write it as 2021-03-15T08:00:00Z.",
            ),
            ("2021-01-02,BTCUSDT,1,1,1,1,1", "symbol 'BTCUSDT' is not a pair. Write it as BTC-USDT."),
            ("2021-01-02,BTC-USDT,1", "The row has 3 values where the header names 7. Complete the row."),
        ],
    )
    def test_names_the_line_at_fault_and_what_to_do(self, written, line, sentence):
        path = written(PRICES_HEADER, bar("2021-01-01", "BTC-USDT", "1"), "", line, bar("2021-01-03", "BTC-USDT", "1"))

        with pytest.raises(RecordingError) as refusal:
            read_prices(path)

        assert str(refusal.value) == f"some.csv, line 4: {sentence}"

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            ([], "some.csv: The file is empty. Its first line must name ts, symbol, open, high, low, close."),
            ([PRICES_HEADER], "some.csv: There is nothing below the header. Give a file with rows."),
            (
                ["ts,symbol,price", "2021-01-01,BTC-USDT,1"],
                "some.csv, line 1: The header lacks open, high, low, close. "
                "It must name ts, symbol, open, high, low, close.",
            ),
        ],
    )
    def test_refuses_a_file_without_rows_or_columns(self, written, lines, sentence):
        with pytest.raises(RecordingError) as refusal:
            read_prices(written(*lines))

        assert str(refusal.value) == sentence

    def test_refuses_what_is_no_file_or_no_text(self, tmp_path, written):
        whole = written(
            PRICES_HEADER, *[bar(f"2021-01-{day:02}", "BTC-USDT", "1") for day in range(1, 28)], name="w.gz"
        )
        (tmp_path / "torn.csv.gz").write_bytes(whole.read_bytes()[:-20])
        (tmp_path / "plain.csv.gz").write_text(PRICES_HEADER)
        (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\xff\xfe")

        for name, sentence in {
            "none.csv": "There is no such file",
            "torn.csv.gz": "not a complete gzip archive",
            "plain.csv.gz": "not a complete gzip archive",
            "picture.csv": "not CSV text in UTF-8",
            ".": "cannot be read: Is a directory",
        }.items():
            with pytest.raises(RecordingError, match=sentence):
                read_prices(tmp_path / name)


class TestPriceTable:
    def test_finds_the_bar_a_trade_is_followed_at(self, written):
        table = read_prices(written(PRICES_HEADER, bar("2021-01-01", "A-USDT", "1"), bar("2021-01-02", "A-USDT", "2")))

        assert table.first_bar_at_or_after(time_of(datetime(2021, 1, 2, tzinfo=UTC))) == 1
        assert table.first_bar_at_or_after(time_of(datetime(2021, 1, 1, 0, 0, 1, tzinfo=UTC))) == 1
        assert table.first_bar_at_or_after(time_of(datetime(2021, 1, 3, tzinfo=UTC))) == 2

    def test_narrows_to_some_pairs_and_the_bars_they_have(self, written):
        table = read_prices(
            written(
                PRICES_HEADER,
                bar("2021-01-01", "A-USDT", "1"),
                bar("2021-01-02", "B-USDT", "2"),
                bar("2021-01-02", "C-USDT", "3"),
            )
        )

        narrowed = table.only(["C-USDT", "B-USDT"])

        assert narrowed.symbols == ("B-USDT", "C-USDT")
        assert narrowed.closes.tolist() == [[2, 3]]

    def test_cannot_be_changed(self, written):
        table = read_prices(written(PRICES_HEADER, bar("2021-01-01", "A-USDT", "1")))

        with pytest.raises(ValueError, match="read-only"):
            table.closes[0, 0] = 2
