"""
The live stream: tells an open page that there is news, and nothing more. The page then asks for it like any other page.

Who listens, and what each has still to be told, is kept by services.hub.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from copytrading.services.hub import PLATFORM, PRICES, hub

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 3000
# The browser comes back by itself, and is asked again who it is.
STREAM_SECONDS_MAX = 900.0
LEADS_MAX = 5


@never_cache
@require_GET
async def live(request: HttpRequest) -> StreamingHttpResponse:
    """Stream bells: prices, halts and the leads asked for to everybody, a person's own only to that person."""
    asked = request.GET.getlist("lead")[:LEADS_MAX]
    topics = {PRICES, PLATFORM, *(f"lead:{lead_id}" for lead_id in asked if lead_id.isdigit())}
    user = await request.auser()
    if user.is_authenticated:
        topics.add(f"user:{user.pk}")
    await sync_to_async(_let_go_of_the_database)()
    was_away = "Last-Event-ID" in request.headers
    response = StreamingHttpResponse(_bells(topics, was_away=was_away), content_type="text/event-stream")
    # Proxies that gather a response before they pass it on would hold every bell back.
    response["X-Accel-Buffering"] = "no"
    return response


async def _bells(topics: Iterable[str], *, was_away: bool) -> AsyncIterator[bytes]:
    """Yield the stream of one client; one that lost its connection hears everything once, to catch up."""
    client = hub().join(topics)
    if was_away:
        client.ring_all()
    ends_at = asyncio.get_running_loop().time() + STREAM_SECONDS_MAX
    try:
        # Once more: what looked at the request after us may have asked the database.
        await sync_to_async(_let_go_of_the_database)()
        # The id is not for us: it makes the browser say that it was here before when it comes back.
        yield f"id: 1\nretry: {RETRY_MILLISECONDS}\n\n".encode()
        while asyncio.get_running_loop().time() < ends_at:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await client.rung.wait()
            except TimeoutError:
                # A comment: keeps proxies from closing a quiet stream, and finds out who has left.
                yield b":\n\n"
                continue
            for event in client.take():
                yield f"event: {event}\ndata: {event}\n\n".encode()
    finally:
        hub().leave(client)


def _let_go_of_the_database() -> None:
    """Give the connection back that the sign-in was read with: a stream lasts long and needs none."""
    for connection in connections.all(initialized_only=True):
        # Inside a test's transaction there is nothing to give back.
        if not connection.in_atomic_block:
            connection.close()
