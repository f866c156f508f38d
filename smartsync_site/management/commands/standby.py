"""manage.py standby: listens to the others, tells alarms outside, and works while nobody rings or answers."""

import contextlib
import signal
import time
from typing import Any

import redis
import structlog
from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from copytrading.services.running import heartbeats, sirens
from copytrading.services.running.lookout import Lookout
from copytrading.services.running.standby import Standby
from smartsync_site.watching import hearts

DEAD_MAN_SECONDS = 60.0
ASK_SECONDS = 5.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = (
        "Listen to the hearts of all processes and to both servers, tell alarms outside the box, and do what the"
        " timetable says for as long as no worker answers the beat: slower than workers, and never still."
    )

    def handle(self, **_: Any) -> None:
        self.asked_to_stop = False
        for number in STOP_SIGNALS:
            signal.signal(number, self.stop)
        current_app.loader.import_default_modules()
        standby = Standby(timetable=timetable(), call=call_task)
        for name, ask in (("PostgreSQL", ask_database), ("Valkey", ask_valkey)):
            Lookout(name=name, ask=ask, tell=sirens.tell_directly).start()
        beaten_at = pinged_at = float("-inf")
        self.stdout.write("Standing by.")
        self.stdout.flush()
        while not self.asked_to_stop:
            now = time.monotonic()
            if now >= beaten_at + heartbeats.BEAT_SECONDS:
                beaten_at = now
                hearts.beat_once("STANDBY")
            try:
                if now >= pinged_at + DEAD_MAN_SECONDS:
                    pinged_at = now
                    sirens.ping_dead_man(now=timezone.now())
                standby.look(now=timezone.now())
                close_old_connections()
            except DatabaseError as trouble:
                connection.close()
                log.info("standby_without_database", reason=type(trouble).__name__)
            self.wait()
        with contextlib.suppress(DatabaseError):
            hearts.stop("STANDBY")

    def stop(self, *_: Any) -> None:
        self.asked_to_stop = True

    def wait(self) -> None:
        """Sleep a second in short pieces, so that a signal is heeded at once."""
        ends_at = time.monotonic() + 1.0
        while not self.asked_to_stop and time.monotonic() < ends_at:
            time.sleep(0.1)


def call_task(name: str, *arguments: int) -> None:
    """Do a task here and now."""
    current_app.tasks[name](*arguments)


def ask_database() -> None:
    """Ask PostgreSQL, on a connection of its own; raises what came instead of an answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def ask_valkey() -> None:
    """Ask Valkey, on a connection of its own; raises what came instead of an answer."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=ASK_SECONDS) as valkey:
        valkey.ping()


def timetable() -> dict[str, float]:
    """Return the seconds between two calls of each task that rings by the second, but for the ring itself."""
    return {
        entry["task"]: float(entry["schedule"])
        for entry in current_app.conf.beat_schedule.values()
        if isinstance(entry["schedule"], int | float) and not entry["task"].endswith(".answer_ring")
    }
