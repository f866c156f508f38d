"""Prices that leap, and trades far from their bars."""

import itertools

import pytest

from copytrading.exchange.prices.files import RecordingError, read_lead_trades, read_prices
from copytrading.exchange.prices.plausibility import check_leaps, check_trades

HEADER = "ts,symbol,open,high,low,close"
LAST = 4_102_444_800_000_000


@pytest.fixture
def leaps_of(written):
    """Return a function that looks at the bars of COIN from the first hour on, given as open, high, low, close."""

    def leaps(*rows: str, first_time: int = 0, last_time: int = LAST):
        lines = [f"2021-01-01T{hour:02}:00:00Z,COIN-USDT,{row}" for hour, row in enumerate(rows)]
        table = read_prices(written(HEADER, *lines, name="prices.csv"))
        return check_leaps(table, symbols=["COIN-USDT"], first_time=first_time, last_time=last_time)

    return leaps


class TestCheckLeaps:
    @pytest.mark.parametrize("rows", [("0.02,0.02,0.02,0.02", "20,21,19,20"), ("20,20,20,20", "0.02,0.02,0.02,0.02")])
    def test_refuses_a_coin_that_counts_in_another_unit_from_a_bar_on(self, leaps_of, rows):
        with pytest.raises(RecordingError, match=r"prices.csv, line 3: COIN-USDT opens at .* after a close of"):
            leaps_of(*rows)

    def test_tells_of_a_coin_that_collapses_while_it_is_traded(self, leaps_of):
        told = leaps_of("1,1,1,1", "0.99,1,0.0004,0.0004", "0.0004,0.0004,0.0004,0.0004")

        assert told == ["prices.csv, line 3: COIN-USDT moves from 1 to 0.0004 within one bar."]

    def test_says_nothing_of_nine_times(self, leaps_of):
        assert leaps_of("1,1,1,1", "9,9,9,9", "1,1,1,1") == []

    def test_looks_at_the_bars_that_were_asked_for(self, leaps_of):
        rows = ("1,1,1,1", "1000,1000,1000,1000", "1000,1000,1000,1000")
        hour = 3_600_000_000
        first = 1_609_459_200_000_000

        assert leaps_of(*rows, first_time=first + hour) == []
        assert leaps_of(*rows, last_time=first) == []

    def test_names_three_and_counts_the_others(self, leaps_of):
        closes = [10.0**power for power in (12, 10, 8, 6, 4, 2)]
        rows = [f"{before},{before},{close},{close}" for before, close in itertools.pairwise(closes)]

        told = leaps_of("1e12,1e12,1e12,1e12", *rows)

        assert len(told) == 4
        assert told[-1] == "There are 2 more such moves."


class TestCheckTrades:
    @pytest.fixture
    def told_of(self, written):
        """Return a function that looks at one purchase beside three hours of 100, 110 and 120."""

        def told(time: str, trade_price: str) -> list[str]:
            bars = [
                f"2021-01-01T0{hour}:00:00Z,COIN-USDT,{price},{price + 1},{price - 1},{price}"
                for hour, price in enumerate((100, 110, 120))
            ]
            table = read_prices(written(HEADER, *bars, name="prices.csv"))
            trade = f"{time},COIN-USDT,buy,1,{trade_price}"
            return check_trades(
                read_lead_trades(written("ts,symbol,side,quantity,price", trade, name="trades.csv")), table=table
            )

        return told

    @pytest.mark.parametrize("price", ["91", "100", "133"])
    def test_say_nothing_within_a_tenth_of_the_bars_around(self, told_of, price):
        assert told_of("2021-01-01T01:30:00Z", price) == []

    def test_tell_of_what_lies_outside(self, told_of):
        assert told_of("2021-01-01T01:30:00Z", "140") == [
            "trades.csv, line 2: the price of 140 lies outside of the bars of COIN-USDT there, 99 to 121."
        ]

    @pytest.mark.parametrize("price", ["0.11", "40", "243", "110000"])
    def test_refuse_what_lies_far_outside(self, told_of, price):
        with pytest.raises(
            RecordingError, match=r"trades.csv, line 2: The price of .* lies outside of the bars .* Correct"
        ):
            told_of("2021-01-01T01:30:00Z", price)

    def test_allow_more_where_no_bar_is_near(self, told_of):
        assert told_of("2020-11-01", "40") == []
        with pytest.raises(RecordingError, match="lies outside of the bars"):
            told_of("2020-11-01", "4")

    def test_do_not_look_at_what_nobody_follows(self, told_of):
        assert told_of("2021-01-01T09:00:00Z", "4") == []
