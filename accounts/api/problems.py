"""
How the API says no: `application/problem+json` with a code for machines and a sentence for people (RFC 9457).

    {"type": "/problems/lead_full/", "status": 409, "code": "lead_full", "title": "This lead takes no more ...", ...}

Each code has a page at its type.

What was wrong with single fields is in `fields`: the name of the field and a sentence.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext, gettext_lazy
from django.views.defaults import ERROR_500_TEMPLATE_NAME
from django.views.defaults import server_error as page_of_server_error
from drf_spectacular.utils import OpenApiResponse
from redis import RedisError
from rest_framework import exceptions, serializers, status
from rest_framework.response import Response
from rest_framework.settings import api_settings

API_PATH = "/api/"
PROBLEM_TYPE = "application/problem+json"
NOT_FOUND = gettext_lazy("There is nothing here.")
UNAVAILABLE = gettext_lazy(
    "A part of the platform cannot be reached for a moment, and nothing was done halfway. Send the same request again,"
    " with the same Idempotency-Key."
)
RETRY_AFTER_SECONDS = 2


class ProblemSerializer(serializers.Serializer):
    """A no, with its reason."""

    type = serializers.CharField(help_text="The page of this code.")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="For machines; stays the same when the sentence is worded better.")
    title = serializers.CharField(help_text="For people.")
    field = serializers.CharField(required=False, help_text="The field that it is about, where it is about one.")
    fields_ = serializers.DictField(child=serializers.CharField(), required=False)

    def get_fields(self) -> dict[str, Any]:
        shown = super().get_fields()
        shown["fields"] = shown.pop("fields_")
        return shown


def type_of(code: str) -> str:
    """Return the address of the page that tells of a code."""
    return f"/problems/{code}/"


class Conflict(exceptions.APIException):
    """It cannot be done as things stand."""

    status_code = status.HTTP_409_CONFLICT


class KeyReused(exceptions.APIException):
    """The idempotency key was used for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"
    default_detail = gettext_lazy(
        "This Idempotency-Key was used for another request. Make a new key for a new request."
    )


class TooManyStreams(exceptions.APIException):
    """This person, or this address, has as many live streams open as there may be. Close one first."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "too_many_streams"
    default_detail = gettext_lazy("Too many live streams are open for you or from your address. Close one first.")

    def __init__(self, *, wait: int) -> None:
        super().__init__()
        self.wait = wait


SENTENCES = {
    400: "Something in the request is not valid; `fields` says what.",
    401: "No token, or not a good one.",
    403: "You may not do this.",
    404: "There is nothing here, or nothing of yours.",
    405: "This address does not take this method; `Allow` says which it takes.",
    409: "It cannot be done as things stand; `code` and `title` say why.",
    413: "That is more than any request needs to say.",
    422: "The Idempotency-Key was used for another request.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
}


def documented(answers: Mapping[Any, Any], *, problems: Sequence[int]) -> dict[Any, Any]:
    """Return the responses of an operation for the schema: its answers, and the ways it may say no."""
    found: dict[Any, Any] = dict(answers)
    for status_code in problems:
        found[(status_code, PROBLEM_TYPE)] = OpenApiResponse(ProblemSerializer, description=SENTENCES[status_code])
    return found


def problem(
    *, status_code: int, code: str, title: str, field: str = "", fields: Mapping[str, str] | None = None
) -> Response:
    """Return the response that says no."""
    body: dict[str, Any] = {"type": type_of(code), "status": status_code, "code": code, "title": title}
    if field:
        body["field"] = field
    if fields:
        body["fields"] = dict(fields)
    return Response(body, status=status_code, content_type=PROBLEM_TYPE)


def problem_of(error: Exception) -> Response | None:
    """Return the response for an anticipated error, or nothing: what nobody anticipated is not hidden here."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    if isinstance(error, exceptions.ValidationError):
        fields = dict(_sentences(error.detail))
        field = next(iter(fields)) if len(fields) == 1 else ""
        title = next(iter(fields.values()), gettext("This request is not valid."))
        return problem(status_code=error.status_code, code="invalid", title=title, field=field, fields=fields)
    # Another's and missing look the same, whatever made it a 404.
    title = str(NOT_FOUND) if isinstance(error, exceptions.NotFound) else str(error.detail)
    response = problem(status_code=error.status_code, code=str(error.get_codes()), title=title)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response


def server_error(request: HttpRequest, template_name: str = ERROR_500_TEMPLATE_NAME) -> HttpResponse:
    """
    Answer what nobody anticipated, to programs in their words and to people with a page.

    While PostgreSQL or Valkey, which counts requests, cannot be reached it is a 503: it may be sent again.
    """
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError | RedisError)
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE if is_away else status.HTTP_500_INTERNAL_SERVER_ERROR
    if request.path.startswith(API_PATH):
        code, title = (
            ("unavailable", str(UNAVAILABLE)) if is_away else ("server_error", gettext("That went wrong on our side."))
        )
        body = {"type": type_of(code), "status": status_code, "code": code, "title": title}
        response: HttpResponse = JsonResponse(body, status=status_code, content_type=PROBLEM_TYPE)
    else:
        response = page_of_server_error(request, template_name)
        response.status_code = status_code
    if is_away:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _path_to(name: str, path: str) -> str:
    if name == api_settings.NON_FIELD_ERRORS_KEY:
        return path
    return f"{path}.{name}" if path else name


def _sentences(detail: Any) -> list[tuple[str, str]]:
    """Return each sentence of a problem with the path to what it is about, in the order in which they stand."""
    found, waiting = [], [("", detail)]
    while waiting:
        path, part = waiting.pop(0)
        if isinstance(part, Mapping):
            waiting = [(_path_to(name, path), inner) for name, inner in part.items()] + waiting
        else:
            words = " ".join(str(one) for one in part) if isinstance(part, list) else str(part)
            found.append((path or "body", words))
    return found
