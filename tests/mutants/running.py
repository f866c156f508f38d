"""
One mutant after the other, in children of a process that has everything loaded.

This is a plugin of pytest. It lets the chosen tests run once, as they are, and notes which functions each of them calls
and how long it takes. Then, for each mutant, it forks: the child changes the one thing and runs the tests that call the
changed function, those of its room first, until one fails. A mutant costs a fork and its tests, and no import.
"""

import math
import os
import pickle
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from django.core.management import call_command
from django.db import connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import blocking_manager_key

from tests.mutants.changing import Live, NotInReach, codes_of

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


@dataclass
class Watch:
    """Which tests call which function of the mutated sources, and how long each test takes."""

    root: Path
    wanted: set[tuple[str, str]] = field(default_factory=set)
    called: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def want(self, paths: Sequence[str]) -> None:
        for path in paths:
            file = str(self.root / path)
            for code in codes_of(compile(Path(file).read_text(), file, "exec")):
                self.wanted.add((file, code.co_qualname))

    def calls_of(self, run: Callable[[], bool], name: str) -> None:
        """Run a test and note what it calls."""
        seen: set[tuple[str, str]] = set()
        wanted = self.wanted

        def note(frame: Any, event: str, _: Any) -> None:
            if event == "call":
                code = frame.f_code
                if (key := (code.co_filename, code.co_qualname)) in wanted:
                    seen.add(key)

        began = time.process_time()
        threading.setprofile(note)
        sys.setprofile(note)
        try:
            passed = run()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        self.called[name], self.seconds[name] = seen, time.process_time() - began
        if not passed:
            self.failed.add(name)

    def tests_of(self, path: str, names: Sequence[str]) -> list[str]:
        """
        Return the tests that call any of some functions, or, of a value of the module, any function of it.

        Those of the same room come first, since its rules are stated there, and then all others, the quickest first.
        """
        file = str(self.root / path)
        keys = {(file, name) for name in names} & self.wanted
        of_module = {key for key in self.wanted if key[0] == file}
        found = [name for name, seen in self.called.items() if seen & (keys or of_module) and name not in self.failed]
        room = tests_room_of(path)
        return sorted(found, key=lambda name: (not name.startswith(room), self.seconds[name]))


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
        self.watch = Watch(root)
        self.watch.want(paths)
        self.items: dict[str, pytest.Item] = {}

    def pytest_configure(self) -> None:
        profile = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}
        hypothesis_settings.register_profile("mutants", **profile)  # type: ignore[arg-type]
        hypothesis_settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._session = session
        self.items = {item.nodeid: item for item in session.items}
        known = self._map_file is not None and self._map_file.exists()
        if known:
            self.watch.called, self.watch.seconds, self.watch.failed = pickle.loads(self._map_file.read_bytes())  # type: ignore[union-attr]
        self.end = End(session)
        # The first one in any case: it sets up what belongs to the session.
        left = [item for place, item in enumerate(session.items) if not place or item.nodeid not in self.watch.called]
        for number, (item, following) in enumerate(zip_longest(left, left[1:], fillvalue=self.end)):
            self.watch.calls_of(lambda item=item, following=following: _passes(item, following), item.nodeid)
            if self._map_file is not None and number % KEPT_EVERY == 0:
                self._map_file.write_bytes(pickle.dumps((self.watch.called, self.watch.seconds, self.watch.failed)))
        if self._map_file is not None:
            self._map_file.write_bytes(pickle.dumps((self.watch.called, self.watch.seconds, self.watch.failed)))
        connections.close_all()
        self.live = Live(self.root)
        self._run(self)
        return True

    def fate(self, path: str, source: str, *, tests: Sequence[str] = (), seconds: float, most: int) -> tuple[Fate, str]:
        """
        Return what becomes of a mutant, and by which test.

        :param tests: beginnings of the ids of tests; those that call what changed where there are none.
        :param seconds: after how much of the processor's time no further test is asked.
        :param most: how many tests may try, see `Watch.tests_of`.
        """
        readable, writable = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(readable)
            self._be_child(path, source, tests, most, seconds, writable)
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

    def _be_child(self, path: str, source: str, tests: Sequence[str], most: int, seconds: float, writable: int) -> None:
        os.setsid()
        code, told = BROKEN_CODE, ""
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        try:
            names = self.live.change(path, source)
            chosen = (
                [name for name in self.items if name.startswith(tuple(tests))]
                if tests
                else [name for name in self.watch.tests_of(path, names) if name in self.items][:most]
            )
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
