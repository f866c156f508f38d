"""
The server: a thread a connection, the script of faults between the wire and the dialect, and the operator's endpoints.

The endpoints below `/_` belong to whoever runs the test (see admin); everything else speaks the dialect.
"""

import json
import select
import socket
import socketserver
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fake_venue import admin, world
from tests.fake_venue.dialects.binance import BinanceDialect
from tests.fake_venue.dialects.bitget import BitgetDialect
from tests.fake_venue.dialects.bybit import BybitDialect
from tests.fake_venue.dialects.dialect import Dialect
from tests.fake_venue.dialects.okx import OkxDialect
from tests.fake_venue.exchange import FakeExchange
from tests.fake_venue.faults import FaultScript, Rule, with_nonsense
from tests.fake_venue.rates import RateMeter
from tests.fake_venue.wire import AS_USUAL, Answer, Circumstances, Request, Route, json_answer

LOOK_SECONDS = 0.02


DIALECTS: dict[str, type[Dialect]] = {
    dialect.name: dialect for dialect in (BinanceDialect, OkxDialect, BybitDialect, BitgetDialect)
}
# What the dialects call an order's own id, in a query or a body.
CLIENT_ID_NAMES = ("newClientOrderId", "origClientOrderId", "clOrdId", "orderLinkId", "clientOid")


@dataclass(kw_only=True)
class HeldAnswer:
    """An answer that waits, and who waits for it: `peer_port` is the local port of the asking process."""

    number: int
    endpoint: str
    peer_port: int
    client_order_id: str
    status: int
    since_ms: int
    released: threading.Event = field(default_factory=threading.Event)
    cut: bool = False

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in {"released", "cut"}}


class FakeServer(ThreadingHTTPServer):
    """One venue on one port of this machine."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, port: int, dialect: str, description: dict[str, Any]) -> None:
        chosen = DIALECTS[dialect]
        self.skew_seconds = 0.0
        self.exchange = FakeExchange(
            habits=chosen.habits,
            start_ms=self.now_ms(),
            fee_rate=Decimal(str(description.get("fee_rate", "0.001"))),
        )
        world.fill(self.exchange, description)
        self.dialect = chosen(self.exchange)
        self.faults = FaultScript()
        self.rates = RateMeter(weight_max=int(description.get("weight_max", 6_000)))
        self.requests: Counter[str] = Counter()
        self.held: dict[int, HeldAnswer] = {}
        self.stopping = False
        super().__init__(("127.0.0.1", port), Conversation)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def server_bind(self) -> None:
        # The base class would ask the name service for our name.
        socketserver.TCPServer.server_bind(self)
        self.server_port = self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be silent about clients that die while they are answered; they are what this server is for."""

    def now_ms(self) -> int:
        return int((time.time() + self.skew_seconds) * 1000)

    def perform(self, request: Request, circumstances: Circumstances = AS_USUAL) -> Answer:
        with self.exchange.lock:
            return self.dialect.perform(request, circumstances=circumstances, now_ms=self.now_ms())

    def release(self, *, number: int | None = None, cut: bool = False) -> int:
        """Let one or all held answers go, or cut their connections. Return how many."""
        with self.exchange.lock:
            chosen = [held for held in self.held.values() if number in (None, held.number)]
            for held in chosen:
                held.cut = cut
                held.released.set()
            return len(chosen)

    def stop(self) -> None:
        """End every waiting answer, then the server."""
        self.stopping = True
        self.release(cut=True)
        self.shutdown()
        self.server_close()


