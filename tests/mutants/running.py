"""
One mutant after the other, in a copy of the project.

The process that runs them imports the libraries once; for each mutant it forks, and the child imports the project with
the mutant in it and runs tests until one fails. So a mutant costs its tests and little more. Servers and the test
database are there for all of them; after a child that had to be ended the database is made anew.
"""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from smartsync_site.embedded import EmbeddedServers, LocalFolder

COPIED = ("accounts", "copytrading", "smartsync_site", "tests", "templates", "static")
COPIED_FILES = ("manage.py", "pyproject.toml", "Makefile", ".env.example")
LIBRARIES = (
    "celery", "cryptography.fernet", "django.db.models", "django.forms", "django.test", "django.views.generic",
    "hypothesis", "kombu", "numpy", "psycopg", "pytest", "pytest_django", "redis.asyncio", "structlog", "time_machine",
)  # fmt: skip
NO_TEST_FAILED, TESTS_FAILED = 0, 1


class Fate(StrEnum):
    KILLED = "killed"
    # It did not come to an end, or not even to a beginning.
    BROKEN = "broken"
    SURVIVED = "survived"


class Workshop:
    """A copy of the project with servers of its own."""

    def __init__(self, project: Path) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="smartsync-mutants-"))
        self.home.chmod(0o711)
        self.project = self.home / "project"
        self.project.mkdir()
        for name in COPIED:
            shutil.copytree(project / name, self.project / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in COPIED_FILES:
            shutil.copy(project / name, self.project / name)
        self._servers = EmbeddedServers(folder=LocalFolder(self.home / "local"), durable=False, given={})
        self._is_new = True

    def open(self) -> None:
        """Start the servers, load the libraries, and go into the copy."""
        self._servers.claim()
        self._servers.start()
        folder = self._servers.folder
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = folder.database_url(), folder.redis_url()
        os.environ |= {"DEVELOPMENT": "1", "DATABASE_ROLE": "", "DB_POOL": "0", "WORLDS": "5"}
        os.chdir(self.project)
        for name in LIBRARIES:
            __import__(name)

    def close(self) -> None:
        self._servers.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    @contextlib.contextmanager
    def changed(self, path: str, source: str) -> Iterator[None]:
        """Let a source of the copy be another one for a while."""
        file = self.project / path
        before = file.read_text()
        file.write_text(source)
        self._forget(file)
        try:
            yield
        finally:
            file.write_text(before)
            self._forget(file)

    def fate(self, tests: Sequence[str], *, seconds: float) -> tuple[Fate, str]:
        """Run tests in the copy as it is until one fails, and return what became of the mutant, and of which test."""
        said = self.home / "said.txt"
        arguments = [
            "-q", "-x", "--create-db" if self._is_new else "--reuse-db", "-p", "no:cacheprovider", "-p",
            "no:randomly", "-m", "not browser and not alone and not slow", "--no-header", "--tb=line", *tests,
        ]  # fmt: skip
        self._is_new = False
        child = os.fork()
        if child == 0:
            _run_tests(self.project, arguments, said)
        code = _wait(child, seconds)
        if code is None:
            self._is_new = True
            return Fate.BROKEN, "no end"
        failed = [
            line for line in said.read_text(errors="replace").splitlines() if line.startswith(("FAILED", "ERROR"))
        ]
        if code == NO_TEST_FAILED:
            return Fate.SURVIVED, ""
        if code == TESTS_FAILED:
            return Fate.KILLED, failed[0].split(" - ")[0] if failed else ""
        return Fate.BROKEN, failed[0] if failed else f"pytest ended with {code}"

    def _forget(self, file: Path) -> None:
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
            compiled.unlink()


def _run_tests(project: Path, arguments: list[str], said: Path) -> None:
    """Be a child: run tests and end with their code, whatever happens."""
    os.setsid()
    code = 70
    try:
        output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        # Whatever of the project the parent needed to come this far is imported anew, from the copy.
        for name in [name for name in sys.modules if name.split(".")[0] in (*COPIED, "manage")]:
            del sys.modules[name]
        sys.path[:] = [str(project), *(path for path in sys.path if path and Path(path).name != project.name)]
        import pytest  # noqa: PLC0415  (the parent has it already)

        code = int(pytest.main(arguments))
    finally:
        sys.stdout.flush()
        os._exit(code)


def _wait(child: int, seconds: float) -> int | None:
    """Return the code that a child ended with; None where it had to be ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
