"""manage.py whatif, on files: what it prints, and the sentence for each bad input."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from copytrading.management.commands.whatif import Command
from copytrading.services.lookback.files import FORMATS

JSON_KEYS = {
    "lead_return",
    "copy_return",
    "tracking_error_per_bar",
    "final_holdings",
    "cash",
    "costs",
    "adjustments",
    "skipped_rows",
    "warnings",
    "bars",
    "equity_curve",
}


class Files:
    """A folder with one recording: BTC-USDT at 100, 110, 120 and a lead that buys half at the first bar."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prices = self.write(
            "prices.csv",
            "ts,symbol,open,high,low,close,volume",
            *(f"2021-01-01T0{hour}:00:00Z,BTC-USDT,1,999,1,{100 + 10 * hour},5" for hour in range(3)),
        )
        self.trades = self.write_trades("2021-01-01T00:00:00Z,BTC-USDT,buy,50,100,closed")
        self.weights = self.write(
            "weights.csv",
            "ts,symbol,weight_target",
            "2021-01-01T00:00:00Z,BTC-USD,0.5",
            "2021-01-01T00:00:00Z,CASH,0.5",
        )

    def write(self, name: str, *lines: str) -> Path:
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def write_trades(self, *lines: str) -> Path:
        return self.write("trades.csv", "ts,symbol,side,quantity,price,status", *lines)

    def run(self, *arguments: object, lead: str = "trades") -> str:
        printed = StringIO()
        files = [f"--prices={self.prices}", f"--lead-{lead}={getattr(self, lead)}"]
        call_command("whatif", *files, *map(str, arguments), stdout=printed)
        return printed.getvalue()

    def run_json(self, *arguments: object, lead: str = "trades") -> dict:
        return json.loads(self.run("--fee-rate=0", "--json", *arguments, lead=lead))

    def refusal(self, *arguments: object, lead: str = "trades") -> str:
        with pytest.raises(CommandError) as refused:
            self.run(*arguments, lead=lead)
        assert refused.value.returncode == 2
        return str(refused.value)


@pytest.fixture
def files(tmp_path) -> Files:
    return Files(tmp_path)


class TestWhatIf:
    def test_prints_every_promised_key(self, files):
        outcome = files.run_json()

        assert set(outcome) == JSON_KEYS
        assert outcome["bars"] == 3
        assert outcome["lead_return"] == pytest.approx(0.1)
        assert outcome["copy_return"] == pytest.approx(0.1, abs=1e-6)
        assert outcome["final_holdings"] == pytest.approx({"BTC-USDT": 5.0})
        assert outcome["cash"] == pytest.approx(500.0)
        assert outcome["costs"] == 0
        assert outcome["equity_curve"][0] == pytest.approx({"ts": "2021-01-01T00:00:00Z", "lead": 10_000, "copy": 1000})

    def test_prints_a_table_for_people(self, files):
        text = files.run("--stop-loss=200")

        assert "Copy" in text
        assert "5.00000000 BTC-USDT" not in text, "a fee was paid, so the copy holds a little more per equity"
        assert "(+10" in text

    def test_takes_the_default_fee_of_a_tenth_of_a_percent(self, files):
        outcome = json.loads(files.run("--json"))

        # The lead's 5,000 of coins are a share of the 9,995 it has left after its own fee.
        assert outcome["costs"] == pytest.approx(1000 * 5000 / 9995 * 0.001)

    def test_follows_published_weights(self, files):
        outcome = files.run_json(lead="weights")

        assert outcome["lead_return"] == pytest.approx(0.1)
        assert outcome["copy_return"] == pytest.approx(0.1)

    def test_takes_bars_from_several_files(self, files):
        later = files.write(
            "later.csv", "ts,symbol,open,high,low,close,volume", "2021-01-01T03:00:00Z,BTC-USDT,1,999,1,200,5"
        )

        assert files.run_json(f"--prices={later}")["bars"] == 4

    def test_starts_and_ends_where_it_is_told(self, files):
        outcome = files.run_json("--start=2021-01-01T00:30:00Z", "--end=2021-01-01T01:59:00Z")

        assert [point["ts"] for point in outcome["equity_curve"]] == ["2021-01-01T01:00:00Z"]

    def test_buys_nothing_that_existed_when_told_so(self, files):
        outcome = files.run_json("--no-buy-existing", "--start=2021-01-01T01:00:00Z")

        assert outcome["final_holdings"] == {}
        assert outcome["copy_return"] == 0

    def test_counts_the_rows_that_were_never_traded(self, files):
        files.write_trades(
            "2021-01-01T00:00:00Z,BTC-USDT,buy,50,100,closed", "2021-01-01T01:00:00Z,BTC-USDT,sell,50,90,canceled"
        )

        assert files.run_json()["skipped_rows"] == 1

    def test_stops_at_the_stop_loss(self, files):
        files.prices = files.write(
            "fall.csv",
            "ts,symbol,open,high,low,close,volume",
            *(f"2021-01-01T0{hour}:00:00Z,BTC-USDT,1,999,1,{100 - 40 * hour},5" for hour in range(3)),
        )

        outcome = files.run_json("--stop-loss=150")
        assert outcome["copy_return"] == pytest.approx(-0.2)
        assert set(outcome) == JSON_KEYS | {"stopped_at", "tracking_error_until_stop"}
        assert (outcome["stopped_at"], outcome["tracking_error_until_stop"]) == ("2021-01-01T01:00:00Z", 0.0)
        assert "by its stop loss" in files.run("--stop-loss=150")
        assert files.run_json("--stop-loss=900")["stopped_at"] is None

    def test_looks_for_the_stop_loss_at_the_lows_where_asked(self, files):
        files.prices = files.write(
            "wick.csv",
            "ts,symbol,open,high,low,close,volume",
            "2021-01-01T00:00:00Z,BTC-USDT,100,100,1,100,5",
            "2021-01-01T01:00:00Z,BTC-USDT,100,120,60,110,5",
            "2021-01-01T02:00:00Z,BTC-USDT,110,120,110,120,5",
        )

        at_close, at_low = (files.run_json("--stop-loss=150", f"--stop-at={price}") for price in ("close", "low"))

        assert (at_close["stopped_at"], at_close["copy_return"]) == (None, pytest.approx(0.1))
        # Half of it is in coins, and they are sold for what the worst of the bar was.
        assert (at_low["stopped_at"], at_low["copy_return"]) == ("2021-01-01T01:00:00Z", pytest.approx(-0.2))
        assert "leave that out" in files.refusal("--stop-at=low")

    @pytest.mark.parametrize(
        ("terms", "bought"),
        [(["--mode=custom-fixed", "--order-value=200"], 2.0), (["--mode=custom-ratio"], 5.0)],
    )
    def test_follows_single_orders_in_the_custom_modes(self, files, terms, bought):
        outcome = files.run_json(*terms)

        assert outcome["final_holdings"] == pytest.approx({"BTC-USDT": bought})


