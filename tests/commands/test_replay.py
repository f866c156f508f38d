"""manage.py replay on small files: the whole stack in a database of its own, beside the engine alone."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from copytrading.management.commands.replay import Command
from copytrading.services.copies import verbs as copies
from copytrading.services.refusals import NotPossibleNow

JSON_KEYS = {
    "lead",
    "followers",
    "bars",
    "cycles",
    "orders",
    "fills",
    "allocations",
    "ledger_ok",
    "custody_difference",
    "lead_return",
    "copy_return_min",
    "copy_return_median",
    "copy_return_max",
    "whatif_difference",
    "modes",
    "warnings",
    "seconds",
    "allocations_per_second",
}

# BTC rises and falls, ETH comes late and ends early.
BTC_CLOSES = (100, 110, 120, 90, 95, 130, 128, 140)
ETH_CLOSES = (None, 10, 11, 12, 10.5, 9.25, None, None)
TRADES = (
    "2021-01-01T00:00:00Z,BTC-USDT,buy,50,100",
    "2021-01-01T00:30:00Z,BTC-USDT,sell,20,105",
    "2021-01-01T01:30:00Z,ETH-USDT,buy,300,10.5",
    "2021-01-01T03:10:00Z,BTC-USDT,sell,30,91",
    "2021-01-01T03:20:00Z,ETH-USDT,sell,100.123456789,11",
    "2021-01-01T04:40:00Z,BTC-USDT,buy,40.0000000012,127.5",
)
WEIGHTS = (
    "2021-01-01T00:00:00Z,A,BTC-USD,1",
    "2021-01-01T00:00:00Z,B,CASH,1",
    "2021-01-01T01:30:00Z,A,BTC-USD,0.5",
    "2021-01-01T01:30:00Z,A,ETH-USD,0.5",
)
BEAN_CHECK = Path(sys.executable).with_name("bean-check")


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def write_prices(folder: Path) -> Path:
    rows = [
        f"2021-01-01T0{hour}:00:00Z,{symbol},{close},{close},{close},{close},1"
        for symbol, closes in (("BTC-USDT", BTC_CLOSES), ("ETH-USDT", ETH_CLOSES))
        for hour, close in enumerate(closes)
        if close is not None
    ]
    return write(folder, "prices.csv", "ts,symbol,open,high,low,close,volume", *rows)


def write_trades(folder: Path, *rows: str) -> Path:
    return write(folder, "trades.csv", "ts,symbol,side,quantity,price", *rows)


def databases() -> set[str]:
    """Return the names of the server's databases that replays made."""
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    with psycopg.connect(**parameters) as server:
        names = server.execute("SELECT datname FROM pg_database WHERE datname LIKE '%%_replay_%%'").fetchall()
    return {name[0] for name in names}


def run(folder: Path, *arguments: str, lead: str = "--lead-trades", file: str = "trades.csv") -> str:
    printed = StringIO()
    files = [f"--prices={folder / 'prices.csv'}", f"{lead}={folder / file}"]
    call_command("replay", *files, *arguments, stdout=printed)
    return printed.getvalue()


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: object) -> dict:
    """Return what seven followers made of the recording, with the names of the databases left behind."""
    folder = tmp_path_factory.mktemp("recording")
    write_prices(folder)
    write_trades(folder, *TRADES)
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        money = ["--lead-cash=10000", "--followers=7", "--investment=100", "--investment-max=10000"]
        found = json.loads(run(folder, *money, "--json"))
        return found | {"left": databases()}


