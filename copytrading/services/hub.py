"""
Who listens in one process, and what each has still to be told: for the pages' stream and for the programs'.

One task of the process listens to Valkey and hands each bell to the clients that may hear it. A client remembers which
bells are still to be sent, each once: somebody slow gets one ring where others got ten, so nothing ever piles up.
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import redis.asyncio
import structlog
from django.conf import settings

from copytrading.services.bell import LIVE_CHANNEL

log = structlog.get_logger()

RECONNECT_SECONDS = 1.0

PRICES = "prices"
# What concerns everybody: trading was halted, or goes on.
PLATFORM = "platform"
# Everything a page may have missed, by the kind of topic.
EVENTS = {
    PRICES: ("marks",),
    PLATFORM: ("halts",),
    "user": ("activity", "copies", "notices", "wallet"),
    "lead": ("lead",),
    # What happens in a lead's book: for those who see it as it happens.
    "book": ("lead",),
}


@dataclass(eq=False)
class Client:
    """One open page: what it may hear, and what it has still to be told (in the order it rang)."""

    topics: frozenset[str]
    pending: dict[str, None] = field(default_factory=dict)
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self, event: str) -> None:
        self.pending[event] = None
        self.rung.set()

    def ring_all(self) -> None:
        """Ring everything: some bells were missed, and nobody knows which."""
        for topic in sorted(self.topics):
            for event in EVENTS[topic.partition(":")[0]]:
                self.ring(event)

    def take(self) -> list[str]:
        events = list(self.pending)
        self.pending.clear()
        self.rung.clear()
        return events


class Hub:
    """All clients of one process and the one subscription that serves them; it lives while somebody listens."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._clients: set[Client] = set()
        # Most bells are for one person, so nobody else is even looked at.
        self._clients_of: dict[str, set[Client]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._is_deaf = False

    def __len__(self) -> int:
        return len(self._clients)

    def join(self, topics: Iterable[str]) -> Client:
        client = Client(topics=frozenset(topics))
        self._clients.add(client)
        for topic in client.topics:
            self._clients_of.setdefault(topic, set()).add(client)
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        return client

    def leave(self, client: Client) -> None:
        self._clients.discard(client)
        for topic in client.topics:
            others = self._clients_of.get(topic, set())
            others.discard(client)
            if not others:
                self._clients_of.pop(topic, None)
        if not self._clients and self._listener is not None:
            self._listener.cancel()
            self._listener = None

    def hand_out(self, topic: str, event: str) -> None:
        for client in self._clients_of.get(topic, ()):
            client.ring(event)

    async def _listen(self) -> None:
        """Listen for ever; after a lost connection, connect again and ring everything once."""
        while True:
            try:
                await self._listen_once()
            except (redis.RedisError, OSError) as error:
                if not self._is_deaf:
                    log.warning("pages_hear_no_bells", error=str(error), pages=len(self))
                self._is_deaf = True
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        # The client's own time limit on reads would end a subscription that is merely quiet.
        async with redis.asyncio.Redis.from_url(self._url, socket_timeout=None) as valkey, valkey.pubsub() as pubsub:
            await pubsub.subscribe(LIVE_CHANNEL)
            async for message in pubsub.listen():
                if message["type"] == "subscribe":
                    self._is_deaf = False
                    # Whatever rang before we listened was missed.
                    for client in self._clients:
                        client.ring_all()
                elif message["type"] == "message":
                    bell = json.loads(message["data"])
                    for topic in bell["topics"]:
                        self.hand_out(topic, bell["event"])


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop: one a process, as a server process runs one loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub(settings.REDIS_URL)
    return _hubs[loop]
