"""The live stream, against a real server: who hears what, and what an open stream costs."""

import asyncio
import http.client
import json
import time
from collections.abc import AsyncGenerator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts import devices
from accounts.models import User
from copytrading.models import Lead
from copytrading.services import hub, streams
from copytrading.services.bell import LIVE_CHANNEL, _tell
from tests.browser.conftest import site_url  # noqa: F401 — the fixture

PATIENCE = 5


class Stream:
    """One open page, as a browser holds it."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response

    def begins(self) -> None:
        """Wait until the stream has said its first words."""
        while not self._response.readline().startswith(b"retry:"):
            pass

    def events(self, count: int) -> list[str]:
        """Return the next events; wait for them a few seconds at most."""
        found: list[str] = []
        while len(found) < count:
            raw = self._response.readline()
            assert raw, f"the stream has ended after {found}"
            line = raw.decode().strip()
            if line.startswith("event: "):
                found.append(line.removeprefix("event: "))
        return found

    def rest(self) -> str:
        """Return what still comes up to the end of the stream; fail where it has none for a few seconds."""
        return self._response.read().decode()


def make_lead() -> Lead:
    """Return a lead who shows strangers trades a day later."""
    user, now = User.objects.create_user("lead@example.org", "secret"), timezone.now()
    return Lead.objects.create(
        user=user, name="Basalt", slug="basalt", status=Lead.Status.ACTIVE, applied_at=now, started_at=now
    )


@pytest.fixture
def valkey() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def cookie_of(user: User | None) -> dict[str, str]:
    if user is None:
        return {}
    client = Client()
    client.force_login(user)
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"}


def asked(url: str, *, user: User | None) -> int:
    """Ask for a stream, hang up, and return the status of the answer."""
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    line.request("GET", reverse("live"), headers=cookie_of(user))
    response = line.getresponse()
    response.close()
    line.close()
    return response.status


def await_room(url: str, *, user: User | None) -> None:
    """Wait until the server has seen that streams were left."""
    ends_at = time.monotonic() + PATIENCE
    while asked(url, user=user) != 200:
        assert time.monotonic() < ends_at, "places are still taken"
        time.sleep(0.05)


@contextmanager
def opened(url: str, *, query: str = "", user: User | None = None, **headers: str) -> Iterator[Stream]:
    headers |= cookie_of(user)
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    line.request("GET", reverse("live") + query, headers={key.replace("_", "-"): text for key, text in headers.items()})
    response = line.getresponse()
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/event-stream"
    try:
        yield Stream(response)
    finally:
        response.close()
        line.close()


def ring(valkey: redis.Redis, *bells: tuple[str, str]) -> None:
    wait_for_listeners(valkey, 1)
    for topic, event in bells:
        valkey.publish(LIVE_CHANNEL, json.dumps({"topics": [topic], "event": event}))


def listeners(valkey: redis.Redis) -> int:
    return int(valkey.pubsub_numsub(LIVE_CHANNEL)[0][1])


def wait_for_listeners(valkey: redis.Redis, count: int) -> None:
    ends_at = time.monotonic() + PATIENCE
    while listeners(valkey) != count:
        assert time.monotonic() < ends_at, f"{listeners(valkey)} listeners instead of {count}"
        time.sleep(0.02)


@pytest.mark.usefixtures("transactional_db")
class TestLive:
    def test_tells_everybody_about_prices_and_halts_alone(self, site_url: str, valkey: redis.Redis) -> None:  # noqa: F811
        with opened(site_url) as stream:
            assert stream.events(2) == ["halts", "marks"], "what was missed before the first subscription"

            ring(valkey, ("user:1", "wallet"), ("lead:1", "lead"), ("platform", "halts"), ("prices", "marks"))

            assert stream.events(2) == ["halts", "marks"]

    def test_tells_somebody_about_their_own_and_not_about_others(self, site_url: str, valkey: redis.Redis) -> None:  # noqa: F811
        follower, stranger = (User.objects.create_user(f"{name}@example.org", "secret") for name in "ab")
        with opened(site_url, user=follower) as stream:
            stream.events(6)

            ring(valkey, (f"user:{stranger.pk}", "wallet"), (f"user:{follower.pk}", "copies"))

            assert stream.events(1) == ["copies"]

    def test_tells_about_the_lead_that_was_asked_for(self, site_url: str, valkey: redis.Redis) -> None:  # noqa: F811
        with opened(site_url, query="?lead=7&lead=x") as stream:
            assert stream.events(3) == ["lead", "halts", "marks"]

            ring(valkey, ("lead:8", "lead"), ("lead:7", "lead"), ("prices", "marks"))

            assert stream.events(2) == ["lead", "marks"]

    def test_tells_of_a_book_to_those_alone_who_see_it(self, site_url: str, valkey: redis.Redis) -> None:  # noqa: F811
        lead, stranger = make_lead(), User.objects.create_user("stranger@example.org", "secret")
        bells = ((f"book:{lead.pk}", "lead"), ("prices", "marks"))
        for user in (None, stranger):
            with opened(site_url, query=f"?lead={lead.pk}", user=user) as stream:
                stream.events(3 if user is None else 7)

                ring(valkey, *bells)

                assert stream.events(1) == ["marks"]
            wait_for_listeners(valkey, 0)
        with opened(site_url, query=f"?lead={lead.pk}", user=lead.user) as stream:
            stream.events(7)

            ring(valkey, *bells)

            assert stream.events(2) == ["lead", "marks"]
        wait_for_listeners(valkey, 0)
        Lead.objects.update(trades_delay_hours=0)
        with opened(site_url, query=f"?lead={lead.pk}") as stream:
            stream.events(3)

            ring(valkey, *bells)

            assert stream.events(2) == ["lead", "marks"]

    def test_ends_for_whoever_has_become_a_stranger(self, site_url: str, valkey: redis.Redis) -> None:  # noqa: F811
        lead = make_lead()
        with opened(site_url, query=f"?lead={lead.pk}", user=lead.user) as stream:
            stream.events(7)
            ring(valkey, (f"user:{lead.user_id}", "copies"), ("prices", "marks"))
            assert stream.events(2) == ["copies", "marks"]

            Lead.objects.update(user=User.objects.create_user("heir@example.org", "secret"))
            ring(valkey, (f"user:{lead.user_id}", "copies"))

            assert "event: lead" not in stream.rest()

    def test_tells_a_page_that_was_away_everything_once(self, site_url: str, valkey: redis.Redis) -> None:  # noqa: F811
        with opened(site_url) as first:
            first.events(2)
            with opened(site_url, query="?lead=7", Last_Event_ID="1") as returned:
                assert sorted(returned.events(3)) == ["halts", "lead", "marks"]

    def test_listens_once_for_all_and_not_at_all_for_nobody(self, site_url: str, valkey: redis.Redis) -> None:  # noqa: F811
        with ExitStack() as pages:
            streams = [pages.enter_context(opened(site_url)) for _ in range(10)]
            streams[0].events(2)
            wait_for_listeners(valkey, 1)

            ring(valkey, ("platform", "halts"), ("prices", "marks"))

            assert [stream.events(2) for stream in streams[1:]] == [["halts", "marks"]] * 9
        wait_for_listeners(valkey, 0)

    def test_holds_no_database_connection_while_it_is_quiet(self, site_url: str, valkey: redis.Redis) -> None:  # noqa: F811
        follower = User.objects.create_user("follower@example.org", "secret")
        before = self._connections()
        with ExitStack() as pages:
            for _ in range(10):
                pages.enter_context(opened(site_url, user=follower))
            wait_for_listeners(valkey, 1)

            # A connection that was closed is seen for as long as its process takes to leave.
            until = time.monotonic() + PATIENCE
            while (there := self._connections()) > before and time.monotonic() < until:
                time.sleep(0.05)
            assert there <= before

    @staticmethod
    def _connections() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return int(cursor.fetchone()[0])


def run(coroutine: Coroutine[object, object, object]) -> object:
    """Run a coroutine in a thread of its own: the tests in a browser leave a loop running in this one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


