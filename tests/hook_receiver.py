"""A receiver of the tests: takes what is posted to it over HTTP, and can be as bad as one likes."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import override_settings
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Webhook
from copytrading.services.hooks import webhooks

DRIP_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One POST as it came: the id, the text, all headers, and what was answered."""

    path: str
    id: str
    text: str
    headers: dict[str, str]
    status: int

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.text))


@dataclass
class Receiver:
    """`answers` decides by path and number of the arrival; what is no number is a way to be bad, see `Handler`."""

    host: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    answers: Callable[[str, int], int | str] = lambda path, number: 200
    # Called with the sender's port once something is taken and before that is said.
    when_taken: Callable[[int], None] = lambda port: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        return f"http://{self.host}/hook"

    @property
    def accepted(self) -> list[Arrival]:
        return [arrival for arrival in self.arrivals if 200 <= arrival.status < 300]

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int | str:
        with self.lock:
            answer = self.answers(path, len(self.arrivals))
            status = answer if isinstance(answer, int) else 0
            self.arrivals.append(
                Arrival(path=path, id=headers["webhook-id"], text=body.decode(), headers=headers, status=status)
            )
        return answer


def webhook_of(user: User, *, now: datetime) -> Webhook:
    """Return a webhook of a person that is never called: its address is a number of the examples."""
    with override_settings(WEBHOOK_LOCAL_HOSTS=["192.0.2.1:443"]):
        webhook, _ = webhooks.add_webhook(user=user, address="https://192.0.2.1/", events=["copy"], topics=[], now=now)
    return webhook


@contextmanager
def hook_receiver() -> Iterator[Receiver]:
    """Run a receiver for the duration of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(self.path, headers, body)
            receiver.when_taken(self.client_address[1])
            with suppress(OSError):
                self.answer(answer)

        def answer(self, answer: int | str) -> None:
            if answer == "hang up":
                self.connection.close()
            elif answer == "drip":
                # A header without an end, a letter at a time: no single read ever takes long.
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                while True:
                    self.wfile.write(b"x")
                    time.sleep(DRIP_SECONDS)
            elif answer == "flood":
                self.send_response(200)
                self.end_headers()
                while True:
                    self.wfile.write(b"x" * 65536)
            elif answer == "redirect":
                self.send_response(302)
                self.send_header("Location", f"http://{receiver.host}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif answer == "nonsense":
                self.wfile.write(b"\x00\xff nothing of HTTP\r\n\r\n")
            else:
                self.send_response(int(answer))
                self.send_header("Content-Length", "0")
                self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.host = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver on this machine, which only tests may call."""
    with hook_receiver() as running:
        settings.WEBHOOK_LOCAL_HOSTS = [running.host]
        yield running
