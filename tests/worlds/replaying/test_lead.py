"""What a recorded lead did, in whole units: fees in its own coin, in cash and in a third coin; weights as trades."""

from decimal import Decimal
from pathlib import Path

import pytest

from copytrading.services.lookback.questions import Question as Files
from copytrading.worlds.replaying.replay import Question, Script, read_script

HEADER = "ts,symbol,side,quantity,price,fee,fee_currency"
ONE = 10**8
BTC_CLOSES, ETH_CLOSES = (100, 110, 120, 90), (10, 10, 11, 12)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with four hours of two coins."""
    rows = [
        f"2021-01-01T0{hour}:00:00Z,{symbol},{close},{close},{close},{close},1"
        for symbol, closes in (("BTC-USDT", BTC_CLOSES), ("ETH-USDT", ETH_CLOSES))
        for hour, close in enumerate(closes)
    ]
    (tmp_path / "prices.csv").write_text("\n".join(["ts,symbol,open,high,low,close,volume", *rows]))
    return tmp_path


def script_of(folder: Path, **options: object) -> Script:
    files = Files(price_paths=[folder / "prices.csv"], **options)  # type: ignore[arg-type]
    return read_script(Question(files=files, followers=1, investment_max=Decimal(1_000)))


class TestRecordedFees:
    def test_are_taken_off_the_coin_the_cash_or_the_cash_at_the_third_coins_price(self, folder: Path) -> None:
        rows = [
            "2021-01-01T00:00:00Z,BTC-USDT,buy,50,100,0.5,BTC",
            "2021-01-01T01:00:00Z,BTC-USDT,sell,20,110,7,USDT",
            "2021-01-01T01:30:00Z,BTC-USDT,buy,10,90,2,ETH",
        ]
        (folder / "trades.csv").write_text("\n".join([HEADER, *rows]))

        script = script_of(folder, trades_path=folder / "trades.csv", uses_recorded_fees=True)

        # The bar at or after 01:30 closes at 11 USDT for one ETH.
        changes = [(49.5, -5_000), (-20, 2_200 - 7), (10, -900 - 2 * 11)]
        assert [(movement.units, movement.cash_units) for movement in script.movements] == [
            (round(coins * ONE), cash * ONE) for coins, cash in changes
        ]
        path = script.recording.path
        assert path.equity()[-1] / path.cash_units[0] * 10_000 == pytest.approx(
            10_000 + sum(cash for _, cash in changes) + 39.5 * 90
        )

    def test_are_the_rate_where_they_were_not_asked_for(self, folder: Path) -> None:
        (folder / "trades.csv").write_text(f"{HEADER}\n2021-01-01T00:00:00Z,BTC-USDT,buy,50,100,0.5,BTC")

        script = script_of(folder, trades_path=folder / "trades.csv")

        assert [(movement.units, movement.cash_units) for movement in script.movements] == [(50 * ONE, -5_005 * ONE)]

    def test_of_a_recorded_bot_never_sell_or_spend_what_is_not_there(self, recorded_data: Path) -> None:
        files = Files(
            price_paths=[recorded_data / "prices" / "prices_1d_2018-01_2022-04.csv.gz"],
            trades_path=recorded_data / "trades" / "trader_bbgo_btc_fills.csv.gz",
            uses_recorded_fees=True,
        )

        script = read_script(Question(files=files, followers=1, investment_max=Decimal(1_000)))

        # What is left of 867 fills whose fees were paid in three coins, counted apart.
        assert len(script.movements) == 867
        assert sum(movement.units for movement in script.movements) == 14_684_376
        assert sum(movement.cash_units for movement in script.movements) / ONE == pytest.approx(-2144.2201, abs=1e-3)


class TestWeights:
    def test_become_sales_before_purchases_that_leave_what_the_path_holds(self, folder: Path) -> None:
        rows = [
            "2021-01-01T00:00:00Z,BTC-USD,1",
            "2021-01-01T02:00:00Z,BTC-USD,0.5",
            "2021-01-01T02:00:00Z,ETH-USD,0.5",
            "2021-01-01T03:00:00Z,CASH,1",
        ]
        (folder / "weights.csv").write_text("\n".join(["ts,symbol,weight_target", *rows]))

        script = script_of(folder, weights_path=folder / "weights.csv")

        sides = [(movement.symbol[:3], movement.units > 0, movement.cash_units > 0) for movement in script.movements]
        assert sides == [
            ("BTC", True, False),
            ("BTC", False, True),
            ("ETH", True, False),
            ("ETH", False, True),
            ("BTC", False, True),
        ]
        assert sum(movement.units for movement in script.movements if movement.symbol == "BTC-USDT") == 0
        path = script.recording.path
        cash = 10_000 * ONE + sum(movement.cash_units for movement in script.movements)
        assert cash == pytest.approx(path.cash_units[-1] / path.cash_units[0] * 10_000 * ONE, abs=10)
