"""A push service of the tests: takes what is pushed over HTTP, and can read it, since it has its browsers' keys."""

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Browser:
    """One that subscribed: its keys, and what it was shown."""

    endpoint: str
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: os.urandom(16))
    pushes: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return base64url(self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    @property
    def auth(self) -> str:
        return base64url(self.secret)

    def read(self, body: bytes) -> dict[str, Any]:
        clear = http_ece.decrypt(body, private_key=self.private_key, auth_secret=self.secret, version="aes128gcm")
        return dict(json.loads(clear))


@dataclass
class PushService:
    """`statuses` by the name of a browser: what its endpoint answers instead of 201."""

    host: str = ""
    browsers: dict[str, Browser] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    # Called with the sender's port once a push is taken and before that is said.
    when_taken: Callable[[int], None] = lambda port: None

    def browser(self, name: str) -> Browser:
        return self.browsers.setdefault(name, Browser(endpoint=f"http://{self.host}/push/{name}"))

    def take(self, name: str, headers: dict[str, str], body: bytes) -> int:
        if name in self.statuses:
            return self.statuses[name]
        browser = self.browsers[name]
        browser.pushes.append(browser.read(body))
        browser.headers.append(headers)
        return 201


@contextmanager
def push_service() -> Iterator[PushService]:
    """Run a push service for the duration of the block."""
    service = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = service.take(self.path.rpartition("/")[2], headers, body)
            service.when_taken(self.client_address[1])
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.host = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
