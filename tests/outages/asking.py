"""
People at the front door, all the while: some look at pages, some ask the API, and leads give orders.

Each is a thread that asks through the proxy on a connection of its own, as a browser would that comes anew. An order
that was not taken is sent again under the same key until it is.
"""

import http.client
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

# Longer than the proxy waits for both units.
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.5
ORDER_EVERY_SECONDS = 4.0
ORDER_VALUES = range(60, 100)
WHOLE, AWAY = "whole", "away"
PAGE_AWAY, PROBLEM_AWAY = "Try again in a moment", "unavailable"
ACCEPTED = range(200, 300)
REFUSED = range(400, 500)


@dataclass(frozen=True, kw_only=True)
class Page:
    """An address, who asks for it, and a word that stands in it where all is well."""

    path: str
    word: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came: `kind` is whole, away in our words, or a sentence that says what is wrong with it."""

    asked_at: float
    seconds: float
    path: str
    status: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """An order that was taken; `key` is that of its button."""

    key: str
    lead_id: int
    given_at: float


class Door:
    """The proxy, whoever signed its certificate."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._trusting = ssl.create_default_context()
        self._trusting.check_hostname, self._trusting.verify_mode = False, ssl.CERT_NONE

    def ask(
        self, path: str, *, headers: dict[str, str], body: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """
        Ask once, and return status, headers and text.

        :raises OSError: or HTTPException, if there is no answer.
        """
        connection = http.client.HTTPSConnection(
            "localhost", self._port, timeout=PATIENCE_SECONDS, context=self._trusting
        )
        try:
            text = None if body is None else json.dumps(body)
            connection.request("GET" if body is None else "POST", path, text, {"Host": "localhost", **headers})
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, said
        finally:
            connection.close()


def verdict(page: Page, status: int, headers: dict[str, str], text: str) -> str:
    """Return whether an answer is whole, or away in our words; otherwise what is wrong with it."""
    if status == 200:
        return WHOLE if page.word in text else f"200 without {page.word!r}"
    word, kind = (PROBLEM_AWAY, "application/problem+json") if page.is_api else (PAGE_AWAY, "text/html")
    if status != 503:
        return f"status {status}: {text[:200]!r}"
    if word not in text or not headers.get("content-type", "").startswith(kind):
        return f"503 in other words: {text[:200]!r}"
    return AWAY if "retry-after" in headers else "503 without Retry-After"


class Looker(threading.Thread):
    """Looks at pages in turn until told to stop."""

    def __init__(self, door: Door, pages: Sequence[Page], *, pause_seconds: float = PAUSE_SECONDS) -> None:
        super().__init__(daemon=True)
        self.door, self.pages, self.pause_seconds = door, pages, pause_seconds
        self.answers: list[Answer] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stopping.wait(self.pause_seconds):
            page = self.pages[number % len(self.pages)]
            number += 1
            asked_at = time.monotonic()
            try:
                status, headers, text = self.door.ask(page.path, headers=page.headers)
                kind = verdict(page, status, headers, text)
            except (OSError, http.client.HTTPException) as trouble:
                status, kind = 0, f"no answer: {type(trouble).__name__}"
            self.answers.append(
                Answer(
                    asked_at=asked_at,
                    seconds=time.monotonic() - asked_at,
                    path=page.path,
                    status=status,
                    kind=kind,
                )
            )


class Orderer(threading.Thread):
    """A lead who gives a small order every few seconds, and presses the button again until it was taken."""

    def __init__(
        self,
        door: Door,
        *,
        lead_id: int,
        headers: dict[str, str],
        markets: Sequence[str],
        values: range = ORDER_VALUES,
        every_seconds: float = ORDER_EVERY_SECONDS,
        first_seconds: float = 0.0,
    ) -> None:
        """
        Know whose button it is.

        :param values: of orders, in the quote currency, taken in turn. :param first_seconds: until the first order.
        """
        super().__init__(daemon=True)
        self.door, self.lead_id, self.markets, self.values = door, lead_id, markets, values
        self.every_seconds, self.first_seconds = every_seconds, first_seconds
        self.headers = headers | {"Content-Type": "application/json"}
        self.taken: list[Order] = []
        self.refusals: Counter[str] = Counter()
        self.failures: list[tuple[float, int, str]] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        number, wait = 0, self.first_seconds
        while not self.stopping.wait(wait):
            number, wait = number + 1, self.every_seconds
            body = {
                "market": self.markets[(number - 1) // 2 % len(self.markets)],
                "side": "BUY" if number % 2 else "SELL",
                # What was bought is sold again: of nothing else is there a past.
                "value": str(self.values[(number - 1) // 2 * 37 % len(self.values)]),
            }
            self.press(body, f"campaign-{self.lead_id}-{number:06}")

    def press(self, body: dict[str, str], key: str) -> None:
        while not self.stopping.is_set():
            asked_at = time.monotonic()
            try:
                status, _, text = self.door.ask(
                    "/api/v1/lead/orders", headers=self.headers | {"Idempotency-Key": key}, body=body
                )
            except (OSError, http.client.HTTPException) as trouble:
                status, text = 0, type(trouble).__name__
            if status in ACCEPTED:
                self.taken.append(Order(key=key, lead_id=self.lead_id, given_at=time.monotonic()))
                return
            if status in REFUSED:
                self.refusals[text[:160]] += 1
                return
            self.failures.append((asked_at, status, text[:160]))
            self.stopping.wait(1.0)
