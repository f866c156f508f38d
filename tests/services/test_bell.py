"""A bell that cannot be rung costs seconds, and no press of a button."""

import socket
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.db import transaction
from django.utils import timezone

from copytrading.models import Lead
from copytrading.services import bell
from copytrading.services.cycle import conducting


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

    def test_waits_for_an_answer_before_the_same_lead_is_rung_for_again(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.SMARTSYNC_BELL = True
        first, second = (uuid4().int % 10**12 for _ in range(2))
        rung = []
        monkeypatch.setattr(current_app, "send_task", lambda name, *, args, **options: rung.append(args[0]))
        for _ in range(3):
            bell.ring_for_lead(first)
        bell.ring_for_lead(second)
        assert rung == [first, second]

        # It fails, since there is no such lead: whoever began has answered all the same.
        with suppress(Lead.DoesNotExist):
            conducting.sync_one_lead(lead_id=first, clock=timezone.now)
        bell.ring_for_lead(first)
        bell.ring_for_lead(second)

        assert rung == [first, second, first]
