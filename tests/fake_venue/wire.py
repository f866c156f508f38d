"""What goes over the wire: a request as the dialects read it, and the answer they give."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; `target` is the path with its query exactly as sent, because signatures are made of it."""

    method: str
    target: str
    headers: dict[str, str]
    body: str
    peer_port: int = 0

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        return urlsplit(self.target).query

    @property
    def parameters(self) -> dict[str, str]:
        """Return the parameters of the query and, where the body is a form, of the body."""
        form = "" if self.body[:1] in "{[" else self.body
        return dict(parse_qsl(self.query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body or "{}")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer; `body` is what is sent, to the letter."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=UTF-8"


@dataclass(frozen=True, kw_only=True)
class Route:
    """
    Where a request leads: a name that all dialects share, what it weighs, and what a key must be allowed to.

    Names: time, markets, ticker, book, place, cancel, find, open_orders, orders, trades, balances, permissions,
    coins, fees.
    """

    name: str
    weight: int = 1
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """
    What a fault does to one request that is performed.

    `fill_fraction` of the order is matched at most; what is younger than `hidden_seconds` is not told;
    `window_ignored` performs a request whose validity has passed.
    """

    fill_fraction: str = "1"
    hidden_seconds: float = 0
    window_ignored: bool = False


AS_USUAL = Circumstances()


def json_answer(content: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status=status, body=json.dumps(content, separators=(",", ":")), headers=headers or {})