class TestLimits:
    @pytest.mark.parametrize(
        ("limit", "bought", "reason"),
        [
            ("--order-max=150", 1.5, "ORDER_MAX_CAPPED"),
            ("--total-max=50", 0.5, "TOTAL_MAX_CAPPED"),
        ],
    )
    def test_cut_what_a_custom_copy_buys_and_say_so(self, files, limit, bought, reason):
        outcome = files.run_json("--mode=custom-fixed", "--order-value=200", limit)

        assert outcome["final_holdings"] == pytest.approx({"BTC-USDT": bought})
        assert outcome["adjustments"] == {reason: 1}

    def test_buy_chosen_markets_only(self, files):
        files.prices = files.write(
            "two.csv",
            "ts,symbol,open,high,low,close,volume",
            "2021-01-01T00:00:00Z,BTC-USDT,1,1,1,100,1",
            "2021-01-01T00:00:00Z,ETH-USDT,1,1,1,10,1",
        )
        files.write_trades(
            "2021-01-01T00:00:00Z,BTC-USDT,buy,1,100,closed", "2021-01-01T00:00:00Z,ETH-USDT,buy,1,10,closed"
        )

        outcome = files.run_json("--mode=custom-fixed", "--market=ETH-USDT")

        assert list(outcome["final_holdings"]) == ["ETH-USDT"]
        assert outcome["adjustments"] == {"MARKET_NOT_CHOSEN": 1}


class TestStartDates:
    def test_are_told_beside_the_one_asked_for(self, files):
        outcome = files.run_json("--start-dates=2")

        assert set(outcome) == JSON_KEYS | {"start_dates"}
        assert [start["ts"] for start in outcome["start_dates"]] == ["2021-01-01T00:00:00Z", "2021-01-01T02:00:00Z"]
        assert outcome["start_dates"][0]["copy_return"] == pytest.approx(outcome["copy_return"])
        assert outcome["start_dates"][1]["copy_return"] == pytest.approx(0.0)

    def test_are_summed_up_for_people(self, files):
        assert "of 2 start dates to the same end" in files.run("--start-dates=2")


