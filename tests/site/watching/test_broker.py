"""The bell's own way: a broker that is away is asked for every second, and a beat that starts rings at once."""

import pytest
from celery import current_app
from kombu.exceptions import OperationalError

from smartsync_site.watching.beating import BeatingScheduler

TRIES = 4


def test_a_broker_that_is_away_is_asked_for_every_second() -> None:
    waits: list[float] = []

    with current_app.connection_for_read("redis://127.0.0.1:9/0") as connection, pytest.raises(OperationalError):
        connection.ensure_connection(lambda error, seconds: waits.append(seconds), TRIES)

    assert waits == [1] * TRIES


def test_a_beat_that_starts_rings_by_the_second_at_once_and_by_the_hour_in_its_time() -> None:
    entries = BeatingScheduler(current_app, lazy=False).schedule

    at_once = {name for name, entry in entries.items() if entry.is_due().is_due}
    by_the_hour = {"drop weights", "export the head of the audit", "forget what is old", "tell contradictions"}

    assert by_the_hour <= set(entries)
    assert at_once == set(entries) - by_the_hour
