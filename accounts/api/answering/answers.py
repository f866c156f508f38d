"""
What every answer under /api/ has in common, whoever gives it: JSON also where the framework would draw a page, an
`ETag` for what can be read again, how often one may still ask, and who may keep it.
"""

import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.decorators import sync_and_async_middleware

from accounts import rate_limits
from accounts.api.problems import API_PATH, PROBLEM_TYPE, SENTENCES, type_of

PERSONAL = "private, no-store"
# What everybody may read moves with the prices; a proxy may answer for so long.
FOR_EVERYBODY = "public, max-age=2"
JSON_TYPES = ("application/json", PROBLEM_TYPE, "application/vnd.oai.openapi+json", "text/event-stream")
# Statuses of answers that the framework gives before anything of ours is asked, and the codes they have here.
CODES = {
    400: "malformed_request",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    429: "throttled",
}
TOO_MANY_CODES = "too_many_login_attempts"


@sync_and_async_middleware
def json_under_api(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Answer with a problem wherever something under /api/ would be refused with a page, or with nothing."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            return _in_json(request, await get_response(request))

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        return _in_json(request, get_response(request))

    return answer


def _in_json(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if not request.path.startswith(API_PATH) or not isinstance(response, HttpResponse):
        return response
    if "Cache-Control" not in response:
        response["Cache-Control"] = PERSONAL
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return response
    kind = response.get("Content-Type", "").partition(";")[0]
    if kind not in JSON_TYPES:
        return _as_problem(response)
    if response.status_code == HTTPStatus.BAD_REQUEST and TOO_MANY_CODES.encode() in response.content:
        # The library of sign-ins says so as if a field were wrong; a program has to know that it must wait.
        response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        response["Retry-After"] = str(rate_limits.seconds_to_wait())
    return response


def _as_problem(response: HttpResponseBase) -> JsonResponse:
    status = response.status_code
    code = CODES.get(status, "refused")
    title = SENTENCES.get(status, HTTPStatus(status).phrase + ".")
    body = {"type": type_of(code), "status": status, "code": code, "title": title}
    answer = JsonResponse(body, status=status, content_type=PROBLEM_TYPE)
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in response:
            answer[name] = response[name]
    answer["Cache-Control"] = PERSONAL
    return answer


def describe_limits(request: HttpRequest, response: HttpResponseBase) -> None:
    """Say in `RateLimit` how often one may still ask in this minute (draft-ietf-httpapi-ratelimit-headers)."""
    limits = getattr(request, "rate_limits", ())
    if limits:
        window, wait = rate_limits.WINDOW_SECONDS, rate_limits.seconds_to_wait()
        response["RateLimit-Policy"] = ", ".join(f'"{name}";q={limit};w={window}' for name, _, limit in limits)
        response["RateLimit"] = ", ".join(f'"{name}";r={max(left, 0)};t={wait}' for name, left, _ in limits)


def say_who_may_keep(request: HttpRequest, response: HttpResponseBase, *, is_personal: bool) -> None:
    """Let nobody keep what is about a person, and everybody for a moment what is about all."""
    is_for_all = not is_personal and response.status_code == HTTPStatus.OK
    response["Cache-Control"] = FOR_EVERYBODY if is_for_all else PERSONAL
    patch_vary_headers(response, ["Authorization", "Accept-Language"])


def if_changed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return a rendered answer with its `ETag`; or 304 without a body to somebody who has it already."""
    if request.method not in ("GET", "HEAD") or response.status_code != HTTPStatus.OK:
        return response
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
