"""
One POST to the machine that was checked, within its time.

The libraries for HTTP would resolve the name themselves, a second time, and know no limit for an answer as a whole: so
the connection is made here, to the address that was found public, with the name of the host for TLS. All of it, from
the name to the last byte that is read, shares one deadline. Redirects are an answer like any other.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import Any

import certifi
from django.conf import settings

from copytrading.services.hooks.targets import Target, WebhookAddressRefused, machines_of, target_of

# Nobody needs to say more, and what is not read is not kept.
ANSWER_BYTES_MAX = 16_384
LEAST_SECONDS = 0.001


@dataclass(frozen=True, kw_only=True)
class Answer:
    """
    What the receiver said: a status, or in `trouble` why there is none.

    `text` is what it answered besides, up to a length and empty where that was cut off; what is asked reads it.
    """

    tried_at: datetime
    milliseconds: int
    status: int | None = None
    trouble: str = ""
    text: bytes = field(default=b"", repr=False)

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == HTTPStatus.GONE


class _TooSlow(OSError):
    """The time was over."""


class _Deadline:
    """A moment by which all is done."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def left(self) -> float:
        """
        Return the seconds that are left.

        :raises _TooSlow: if there are none.
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise _TooSlow
        return max(left, LEAST_SECONDS)


class _Line(io.RawIOBase):
    """A connection that http.client writes to and reads from, each byte before the deadline."""

    def __init__(self, connected: socket.socket, deadline: _Deadline) -> None:
        self._socket, self._deadline = connected, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(self._deadline.left())
        return self._socket.recv_into(buffer)

    def sendall(self, content: bytes) -> None:
        self._socket.settimeout(self._deadline.left())
        self._socket.sendall(content)

    def makefile(self, *_: Any) -> io.BufferedReader:
        return io.BufferedReader(self)


def post(
    *,
    address: str,
    headers: dict[str, str],
    payload: str,
    seconds_max: float,
    now: datetime,
    local_hosts: Sequence[str] | None = None,
) -> Answer:
    """
    Post a text, and return what came of it; nothing that the other side does is an error of ours.

    :param local_hosts: as in `target_of`.
    """
    began_at, deadline = time.monotonic(), _Deadline(seconds_max)
    status: int | None = None
    trouble, text = "", b""
    try:
        target = target_of(address, local_hosts=local_hosts)
        status, text = _post(target, machines_of(target), headers, payload.encode(), deadline)
    except WebhookAddressRefused as refusal:
        trouble = str(refusal)
    except (_TooSlow, TimeoutError):
        trouble = f"There was no answer within {seconds_max:g} seconds."
    except ssl.SSLError as error:
        trouble = f"The connection cannot be trusted: {getattr(error, 'verify_message', '') or error.reason}."
    except (OSError, http.client.HTTPException, ValueError) as error:
        trouble = f"{type(error).__name__}: {error}"
    milliseconds = round((time.monotonic() - began_at) * 1000)
    return Answer(tried_at=now, milliseconds=milliseconds, status=status, trouble=trouble, text=text)


def _post(
    target: Target, machines: list[str], headers: dict[str, str], body: bytes, deadline: _Deadline
) -> tuple[int, bytes]:
    with _connected(machines, target.port, deadline) as plain:
        if not target.is_tls:
            return _speak(target, plain, headers, body, deadline)
        plain.settimeout(deadline.left())
        with _trusted().wrap_socket(plain, server_hostname=target.host) as sealed:
            return _speak(target, sealed, headers, body, deadline)


def _connected(machines: list[str], port: int, deadline: _Deadline) -> socket.socket:
    """Return a connection to the first of some machines that takes one."""
    for machine in machines[:-1]:
        try:
            return socket.create_connection((machine, port), timeout=deadline.left())
        except TimeoutError:
            raise
        except OSError:
            continue
    return socket.create_connection((machines[-1], port), timeout=deadline.left())


def _speak(
    target: Target, connected: socket.socket, headers: dict[str, str], body: bytes, deadline: _Deadline
) -> tuple[int, bytes]:
    line = _Line(connected, deadline)
    asking = http.client.HTTPConnection(target.host, target.port)
    asking.sock = line
    fixed = {
        "Host": target.name,
        "Content-Type": "application/json",
        "User-Agent": settings.SMARTSYNC_BRAND.user_agent,
        "Connection": "close",
    }
    asking.request("POST", target.path, body=body, headers=fixed | headers)
    answer = http.client.HTTPResponse(line, method="POST")  # type: ignore[arg-type]
    answer.begin()
    try:
        # A polite part of it, so that the receiver is not cut off in the middle of a short answer.
        return answer.status, answer.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException):
        # The status is said, and that is what counts.
        return answer.status, b""


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())