class TestClient:
    def test_hears_once_what_rang_often_while_it_was_slow(self) -> None:
        client = hub.Client(topics=frozenset({"prices"}))

        for _ in range(1000):
            client.ring("marks")
        client.ring("wallet")

        assert client.take() == ["marks", "wallet"]
        assert client.take() == []


class TestHub:
    def test_rings_everything_after_it_lost_its_connection(
        self, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hub, "RECONNECT_SECONDS", 0.05)

        async def lose_the_connection() -> list[str]:
            a_hub = hub.Hub(settings.REDIS_URL)
            client = a_hub.join(["prices", "user:1"])
            await asyncio.wait_for(client.rung.wait(), PATIENCE)
            client.take()
            valkey.client_kill_filter(_type="pubsub")
            await asyncio.wait_for(client.rung.wait(), PATIENCE)
            a_hub.leave(client)
            return client.take()

        assert run(lose_the_connection()) == ["marks", "activity", "copies", "notices", "wallet"]

    def test_says_once_that_pages_hear_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hub, "RECONNECT_SECONDS", 0.01)

        async def listen_where_nobody_answers() -> None:
            a_hub = hub.Hub("unix:///nowhere/valkey.sock")
            client = a_hub.join(["prices"])
            await asyncio.sleep(0.3)
            a_hub.leave(client)

        with capture_logs() as said:
            run(listen_where_nobody_answers())

        assert [(line["event"], line["pages"]) for line in said] == [("pages_hear_no_bells", 1)]

    def test_hands_a_bell_of_many_to_those_who_listen_and_to_nobody_else(self) -> None:
        async def ring_for_many() -> list[list[str]]:
            a_hub = hub.Hub(settings.REDIS_URL)
            pages = [a_hub.join([topic, "prices"]) for topic in ("user:1", "user:2", "user:3", "user:1")]
            await asyncio.wait_for(pages[0].rung.wait(), PATIENCE)
            for page in pages:
                page.take()
            _tell([(f"user:{number}", "copies") for number in (1, 3, 4)])
            for page in (pages[0], pages[2], pages[3]):
                await asyncio.wait_for(page.rung.wait(), PATIENCE)
            for page in pages:
                a_hub.leave(page)
            return [page.take() for page in pages]

        assert run(ring_for_many()) == [["copies"], [], ["copies"], ["copies"]]

    def test_forgets_who_has_left(self) -> None:
        async def come_and_go() -> int:
            a_hub = hub.Hub(settings.REDIS_URL)
            clients = [a_hub.join(["prices"]) for _ in range(3)]
            for client in clients:
                a_hub.leave(client)
            return len(a_hub)

        assert run(come_and_go()) == 0