class TestReplay:
    def test_prints_every_promised_key(self, outcome: dict) -> None:
        assert set(outcome) - {"left"} == JSON_KEYS
        assert outcome["followers"] == 7

    def test_gives_every_follower_a_share_of_every_order(self, outcome: dict) -> None:
        assert outcome["orders"] == outcome["fills"] > 0
        assert outcome["allocations"] == outcome["orders"] * outcome["followers"]

    def test_ends_with_a_ledger_that_adds_up(self, outcome: dict) -> None:
        assert outcome["ledger_ok"] is True
        assert outcome["custody_difference"] == {"BTC": "0", "ETH": "0", "USDT": "0"}

    def test_returns_the_lead_what_its_trades_made(self, outcome: dict) -> None:
        cash, btc, eth = 10_000.0, 0.0, 0.0
        for quantity, price in ((50, 100), (-20, 105)):
            cash, btc = cash - quantity * price - abs(quantity) * price * 0.001, btc + quantity
        # The run starts at 00:00, with the first trade alone.
        first = 10_000 - 5_000 * 1.001 + 50 * 100
        for quantity, price in ((300, 10.5), (-100.123456789, 11)):
            cash, eth = cash - quantity * price - abs(quantity) * price * 0.001, eth + quantity
        for quantity, price in ((-30, 91), (40.0000000012, 127.5)):
            cash, btc = cash - quantity * price - abs(quantity) * price * 0.001, btc + quantity
        last = cash + btc * 140 + eth * 9.25

        assert outcome["lead_return"] == pytest.approx(last / first - 1, abs=1e-9)

    def test_treats_a_small_copy_as_well_as_a_large_one(self, outcome: dict) -> None:
        assert outcome["copy_return_max"] - outcome["copy_return_min"] < 1e-6
        assert outcome["copy_return_min"] <= outcome["copy_return_median"] <= outcome["copy_return_max"]

    def test_agrees_with_the_engine_alone(self, outcome: dict) -> None:
        assert outcome["copy_return_median"] != 0
        assert outcome["whatif_difference"] <= 1e-5

    def test_drops_its_database(self, outcome: dict) -> None:
        assert outcome["left"] == set()


