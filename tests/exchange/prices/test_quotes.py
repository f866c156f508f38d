"""Bars and trades in other quotes, brought into USDT at recorded prices."""

from decimal import Decimal

import numpy as np
import pytest

from copytrading.exchange.prices.files import RecordingError, read_lead_trades, read_prices
from copytrading.exchange.prices.trade_legs import in_one_quote

HEADER = "ts,symbol,open,high,low,close"
TRADES_HEADER = "ts,symbol,side,quantity,price"


def bars(symbol: str, *closes: str | None) -> list[str]:
    return [
        f"2021-01-01T0{hour}:00:00Z,{symbol},{close},{close},{close},{close}"
        for hour, close in enumerate(closes)
        if close
    ]


@pytest.fixture
def prices_of(written):
    """Return a function that reads bars."""
    return lambda *rows: read_prices(written(HEADER, *rows, name="prices.csv"))


@pytest.fixture
def legs_of(written):
    """Return a function that reads trades and brings them into one quote, with their fees if they have some."""

    def legs(table, *rows: str, header: str = TRADES_HEADER):
        path = written(header, *rows, name="trades.csv")
        found = in_one_quote(read_lead_trades(path, with_fees="fee" in header), table=table)
        return found, list(zip(found.symbols, found.sides.tolist(), found.quantities, found.prices, strict=True))

    return legs


class TestPrices:
    def test_quoted_in_a_coin_are_converted_bar_by_bar(self, prices_of):
        table = prices_of(*bars("ETH-BTC", "0.05", "0.051", "0.052"), *bars("BTC-USDT", "60000", None, "60200"))

        assert table.symbols == ("BTC-USDT", "ETH-USDT")
        np.testing.assert_array_equal(table.closes[:, 1], [3000, np.nan, 3130.4])
        assert str(table.close_at(2, "ETH-USDT")) == "3130.4"
        assert table.notes_of(["ETH-USDT"]) == ["ETH-BTC: converted into USDT at the recorded prices of BTC-USDT."]
        assert table.notes_of(["BTC-USDT"]) == []

    def test_quoted_in_another_dollar_are_converted_at_its_own_price_either_way_round(self, prices_of):
        straight = prices_of(*bars("A-USDC", "10", "20"), *bars("USDC-USDT", "0.9", "0.99"))
        turned = prices_of(*bars("A-EUR", "10", "20"), *bars("USDT-EUR", "0.8", "0.5"))

        assert straight.closes[:, straight.symbols.index("A-USDT")].tolist() == [9, 19.8]
        assert turned.closes.tolist() == [[12.5], [40]]

    def test_are_converted_by_what_a_coin_costs_in_both(self, prices_of):
        table = prices_of(*bars("BTC-USDT", "60000"), *bars("BTC-USDC", "60030"), *bars("ETH-USDC", "3001.5"))

        assert table.symbols == ("BTC-USDT", "ETH-USDT")
        assert table.closes[0].tolist() == [60000, 3000]

    def test_of_a_coin_in_usdt_need_no_others(self, prices_of):
        table = prices_of(*bars("BTC-USDT", "60000"), *bars("BTC-USDC", "61000"))

        assert table.closes.tolist() == [[60000]]
        assert table.notes == ()

    def test_that_nothing_converts_are_refused_with_line_and_quote(self, prices_of):
        with pytest.raises(RecordingError, match=r"prices.csv, line 2: A-USDC is quoted in USDC, and nothing says"):
            prices_of(*bars("A-USDC", "1", "2"))


