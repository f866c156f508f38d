"""The web server's patience with requests that do not begin, or have a head without an end."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from django.conf import settings as site_settings
from pytest_django import Settings

from smartsync_site.middleware.heads import PromptHeads
from smartsync_site.programs import local_programs

SECONDS_MAX = 0.5
WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def answers_slowly(scope: Any, receive: Any, send: Any) -> None:
    """Read the body whole, however long it takes, and say how long it was."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def port(settings: Settings) -> Iterator[int]:
    settings.REQUEST_HEAD_SECONDS_MAX, settings.REQUEST_HEAD_BYTES_MAX = SECONDS_MAX, 4096
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(answers_slowly, http=PromptHeads, lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    listener.close()


def say(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Say parts with pauses between them, and return what was answered until the server hung up or went quiet."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        try:
            for part in parts:
                line.sendall(part)
                time.sleep(pause)
            line.settimeout(6 * SECONDS_MAX)
            while heard := line.recv(65_536):
                answer += heard
        except (TimeoutError, ConnectionError):
            pass
    return answer


class TestHeads:
    def test_that_never_come_are_not_waited_for(self, port: int) -> None:
        assert say(port).startswith(b"HTTP/1.1 408 ")

    def test_that_trickle_are_not_waited_for(self, port: int) -> None:
        began_at = time.monotonic()

        answer = say(port, *[bytes([letter]) for letter in WHOLE[:-2]], pause=SECONDS_MAX / 5)

        assert b"408" in answer.split(b"\r\n")[0] or not answer, "a letter now and then is no head"
        assert time.monotonic() - began_at < len(WHOLE) * SECONDS_MAX / 5

    def test_that_have_no_end_are_not_read(self, port: int) -> None:
        assert say(port, b"GET / HTTP/1.1\r\n", b"X-Long: " + b"x" * 5000).startswith(b"HTTP/1.1 431 ")

    def test_that_come_in_parts_within_the_time_are_answered(self, port: int) -> None:
        assert say(port, WHOLE[:10], WHOLE[10:], pause=SECONDS_MAX / 5).startswith(b"HTTP/1.1 200 ")

    def test_of_a_second_request_have_the_same_time(self, port: int) -> None:
        answer = say(port, WHOLE, WHOLE[:10], pause=SECONDS_MAX / 5)

        assert answer.startswith(b"HTTP/1.1 200 ") and b"HTTP/1.1 408 " in answer

    def test_say_nothing_of_how_long_a_body_may_take(self, port: int) -> None:
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"

        assert say(port, head, b"a", b"b", b"c", b"d", pause=SECONDS_MAX / 2).endswith(b"\r\n4")


def test_every_web_process_is_started_with_it() -> None:
    named = f"{PromptHeads.__module__}:{PromptHeads.__name__}"
    web = next(program for program in local_programs(host="127.0.0.1", port=8000) if program.name == "web")
    assert named in web.command
    for path in ("systemd/smartsync-web@.service", "compose.yaml", "kubernetes/web.yaml"):
        assert named in (site_settings.BASE_DIR / "deploy" / path).read_text()