class TestAStopLoss:
    # The second hour falls to 60 and closes at 95, the third closes at 70.
    BARS = ((100, 100, 100), (100, 60, 95), (95, 70, 70), (70, 70, 120))

    def write_bars(self, folder: Path) -> None:
        rows = [
            f"2021-01-01T0{number}:00:00Z,BTC-USDT,{first},{max(first, last)},{low},{last},1"
            for number, (first, low, last) in enumerate(self.BARS)
        ]
        write(folder, "prices.csv", "ts,symbol,open,high,low,close,volume", *rows)
        write_trades(folder, "2021-01-01T00:00:00Z,BTC-USDT,buy,100,100")

    @pytest.mark.parametrize(("stop_at", "hour", "copy_return"), [("close", 2, -0.3), ("low", 1, -0.4)])
    def test_sells_everything_at_the_price_that_it_looks_at(
        self, tmp_path: Path, django_db_blocker: object, stop_at: str, hour: int, copy_return: float
    ) -> None:
        self.write_bars(tmp_path)
        crowd = ["--followers=2", "--investment=100", "--investment-max=10000", "--fee-rate=0"]

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            found = json.loads(run(tmp_path, *crowd, "--stop-loss=20", f"--stop-at={stop_at}", "--json"))

        assert found["copy_return_min"] == pytest.approx(copy_return, abs=1e-5)
        assert (found["ledger_ok"], found["whatif_difference"] <= 1e-5) == (True, True)
        for copy in (found, *found["modes"]["smart-sync"]["by_investment"]):
            assert copy["stopped_at"] == f"2021-01-01T0{hour}:00:00Z"
            assert copy["tracking_error_until_stop"] == pytest.approx(0.0, abs=1e-6)

    # BTC falls to 60 in the fourth hour and comes back, and falls to 70 in the fifth. ETH has no bar in the third, when
    # the lead buys more of it; the lead sells in the very hours of both falls. Purchases are made at closes, so that a
    # ratio answers the same value at either price.
    FALLS = (
        ("BTC-USDT", ((0, 100, 100), (1, 100, 104), (2, 102, 103), (3, 60, 95), (4, 68, 70), (5, 70, 72), (6, 72, 90))),
        ("ETH-USDT", ((0, 10, 10), (1, 10, 10.5), (3, 5, 10.5), (4, 7, 8), (5, 8, 8.5), (6, 8.5, 9.5))),
    )
    FALLING = (
        "2021-01-01T00:00:00Z,BTC-USDT,buy,60,100",
        "2021-01-01T00:30:00Z,ETH-USDT,buy,200,10.5",
        "2021-01-01T01:30:00Z,ETH-USDT,buy,50,10.5",
        "2021-01-01T02:40:00Z,BTC-USDT,sell,10,96",
        "2021-01-01T03:40:00Z,BTC-USDT,sell,10,70",
        "2021-01-01T05:20:00Z,ETH-USDT,buy,30,9.5",
    )

    @pytest.mark.parametrize(("stop_at", "hour"), [("close", 4), ("low", 3)])
    def test_stops_at_the_bar_of_the_what_if_and_comes_to_the_same_worth(
        self, tmp_path: Path, django_db_blocker: object, stop_at: str, hour: int
    ) -> None:
        rows = [
            f"2021-01-01T0{number}:00:00Z,{symbol},{close},{close * 1.2},{low},{close},1"
            for symbol, bars in self.FALLS
            for number, low, close in bars
        ]
        prices = write(tmp_path, "prices.csv", "ts,symbol,open,high,low,close,volume", *rows)
        trades = write_trades(tmp_path, *self.FALLING)
        terms = ["--investment=100", "--stop-loss=15", f"--stop-at={stop_at}"]

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            crowd = ["--followers=8", "--investment-max=5000", "--mode=both"]
            found = json.loads(run(tmp_path, *crowd, *terms, "--json"))

        assert found["ledger_ok"] is True
        for mode, figures in found["modes"].items():
            printed = StringIO()
            call_command(
                "whatif", f"--prices={prices}", f"--lead-trades={trades}", *terms, f"--mode={mode}", "--json",
                stdout=printed,
            )  # fmt: skip
            expected, copy = json.loads(printed.getvalue()), figures["by_investment"][0]
            stops = None if mode == "custom-fixed" else f"2021-01-01T0{hour}:00:00Z"
            assert (copy["stopped_at"], expected["stopped_at"]) == (stops, stops)
            worth = 1 + found["lead_return"] + copy["return_difference"]
            assert worth == pytest.approx(1 + expected["copy_return"], rel=1e-5)
            assert copy["tracking_error_until_stop"] == pytest.approx(expected["tracking_error_until_stop"], abs=1e-6)
            # Larger investments stop at the same share.
            assert figures["by_investment"][1]["stopped_at"] == stops
            assert figures["whatif_difference"] <= 1e-5

    def test_that_was_never_reached_is_said_to_have_stopped_nobody(
        self, tmp_path: Path, django_db_blocker: object
    ) -> None:
        write_prices(tmp_path)
        write_trades(tmp_path, *TRADES)

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            found = json.loads(run(tmp_path, "--followers=1", "--stop-loss=900", "--json"))

        assert set(found) == JSON_KEYS | {"stopped_at", "tracking_error_until_stop"}
        assert found["stopped_at"] is None
        assert found["tracking_error_until_stop"] == found["modes"]["smart-sync"]["tracking_error_per_bar"]

    def test_is_told_to_people(self, tmp_path: Path, django_db_blocker: object) -> None:
        self.write_bars(tmp_path)

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            text = run(tmp_path, "--followers=2", "--fee-rate=0", "--stop-loss=200")

        assert "2 by their stop loss, 2021-01-01 02:00 UTC; tracking error" in text


@pytest.fixture(scope="module")
def weighed(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: object) -> dict:
    """Return what six followers, in all modes, made of a model portfolio, with the ledger as beancount reads it."""
    folder = tmp_path_factory.mktemp("weights")
    write_prices(folder)
    write(folder, "weights.csv", "ts,trader,symbol,weight_target", *WEIGHTS)
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        crowd = ["--followers=6", "--investment=100", "--investment-max=10000", "--mode=both"]
        files = ["--portfolio=A", "--start=2021-01-01T01:00:00Z", f"--export={folder / 'book'}"]
        found = json.loads(run(folder, *crowd, *files, "--json", lead="--lead-weights", file="weights.csv"))
    checked = subprocess.run([BEAN_CHECK, "--no-cache", folder / "book"], capture_output=True, text=True, check=False)
    return found | {"bean_check": (checked.returncode, checked.stderr), "book": (folder / "book").read_text()}


