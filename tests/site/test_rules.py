"""What the surroundings name: each rule read strictly, within its bounds, or no start at all."""

import ast
import os
import re
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from copytrading.engine.rules import BOUNDS, in_words
from smartsync_site import environment

SOURCE = settings.BASE_DIR / "smartsync_site" / "rules.py"
EXAMPLE = settings.BASE_DIR / ".env.example"
# Of the cash's decimals no surroundings decide.
NAMED = [name for name in BOUNDS if name != "cash_decimals"]
WHOLE = {
    "investment_min", "stake_min", "order_value_max", "minute_value_max", "day_value_max", "failures_max",
    "dust_float", "deposit_max", "deposit_day_max", "deposit_total_max", "reference_copy_amount",
}  # fmt: skip


@pytest.fixture
def nothing_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Forget what the surroundings name, and a developer's .env with them."""
    monkeypatch.setattr(environment, "PROJECT", tmp_path)
    for name in list(os.environ):
        if name.startswith("SMARTSYNC_"):
            monkeypatch.delenv(name)
    return monkeypatch


def read() -> dict[str, Any]:
    """Read the rules as a start does, and return the settings by name."""
    return {name: value for name, value in runpy.run_path(str(SOURCE)).items() if name.startswith("SMARTSYNC_")}


class TestRulesAtTheStart:
    @pytest.mark.parametrize("name", NAMED)
    def test_are_refused_past_either_end_of_their_bounds(self, nothing_named: pytest.MonkeyPatch, name: str) -> None:
        least, most, _ = BOUNDS[name]
        step = 1 if name in WHOLE else 0.5
        # What has no upper end is only bounded below.
        for value in (least - step, most + step) if isfinite(most) else (least - step,):
            nothing_named.setenv(f"SMARTSYNC_{name.upper()}", f"{value}")

            with pytest.raises(ImproperlyConfigured) as refusal:
                read()

            assert str(refusal.value).startswith(f"SMARTSYNC_{name.upper()} is {value}, but it is {in_words(name)}")

    @pytest.mark.parametrize("text", ["x", "0,5", "1 %", "nan", "sNaN", "inf", "5 USDT", "9" * 5_000])
    @pytest.mark.parametrize("name", ["fee_rate", "drift_band", "investment_min"])
    def test_are_refused_where_they_are_no_number(
        self, nothing_named: pytest.MonkeyPatch, name: str, text: str
    ) -> None:
        nothing_named.setenv(f"SMARTSYNC_{name.upper()}", text)

        with pytest.raises(ImproperlyConfigured) as refusal:
            read()

        assert str(refusal.value).startswith(f"SMARTSYNC_{name.upper()} is {text!r}, which is no ")
        assert str(refusal.value).endswith(f"number; it is {in_words(name)}.")

    @pytest.mark.parametrize("name", sorted(WHOLE))
    def test_are_whole_where_they_count(self, nothing_named: pytest.MonkeyPatch, name: str) -> None:
        nothing_named.setenv(f"SMARTSYNC_{name.upper()}", "150.5")

        with pytest.raises(ImproperlyConfigured, match=r"is '150\.5', which is no whole number"):
            read()

    @pytest.mark.parametrize("text", ["0", "-1", "fast", "inf"])
    def test_refuse_a_speed_at_which_no_time_passes(self, nothing_named: pytest.MonkeyPatch, text: str) -> None:
        nothing_named.setenv("SMARTSYNC_SPEED", text)

        with pytest.raises(ImproperlyConfigured, match="SMARTSYNC_SPEED is "):
            read()

    def test_take_a_small_number_as_it_is_written(self, nothing_named: pytest.MonkeyPatch) -> None:
        nothing_named.setenv("SMARTSYNC_DRIFT_BAND", "1e-3")

        assert read()["SMARTSYNC_DRIFT_BAND"] == 0.001

    def test_take_something_for_each_exchange(self, nothing_named: pytest.MonkeyPatch) -> None:
        nothing_named.setenv("SMARTSYNC_REBATE_RATES", " Binance = 0.2, okx=1e-1 ")

        assert read()["SMARTSYNC_REBATE_RATES"] == {"binance": Decimal("0.2"), "okx": Decimal("0.1")}

    @pytest.mark.parametrize("text", ["binance", "binance=", "=0.2", "binance=20 %", "okx=1.1", "okx=-0.1", "okx=nan"])
    def test_refuse_a_rebate_that_is_none(self, nothing_named: pytest.MonkeyPatch, text: str) -> None:
        nothing_named.setenv("SMARTSYNC_REBATE_RATES", text)

        with pytest.raises(ImproperlyConfigured, match="SMARTSYNC_REBATE_RATES"):
            read()

    def test_take_what_is_empty_for_not_named(self, nothing_named: pytest.MonkeyPatch) -> None:
        by_default = read()
        for name in BOUNDS:
            nothing_named.setenv(f"SMARTSYNC_{name.upper()}", "")

        assert read() == by_default


