"""
ccxt's client for one exchange, with what was really heard kept beside what ccxt makes of it.

ccxt turns an answer into an order or an exception. Neither is proof: a page of HTML becomes an order without an id,
and a refused order and a lost one can be the same exception. So a call here returns a `Hearing`: whether anything was
sent, the raw answer, ccxt's reading of it and the trouble it had. What that proves is for `verdicts` to say.
"""

import decimal
import importlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from copytrading.exchange.errors import VenueError

# On every single wait for the venue. An order whose answer takes longer is asked about.
TIMEOUT_SECONDS = 5.0

# What parsers, ccxt's and ours, raise on an answer that is none.
NONSENSE = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, TypeError, ValueError)


class ExchangeUnknown(VenueError):
    """ccxt has no spot exchange of that name."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What an exchange knows an account by. Nothing of it shows in a repr, a log or an error."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back over the wire."""

    status: int
    headers: Mapping[str, str]
    text: str

    @cached_property
    def body(self) -> Any:
        """Return the JSON of it, numbers as text; None where it is no JSON."""
        try:
            return json.loads(self.text, parse_float=str)
        except ValueError:
            return None

    @property
    def wait_seconds(self) -> float | None:
        """Return how long the venue asks us to stay away; None where it does not say."""
        given = self.headers.get("Retry-After", "")
        return float(given) if given.isdecimal() else None


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """One call: was anything sent, what was answered, what ccxt made of it, what went wrong."""

    was_sent: bool
    answer: Answer | None
    value: Any = None
    trouble: Exception | None = None


class Client:
    """One exchange's ccxt client: spot only, numbers as text, no retries, no redirects, no throttle of its own."""

    def __init__(
        self,
        *,
        exchange: str,
        credentials: Credentials | None,
        url: str,
        options: Mapping[str, Any],
        venue_milliseconds: Callable[[], int],
        unsaid_header: str = "",
    ) -> None:
        """
        Open a client; nothing is asked yet.

        :param url: another address for every call of this exchange: a test net, a gateway.
        :param unsaid_header: in which ccxt would name itself as who brought the request; it is left out.
        :raises ExchangeUnknown: if ccxt has no such exchange.
        """
        ccxt = importlib.import_module("ccxt")
        if exchange not in ccxt.exchanges:
            raise ExchangeUnknown(f"There is no exchange {exchange!r} that we could speak to.")
        self._errors = (ccxt.BaseError, importlib.import_module("urllib3.exceptions").HTTPError, *NONSENSE)
        self._not_found: type[Exception] = ccxt.OrderNotFound
        self._heard = threading.local()
        config: dict[str, Any] = {
            "enableRateLimit": False,
            "timeout": int(TIMEOUT_SECONDS * 1000),
            "number": str,
            "options": {"defaultType": "spot", **options},
        }
        if credentials is not None:
            config |= {
                "apiKey": credentials.key,
                "secret": credentials.secret,
                "password": credentials.password or None,
            }
        self.exchange = getattr(ccxt, exchange)(config)
        # The list of currencies is another, often private call, and nothing here needs it.
        self.exchange.has["fetchCurrencies"] = False
        # Not None, or ccxt would read the markets by itself in the middle of another call; the wire reads them.
        self.exchange.markets = {}
        # A redirected POST may be sent a second time, and elsewhere.
        self.exchange.session.max_redirects = 0
        if url:
            self.exchange.urls["api"] = _moved(self.exchange.urls["api"], url.rstrip("/"))
        self._fetch, self._sign = self.exchange.fetch, self.exchange.sign
        self.exchange.fetch = self._fetch_watched
        self.exchange.sign = self._sign_with_headers
        self.exchange.on_rest_response = self._hear
        self._venue_milliseconds, self._unsaid_header = venue_milliseconds, unsaid_header
        self.exchange.nonce = self._time_to_sign
        self.exchange.parse_order_book_bid_ask = _exact_level

    def call(
        self,
        question: Callable[[Any], Any],
        *,
        headers: Mapping[str, str] | None = None,
        signed_at: int | None = None,
    ) -> Hearing:
        """
        Put one question to ccxt's client and return everything that is known about it.

        :param question: takes ccxt's client and makes exactly one request with it.
        :param headers: what a signed request carries besides ccxt's own headers.
        :param signed_at: the time it is signed with, in the venue's milliseconds; the present when None.
        """
        self._heard.was_sent, self._heard.answer, self._heard.headers = False, None, headers or {}
        self._heard.signed_at = signed_at
        value, trouble = None, None
        try:
            # ccxt changes rounding and traps of the thread's decimal context, and money is rounded in that thread.
            with decimal.localcontext():
                value = question(self.exchange)
        except self._errors as error:
            trouble = error
        return Hearing(was_sent=self._heard.was_sent, answer=self._heard.answer, value=value, trouble=trouble)

    def written_at(self) -> datetime | None:
        """Return when the last answer to this thread was written, to the second; None where it does not say."""
        answer: Answer | None = self._heard.answer
        try:
            return parsedate_to_datetime(answer.headers["Date"]) if answer is not None else None
        except (KeyError, ValueError):
            return None

    def says_not_found(self, hearing: Hearing) -> bool:
        """Return whether ccxt reads the answer as "there is no such order"."""
        return isinstance(hearing.trouble, self._not_found)

    def _time_to_sign(self) -> int:
        signed_at: int | None = getattr(self._heard, "signed_at", None)
        return self._venue_milliseconds() if signed_at is None else signed_at

    def _fetch_watched(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        self._heard.was_sent = True
        return self._fetch(url, method, headers, body)

    def _sign_with_headers(self, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        request: dict[str, Any] = self._sign(*arguments, **keywords)
        headers = {name: value for name, value in (request["headers"] or {}).items() if name != self._unsaid_header}
        request["headers"] = {**headers, **self._heard.headers}
        return request

    def _hear(
        self,
        code: int,
        _reason: str,
        _url: str,
        _method: str,
        headers: Mapping[str, str],
        text: str,
        *_request: Any,
    ) -> str:
        self._heard.answer = Answer(status=code, headers=headers, text=text)
        return text.strip()


def _exact_level(level: Any, price_key: Any = 0, quantity_key: Any = 1, *_: Any) -> list[decimal.Decimal]:
    """Return price and quantity of a level of a book; ccxt's own reading makes floats of them."""
    return [decimal.Decimal(str(level[price_key])), decimal.Decimal(str(level[quantity_key]))]


def _moved(addresses: Any, url: str) -> Any:
    """Return an exchange's addresses with another beginning: scheme and host change, paths stay."""
    moved = {"": addresses}
    # Some exchanges have addresses within addresses.
    waiting = [moved]
    while waiting:
        branch = waiting.pop()
        for name, address in branch.items():
            if isinstance(address, dict):
                branch[name] = dict(address)
                waiting.append(branch[name])
            else:
                branch[name] = url + urlsplit(address).path
    return moved[""]
