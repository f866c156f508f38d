"""What stands before everything: bodies without measure, texts that are none, and what the site does not use."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from smartsync_site.middleware.doors import BoundedBodies

BOUND = 1000


@pytest.fixture(autouse=True)
def small(settings: Settings) -> None:
    settings.REQUEST_BODY_BYTES_MAX = BOUND
    settings.REQUEST_BODY_SECONDS_MAX = 0.05


def ask(*parts: bytes, length: int | None = None, waits: float = 0.0) -> tuple[int, int]:
    """Send a body in parts, and return the status and how many of them were read."""
    waiting: Iterator[tuple[int, bytes]] = iter(enumerate(parts, start=1))
    read, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal read
        await asyncio.sleep(waits)
        read, body = next(waiting)
        return {"type": "http.request", "body": body, "more_body": read < len(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    asyncio.run(BoundedBodies(application)({"type": "http", "path": "/", "headers": headers}, receive, send))
    return sent[0]["status"], read


class TestBodies:
    def test_pass_up_to_the_bound(self) -> None:
        assert ask(b"x" * BOUND, length=BOUND) == (200, 1)

    def test_that_say_they_are_too_large_are_not_read(self) -> None:
        assert ask(b"x" * 2000, length=BOUND + 1) == (413, 0)

    def test_that_do_not_say_so_are_read_no_further_than_the_bound(self) -> None:
        assert ask(*[b"x" * 400] * 10) == (413, 3)

    def test_that_trickle_are_not_waited_for(self) -> None:
        assert ask(*[b"x"] * 100, waits=0.02)[0] == 408


class TestTexts:
    @pytest.mark.parametrize("address", ["/?search=a%00b", "/?a%00b=1", "/leads/a%00b/"])
    def test_with_a_zero_in_them_are_refused_with_a_sentence(self, db: None, client: Client, address: str) -> None:
        answer = client.get(address)

        assert answer.status_code == 400
        assert "a character in it that nobody can type" in answer.text

    def test_are_looked_at_in_forms_too(self, db: None, client: Client) -> None:
        assert client.post("/theme/", {"theme": "dark", "next": "/\0"}).status_code == 400
        assert client.post("/theme/", {"theme": "dark", "next": "/"}).status_code != 400


def test_the_site_uses_none_of_the_browsers_senses(db: None, client: Client) -> None:
    assert "camera=()" in client.get("/")["Permissions-Policy"]


class TestSecurityTxt:
    def test_says_whom_to_tell_of_a_hole(self, client: Client, settings: Settings) -> None:
        settings.SECURITY_CONTACT = "mailto:security@copy.example.org"

        answer = client.get("/.well-known/security.txt")

        assert "Contact: mailto:security@copy.example.org\nExpires: " in answer.text

    def test_is_not_there_where_nobody_is_named(self, db: None, client: Client) -> None:
        assert client.get("/.well-known/security.txt").status_code == 404
