"""A command that its surroundings do not let finish: one sentence and a code, and nothing of our insides."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, OperationalError, ProgrammingError, connection
from psycopg import errors

from smartsync_site import endings

UNREACHABLE = {
    "DATABASE_URL": "postgresql://somebody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DEVELOPMENT": "1",
}


def begin(*arguments: str, **streams: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | UNREACHABLE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs tests in the background has Ctrl-C ignored, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **streams,  # type: ignore[call-overload]
    )


def write_recording(folder: Path, *, hours: int) -> list[str]:
    """Write prices and one trade, and return the arguments of a what-if that takes long and prints much."""
    days = [f"{year}-{month:02}-{day:02}" for year in (2021, 2022) for month in range(1, 13) for day in range(1, 29)]
    bars = [f"{day}T{hour:02}:00:00Z,BTC-USDT,1,1,1,{100 + hour},1" for day in days for hour in range(24)][:hours]
    (folder / "prices.csv").write_text("\n".join(["ts,symbol,open,high,low,close,volume", *bars]))
    (folder / "trades.csv").write_text(
        "ts,symbol,side,quantity,price\n2021-01-01T00:00:00Z,BTC-USDT,buy,1,100\n2021-01-01T05:00:00Z,BTC-USDT,sell,1,100"
    )
    return ["whatif", f"--prices={folder / 'prices.csv'}", f"--lead-trades={folder / 'trades.csv'}", "--json"]


class TestCommand:
    def test_says_that_the_database_cannot_be_reached(self) -> None:
        command = begin("check_ledger")

        _, said = command.communicate(timeout=60)

        assert command.returncode == endings.USAGE_ERROR
        assert said.startswith("The database cannot be reached: ")
        assert len(said.splitlines()) == 1

    def test_shows_its_insides_to_who_asks_for_them(self) -> None:
        _, said = begin("check_ledger", "--traceback").communicate(timeout=60)

        assert "Traceback" in said

    def test_ends_at_ctrl_c_in_a_sentence(self, tmp_path: Path) -> None:
        # A pipe that nobody writes to: the command is surely at work when the signal comes.
        prices = tmp_path / "prices.csv"
        os.mkfifo(prices)
        command = begin("whatif", f"--prices={prices}", f"--lead-trades={prices}")
        with prices.open("w"):
            command.send_signal(signal.SIGINT)

            _, said = command.communicate(timeout=60)

        assert command.returncode == endings.INTERRUPTED
        assert said == "Stopped by Ctrl-C, before it was finished.\n"

    def test_is_silent_when_its_reader_has_left(self, tmp_path: Path) -> None:
        command = begin(*write_recording(tmp_path, hours=5_000), stdout=subprocess.PIPE)
        assert command.stdout is not None
        command.stdout.close()

        said = command.stderr.read() if command.stderr else ""

        assert command.wait(60) == endings.LEFT_ALONE
        assert said == ""

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
    def test_says_that_the_disk_is_full(self, tmp_path: Path) -> None:
        with Path("/dev/full").open("w") as full:
            command = begin(*write_recording(tmp_path, hours=24), stdout=full)

            _, said = command.communicate(timeout=60)

        assert command.returncode == endings.USAGE_ERROR
        assert said == "The disk is full: nothing more can be written.\n"


class TestSentenceOf:
    def test_names_the_missing_tables(self, db: None) -> None:
        with pytest.raises(ProgrammingError) as trouble, connection.cursor() as cursor:
            cursor.execute("SELECT * FROM nowhere")

        assert endings.sentence_of(trouble.value).startswith("The database has no tables yet: ")

    def test_hides_no_fault_of_ours(self, db: None) -> None:
        with pytest.raises(DataError) as trouble, connection.cursor() as cursor:
            cursor.execute("SELECT 99999999999::int")

        assert endings.sentence_of(trouble.value) == ""
        assert endings.sentence_of(KeyError("a")) == ""

    @pytest.mark.parametrize(
        ("cause", "sentence"),
        [
            (errors.AdminShutdown("shutting down\nHINT"), "The database cannot be reached: shutting down"),
            (errors.DiskFull("no space"), "The disk is full: nothing more can be written."),
            (errors.DeadlockDetected("deadlock"), ""),
        ],
    )
    def test_looks_at_what_the_server_said(self, cause: Exception, sentence: str) -> None:
        wrapped = OperationalError("wrapped")
        wrapped.__cause__ = cause

        assert endings.sentence_of(wrapped) == endings.sentence_of(cause) == sentence

    def test_tells_what_is_wrong_with_the_settings(self) -> None:
        assert (
            endings.sentence_of(ImproperlyConfigured("X is missing.\nMore")) == "The settings do not fit: X is missing."
        )
