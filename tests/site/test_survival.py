"""What stands while a server is away, and how soon the rest comes back."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client

from smartsync_site.embedded import EmbeddedServers, LocalFolder

# Asks ten times a second through the pool of the web process and says what came of it.
ASK = """
import time, django
django.setup()
from django.db import DatabaseError, connection
for _ in range(300):
    began = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        print("ok", flush=True)
    except DatabaseError:
        print("away", flush=True)
    connection.close()
    time.sleep(max(0, 0.1 - (time.monotonic() - began)))
"""


@pytest.fixture
def servers() -> Iterator[EmbeddedServers]:
    """Return a PostgreSQL of its own."""
    with tempfile.TemporaryDirectory(prefix="smartsync-test-") as home:
        Path(home).chmod(0o711)
        ours = EmbeddedServers(folder=LocalFolder(Path(home) / "local"), durable=False, given={"REDIS_URL": "other"})
        ours.claim()
        ours.start()
        yield ours
        ours.stop()


def test_the_pool_comes_back_within_five_seconds_of_the_server(servers: EmbeddedServers) -> None:
    surroundings = {**os.environ, "DATABASE_URL": servers.folder.database_url(), "DB_POOL": "2",
                    "DJANGO_SETTINGS_MODULE": "smartsync_site.settings"}  # fmt: skip
    asking = subprocess.Popen(
        [sys.executable, "-c", ASK], env=surroundings, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    )
    assert asking.stdout is not None
    try:
        assert asking.stdout.readline() == "ok\n"
        servers.servers[0].stop()
        while asking.stdout.readline() != "away\n":
            pass
        # Long enough for waits that double.
        time.sleep(4)
        servers.servers[0].start()
        back_at = time.monotonic()
        while asking.stdout.readline() != "ok\n":
            assert time.monotonic() < back_at + 5
        assert time.monotonic() < back_at + 5
    finally:
        asking.kill()
        asking.wait()
        asking.stdout.close()


class TestErrorPages:
    def test_ask_no_database(self, client: Client, django_assert_num_queries: object) -> None:
        answer = client.get("/there/is/no/such/page")

        assert (answer.status_code, "Nothing here" in answer.text) == (404, True)

    @pytest.mark.django_db
    def test_say_that_it_may_be_tried_again_while_the_database_is_away(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_: object, **__: object) -> None:
            raise OperationalError("the server is gone")

        client.raise_request_exception = False
        monkeypatch.setattr(connection, "cursor", away)
        monkeypatch.setattr(connection, "chunked_cursor", away)

        answer = client.get("/")

        assert (answer.status_code, answer.headers["Retry-After"] > "0") == (503, True)
        assert "Try again in a moment" in answer.text