PYTHON = [sys.executable]
CELERY = [*PYTHON, "-m", "celery", "-A", "smartsync_site"]
OF_SERVERS = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DATABASE_ROLE"}
STARTS = {
    "make run": [*PYTHON, "manage.py", "up", "--port", "8099"],
    "a command with servers": [*PYTHON, "manage.py", "check_ledger"],
    "a command without": [*PYTHON, "manage.py", "check"],
    "help": [*PYTHON, "manage.py"],
    "feed": [*PYTHON, "manage.py", "feed"],
    "web": [*PYTHON, "-m", "uvicorn", "smartsync_site.asgi:application", "--port", "8099"],
    "wsgi": [*PYTHON, "-c", "import smartsync_site.wsgi"],
    "worker": [*CELERY, "worker"],
    "beat": [*CELERY, "beat", "--pidfile="],
}


class TestStart:
    @pytest.fixture
    def folder(self) -> Iterator[Path]:
        """Where servers of its own would be, open to all: root would move it elsewhere otherwise."""
        with tempfile.TemporaryDirectory(prefix="smartsync-rules-") as path:
            Path(path).chmod(0o711)
            yield Path(path) / "local"

    @pytest.mark.parametrize("start", STARTS)
    def test_ends_at_a_rule_out_of_bounds_in_one_sentence(self, folder: Path, start: str) -> None:
        ended = self.begin(start, SMARTSYNC_DRIFT_BAND="7", SMARTSYNC_LOCAL=str(folder))

        assert ended.returncode == 2
        assert ended.stderr == (
            "The settings do not fit: SMARTSYNC_DRIFT_BAND is 7.0, but it is the drift, as a share of a copy's"
            " equity, that is left alone: from 0 to 1.\n"
        )
        assert ended.stdout == ""
        # Nobody started a server for it.
        assert not folder.exists()

    @pytest.mark.parametrize("cap", ["-0.005", "x"])
    @pytest.mark.parametrize("start", ["a command without", "web", "worker"])
    def test_ends_at_a_cap_that_is_none(self, start: str, cap: str) -> None:
        ended = self.begin(start, SMARTSYNC_SLIPPAGE_CAP=cap)

        assert ended.returncode == 2
        assert ended.stderr.startswith("The settings do not fit: SMARTSYNC_SLIPPAGE_CAP is ")
        assert ended.stderr.endswith(f"{in_words('slippage_cap')}.\n")

    @pytest.mark.parametrize("start", ["web", "wsgi", "worker", "beat"])
    def test_ends_the_same_way_at_a_setting_that_is_missing(self, start: str) -> None:
        ended = self.begin(start, SECRET_KEY="", DEVELOPMENT="0")

        assert ended.returncode == 2
        assert ended.stderr.startswith("The settings do not fit: SECRET_KEY is not set")
        assert len(ended.stderr.splitlines()) == 1

    @staticmethod
    def begin(start: str, **named: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name not in OF_SERVERS}
        return subprocess.run(
            STARTS[start],
            cwd=settings.BASE_DIR,
            env={**kept, "DEVELOPMENT": "1", **named},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def example_lines() -> dict[str, tuple[str, str]]:
    """Return the settings of the example by name: their value, and the line above."""
    lines = EXAMPLE.read_text().splitlines()
    named = [(line.partition("="), above) for above, line in zip(["", *lines], lines, strict=False)]
    return {name: (value, above) for (name, _, value), above in named if name.startswith("SMARTSYNC_")}


# What reads the environment: django-environ, and the functions of settings and rules that call it by a name.
READERS = re.compile(
    r"env\.\w+|os\.environ\.get|required|_read|_number|_exact|_whole|_by_exchange|_fractions_by_exchange"
)
OF_THE_SYSTEM = {"XDG_RUNTIME_DIR"}


def names_asked_for() -> set[str]:
    """Return the names that the site asks the environment for: every string that one of its readers is given."""
    asked = set()
    for path in (settings.BASE_DIR / "smartsync_site").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and READERS.fullmatch(ast.unparse(call.func)):
                asked |= {str(name.value) for name in call.args[:1] if isinstance(name, ast.Constant)}
    return asked - OF_THE_SYSTEM


def names_of_the_example() -> list[str]:
    return [line.partition("=")[0] for line in EXAMPLE.read_text().splitlines() if line and not line.startswith("#")]


class TestExampleOfTheEnvironment:
    def test_names_every_setting_that_is_read_and_no_other(self) -> None:
        assert set(names_of_the_example()) == names_asked_for()

    def test_names_each_setting_once(self) -> None:
        assert len(names_of_the_example()) == len(set(names_of_the_example()))

    def test_says_how_a_password_is_written_in_an_address(self) -> None:
        above = EXAMPLE.read_text().partition("DATABASE_URL=")[0]

        for character in "@/#?%":
            assert f"{character} as {quote(character, safe='')}" in above

    def test_says_of_each_setting_what_it_is(self) -> None:
        without = [name for name, (_, above) in example_lines().items() if not above.startswith("# ")]

        assert without == []

    def test_gives_every_default_as_it_is(self, nothing_named: pytest.MonkeyPatch) -> None:
        by_default = read()
        for name, (value, _) in example_lines().items():
            nothing_named.setenv(name, value)

        assert read() == by_default
