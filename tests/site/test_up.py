"""`manage.py up` as people use it: one real start of everything, asked about from outside, then stopped."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
import pytest
from django.conf import settings

SET_BY_THE_TESTS = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEVELOPMENT", "DATABASE_ROLE", "DB_POOL"}
# The first start lives four weeks of the demo; a busy machine takes its time.
START_SECONDS_MAX = 300
# Patience with a busy machine, and no promise.
STOP_SECONDS_MAX = 60
READY_SECONDS_MAX = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Home:
    """A local folder of its own, and what was started on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []

    def surroundings(self, **changes: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in SET_BY_THE_TESTS}
        return {**kept, "SMARTSYNC_LOCAL": str(self.path), **changes}

    def start(self, *, port: int) -> subprocess.Popen[str]:
        """Start everything and return once the first page can be had."""
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=settings.BASE_DIR,
            env=self.surroundings(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, args=(up,), daemon=True).start()
        deadline = time.monotonic() + START_SECONDS_MAX
        while not any("Ready after" in line for line in self.lines):
            assert up.poll() is None and time.monotonic() < deadline, "\n".join(self.lines)
            time.sleep(0.1)
        return up

    def _listen(self, up: subprocess.Popen[str]) -> None:
        assert up.stdout is not None
        for line in up.stdout:
            self.lines.append(line.rstrip())

    def run(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=self.surroundings(**changes),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def left_over(self) -> list[str]:
        found = []
        for process in psutil.process_iter():
            try:
                if str(self.path) in " ".join(process.cmdline()) or process.environ().get("SMARTSYNC_LOCAL") == str(
                    self.path
                ):
                    found.append(" ".join(process.cmdline())[:100])
            except psutil.Error:
                continue
        return found

    def seconds_until_nothing_is_left(self) -> float:
        began_at = time.monotonic()
        while self.left_over() and time.monotonic() - began_at < STOP_SECONDS_MAX + 5:
            time.sleep(0.1)
        assert self.left_over() == []
        return time.monotonic() - began_at


def answers_ready(port: int) -> bool:
    """Return whether every process says soon that it is there: some begin only when the first page stands."""
    for _ in range(READY_SECONDS_MAX * 5):
        with contextlib.suppress(HTTPError), urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as answer:
            return bool(answer.status == 200)
        time.sleep(0.2)
    return False


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="smartsync-up-") as path:
        Path(path).chmod(0o711)
        yield Home(Path(path) / "local")


@pytest.mark.slow
class TestUp:
    def test_serves_guards_its_folder_and_stops_without_a_trace(self, home: Home) -> None:
        port = free_port()
        up = home.start(port=port)
        try:
            assert answers_ready(port)

            second = home.run("up", "--port", str(free_port()))
            assert second.returncode == 2
            assert f"already runs here (process {up.pid}, manage.py up)" in second.stdout
            assert "Traceback" not in second.stdout + second.stderr

            # A command finds the servers running and works with them.
            assert home.run("migrate", "--check").returncode == 0
        finally:
            up.send_signal(signal.SIGINT)
            began_at = time.monotonic()
            code = up.wait(30)

        assert time.monotonic() - began_at < STOP_SECONDS_MAX
        assert code == 0
        assert home.left_over() == []
        assert "Everything is stopped." in home.lines[-1]

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
    def test_leaves_nothing_behind_when_it_is_killed_and_takes_up_where_it_stopped(self, home: Home) -> None:
        home.lines.clear()
        up = home.start(port=free_port())

        up.send_signal(signal.SIGKILL)
        up.wait(10)

        assert home.seconds_until_nothing_is_left() < STOP_SECONDS_MAX
        home.lines.clear()
        again = home.start(port=free_port())
        again.send_signal(signal.SIGTERM)
        assert again.wait(30) == 0
        assert home.left_over() == []


class TestUpRefuses:
    """One sentence and exit code 2, never a traceback."""

    def refused(self, home: Home, *arguments: str, **changes: str) -> str:
        ended = home.run("up", *arguments, **changes)
        assert ended.returncode == 2, ended.stdout + ended.stderr
        assert "Traceback" not in ended.stdout + ended.stderr
        return ended.stdout.splitlines()[-1]

    def test_a_port_in_use(self, home: Home) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]

            assert f"Port {port} is in use" in self.refused(home, "--port", str(port))

    @pytest.mark.parametrize("port", ["0", "-1", "65536", "many"])
    def test_a_port_that_is_none(self, home: Home, port: str) -> None:
        ended = home.run("up", f"--port={port}")

        assert ended.returncode == 2
        assert f"'{port}' is no port: name a number from 1 to 65535" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_prices_that_are_not_there(self, home: Home) -> None:
        assert "nowhere.csv, and there is no such file" in self.refused(
            home, SMARTSYNC_PRICES=f"{__file__},nowhere.csv"
        )

    def test_real_money_that_nobody_meant(self, home: Home) -> None:
        sentence = self.refused(home, "--port", str(free_port()), SMARTSYNC_VENUE="binance")

        assert "set SMARTSYNC_VENUE_LIVE=1 if you mean it" in sentence

    def test_a_database_that_does_not_answer(self, home: Home) -> None:
        sentence = self.refused(
            home,
            "--port",
            str(free_port()),
            DATABASE_URL=f"postgresql://somebody:word@127.0.0.1:{free_port()}/nothing",
            REDIS_URL="redis://127.0.0.1:1/0",
        )

        assert "The server in DATABASE_URL does not answer" in sentence
        assert "word" not in sentence
