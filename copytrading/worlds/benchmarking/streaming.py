"""
How soon many open pages hear a bell: a web process of its own, a stream for each of many people, bells of one order.

The pages are sockets of this process, so what is measured is bell → Valkey → web → page and what it takes to read that
here. Needs a database of its own.
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import NamedTemporaryFile
from time import monotonic, perf_counter, sleep
from typing import IO
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import override_settings
from django.urls import reverse

from accounts.models import User
from copytrading.services import bell
from copytrading.services.hub import PRICES

START_SECONDS = 60
ANSWER_SECONDS = 60
REST_SECONDS = 20
LINES_TOLD = 5
# So many come at once: a listening socket keeps no more waiting.
AT_ONCE = 64
BEGUN = b"retry:"
KILOBYTES = "VmRSS"


@dataclass(frozen=True, kw_only=True)
class StreamFigures:
    """
    Medians over the repeats: milliseconds until the last page, and until half of them, has heard.

    `connections_held` are those of the web process to the database while all streams are idle.
    """

    streams: int
    repeats: int
    order_last_ms: float
    order_half_ms: float
    price_last_ms: float
    price_half_ms: float
    kilobytes_a_stream: float
    connections_held: int


class _Page:
    """One open page: it hears, and says when."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def forget(self) -> None:
        """Read away what has come by now."""
        with suppress(TimeoutError):
            while True:
                await asyncio.wait_for(self.reader.read(65_536), 0.2)

    async def hears(self, event: str) -> float:
        """Wait for an event and return when it was there."""
        while f"event: {event}\n".encode() not in await self.reader.readline():
            pass
        return perf_counter()


class NotHeard(CommandError):
    """Pages that were rung did not hear it."""


class WebNotStarted(CommandError):
    """The web process did not answer."""


def measure_streams(*, streams: int, repeats: int, show: Callable[[str], object]) -> StreamFigures:
    """Open so many streams, each of another person, and return how soon they hear. Owns its commits."""
    people = User.objects.bulk_create(
        [User(email=f"page{number}@bench.invalid", password="!") for number in range(streams)]
    )
    cookies = [_signed_in(person) for person in people]
    with (
        NamedTemporaryFile() as printed,
        _web_process(printed) as (process, port),
        override_settings(SMARTSYNC_BELL=True),
    ):
        show(f"Opening {streams:,} streams ...")
        try:
            return asyncio.run(_measure(process, port, people, cookies, repeats, show))
        except TimeoutError:
            said = " / ".join(Path(printed.name).read_text().splitlines()[-LINES_TOLD:]) or "nothing"
            raise NotHeard(
                f"Not all of {streams:,} pages heard within {ANSWER_SECONDS} s. The web process said: {said}"
            ) from None


async def _measure(
    process: "subprocess.Popen[bytes]",
    port: int,
    people: Sequence[User],
    cookies: Sequence[str],
    repeats: int,
    show: Callable[[str], object],
) -> StreamFigures:
    idle = _kilobytes(process.pid)
    gate = asyncio.Semaphore(AT_ONCE)
    pages = await asyncio.gather(*(_open(port, cookie, gate) for cookie in cookies))
    await _wait_until_heard(pages, ids := [person.pk for person in people])
    held = await asyncio.to_thread(_connections_held)
    opened = _kilobytes(process.pid)
    orders, prices = [], []
    for repeat in range(repeats):
        show(f"Ringing, {repeat + 1} of {repeats} ...")
        orders.append(await _time(pages, "activity", lambda: bell.publish_to_users(ids, "activity")))
        prices.append(await _time(pages, "marks", lambda: bell.publish(PRICES, "marks")))
    for page in pages:
        page.writer.close()
    return StreamFigures(
        streams=len(pages),
        repeats=repeats,
        order_last_ms=median(max(heard) for heard in orders),
        order_half_ms=median(median(heard) for heard in orders),
        price_last_ms=median(max(heard) for heard in prices),
        price_half_ms=median(median(heard) for heard in prices),
        kilobytes_a_stream=(opened - idle) / len(pages),
        connections_held=held,
    )


async def _wait_until_heard(pages: Sequence[_Page], ids: list[int]) -> None:
    """Ring until everybody has heard once: the web process hears of nothing before it listens itself."""
    waiting = asyncio.gather(*(page.hears("activity") for page in pages))
    async with asyncio.timeout(ANSWER_SECONDS):
        while not waiting.done():
            await asyncio.to_thread(bell.publish_to_users, ids, "activity")
            await asyncio.wait([waiting], timeout=1)
    await asyncio.gather(*(page.forget() for page in pages))


async def _time(pages: Sequence[_Page], event: str, ring: Callable[[], None]) -> list[float]:
    """Ring, and return after how many milliseconds each page heard."""
    waiting = [asyncio.create_task(page.hears(event)) for page in pages]
    await asyncio.sleep(0)
    began_at = perf_counter()
    await asyncio.to_thread(ring)
    async with asyncio.timeout(ANSWER_SECONDS):
        heard = await asyncio.gather(*waiting)
    return [(moment - began_at) * 1000 for moment in heard]


async def _open(port: int, cookie: str, gate: asyncio.Semaphore) -> _Page:
    async with gate:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = f"GET {reverse('live')} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"
        writer.write(request.encode())
        async with asyncio.timeout(ANSWER_SECONDS):
            status = await reader.readline()
            if b" 200 " not in status:
                raise WebNotStarted(f"A stream was answered with {status.decode().strip()!r}.")
            while BEGUN not in await reader.readline():
                pass
        return _Page(reader, writer)


def _signed_in(person: User) -> str:
    """Return the cookie of somebody who has just come in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


@contextmanager
def _web_process(printed: IO[bytes]) -> "Iterator[tuple[subprocess.Popen[bytes], int]]":
    """Run a web process on the database of this one, as an installation does; what it says goes to a file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    address = urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "uvicorn",
            "smartsync_site.asgi:application",
            "--port",
            str(port),
            "--lifespan",
            "off",
            "--no-access-log",
        ],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            # All of them come from this machine.
            "STREAMS_PER_ADDRESS": "1000000",
            "DATABASE_URL": urlunsplit(address),
            "REDIS_URL": settings.REDIS_URL,
            # Where no local folder was prepared each process has a key of its own, and would know nobody's sign-in.
            "SECRET_KEY": settings.SECRET_KEY,
        },
        stdout=printed,
        stderr=printed,
    )
    try:
        _wait_for(process, port)
        yield process, port
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = monotonic() + START_SECONDS
    while monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            sleep(0.2)
        else:
            return
    raise WebNotStarted("The web process that was to serve the streams did not start.")


def _connections_held() -> int:
    """Return how many connections the web process keeps, once it has had the time to give back what it needed."""
    until = monotonic() + REST_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            # One is that of this process's main thread.
            held = int(cursor.fetchone()[0]) - 1
            if not held or monotonic() > until:
                return held
            sleep(0.1)


def _kilobytes(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith(KILOBYTES))
    return int(line.split()[1])
