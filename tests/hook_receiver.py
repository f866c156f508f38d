"""What tests of webhooks ask for: a receiver on this machine, and somebody's webhook that is never called."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.test import override_settings
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Webhook
from copytrading.services.hooks import webhooks
from tests.hook_receiver_server import Receiver as Receiver
from tests.hook_receiver_server import hook_receiver


def webhook_of(user: User, *, now: datetime) -> Webhook:
    """Return a webhook of a person that is never called: its address is a number of the examples."""
    with override_settings(WEBHOOK_LOCAL_HOSTS=["192.0.2.1:443"]):
        webhook, _ = webhooks.add_webhook(user=user, address="https://192.0.2.1/", events=["copy"], topics=[], now=now)
    return webhook


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver on this machine, which only tests may call."""
    with hook_receiver() as running:
        settings.WEBHOOK_LOCAL_HOSTS = [running.host]
        yield running