class TestWhatFilesMean:
    """A handful of the cases that test_whatif_cases.py has as files, at 100, 110 and 120 USDT an hour."""

    HEADER = "ts,symbol,side,quantity,price"

    def trades(self, files, header: str, *rows: str) -> None:
        files.trades = files.write("mine.csv", header, *rows)

    def bars(self, files, *rows: str) -> None:
        files.prices = files.write("bars.csv", "ts,symbol,open,high,low,close", *rows)

    def test_counts_a_trade_once_that_is_named_three_times(self, files):
        self.trades(files, f"{self.HEADER},trade_id", *["2021-01-01T00:00:00Z,BTC-USDT,buy,50,100,7"] * 3)

        outcome = files.run_json()

        assert outcome["lead_return"] == pytest.approx(0.1)
        assert outcome["warnings"] == [
            "mine.csv: line 3 repeats a trade by its trade_id, and 1 more do: each counts once."
        ]

    def test_counts_what_was_filled_before_it_was_canceled(self, files):
        self.trades(files, f"{self.HEADER},status,filled", "2021-01-01T00:00:00Z,BTC-USDT,buy,50,100,canceled,25")

        assert files.run_json()["lead_return"] == pytest.approx(0.05)

    def test_puts_a_purchase_before_its_sale_within_a_second(self, files):
        row = "2021-01-01T01:00:00Z,BTC-USDT"
        self.trades(files, self.HEADER, f"{row},sell,50,111", f"{row},buy,50,110")

        assert files.run_json()["lead_return"] == pytest.approx(0)

    def test_reads_stamps_capitals_and_a_line_for_spreadsheets(self, files):
        self.trades(files, "sep=,", self.HEADER.title(), "1609459200000,BTC-USDT,BUY,50,100")

        assert files.run_json()["lead_return"] == pytest.approx(0.1)

    def test_converts_a_pair_quoted_in_another_coin(self, files):
        hours = [(hour, 100 + 10 * hour) for hour in range(3)]
        self.bars(
            files,
            *(f"2021-01-01T0{hour}:00:00Z,BTC-USDT,{price},{price},{price},{price}" for hour, price in hours),
            *(f"2021-01-01T0{hour}:00:00Z,ETH-BTC,0.1,0.1,0.1,0.1" for hour, _ in hours),
        )
        row = "2021-01-01T01:00:00Z,ETH-BTC"
        self.trades(files, self.HEADER, "2021-01-01T00:00:00Z,BTC-USDT,buy,50,100", f"{row},buy,500,0.1")

        outcome = files.run_json()

        # 50 BTC became 500 ETH at a tenth each: what they are worth is what the BTC would be.
        assert outcome["lead_return"] == pytest.approx(0.1)
        assert list(outcome["final_holdings"]) == ["ETH-USDT"]

    @pytest.mark.parametrize(
        ("closes", "sentence"),
        [
            (("100", "100000", "100000"), r"bars.csv, line 3: BTC-USDT opens at 100000 after a close of 100"),
            (("0.1", "0.1", "0.1"), r"trades.csv, line 2: The price of 100 lies outside of the bars of BTC-USDT there"),
        ],
    )
    def test_refuses_a_coin_in_two_units(self, files, closes, sentence):
        self.bars(
            files,
            *(
                f"2021-01-01T0{hour}:00:00Z,BTC-USDT,{price},{price},{price},{price}"
                for hour, price in enumerate(closes)
            ),
        )

        with pytest.raises(CommandError, match=sentence):
            files.run()

    def test_keeps_a_coin_at_its_last_price_whose_name_returns(self, files):
        rows = [f"2021-01-{day:02},BTC-USDT,1,1,1,1" for day in range(1, 20)]
        self.bars(
            files, *rows, "2021-01-01,MOON-USDT,2,2,2,2", "2021-01-02,MOON-USDT,1,1,1,1", "2021-01-19,MOON-USDT,9,9,9,9"
        )
        self.trades(files, self.HEADER, "2021-01-01,MOON-USDT,buy,1000,2")

        outcome = files.run_json()

        assert outcome["lead_return"] == pytest.approx(-0.1)
        assert outcome["final_holdings"] == pytest.approx({"MOON-USDT": 100})
        assert "so it ended there" in outcome["warnings"][0]

    def test_names_its_warnings_to_people_too(self, files):
        self.trades(files, self.HEADER, "2021-01-01T00:00:00Z,BTC-USD,buy,50,100")

        assert "Warning         mine.csv: BTC-USD: dollars are taken as USDT, one for one." in files.run()

    def test_lists_its_formats(self, capsys):
        with pytest.raises(SystemExit):
            Command().run_from_argv(["manage.py", "whatif", "--help"])

        told = " ".join(capsys.readouterr().out.split())
        assert all(f"{name} (" in told for name in FORMATS)

    def test_refuses_a_format_that_is_not_listed(self, files):
        with pytest.raises(CommandError, match="invalid choice: 'excel'"):
            files.run("--format=excel")


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--investment=99"], "below the minimum of 100 USDT"),
            (["--investment=1e400"], "investment can be 1,000,000,000 USDT at most"),
            (["--lead-cash=0"], "lead's cash must be above zero"),
            (["--lead-cash=1000000000.01"], "lead's cash can be 1,000,000,000 USDT at most"),
            (["--fee-rate=1"], "fee rate must be at least 0 and below 1"),
            (["--slippage-rate=-0.1"], "slippage rate must be at least 0"),
            (["--stop-loss=1000"], "below the investment of 1000 USDT"),
            (["--stop-loss=0"], "stop loss must be above 0"),
            (["--order-value=10"], "term of the mode custom-fixed, not of smart-sync"),
            (["--mode=custom-fixed", "--order-ratio=0.1"], "term of the mode custom-ratio, not of custom-fixed"),
            (["--order-value=-1"], "order value must be above zero"),
            (["--order-ratio=0"], "order ratio must be above zero"),
            (["--mode=custom-fixed", "--order-max=0"], "maximum per order must be above zero"),
            (["--mode=custom-fixed", "--total-max=-1"], "maximum in total must be above zero"),
            (["--mode=custom-fixed", "--market=DOGE-USDT"], "The lead never traded DOGE-USDT"),
            (["--order-max=10"], "terms of the custom modes"),
            (["--start-dates=-1"], "at most 1000 start dates"),
            (["--start=2022-01-01"], "The prices end at 2021-01-01T02:00:00Z"),
            (["--end=2020-01-01"], "There is no bar"),
            (["--start=2021-01-02", "--end=2021-01-01"], "end lies before the start"),
            (["--investment=much"], "'much' is not a number"),
            (["--investment=NaN"], "'NaN' is not a number"),
            (["--start=yesterday"], "'yesterday' is not a time"),
            (["--start=1612122400000"], "'1612122400000' is not a time"),
            (["--end=20210101"], "'20210101' is not a time"),
            (["--end=2021-01-01 09-00"], "'2021-01-01 09-00' is not a time"),
            (["--mode=martingale"], "invalid choice"),
        ],
    )
    def test_is_refused_in_a_sentence(self, files, arguments, sentence):
        with pytest.raises(CommandError, match=sentence):
            files.run(*arguments)

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            (["2021-01-01T00:00:00Z,BTC-USDT,sell,1,100,closed"], "line 2: The lead sells 1 of BTC-USDT but holds 0"),
            (["2021-01-01T00:00:00Z,BTC-USDT,buy,101,100,closed"], r"line 2: The trade costs 10110\.10 USDT"),
            (["2021-01-01T00:00:00Z,DOGE-USDT,buy,1,1,closed"], "line 2: There are no prices of DOGE-USDT"),
            (["2021-01-01T00:00:00Z,BTC-USDT,buy,1,-1,closed"], "line 2"),
            (["2021-01-01T00:00:00Z,BTC-USDT,hold,1,1,closed"], "line 2"),
            (["2021-01-01T00:00:00Z,BTC-USDT,buy,1e300,1,closed"], "line 2: quantity '1e300' is no price"),
            (["2021-01-01T00:00:00Z,BTC-USDT,buy,1"], "line 2"),
            (
                ["2021-01-01T01:00:00Z,BTC-USDT,buy,1,1,", "2021-01-01T00:00:00Z,BTC-USDT,buy,1,1,"],
                "line 3: The trade is older",
            ),
        ],
    )
    def test_in_the_trades_is_refused_with_its_line(self, files, lines, sentence):
        files.write_trades(*lines)

        refusal = files.refusal()

        assert refusal.startswith("trades.csv, line")
        with pytest.raises(CommandError, match=sentence):
            files.run()

    @pytest.mark.parametrize("close", ["0", "-5", "dear", "nan", "1e300", "1e-300"])
    def test_in_the_prices_is_refused_with_its_line(self, files, close):
        files.prices = files.write(
            "bad.csv", "ts,symbol,open,high,low,close,volume", f"2021-01-01T00:00:00Z,BTC-USDT,1,1,1,{close},1"
        )

        assert files.refusal().startswith("bad.csv, line 2: close")

    def test_in_the_weights_is_refused_with_its_line(self, files):
        files.weights = files.write(
            "heavy.csv", "ts,symbol,weight_target", "2021-01-01T00:00:00Z,BTC-USDT,0.6", "2021-01-01T00:00:00Z,CASH,0.6"
        )

        assert files.refusal(lead="weights").startswith("heavy.csv, line 2: The weights of this time sum to 1.2")

    def test_names_the_traders_when_a_file_holds_several(self, files):
        files.write(
            "trades.csv",
            "ts,trader,symbol,side,quantity,price",
            "2021-01-01T00:00:00Z,ann,BTC-USDT,buy,1,100",
            "2021-01-01T00:00:00Z,ben,BTC-USDT,buy,2,100",
        )

        assert "ann, ben" in files.refusal()
        assert files.run_json("--trader=ben")["final_holdings"] == pytest.approx({"BTC-USDT": 0.2})