class TestModelPortfolio:
    def test_returns_what_its_weights_make(self, weighed: dict) -> None:
        # All in BTC at 100 for 0.1 %, followed from 110 on; half into ETH at 120 and 11, and both held to the end.
        coins = 10_000 / 1.001 / 100
        after_first = coins * 110
        at_two = coins * 120
        half = at_two / 2
        bought = half * (1 - 0.001) / 1.001
        last = coins / 2 * 140 + bought / 11 * 9.25

        assert weighed["lead"] == "A"
        assert weighed["lead_return"] == pytest.approx(last / after_first - 1, abs=2e-6)

    def test_is_copied_in_all_modes_by_small_and_large(self, weighed: dict) -> None:
        modes = weighed["modes"]
        counts = {mode: figures["followers"] for mode, figures in modes.items()}
        amounts = {point["investment"] for figures in modes.values() for point in figures["by_investment"]}

        assert counts == {"smart-sync": 3, "custom-ratio": 2, "custom-fixed": 1}
        assert amounts == {100.0, 10_000.0}

    def test_agrees_with_the_engine_alone_in_every_mode_for_those_who_come_later(self, weighed: dict) -> None:
        differences = {mode: figures["whatif_difference"] for mode, figures in weighed["modes"].items()}

        assert all(difference <= 2e-5 for difference in differences.values()), differences

    def test_is_held_by_smart_sync_and_missed_by_a_fixed_value(self, weighed: dict) -> None:
        smart, fixed = weighed["modes"]["smart-sync"], weighed["modes"]["custom-fixed"]

        assert smart["tracking_error_per_bar"] < 0.001 < fixed["tracking_error_per_bar"]
        assert abs(smart["return_difference"]) < 0.005 < abs(fixed["return_difference"])

    def test_ends_with_a_ledger_that_another_program_adds_up(self, weighed: dict) -> None:
        assert weighed["ledger_ok"] is True
        assert weighed["bean_check"] == (0, "")
        assert weighed["book"].count(" open Liabilities:Copy:") == 6


def flat(moment: str, symbol: str, price: object) -> str:
    return f"{moment},{symbol},{price},{price},{price},{price}"


# What is hard about it: a pair in a coin and one in another dollar, a name that returns as another coin, a sale above
# its purchase within a second, a price with more decimals than a market has.
HARD_PRICES = (
    *(
        flat(f"2021-01-01T{hour:02}:00:00Z", symbol, price)
        for hour in range(6)
        for symbol, price in (("BTC-USDT", 100 + hour), ("BTC-USDC", 125 + hour), ("ETH-BTC", 0.0333 + hour / 1000))
    ),
    *(flat(f"2021-01-01T{hour:02}:00:00Z", "MOON-USDT", "0.123456789012345") for hour in range(3)),
    *(flat(f"2021-01-{day:02}", "BTC-USDT", 120) for day in range(2, 10)),
    flat("2021-01-08", "MOON-USDT", 9),
    flat("2021-01-09", "MOON-USDT", 8),
)
HARD_TRADES = (
    "2021-01-01T00:00:00Z,BTC-USDC,buy,30,125",
    "2021-01-01T00:00:00Z,MOON-USDT,buy,1000,0.1234",
    "2021-01-01T01:00:00Z,BTC-USDT,sell,31,101",
    "2021-01-01T01:00:00Z,BTC-USDT,buy,1,101",
    "2021-01-01T02:00:00Z,BTC-USDT,buy,30,102",
    "2021-01-01T03:30:00Z,ETH-BTC,buy,100,0.0363",
    "2021-01-01T05:00:00Z,ETH-BTC,sell,50,0.0383",
    "2021-01-08T00:00:00Z,MOON-USDT,buy,100,9",
)