@pytest.mark.usefixtures("transactional_db")
class TestPlaces:
    @pytest.fixture(autouse=True)
    def few(self, settings: Settings) -> None:
        settings.STREAMS_PER_PERSON, settings.STREAMS_PER_ADDRESS = 2, 3

    def test_are_so_many_for_a_person_and_free_again_for_who_leaves(self, site_url: str) -> None:  # noqa: F811
        one, another = (User.objects.create_user(f"{name}@example.org", "secret") for name in ("one", "another"))
        with opened(site_url, user=one) as first, opened(site_url, user=one) as second:
            first.begins()
            second.begins()

            assert asked(site_url, user=one) == 429
            with opened(site_url, user=another) as third:
                third.begins()
        await_room(site_url, user=one)

    def test_are_so_many_for_an_address_whoever_is_behind_it(self, site_url: str) -> None:  # noqa: F811
        member = User.objects.create_user("member@example.org", "secret")
        with ExitStack() as stack:
            for user in (member, None, None):
                stack.enter_context(opened(site_url, user=user)).begins()

            assert asked(site_url, user=None) == asked(site_url, user=member) == 429
        await_room(site_url, user=None)

    def test_are_counted_with_the_programs_of_a_person(self, site_url: str) -> None:  # noqa: F811
        member = User.objects.create_user("member@example.org", "secret")
        headers = {"Authorization": f"Bearer {devices.open_device(user=member, now=timezone.now())[1].access_token}"}
        with opened(site_url, user=member) as first, opened(site_url, user=member) as second:
            first.begins()
            second.begins()
            line = http.client.HTTPConnection(urlsplit(site_url).netloc, timeout=PATIENCE)
            line.request("GET", "/api/v1/live", headers=headers)
            answer = line.getresponse()

            assert (answer.status, json.loads(answer.read())["code"]) == (429, "too_many_streams")
            assert int(answer.headers["Retry-After"]) > 0

    def test_are_not_more_for_those_who_ask_at_once(self) -> None:
        listener = streams.Listener(person_id=1, address="192.0.2.1")

        async def forever() -> AsyncGenerator[bytes]:
            while True:
                yield b""

        async def ask_at_once() -> list[bool]:
            held = [streams.in_place(listener, forever()) for _ in range(20)]
            were_given = [await anext(stream, None) is not None for stream in held]
            for stream in held:
                await stream.aclose()
            return were_given

        assert sum(asyncio.run(ask_at_once())) == 2
        assert streams.has_room(listener)
