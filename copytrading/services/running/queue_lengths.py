"""How many rings wait in each queue of the broker: what operators look at, and nothing is decided by."""

from urllib.parse import parse_qs, urlsplit

import redis
from celery import current_app
from django.conf import settings

# A page waits for it, so a broker that is away may not hold it up.
TIMEOUT_SECONDS = 0.5


def rings_waiting() -> dict[str, int] | None:
    """Return how many rings no worker has taken yet, by queue; None where the broker does not tell."""
    address = _address_of(settings.CELERY_BROKER_URL)
    if not address:
        return None
    queues = [queue.name for queue in current_app.conf.task_queues]
    try:
        with redis.Redis.from_url(
            address, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
        ) as broker:
            asked = broker.pipeline(transaction=False)
            for queue in queues:
                asked.llen(queue)
            return dict(zip(queues, asked.execute(), strict=True))
    except (redis.RedisError, OSError, ValueError):
        return None


def _address_of(broker: str) -> str:
    """Return where the broker is in the words of Valkey's own client; nothing where it is of another kind."""
    parts = urlsplit(broker)
    if parts.scheme in {"redis", "rediss"}:
        return broker
    if parts.scheme == "redis+socket":
        number = parse_qs(parts.query).get("virtual_host", ["0"])[0]
        return f"unix://{parts.netloc}{parts.path}?db={number}"
    return ""
