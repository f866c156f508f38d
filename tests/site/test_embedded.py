import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import psutil
import psycopg
import pytest
import redis
from django.conf import settings

from smartsync_site.embedded import CannotStart, EmbeddedServers, LocalFolder, postgres
from smartsync_site.embedded import folder as folders


@pytest.fixture
def folder() -> Iterator[LocalFolder]:
    # Not tmp_path: the user who runs PostgreSQL for root must be able to pass through.
    with tempfile.TemporaryDirectory(prefix="smartsync-embedded-") as path:
        Path(path).chmod(0o711)
        yield LocalFolder(Path(path) / "local")


def left_over(folder: LocalFolder) -> list[str]:
    """Return the programs that still run on a folder."""
    return [
        process.info["name"]
        for process in psutil.process_iter(["name", "cmdline"])
        if str(folder.path) in " ".join(process.info["cmdline"] or [])
    ]


class TestLocalFolder:
    def test_makes_its_secrets_once_and_for_its_owner_alone(self, folder: LocalFolder) -> None:
        folder.prepare()
        first = folder.secret("postgres")
        folder.prepare()

        assert len(first) > 20
        assert folder.secret("postgres") == first
        assert (folder.path / "secrets.json").stat().st_mode & 0o777 == 0o600

    def test_keeps_sockets_elsewhere_when_their_path_would_not_fit(self, tmp_path: Path) -> None:
        deep = LocalFolder(tmp_path / ("deep" * 30))

        assert len(str(deep.sockets / ".s.PGSQL.5432.lock")) < 107
        assert deep.sockets != LocalFolder(tmp_path / ("deeper" * 30)).sockets

    def test_belongs_to_one_process(self, folder: LocalFolder) -> None:
        folder.prepare()
        other = LocalFolder(folder.path)

        assert folder.take_lock()
        assert not other.take_lock()
        assert f"process {os.getpid()}" in other.holder()

        folder.release_lock()
        assert other.take_lock()
        other.release_lock()

    def test_refuses_a_disk_without_room(self, folder: LocalFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(folders, "FREE_MEGABYTES_MIN", 10**12)

        with pytest.raises(CannotStart, match="The disk is full"):
            folder.prepare()


class TestWaiting:
    @pytest.mark.parametrize(
        ("said", "is_waited_for"), [("the database system is starting up", True), ("no such file", False)]
    )
    def test_goes_on_for_a_server_that_works_off_what_it_had_noted(
        self, folder: LocalFolder, monkeypatch: pytest.MonkeyPatch, said: str, is_waited_for: bool
    ) -> None:
        asked = []

        def connect(**_: object) -> object:
            asked.append(1)
            if len(asked) < 5:
                raise psycopg.OperationalError(f"connection failed: {said}")
            return MagicMock()

        monkeypatch.setattr(postgres.psycopg, "connect", connect)
        server = postgres.EmbeddedPostgres(folder=folder, durable=False)

        if is_waited_for:
            server.wait_until_ready(seconds_max=0)
        else:
            with pytest.raises(CannotStart):
                server.wait_until_ready(seconds_max=0)
        assert len(asked) == (5 if is_waited_for else 1)


class TestEmbeddedServers:
    def test_answer_with_the_password_and_keep_what_was_stored(self, folder: LocalFolder) -> None:
        for turn in ("first", "second"):
            servers = EmbeddedServers(folder=folder, durable=False, given={})
            assert servers.claim()
            servers.start()
            with psycopg.connect(folder.database_url(), autocommit=True) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS kept (turn text)")
                connection.execute("INSERT INTO kept VALUES (%s)", [turn])
                rows = connection.execute("SELECT turn FROM kept").fetchall()
            assert redis.Redis.from_url(folder.redis_url()).ping()
            servers.stop()

        assert rows == [("first",), ("second",)]
        assert left_over(folder) == []

    def test_turn_away_whoever_has_no_password(self, folder: LocalFolder) -> None:
        servers = EmbeddedServers(folder=folder, durable=False, given={})
        servers.claim()
        servers.start()
        try:
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(host=str(folder.sockets), user="smartsync", password="a guess", dbname="smartsync")
            with pytest.raises(redis.exceptions.AuthenticationError):
                redis.Redis(unix_socket_path=str(folder.sockets / "valkey.sock")).ping()
        finally:
            servers.stop()

    def test_refuse_data_of_another_major_version(self, folder: LocalFolder) -> None:
        servers = EmbeddedServers(folder=folder, durable=False, given={"REDIS_URL": "redis://elsewhere"})
        servers.claim()
        (folder.path / "pg").mkdir()
        (folder.path / "pg" / "PG_VERSION").write_text("15\n")

        with pytest.raises(CannotStart, match="were made by PostgreSQL 15"):
            servers.start()

    def test_leave_alone_what_the_surroundings_name(self, folder: LocalFolder) -> None:
        given = {"DATABASE_URL": "postgresql://elsewhere", "REDIS_URL": "redis://elsewhere"}

        assert EmbeddedServers(folder=folder, given=given).servers == []

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
    def test_end_with_the_process_that_started_them_even_when_it_is_killed(self, folder: LocalFolder) -> None:
        code = (
            "import sys, time; from pathlib import Path; from smartsync_site.embedded import *;"
            "servers = EmbeddedServers(folder=LocalFolder(Path(sys.argv[1])), durable=False, given={});"
            "servers.claim(); servers.start(); print('running', flush=True); time.sleep(60)"
        )
        starter = subprocess.Popen(
            [sys.executable, "-c", code, str(folder.path)], cwd=settings.BASE_DIR, stdout=subprocess.PIPE
        )
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"running\n"
        assert left_over(folder)

        starter.send_signal(signal.SIGKILL)
        starter.wait()

        deadline = time.monotonic() + 10
        while left_over(folder) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left_over(folder) == []
        starter.stdout.close()