class TestTrades:
    def test_of_two_coins_sell_the_one_and_buy_the_other(self, prices_of, legs_of):
        table = prices_of(*bars("ETH-BTC", "0.05", "0.05"), *bars("BTC-USDT", "60000", "60200"))

        found, legs = legs_of(
            table, "2021-01-01T01:30:00Z,ETH-BTC,buy,2,0.05", "2021-01-01T01:40:00Z,ETH-BTC,sell,1,0.06"
        )

        assert legs == [
            ("BTC-USDT", -1, Decimal("0.10"), Decimal("60200.0")),
            ("ETH-USDT", 1, Decimal(2), Decimal("3010.000")),
            ("ETH-USDT", -1, Decimal(1), Decimal("3612.000")),
            ("BTC-USDT", 1, Decimal("0.06"), Decimal("60200.0")),
        ]
        # One trade costs its rate once.
        assert found.fees == (Decimal(0), None, None, Decimal(0))
        assert found.lines.tolist() == [2, 2, 3, 3]
        assert "trades.csv, line 2: ETH-BTC is a trade of two coins" in found.warnings[0]

    def test_are_converted_in_the_bar_they_fall_into(self, prices_of, legs_of):
        table = prices_of(*bars("ETH-BTC", "0.05", "0.05"), *bars("BTC-USDT", "60000", "60200"))
        times = {"2020-12-31": 60000, "2021-01-01T00:59:59Z": 60000, "2021-01-01T01:00:00Z": 60200, "2022-01-01": 60200}

        for time, rate in times.items():
            _, legs = legs_of(table, f"{time},ETH-BTC,buy,2,0.05")

            assert legs[0][3] == rate

    def test_take_a_fee_from_the_leg_of_its_coin(self, prices_of, legs_of):
        table = prices_of(*bars("ETH-BTC", "0.05"), *bars("BTC-USDT", "60000"), *bars("BTC-EUR", "50000"))

        rests = (
            "ETH-BTC,buy,2,0.05,0.0001,BTC",
            "ETH-BTC,buy,2,0.05,0.002,ETH",
            "ETH-BTC,buy,2,0.05,0.1,BNB",
            "BTC-EUR,buy,1,50000,50,EUR",
        )
        rows = [f"2021-01-01T00:0{minute}:00Z,{rest}" for minute, rest in enumerate(rests)]
        found, _ = legs_of(table, *rows, header=f"{TRADES_HEADER},fee,fee_asset")

        told = [(fee, coin) for fee, coin in zip(found.fees, found.fee_coins, strict=True) if fee]
        assert told == [
            (Decimal("0.0001"), "BTC"),
            (Decimal("0.002"), "ETH"),
            (Decimal("0.1"), "BNB"),
            (Decimal("60.0"), "USDT"),
        ]

    def test_for_another_dollar_are_paid_in_cash(self, prices_of, legs_of):
        table = prices_of(*bars("BTC-USDT", "60000"), *bars("BTC-USDC", "75000"))

        found, legs = legs_of(
            table, "2021-01-01T00:00:00Z,BTC-USDC,buy,1,75000", "2021-01-01T00:01:00Z,BTC-USDT,sell,1,6"
        )

        assert legs[0] == ("BTC-USDT", 1, Decimal(1), Decimal("60000.0"))
        assert found.symbols == ("BTC-USDT", "BTC-USDT")
        assert "BTC-USDC is paid in cash: USDC are taken at their recorded price" in found.warnings[0]

    def test_for_a_dollar_that_is_traded_itself_are_paid_in_that_coin(self, prices_of, legs_of):
        table = prices_of(*bars("BTC-USDT", "60000"), *bars("USDC-USDT", "0.5"))

        _, legs = legs_of(
            table, "2021-01-01T00:00:00Z,USDC-USDT,buy,1000,0.5", "2021-01-01T00:01:00Z,BTC-USDC,buy,0.001,120000"
        )

        assert [leg[:3] for leg in legs[1:]] == [
            ("USDC-USDT", -1, Decimal(120)),
            ("BTC-USDT", 1, Decimal("0.001")),
        ]

    def test_of_cash_for_cash_are_left_out_and_told(self, prices_of, legs_of):
        table = prices_of(*bars("BTC-USDT", "60000"), *bars("USDT-EUR", "0.8"))

        found, legs = legs_of(
            table, "2021-01-01T00:00:00Z,USDT-EUR,buy,9,0.8", "2021-01-01T00:01:00Z,BTC-USDT,buy,1,60000"
        )

        assert len(legs) == 1
        assert found.warnings == ("trades.csv, line 2: USDT-EUR exchanges cash for cash, which is left out.",)

    @pytest.mark.parametrize(
        ("row", "sentence"),
        [
            ("DOGE-USDT,buy,1,1", r"line 2: There are no prices of DOGE-USDT. Add a file that has them"),
            ("BTC-EUR,buy,1,1", "line 2: BTC-EUR is quoted in EUR, and nothing says what a EUR costs in USDT"),
            ("A-USDT,buy,1,1", "line 2: The prices of A are those of A-USDC, and nothing says what a USDC costs"),
            ("USDT-BTC,buy,1,1", "line 2: USDT-BTC is the wrong way round. Write it as BTC-USDT"),
        ],
    )
    def test_that_nothing_converts_are_refused_with_line_and_quote(self, prices_of, legs_of, row, sentence):
        table = prices_of(*bars("BTC-USDT", "60000"), *bars("A-USDC", "1"))

        with pytest.raises(RecordingError, match=f"trades.csv, {sentence}"):
            legs_of(table, f"2021-01-01T00:00:00Z,{row}")
