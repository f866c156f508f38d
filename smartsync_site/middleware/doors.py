"""
What every request passes before anything looks at it: how much it may say, how long it may take to say it, and that
what it says can be read.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import gettext

from accounts.api.problems import API_PATH, PROBLEM_TYPE, type_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

TOO_LARGE = b"That is more than any request of ours needs to say.\n"
CODES_OF_BODIES = {413: "body_too_large", 408: "body_too_slow"}
TOO_SLOW = b"That request took too long to arrive.\n"
FEATURES_NOT_USED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "usb", "xr-spatial-tracking",
)  # fmt: skip


class BodyRefused(Exception):
    """The body of a request is not read any further."""

    def __init__(self, status: int, sentence: bytes) -> None:
        self.status, self.sentence = status, sentence


class BoundedBodies:
    """
    Stands before the framework, which would read any body to its end before it asks who sends it.

    A body that says that it is too large is not read at all; one that does not say so is read up to the bound, and
    one that trickles for as long as is waited.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        try:
            if _length_said(scope["headers"]) > settings.REQUEST_BODY_BYTES_MAX:
                raise BodyRefused(413, TOO_LARGE)
            await self.application(scope, _bounded(receive), send)
        except BodyRefused as refusal:
            kind, body = _said(scope["path"], refusal)
            headers = [(b"content-type", kind), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
            await send({"type": "http.response.body", "body": body})


def _said(path: str, refusal: BodyRefused) -> tuple[bytes, bytes]:
    """Return the media type and the body of a refusal: a problem to programs, a line to everybody else."""
    if not path.startswith(API_PATH):
        return b"text/plain; charset=utf-8", refusal.sentence
    code = CODES_OF_BODIES[refusal.status]
    title = refusal.sentence.decode().strip()
    told = {"type": type_of(code), "status": refusal.status, "code": code, "title": title}
    return PROBLEM_TYPE.encode(), json.dumps(told).encode()


@sync_and_async_middleware
def readable_requests(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """
    Refuse what no text of ours can be: a zero character, which the database does not take, or half a character.

    It is looked for in the address and in forms; JSON is looked at by its fields.
    """
    if iscoroutinefunction(get_response):

        async def readable_async(request: HttpRequest) -> HttpResponse:
            return _with_policy(_unreadable(request) or await get_response(request))

        return readable_async

    def readable(request: HttpRequest) -> HttpResponse:
        return _with_policy(_unreadable(request) or get_response(request))

    return readable


def _unreadable(request: HttpRequest) -> HttpResponse | None:
    said: list[str] = [request.path]
    for values in (request.GET, request.POST):
        for name, given in values.lists():
            said += [name, *given]
    if all(_is_text(text) for text in said):
        return None
    sentence = gettext("Something in what was sent is no text: it has a character in it that nobody can type.")
    return render(request, "400.html", {"sentence": sentence}, status=400)


def _is_text(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _with_policy(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Permissions-Policy", ", ".join(f"{feature}=()" for feature in FEATURES_NOT_USED))
    return response


def _length_said(headers: Iterable[tuple[bytes, bytes]]) -> int:
    said = [value for name, value in headers if name == b"content-length"]
    return max((int(value) for value in said if value.isdigit()), default=0)


def _bounded(receive: Receive) -> Receive:
    """Return how a body is received: up to the bound, and within the time for it."""
    left = settings.REQUEST_BODY_BYTES_MAX
    until = asyncio.get_running_loop().time() + settings.REQUEST_BODY_SECONDS_MAX
    is_complete = False

    async def receive_bounded() -> Message:
        nonlocal left, is_complete
        if is_complete:
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise BodyRefused(408, TOO_SLOW) from None
        left -= len(message.get("body", b""))
        is_complete = not message.get("more_body", False)
        if left < 0:
            raise BodyRefused(413, TOO_LARGE)
        return message

    return receive_bounded