class Conversation(BaseHTTPRequestHandler):
    """One connection of one client; requests come one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FakeServer

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  the base class names it so
        """Say nothing; `/_state` tells what was asked."""

    def do_GET(self) -> None:
        self.converse()

    def do_POST(self) -> None:
        self.converse()

    def do_DELETE(self) -> None:
        self.converse()

    def converse(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length).decode(),
            peer_port=self.client_address[1],
        )
        if request.path.startswith("/_"):
            self.send(admin.answer(self.server, request))
            return
        server, dialect = self.server, self.server.dialect
        route = dialect.route(request)
        if route is None:
            self.send(dialect.unknown_path())
            return
        with server.exchange.lock:
            server.requests[route.name] += 1
            seconds = server.rates.refusal_seconds(route.weight, now_ms=server.now_ms())
            banned = server.rates.is_banned(now_ms=server.now_ms())
        if seconds:
            self.send(dialect.too_fast(seconds=seconds, banned=banned))
        elif rule := server.faults.next_for(route.name):
            self.disturb(request, route, rule)
        else:
            self.send(server.perform(request))

    # -- faults --------------------------------------------------------------------------------------------------------

    def disturb(self, request: Request, route: Route, rule: Rule) -> None:
        """Let a fault happen to one request."""
        if rule.fault in {"lost", "late"}:
            if rule.fault == "late":
                self.wait(rule.seconds)
                self.server.perform(request, Circumstances(window_ignored=rule.window_ignored))
            self.cut()
            return
        if rule.fault == "answer" and not rule.performed:
            self.send(answer_of(rule))
            return
        answer = self.server.perform(request, circumstances_of(rule))
        if rule.fault == "hold" and self.hold(request, route, answer):
            return
        if rule.fault == "slow":
            self.wait(rule.seconds)
        if rule.fault == "cut":
            self.cut()
        elif rule.fault == "answer":
            self.send(answer_of(rule))
        elif rule.fault == "truncated":
            self.send_half(answer, announced=rule.announced)
        elif rule.fault == "nonsense":
            self.send(json_answer(with_nonsense(json.loads(answer.body), rule.fields), status=answer.status))
        else:
            self.send(answer)

    def hold(self, request: Request, route: Route, answer: Answer) -> bool:
        """Wait with an answer until it is released. Return whether it was cut, or nobody waits for it any more."""
        server = self.server
        with server.exchange.lock:
            held = HeldAnswer(
                number=sum(server.requests.values()),
                endpoint=route.name,
                peer_port=request.peer_port,
                client_order_id=client_order_id_of(request),
                status=answer.status,
                since_ms=server.now_ms(),
            )
            server.held[held.number] = held
        while not held.released.wait(LOOK_SECONDS) and not self.client_is_gone():
            pass
        with server.exchange.lock:
            del server.held[held.number]
        if held.cut or not held.released.is_set():
            self.cut()
            return True
        return False

    def wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not self.server.stopping:
            time.sleep(min(left, LOOK_SECONDS))

    def client_is_gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    # -- sending -------------------------------------------------------------------------------------------------------

    def send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.write(self.head(answer, length=len(body)) + body)

    def send_half(self, answer: Answer, *, announced: str) -> None:
        body = answer.body.encode()
        half = body[: len(body) // 2]
        self.write(self.head(answer, length=len(body if announced == "full" else half)) + half)
        if announced == "full":
            self.cut()

    def head(self, answer: Answer, *, length: int) -> bytes:
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(length),
            "Date": self.date_time_string(),
            **self.server.dialect.headers(weight_used=self.server.rates.used),
            **answer.headers,
        }
        lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def write(self, content: bytes) -> None:
        try:
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def cut(self) -> None:
        """End the connection without an answer."""
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def circumstances_of(rule: Rule) -> Circumstances:
    if rule.fault == "partial":
        return Circumstances(fill_fraction=rule.fraction)
    if rule.fault == "lag":
        return Circumstances(hidden_seconds=rule.seconds)
    return AS_USUAL


def answer_of(rule: Rule) -> Answer:
    body = rule.body if isinstance(rule.body, str) else json.dumps(rule.body)
    return Answer(status=rule.status, body=body, headers=rule.headers, content_type=rule.content_type)


def client_order_id_of(request: Request) -> str:
    given: dict[str, Any] = request.parameters
    if request.body[:1] in "{[" and request.body:
        content = request.json
        given = given | (content[0] if isinstance(content, list) else content)
    return next((str(given[name]) for name in CLIENT_ID_NAMES if name in given), "")