class TestInputOfTheWhatIf:
    def test_is_replayed_to_the_same_end(self, tmp_path: Path, django_db_blocker: object) -> None:
        write(tmp_path, "prices.csv", "ts,symbol,open,high,low,close", *HARD_PRICES)
        write_trades(tmp_path, *HARD_TRADES)

        with django_db_blocker.unblock():  # type: ignore[attr-defined]
            outcome = json.loads(run(tmp_path, "--followers=2", "--json"))

        assert outcome["ledger_ok"] is True
        assert outcome["copy_return_median"] != 0
        assert outcome["whatif_difference"] <= 1e-5
        assert set(outcome["custody_difference"]) == {"BTC", "ETH", "MOON", "MOON (2021-01-08)", "USDT"}
        told = " ".join(outcome["warnings"])
        assert all(word in told for word in ("BTC-USDC is paid in cash", "ETH-BTC is a trade of two", "so it ended"))

    @pytest.mark.parametrize(
        ("price", "quantity", "arguments", "sentence"),
        [
            ("1e-15", "1e17", [], "costs 1e-15 in a bar, which twelve decimals of a price cannot say"),
            ("1e-8", "1e11", [], r"would hold 1e\+11 COIN-USDT, more than a platform counts"),
            ("1e12", "1e-9", [], "The smallest part of COIN-USDT that a platform counts costs"),
            ("100", "1e-9", ["--lead-cash=0.000001"], "The smallest part of COIN-USDT .* for a portfolio of 1e-06"),
            ("1", "1", ["--followers=1000", "--investment=1e9"], "All investments together are 1,000,000,000,000 USDT"),
        ],
    )
    def test_is_refused_in_a_sentence_where_whole_units_cannot_say_it(
        self, tmp_path: Path, price: str, quantity: str, arguments: list[str], sentence: str
    ) -> None:
        bars = [f"2021-01-01T0{hour}:00:00Z,COIN-USDT,{price},{price},{price},{price}" for hour in range(3)]
        write(tmp_path, "prices.csv", "ts,symbol,open,high,low,close", *bars)
        write_trades(tmp_path, f"2021-01-01T00:00:00Z,COIN-USDT,buy,{quantity},{price}")

        with pytest.raises(CommandError, match=sentence) as refused:
            run(tmp_path, *arguments)

        assert refused.value.returncode == 2

    def test_that_the_platform_says_no_to_ends_in_its_sentence(
        self, tmp_path: Path, django_db_blocker: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write_prices(tmp_path)
        write_trades(tmp_path, *TRADES)

        def say_no(*arguments: object, **options: object) -> None:
            raise NotPossibleNow("Nobody can copy now.")

        monkeypatch.setattr(copies, "start_copy", say_no)
        with (
            django_db_blocker.unblock(),  # type: ignore[attr-defined]
            pytest.raises(CommandError, match="The platform did not replay this: Nobody can copy now"),
        ):
            run(tmp_path)

        assert databases_left(django_db_blocker) == set()


class TestSigterm:
    def test_drops_the_database(self, tmp_path: Path, django_db_blocker: object) -> None:
        write_prices(tmp_path)
        write_trades(tmp_path, *TRADES)
        command = subprocess.Popen(
            [
                sys.executable, "manage.py", "replay", f"--prices={tmp_path / 'prices.csv'}",
                f"--lead-trades={tmp_path / 'trades.csv'}", "--followers=5000",
            ],
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            assert wait_until(lambda: databases_left(django_db_blocker)), "a database is made"
            sleep(1)

            command.terminate()
            said = command.communicate(timeout=300)
        finally:
            command.kill()

        assert command.returncode == 128 + signal.SIGTERM, said
        assert "Traceback" not in said[1]
        assert databases_left(django_db_blocker) == set()


def databases_left(blocker: object) -> set[str]:
    with blocker.unblock():  # type: ignore[attr-defined]
        return databases()


def wait_until(happened: Callable[[], object], *, seconds: float = 60) -> bool:
    """Wait until something is so, and return whether it came to be."""
    until = monotonic() + seconds
    while not happened() and monotonic() < until:
        sleep(0.1)
    return bool(happened())


class TestBadInput:
    def test_refuses_costs_below_zero_and_says_how_to_give_them(self, tmp_path: Path) -> None:
        write_prices(tmp_path)
        row = "2021-01-01T00:00:00Z,BTC-USDT,buy,50,100,-0.05,BTC"
        write(tmp_path, "trades.csv", "ts,symbol,side,quantity,price,fee,fee_asset", row)

        with pytest.raises(CommandError, match=r"line 2: fee '-0.05' is below zero.*Write costs as .* \(0.05\).*okx"):
            run(tmp_path, "--lead-fees")

    def test_refuses_fees_that_a_file_does_not_have(self, tmp_path: Path) -> None:
        write_prices(tmp_path)
        write_trades(tmp_path, *TRADES)

        with pytest.raises(CommandError, match="lacks fee and fee_asset"):
            run(tmp_path, "--lead-fees")

    def test_refuses_a_fee_in_a_coin_without_prices(self, tmp_path: Path) -> None:
        write_prices(tmp_path)
        row = "2021-01-01T00:00:00Z,BTC-USDT,buy,50,100,0.1,BNB"
        write(tmp_path, "trades.csv", "ts,symbol,side,quantity,price,fee,fee_currency", row)

        with pytest.raises(CommandError, match="line 2: The fee is in BNB"):
            run(tmp_path, "--lead-fees")

    @pytest.mark.parametrize(
        ("rows", "arguments", "sentence"),
        [
            (["2021-01-01T00:00:00Z,BTC-USDT,buy,zero,100"], [], "trades.csv, line 2"),
            (["2021-01-01T00:00:00Z,PEPE-USDT,buy,1,1"], [], "There are no prices of PEPE-USDT"),
            (["2021-01-01T00:00:00Z,BTC-USDT,sell,1,100"], [], "sells 1 of BTC-USDT but holds 0"),
            (TRADES, ["--lead-cash=100"], "Give the lead more cash"),
            (TRADES, ["--investment=99"], "below the minimum"),
            (TRADES, ["--followers=0"], "1 to 100,000 followers, not 0"),
            (TRADES, ["--followers=999999999999"], "1 to 100,000 followers, not 999,999,999,999"),
            (TRADES, ["--lead-cash=1e12"], "1,000,000,000 USDT at most"),
            (TRADES, ["--investment-max=1e12"], "1,000,000,000 USDT"),
            (TRADES, ["--investment-max=0"], "below the smallest"),
            (TRADES, ["--investment=200", "--investment-max=100"], "below the smallest"),
            (TRADES, ["--stop-loss=1000"], "above 0 and below the investment of 1000 USDT, not 1000"),
            (TRADES, ["--stop-loss=0"], "The stop loss must be above 0"),
            (TRADES, ["--stop-loss=-5"], "The stop loss must be above 0"),
            (TRADES, ["--stop-loss=1e-9"], "A stop loss of 1E-9 USDT is none in whole units of 1E-8 USDT"),
            (TRADES, ["--stop-at=low"], "There is no stop loss to look for at the lows"),
        ],
    )
    def test_is_refused_in_a_sentence(
        self, tmp_path: Path, rows: list[str], arguments: list[str], sentence: str
    ) -> None:
        write_prices(tmp_path)
        write_trades(tmp_path, *rows)

        with pytest.raises(CommandError, match=sentence) as refused:
            run(tmp_path, *arguments)

        assert refused.value.returncode == 2

    @pytest.mark.parametrize(
        ("argument", "sentence"),
        [("--stop-loss=much", "'much' is not a number"), ("--stop-at=open", "invalid choice: 'open'")],
    )
    def test_that_is_no_stop_loss_ends_the_command(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], argument: str, sentence: str
    ) -> None:
        files = [f"--prices={tmp_path / 'prices.csv'}", f"--lead-trades={tmp_path / 'trades.csv'}"]

        with pytest.raises(SystemExit) as ended:
            Command().run_from_argv(["manage.py", "replay", *files, argument])

        assert ended.value.code == 2
        assert sentence in capsys.readouterr().err

    def test_with_bars_too_near_for_a_stop_loss_is_refused(self, tmp_path: Path) -> None:
        bars = [f"2021-01-01T00:00:00.{tenth}00Z,BTC-USDT,100,100,100,100" for tenth in range(3)]
        write(tmp_path, "prices.csv", "ts,symbol,open,high,low,close", *bars)
        write_trades(tmp_path, "2021-01-01T00:00:00Z,BTC-USDT,buy,1,100")

        with pytest.raises(CommandError, match="bars have to be a second apart") as refused:
            run(tmp_path, "--stop-loss=10")

        assert refused.value.returncode == 2

    def test_is_refused_before_the_work_whose_outcome_cannot_be_written(self, tmp_path: Path) -> None:
        write_prices(tmp_path)
        write_trades(tmp_path, *TRADES)

        with pytest.raises(CommandError, match="cannot be written") as refused:
            run(tmp_path, f"--export={tmp_path}")

        assert refused.value.returncode == 2
