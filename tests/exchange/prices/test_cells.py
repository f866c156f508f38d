"""What one cell says: times, numbers, pairs."""

import pytest

from copytrading.exchange.prices.cells import moment_of, to_decimal, to_positive_float, to_symbol, to_time


class TestToTime:
    @pytest.mark.parametrize(
        "text",
        [
            "2024-03-01T01:00:00Z",
            "2024-03-01 01:00",
            "2024-03-01 01:00:00 Z",
            "2024-03-01T01:00:00.000+00:00",
            "2024-03-01 01:00:00+0000",
            "1709254800",
            "1709254800.0",
            "1709254800000",
            "1709254800000000",
            "1709254800000000000",
        ],
    )
    def test_reads_one_moment_in_many_ways(self, text):
        assert f"{moment_of(to_time(text)):%Y-%m-%dT%H:%M:%S}" == "2024-03-01T01:00:00"

    @pytest.mark.parametrize(
        "text",
        [
            "20240301",  # digits of a day
            "2024030109",  # of an hour, which are as many as those of seconds since 1970
            "202403010900",
            "20240301090000",
            "1709254800000000000000",
            "0000000001",
            "45352.04",
            "1.7092548E+12",
            "2024-03-01 09-00",
            "2024-03-01T09",
            "2024-W09-5",
            "2024-061",
            "٢٠٢٤-03-01",
            "1999-12-31",
            "2100-01-01",
            "0001-01-01",
        ],
    )
    def test_takes_no_number_for_a_date_and_no_dash_for_a_colon(self, text):
        with pytest.raises(ValueError, match=r"2021-03-15T08:00:00Z|Correct the time"):
            to_time(text)

    def test_asks_for_utc(self):
        with pytest.raises(ValueError, match=r"is not in UTC. Convert it"):
            to_time("2024-03-01 09:00:00+08:00")


class TestNumbers:
    @pytest.mark.parametrize("text", ["5E-2", " 0.05 ", "+0.05", ".05", "5.e-2"])
    def test_are_read_as_exchanges_write_them(self, text):
        assert to_positive_float(text) == float(to_decimal(text)) == 0.05

    @pytest.mark.parametrize("text", ["1_000", "inf", "nan", "0x10", "１２", "٣", "", "1 000", "1e99999", "=5"])
    def test_are_nothing_else(self, text):
        for convert in (to_positive_float, to_decimal):
            with pytest.raises(ValueError, match=r"is not a number. Correct or remove the row"):
                convert(text)

    def test_with_a_comma_are_asked_for_with_a_point(self):
        with pytest.raises(ValueError, match="Write a point, not a comma"):
            to_decimal("0,05")


class TestToSymbol:
    @pytest.mark.parametrize(
        ("text", "symbol"),
        [
            ("btc-usdt", "BTC-USDT"),
            ("BTC-USD", "BTC-USDT"),
            ("1INCH-BTC", "1INCH-BTC"),
            ("PERP-USDT", "PERP-USDT"),
            ("币安人生-USDT", "币安人生-USDT"),
        ],
    )
    def test_reads_spot_pairs(self, text, symbol):
        assert to_symbol(text) == symbol

    @pytest.mark.parametrize(
        "text",
        [
            "BTC-USDT-SWAP",
            "BTC-USDT:USDT",
            "BTC/USDT:USDT",
            "BTC-PERP",
            "BTCUSD_PERP",
            "BTC-USD-240329",
            "BTC-29MAR24",
            "BTC-29MAR24-60000-C",
            "BTCPERP",
        ],
    )
    def test_refuses_contracts_as_such(self, text):
        with pytest.raises(ValueError, match="is a contract, and only spot pairs are read"):
            to_symbol(text)

    @pytest.mark.parametrize(
        "text", ["BTCUSDT", "BTC/USDT", "BTC-", "-USDT", "BTC USDT", "BTC-USDT-X", "A" * 17 + "-USDT"]
    )
    def test_refuses_what_is_no_pair(self, text):
        with pytest.raises(ValueError, match=r"is not a pair. Write it as BTC-USDT"):
            to_symbol(text)

    @pytest.mark.parametrize("text", ["USDT-USD", "USD-EUR"])
    def test_refuses_dollars_for_dollars(self, text):
        with pytest.raises(ValueError, match="changes cash into cash"):
            to_symbol(text)
