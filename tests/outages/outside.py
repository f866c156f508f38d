"""The world outside the box: hears alarms over HTTP and by mail, and is the address that a dead man's switch asks."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.mail_sink import MailSink, mail_sink


@dataclass
class Outside:
    """What was heard, each with the moment (monotonic) at which it came."""

    mails: MailSink
    port: int = 0
    heard: list[tuple[float, str]] = field(default_factory=list)
    pings: list[float] = field(default_factory=list)

    def surroundings(self) -> dict[str, str]:
        """Return the settings of a platform that tells its alarms here."""
        return {
            "SMARTSYNC_ALARM_URLS": f"json://127.0.0.1:{self.port}/alarms",
            "SMARTSYNC_ALARM_MAILS": "operators@example.org",
            "SMARTSYNC_DEAD_MAN_URL": f"http://127.0.0.1:{self.port}/alive",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mails.port}",
        }

    def alarms(self, *, since: float, words: tuple[str, ...] = ("",)) -> list[tuple[float, str]]:
        """Return the alarms that came since a moment and name one of these words; nothing that was only a notice."""
        return [
            (at, said)
            for at, said in list(self.heard)
            if at >= since and "Notice:" not in said and any(word in said for word in words)
        ]


class Handler(BaseHTTPRequestHandler):
    outside: Outside

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.outside.heard.append((time.monotonic(), f"{told['title']}\n{told['message']}"))
        self.say_yes()

    def do_GET(self) -> None:
        self.outside.pings.append(time.monotonic())
        self.say_yes()

    def say_yes(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def world_outside() -> Iterator[Outside]:
    """Listen for the duration of the block."""
    with mail_sink() as mails:
        outside = Outside(mails=mails)
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("HandlerOfOne", (Handler,), {"outside": outside}))
        server.daemon_threads = True
        outside.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield outside
        finally:
            server.shutdown()
            server.server_close()
