"""
The live stream: tells an open page that there is news, and nothing more. The page then asks for it like any other page.

Who listens, and what each has still to be told, is kept by services.hub.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.addresses import client_address
from accounts.models import User
from copytrading.queries.leads.listing import public_leads
from copytrading.queries.shown.visibility import visibilities_of
from copytrading.services import streams
from copytrading.services.hub import PLATFORM, PRICES, hub
from copytrading.views.requests import row_number

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 3000
# The browser comes back by itself, and is asked again who it is.
STREAM_SECONDS_MAX = 900.0
LEADS_MAX = 5
BOOK, COPIES = "book:", "copies"


@never_cache
@require_GET
async def live(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """
    Stream bells: prices, halts and the leads asked for to everybody, a person's own only to that person.

    What rings in a lead's book is heard by those alone who see it as it happens. Who has too many streams open is
    turned away with a 429; the page then says that it is paused, and comes back by itself.
    """
    numbers = (row_number(text) for text in request.GET.getlist("lead")[:LEADS_MAX])
    asked = [number for number in numbers if number is not None]
    topics = {PRICES, PLATFORM, *(f"lead:{lead_id}" for lead_id in asked)}
    user = await request.auser()
    member = user if isinstance(user, User) else None
    if member is not None:
        topics.add(f"user:{member.pk}")
    listener = streams.Listener(person_id=None if member is None else member.pk, address=client_address(request))
    if not streams.has_room(listener):
        await sync_to_async(_let_go_of_the_database)()
        return HttpResponse(
            "Too many live streams are open here. Close some.\n",
            content_type="text/plain; charset=utf-8",
            status=429,
            headers={"Retry-After": str(streams.RETRY_AFTER_SECONDS)},
        )
    books = await sync_to_async(_open_books)(asked, member) if asked else set()
    await sync_to_async(_let_go_of_the_database)()
    was_away = "Last-Event-ID" in request.headers
    bells = _bells(topics | books, was_away=was_away, still_open=lambda: books <= _open_books(asked, member))
    response = StreamingHttpResponse(streams.in_place(listener, bells), content_type="text/event-stream")
    # Proxies that gather a response before they pass it on would hold every bell back.
    response["X-Accel-Buffering"] = "no"
    return response


async def _bells(topics: Iterable[str], *, was_away: bool, still_open: Callable[[], bool]) -> AsyncGenerator[bytes]:
    """
    Yield the stream of one client; one that lost its connection hears everything once, to catch up.

    A stream that hears of a book ends when the person has become a stranger to it. The browser comes back by itself,
    and is asked again who it is.

    :param still_open: whether every book of the topics is still shown; asked when something became of the copies.
    """
    client = hub().join(topics)
    hears_books = any(topic.startswith(BOOK) for topic in client.topics)
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
            rung = client.take()
            for event in rung:
                yield f"event: {event}\ndata: {event}\n\n".encode()
            if hears_books and COPIES in rung:
                is_open = await sync_to_async(still_open)()
                await sync_to_async(_let_go_of_the_database)()
                if not is_open:
                    return
    finally:
        hub().leave(client)


def _open_books(lead_ids: list[int], user: User | None) -> set[str]:
    """Return the topics of those leads whose whole book somebody sees as it happens."""
    leads = list(public_leads().filter(pk__in=lead_ids))
    seen = visibilities_of(leads, user, now=timezone.now())
    return {f"{BOOK}{lead_id}" for lead_id, visibility in seen.items() if visibility.trades_until is None}


def _let_go_of_the_database() -> None:
    """Give the connection back that the sign-in was read with: a stream lasts long and needs none."""
    for connection in connections.all(initialized_only=True):
        # Inside a test's transaction there is nothing to give back.
        if not connection.in_atomic_block:
            connection.close()
