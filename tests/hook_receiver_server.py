"""A receiver of the tests: takes what is posted to it over HTTP, and can be as bad as one likes."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DRIP_SECONDS, SLOW_SECONDS = 0.05, 5.0


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One POST as it came: the id, the text, all headers, and what was answered."""

    path: str
    id: str
    text: str
    headers: dict[str, str]
    status: int
    is_verified: bool = True

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.text))


@dataclass
class Receiver:
    """`answers` decides by path and number of the arrival; what is no number is one of its bad ways."""

    host: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    answers: Callable[[str, int], int | str] = lambda path, number: 200
    # Called with the sender's port once something is taken and before that is said.
    when_taken: Callable[[int], None] = lambda port: None
    # Whether it is what it says it is, looked at when it comes.
    verify: Callable[[Arrival], bool] = lambda arrival: True
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
            came = Arrival(path=path, id=headers["webhook-id"], text=body.decode(), headers=headers, status=status)
            self.arrivals.append(replace(came, is_verified=self.verify(came)))
        return answer


class Handler(BaseHTTPRequestHandler):
    """Takes a POST and answers with a status, or in one of the bad ways."""

    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.receiver.take(self.path, headers, body)
        self.receiver.when_taken(self.client_address[1])
        with suppress(OSError):
            if isinstance(answer, int):
                self.say(answer)
            else:
                getattr(self, answer.replace(" ", "_"))()

    def say(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": "0"} | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def hang_up(self) -> None:
        self.connection.close()

    def slow(self) -> None:
        time.sleep(SLOW_SECONDS)

    def drip(self) -> None:
        """Send a header without an end, a letter at a time: no single read ever takes long."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            self.wfile.write(b"x")
            time.sleep(DRIP_SECONDS)

    def flood(self) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65536)

    def redirect(self) -> None:
        self.say(302, Location=f"http://{self.receiver.host}/elsewhere")

    def nonsense(self) -> None:
        self.wfile.write(b"\x00\xff nothing of HTTP\r\n\r\n")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def hook_receiver() -> Iterator[Receiver]:
    """Run a receiver for the duration of the block."""
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("HandlerOfOne", (Handler,), {"receiver": receiver}))
    server.daemon_threads = True
    receiver.host = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
