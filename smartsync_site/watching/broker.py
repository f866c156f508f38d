"""Celery's way to its broker: one that is away is asked for every second, so that all are back soon after it is."""

from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection

RETRY_SECONDS = 1


class PromptConnection(Connection):
    """A connection whose tries stay a second apart; the library's own waits grow to half a minute."""

    def ensure_connection(self, *arguments: Any, **named: Any) -> Any:
        waits = {"interval_start": RETRY_SECONDS, "interval_step": 0, "interval_max": RETRY_SECONDS}
        return super().ensure_connection(*arguments, **(waits | named))


class PromptBroker(AMQP):
    """What makes Celery's connections, of our kind."""

    Connection = BrokerConnection = PromptConnection
