"""manage.py feed as a process: it ticks, outlives its database connection, and stops when it is told to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.db.models import Max

from copytrading.models import Mark

PROJECT = Path(__file__).resolve().parent.parent.parent
# Generous: the machine may be busy, and what is measured is that it happens.
SECONDS_MAX = 30


def database_url() -> str:
    """Return the address of the database of this test run."""
    address = urlsplit(os.environ["DATABASE_URL"])
    return address._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


@pytest.fixture
def feed(transactional_db: None) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "feed"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": database_url(), "PYTHONUNBUFFERED": "1", "SMARTSYNC_PRICES": "simulated"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def wait_for_marks(*, after: datetime | None) -> datetime:
    """Return the time of the latest mark once there is a later one than `after`."""
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        latest = Mark.objects.aggregate(latest=Max("as_of"))["latest"]
        if latest is not None and (after is None or latest > after):
            return latest
        time.sleep(0.1)
    raise AssertionError("no mark came")


@pytest.mark.alone
class TestFeed:
    def test_ticks_outlives_its_connection_and_stops_at_once(self, feed: subprocess.Popen[str]) -> None:
        first = wait_for_marks(after=None)
        second = wait_for_marks(after=first)
        assert Mark.objects.count() == 12

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = %s",
                [connection.settings_dict["NAME"]],
            )
            assert cursor.rowcount == 1
        third = wait_for_marks(after=second)
        wait_for_marks(after=third)
        feed.send_signal(signal.SIGTERM)
        asked_at = time.monotonic()
        said, _ = feed.communicate(timeout=SECONDS_MAX)

        assert feed.returncode == 0
        assert time.monotonic() - asked_at < 3
        assert "The market is simulated." in said
        assert "The database does not answer" in said
        assert said.endswith("The market feed has stopped.\n")
