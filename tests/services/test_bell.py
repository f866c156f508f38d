"""A bell that cannot be rung costs seconds, and no press of a button."""

import socket
from typing import Any

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.db import transaction

from copytrading.services import bell


@pytest.fixture
def nobody() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.django_db(transaction=True)
class TestRing:
    def test_is_lost_without_a_word_while_the_broker_is_away(
        self, nobody: int, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.SMARTSYNC_BELL = True
        settings.REDIS_URL = f"redis://127.0.0.1:{nobody}/0"
        asked = []
        send_task = current_app.send_task

        def asking_nobody(name: str, **options: Any) -> Any:
            asked.append(name)
            with current_app.connection_for_write(f"redis://127.0.0.1:{nobody}/0") as connection:
                return send_task(name, connection=connection, **options)

        monkeypatch.setattr(current_app, "send_task", asking_nobody)

        with transaction.atomic():
            bell.ring_for_lead(1)
            bell.publish("prices", "marks")

        assert asked == ["copytrading.tasks.sync_lead"]
        assert django_settings.SMARTSYNC_BELL
