"""
One mutant after the other, in children of a process that has everything loaded.

This is a plugin of pytest. It lets the chosen tests run once, as they are, and notes which lines each of them runs and
how long it takes. Then, for each mutant, it forks: the child changes the one thing and runs the tests that run the
changed line, the nearest first, until one fails. A mutant costs a fork and its tests, and no import.
"""

import math
import os
import pickle
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from _pytest.runner import runtestprotocol
from django.core.management import call_command
from django.db import connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import blocking_manager_key

from tests.mutants.changing import Live, NotInReach
from tests.mutants.reading import lines_run_by

# A run that is ended while it watches goes on from there.
KEPT_EVERY = 50
# What one test may take of the processor's time besides ten times what it usually does: more has no end.
ENDLESS_SECONDS, USUAL_TIMES = 15, 10
# Who waits for something that never comes takes no time of the processor: ended after so many times its seconds.
PATIENCE = 20
FAILED_CODE, SURVIVED_CODE, BROKEN_CODE, OUT_OF_REACH_CODE = 11, 12, 13, 14


class Fate(StrEnum):
    KILLED = "killed"
    # It could not be loaded, or came to no end.
    BROKEN = "broken"
    SURVIVED = "survived"
    # What it changes is done once, when the project is loaded, and has to be looked at by hand.
    UNREACHED = "unreached"


class Watch:
    """
    Which tests run which lines of the mutated sources, and how long each test takes.

    What a test ran of a source is one number, whose bit n says whether it ran line n.
    """

    def __init__(self, root: Path, paths: Sequence[str]) -> None:
        self.root = root
        self.lines: dict[str, list[str]] = {path: (root / path).read_text().splitlines() for path in paths}
        self.ran: dict[str, dict[str, int]] = {}
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def lines_of(self, run: Callable[[], bool], name: str) -> None:
        """Run a test and note the lines that it runs."""
        seen: dict[str, set[int]] = {str(self.root / path): set() for path in self.lines}

        def enter(frame: Any, event: str, _: Any) -> Any:
            numbers = seen.get(frame.f_code.co_filename)
            if numbers is None:
                return None

            def note(frame: Any, event: str, _: Any) -> Any:
                if event == "line":
                    numbers.add(frame.f_lineno)
                return note

            return note

        began = time.process_time()
        threading.settrace(enter)
        sys.settrace(enter)
        try:
            passed = run()
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
        self.seconds[name] = time.process_time() - began
        self.ran[name] = {path: _bits(seen[str(self.root / path)]) for path in self.lines}
        if not passed:
            self.failed.add(name)

    def tests_of(self, path: str, line: int) -> list[str]:
        """
        Return the tests that run what stands in a line, see `lines_run_by`; where none does, those of its source.

        First those of the file that is named like the source, then those of the same room, since their rules are
        stated there, and then all others; of each of them the quickest first.
        """
        lines = lines_run_by(self.lines, path, line)
        found = self._running(lines) or self._running({path: range(1, len(self.lines[path]) + 1)})
        room, own = tests_room_of(path), f"/test_{Path(path).stem}"
        return sorted(found, key=lambda name: (own not in name, not name.startswith(room), self.seconds[name]))

    def kept(self) -> bytes:
        """Return what was noted, for another run."""
        tests = {name: self._text_of_test(name) for name in self.ran}
        return pickle.dumps((self.lines, tests, self.ran, self.seconds, self.failed))

    def take(self, kept: bytes) -> None:
        """Take what another run noted of tests that are as they were, and that ran no source that has changed."""
        lines, tests, ran, seconds, failed = pickle.loads(kept)
        changed = [path for path in {*lines, *self.lines} if lines.get(path) != self.lines.get(path)]
        for name, bits in ran.items():
            if self._text_of_test(name) == tests[name] and not any(bits.get(path) for path in changed):
                self.ran[name] = {path: bits.get(path, 0) for path in self.lines}
                self.seconds[name] = seconds[name]
                self.failed |= {name} & failed

    def _running(self, lines: Mapping[str, Iterable[int]]) -> list[str]:
        wanted = {path: _bits(numbers) for path, numbers in lines.items()}
        return [
            name
            for name, ran in self.ran.items()
            if name not in self.failed and any(ran[path] & bits for path, bits in wanted.items())
        ]

    def _text_of_test(self, name: str) -> int:
        file = self.root / name.partition("::")[0]
        return crc32(file.read_bytes()) if file.exists() else 0


def _bits(numbers: Iterable[int]) -> int:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits


def tests_room_of(path: str) -> str:
    """Return the folder in which the tests of a source are: tests/services/orders for one of services/orders."""
    return "/".join(("tests", *(part for part in Path(path).parent.parts if part != "copytrading"), ""))


