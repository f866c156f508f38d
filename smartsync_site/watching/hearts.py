"""A heart beside what a process does: a thread that beats every few seconds, for as long as the process lives."""

import threading

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from copytrading.services.running import heartbeats, sirens

BEAT_SECONDS = heartbeats.BEAT_SECONDS

log = structlog.get_logger(__name__)
_asked_to_stop = threading.Event()


def start(kind: str) -> threading.Thread:
    """Beat from now on; alarms that nobody was told of are told along the way."""
    thread = threading.Thread(target=_beat, args=[kind], name="heart", daemon=True)
    thread.start()
    return thread


def stop(kind: str) -> None:
    """Beat no more, and take the process off the list: it was asked to end."""
    _asked_to_stop.set()
    try:
        heartbeats.stop(kind=heartbeats.Kind(kind))
    except DatabaseError:
        log.info("heart_not_taken_off")
    finally:
        connection.close()


def beat_once(kind: str) -> None:
    """Beat, and tell alarms that nobody was told of; a database that is away is waited for."""
    try:
        now = timezone.now()
        heartbeats.beat(kind=heartbeats.Kind(kind), now=now)
        sirens.sound(now=now)
    except DatabaseError as trouble:
        log.info("heart_without_database", reason=type(trouble).__name__)
    except Exception:
        # A heart that stops for whatever else would make a dead process of one that lives.
        log.exception("heart_stumbles")
    finally:
        connection.close()


def _beat(kind: str) -> None:
    while not _asked_to_stop.is_set():
        beat_once(kind)
        _asked_to_stop.wait(BEAT_SECONDS)
