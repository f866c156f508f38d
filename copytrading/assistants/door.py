"""The way to the API: one request, by a key for programs; what is refused comes back as its sentence."""

import json
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener, getproxies

KEY_PREFIX = "sk_"
SECONDS_MAX = 60.0


class DoorClosed(Exception):
    """There is no way in: the address or the key is none that can be used."""


class Refused(Exception):
    """The platform said no, or nothing at all; the words are for whoever asked."""


class _NoRedirect(HTTPRedirectHandler):
    """A key goes to the address that was named and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


# A proxy sees what goes over http; over https it only carries it.
_opener = build_opener(_NoRedirect, ProxyHandler({name: url for name, url in getproxies().items() if name == "https"}))


@dataclass(frozen=True, kw_only=True)
class Door:
    """
    A platform and a key of it.

    :raises DoorClosed: if the address would show the key to others on the way, or either is none.
    """

    url: str
    key: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DoorClosed(f"{self.url} is no address of a platform; write it as https://copy.example.org.")
        if parts.scheme == "http" and not _is_this_machine(parts.hostname):
            raise DoorClosed(f"{self.url} would send the key for all to read: write https.")
        if not self.key.startswith(KEY_PREFIX) or not self.key.isascii() or not self.key.isprintable():
            raise DoorClosed("There is no key: make one under Programs and devices, and put it into SMARTSYNC_KEY.")

    def get(self, path: str, **query: Any) -> Any:
        """
        Return what the API answers; what is None is not asked.

        :raises Refused: with the platform's own sentence.
        """
        asked = {name.rstrip("_"): _in_words(value) for name, value in query.items() if value is not None}
        return self._ask("GET", path + (f"?{urlencode(asked)}" if asked else ""))

    def post(self, path: str, body: dict[str, Any], *, request_key: str = "") -> Any:
        """
        Return what the API answers to a body; fields that are None are not sent.

        :raises Refused: with the platform's own sentence.
        """
        said = {name: value for name, value in body.items() if value is not None}
        return self._ask("POST", path, body=said, request_key=request_key)

    def delete(self, path: str, *, request_key: str) -> Any:
        """
        Return what the API answers.

        :raises Refused: with the platform's own sentence.
        """
        return self._ask("DELETE", path, request_key=request_key)

    def _ask(self, method: str, path: str, *, body: Any = None, request_key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        headers |= {"Idempotency-Key": request_key} if request_key else {}
        sent = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url.rstrip('/')}/api/v1/{path}", sent, headers, method=method)
        try:
            with _opener.open(request, timeout=SECONDS_MAX) as answer:
                return json.load(answer)
        except HTTPError as refusal:
            raise Refused(_sentence_of(refusal)) from None
        except (URLError, TimeoutError, OSError, ValueError) as silence:
            again = f" Ask again with request_key {request_key}: it is done once." if request_key else ""
            raise Refused(f"The platform at {self.url} gave no answer.{again}") from silence


def path_part(text: object) -> str:
    """Return what somebody named as one part of a path, whatever stands in it."""
    return quote(str(text), safe="")


def _in_words(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _sentence_of(refusal: HTTPError) -> str:
    try:
        problem = json.load(refusal)
        return f"{problem['title']} ({problem['code']})"
    except (ValueError, KeyError, TypeError):
        return f"The platform answered {refusal.code}, and not in the words of its API."
