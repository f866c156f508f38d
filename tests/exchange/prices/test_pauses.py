"""A name that pauses and returns."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from copytrading.exchange.prices.cells import time_of
from copytrading.exchange.prices.files import read_lead_trades, read_prices, read_weights
from copytrading.exchange.prices.trade_legs import in_one_quote

FIRST = datetime(2021, 1, 1, tzinfo=UTC)


def bars(symbol: str, hours: range, close: str, *, step: timedelta = timedelta(hours=1)) -> list[str]:
    return [f"{FIRST + hour * step:%Y-%m-%dT%H:%M:%SZ},{symbol},{close},{close},{close},{close}" for hour in hours]


@pytest.fixture
def prices_of(written):
    """Return a function that reads bars."""
    return lambda *rows: read_prices(written("ts,symbol,open,high,low,close", *rows, name="prices.csv"))


class TestNameThatReturns:
    def test_is_another_coin_after_a_day_without_bars(self, prices_of):
        table = prices_of(
            *bars("BTC-USDT", range(60), "100"),
            *bars("MOON-USDT", range(5), "1"),
            *bars("MOON-USDT", range(40, 60), "8"),
        )

        assert table.symbols == ("BTC-USDT", "MOON (2021-01-02)-USDT", "MOON-USDT")
        assert np.flatnonzero(table.listed[:, 2]).tolist() == list(range(5))
        assert np.flatnonzero(table.listed[:, 1]).tolist() == list(range(40, 60))
        assert "so it ended there" in table.notes_of(["MOON-USDT"])[0]
        assert table.notes_of(["BTC-USDT"]) == []

    def test_is_the_same_coin_after_an_outage_of_hours(self, prices_of):
        table = prices_of(
            *bars("BTC-USDT", range(60), "100"),
            *bars("MOON-USDT", range(5), "1"),
            *bars("MOON-USDT", range(29, 60), "8"),
        )

        assert table.symbols == ("BTC-USDT", "MOON-USDT")
        assert table.notes == ()

    def test_may_miss_two_bars_where_bars_are_days(self, prices_of):
        day = timedelta(days=1)
        missing = {2: ("BTC-USDT", "MOON-USDT"), 3: ("BTC-USDT", "MOON (2021-01-09)-USDT", "MOON-USDT")}

        for count, symbols in missing.items():
            table = prices_of(
                *bars("BTC-USDT", range(20), "100", step=day),
                *bars("MOON-USDT", range(5), "1", step=day),
                *bars("MOON-USDT", range(5 + count, 20), "1", step=day),
            )

            assert table.symbols == symbols

    def test_is_another_coin_also_where_it_had_few_bars(self, prices_of):
        for before in (1, 2):
            table = prices_of(
                *bars("BTC-USDT", range(60), "100"),
                *bars("MOON-USDT", range(before), "1"),
                *bars("MOON-USDT", range(50, 51), "8"),
            )

            assert table.symbols == ("BTC-USDT", "MOON (2021-01-03)-USDT", "MOON-USDT")

    def test_is_another_coin_beside_one_that_was_listed_meanwhile(self, prices_of):
        table = prices_of(
            *bars("MOON-USDT", range(5), "1"),
            *bars("BTC-USDT", range(10, 60), "100"),
            *bars("MOON-USDT", range(50, 60), "8"),
        )

        assert "MOON (2021-01-03)-USDT" in table.symbols

    def test_ends_with_nobody_where_the_recording_itself_pauses(self, prices_of):
        table = prices_of(
            *bars("BTC-USDT", range(5), "100"), *bars("BTC-USDT", range(100, 105), "100"),
            *bars("ETH-USDT", range(5), "10"), *bars("ETH-USDT", range(100, 105), "10"),
        )  # fmt: skip

        assert table.symbols == ("BTC-USDT", "ETH-USDT")
        assert "BTC-USDT has no bars between 2021-01-01 04:00 and 2021-01-05 04:00" in table.notes_of(["BTC-USDT"])[0]

    def test_can_return_twice(self, prices_of):
        table = prices_of(
            *bars("BTC-USDT", range(200), "100"),
            *(row for start in (0, 60, 120) for row in bars("MOON-USDT", range(start, start + 5), "1")),
        )

        assert table.symbols[1:] == ("MOON (2021-01-03)-USDT", "MOON (2021-01-06)-USDT", "MOON-USDT")

    def test_means_in_trades_and_weights_what_it_meant_at_their_time(self, written, prices_of):
        table = prices_of(
            *bars("BTC-USDT", range(60), "100"),
            *bars("MOON-USDT", range(5), "1"),
            *bars("MOON-USDT", range(40, 60), "8"),
        )
        times = [f"{FIRST + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}" for hour in (1, 20, 41)]
        trades = written("ts,symbol,side,quantity,price", *(f"{time},MOON-USDT,buy,1,1" for time in times))
        weights = written("ts,symbol,weight_target", *(f"{time},MOON-USD,1" for time in times), name="weights.csv")

        names = in_one_quote(read_lead_trades(trades), table=table).symbols
        portfolio = read_weights(weights, prices=table)

        assert names == ("MOON-USDT", "MOON-USDT", "MOON (2021-01-02)-USDT")
        assert portfolio.symbols == ("MOON (2021-01-02)-USDT", "MOON-USDT")
        assert portfolio.weights.tolist() == [[0, 1], [0, 1], [1, 0]]

    def test_keeps_room_for_its_date(self, prices_of):
        long = "ABCDEFGHIJKLMNOP"
        table = prices_of(
            *bars("BTC-USDT", range(60), "100"),
            *bars(f"{long}-USDT", range(5), "1"),
            *bars(f"{long}-USDT", range(40, 60), "1"),
        )

        later = table.name_at(f"{long}-USDT", time_of(FIRST + timedelta(hours=40)))
        assert later == "ABCDEFG (2021-01-02)-USDT"
        assert len(later.partition("-USDT")[0]) == 20