class End:
    """
    What follows the last test for the time being: only what belongs to the session stays as it is.

    A test that does not follow will not do: what it shares with the last one would stay set up, and whatever runs
    instead of it would fail for that.
    """

    def __init__(self, session: pytest.Session) -> None:
        self._session = session

    def listchain(self) -> list[pytest.Session]:
        return [self._session]


class Trials:
    """The plugin: `trials` is asked for what is to be tried, and told what came of it."""

    def __init__(
        self, *, root: Path, paths: Sequence[str], map_file: Path | None, run: Callable[["Trials"], None]
    ) -> None:
        self.root, self._run, self._map_file = root, run, map_file
        self.watch = Watch(root, paths)
        self.items: dict[str, pytest.Item] = {}

    def pytest_configure(self) -> None:
        profile = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}
        hypothesis_settings.register_profile("mutants", **profile)  # type: ignore[arg-type]
        hypothesis_settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._session = session
        self.items = {item.nodeid: item for item in session.items}
        if self._map_file is not None and self._map_file.exists():
            self.watch.take(self._map_file.read_bytes())
        self.end = End(session)
        # What belongs to the session, as its database, is no test's time.
        _passes(
            next((item for item in session.items if "db" in getattr(item, "fixturenames", ())), session.items[0]),
            self.end,
        )
        left = [item for item in session.items if item.nodeid not in self.watch.ran]
        for number, (item, following) in enumerate(zip_longest(left, left[1:], fillvalue=self.end)):
            self.watch.lines_of(lambda item=item, following=following: _passes(item, following), item.nodeid)
            if self._map_file is not None and (number % KEPT_EVERY == 0 or following is self.end):
                self._map_file.write_bytes(self.watch.kept())
        connections.close_all()
        self.live = Live(self.root)
        self._run(self)
        return True

    def fate(self, path: str, source: str, *, tests: Sequence[str], seconds: float) -> tuple[Fate, str]:
        """
        Return what becomes of a mutant, and by which test.

        :param tests: ids of the tests that are asked, in this order, or the beginnings of such.
        :param seconds: after how much of the processor's time no further test is asked.
        """
        readable, writable = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(readable)
            self._be_child(path, source, tests, seconds, writable)
        os.close(writable)
        code = _wait(child, seconds * PATIENCE)
        with os.fdopen(readable, errors="replace") as said:
            told = said.read()
        fates = {
            FAILED_CODE: Fate.KILLED,
            SURVIVED_CODE: Fate.SURVIVED,
            BROKEN_CODE: Fate.BROKEN,
            OUT_OF_REACH_CODE: Fate.UNREACHED,
        }
        if code is None or code < 0:
            self._clean()
            return Fate.BROKEN, "no end"
        return fates.get(code, Fate.BROKEN), told

    def _clean(self) -> None:
        """Empty the tables after a child that was ended: it may have left what it had committed."""
        child = os.fork()
        if child == 0:
            try:
                with self._session.config.stash[blocking_manager_key].unblock():
                    call_command("flush", interactive=False, verbosity=0)
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    def _be_child(self, path: str, source: str, tests: Sequence[str], seconds: float, writable: int) -> None:
        os.setsid()
        code, told = BROKEN_CODE, ""
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        try:
            self.live.change(path, source)
            chosen = [name for test in tests for name in self._named(test)]
            code, told = SURVIVED_CODE, f"{len(chosen)} tests"
            for number, name in enumerate(chosen):
                if time.process_time() > seconds:
                    told = f"{number} tests, and no time for more"
                    break
                self._end_after_long(name)
                following = self.items[chosen[number + 1]] if number + 1 < len(chosen) else self.end
                if not _passes(self.items[name], following):
                    code, told = FAILED_CODE, f"{number + 1}. {name}"
                    break
        except NotInReach:
            code = OUT_OF_REACH_CODE
        except BaseException as trouble:
            told = f"{type(trouble).__name__}: {trouble}"[:200]
        finally:
            os.write(writable, told.encode())
            os._exit(code)

    def _named(self, test: str) -> list[str]:
        return [test] if test in self.items else [name for name in self.items if name.startswith(test)]

    def _end_after_long(self, name: str) -> None:
        """End this child in a test that takes far longer than it does: of the processor's time, however busy it is."""
        seconds = time.process_time() + ENDLESS_SECONDS + USUAL_TIMES * self.watch.seconds.get(name, 0.0)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), resource.RLIM_INFINITY))


def _passes(item: pytest.Item, following: "pytest.Item | End") -> bool:
    reports = runtestprotocol(item, nextitem=following, log=False)  # type: ignore[arg-type]
    return not any(report.failed for report in reports)


def _wait(child: int, seconds: float) -> int | None:
    """Return the code that a child ended with; None where it had to be ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
