"""The base of every address of the API: closed unless said otherwise, counted, and JSON both ways."""

import json
import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy
from rest_framework import exceptions, serializers, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api import paging
from accounts.api.answering import answers, sparse
from accounts.api.answering.deprecation import Deprecation
from accounts.api.scopes import WithinScopes
from accounts.api.throttles import RequestsPerMinute
from accounts.api.tokens import BearerAuthentication

BODY_BYTES_MAX = 100_000
UNKNOWN_FIELD = gettext_lazy("There is no such field here.")


class AlwaysJson(BaseContentNegotiation):
    """There is one way to answer, so what the client says it likes makes no difference."""

    def select_parser(self, request: Request, parsers: list[BaseParser]) -> BaseParser | None:
        kind = request.content_type.partition(";")[0].strip()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: list[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class BodyTooLarge(exceptions.APIException):
    """No request of ours needs so much."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = format_lazy(gettext_lazy("A request can have {most} bytes at most."), most=f"{BODY_BYTES_MAX:,}")


class RepeatedParameter(exceptions.ValidationError):
    """A parameter stands in the address more than once, and nobody can say which one counts."""

    default_code = "invalid"


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise exceptions.ParseError(f"JSON parse error - {text[:20]} is more than can be counted.")
    return number


class BoundedJsonParser(JSONParser):
    """JSON of a size and depth that a program has a reason to send."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        # What says that it is too large is not read at all.
        said = str((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
        if said.isdigit() and int(said) > BODY_BYTES_MAX:
            raise BodyTooLarge
        body = stream.read(BODY_BYTES_MAX + 1)
        if len(body) > BODY_BYTES_MAX:
            raise BodyTooLarge
        try:
            return json.loads(body.decode(), parse_constant=_finite, parse_float=_finite)
        except RecursionError:
            raise exceptions.ParseError("JSON parse error - it is nested too deeply.") from None
        except ValueError as error:
            raise exceptions.ParseError(f"JSON parse error - {error}.") from error


class Endpoint(APIView):
    authentication_classes = (BearerAuthentication,)
    permission_classes: tuple[type[BasePermission], ...] = (IsAuthenticated, WithinScopes)
    # Which scope of a key a method takes; see accounts.api.scopes.
    scopes: ClassVar[dict[str, str]] = {}
    # Whether an answer tells of the person who asks.
    is_personal = True
    # When it was replaced, until when it is still served, and by what; see docs/api.md.
    deprecation: ClassVar[Deprecation | None] = None
    # Which fields of the answer are wanted; None for all. See accounts.api.answering.sparse.
    fields_wanted: sparse.Sparse | None = None
    throttle_classes: tuple[type[BaseThrottle], ...] = (RequestsPerMinute,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (BoundedJsonParser,)
    content_negotiation_class = AlwaysJson

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method not in self.allowed_methods:
            # Whoever asks: no sign-in makes it a method that there is.
            raise exceptions.MethodNotAllowed(str(request.method))
        if self.deprecation is not None:
            self.deprecation.check(now=timezone.now())
        super().initial(request, *args, **kwargs)
        self.fields_wanted = self._read_fields(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.fields_wanted is not None and response.status_code == status.HTTP_200_OK:
            self.fields_wanted.thin(response.data)
        answers.describe_limits(request._request, response)
        answers.say_who_may_keep(
            request._request, response, is_personal=self.is_personal or getattr(request, "_auth", None) is not None
        )
        if self.deprecation is not None:
            self.deprecation.announce(response)
        if response.streaming:
            return response
        if not isinstance(response, Response):
            return answers.if_changed(request._request, response)
        response.add_post_render_callback(partial(answers.if_changed, request._request))
        return response

    def read(self, serializer_class: type[serializers.Serializer]) -> dict[str, Any]:
        """
        Return what the body says, checked.

        :raises ValidationError: with a sentence for each field that is wrong.
        """
        return _checked(serializer_class(data=self.request.data), said=self.request.data, is_json=True)

    def wants(self, *names: str) -> bool:
        """Return whether any of these fields of the answer is asked for; what is not need not be counted."""
        return self.fields_wanted is None or not self.fields_wanted.wanted.keys().isdisjoint(names)

    def page(self, rows: QuerySet[Any], shape: type[serializers.Serializer], *, of: str, at: str) -> Response:
        """Return the page of rows that the address asks for, the latest id first; see accounts.api.paging."""
        found = paging.page_of(rows, self.read_query(paging.TimedQuery), of=of, at=at)
        return Response({**found, "results": shape(found["results"], many=True).data})

    def read_query(self, serializer_class: type[serializers.Serializer]) -> dict[str, Any]:
        """Return what the address asks behind the question mark, checked the same way, and each thing once."""
        for name, values in self.request.query_params.lists():
            if len(values) > 1:
                raise RepeatedParameter({name: gettext("Send it once; nobody can say which of them counts.")})
        # As plain values: of a form's fields the framework would take an empty one for none.
        said = self.request.query_params.dict()
        if self.fields_wanted is not None:
            # Read already, and the same everywhere.
            del said[sparse.PARAMETER]
        return _checked(serializer_class(data=said), said=said)

    def _read_fields(self, request: Request) -> sparse.Sparse | None:
        said = request.query_params.getlist(sparse.PARAMETER)
        shape = sparse.shape_of(self) if said and request.method in ("GET", "HEAD") else None
        return None if shape is None else sparse.asked_of(shape, said)


class OpenEndpoint(Endpoint):
    """An address that needs no sign-in."""

    permission_classes = (AllowAny, WithinScopes)
    is_personal = False


def _checked(serializer: serializers.Serializer, *, said: Any, is_json: bool = False) -> dict[str, Any]:
    # A misspelt stop loss must not become a copy without one.
    if misread := dict(_misread(serializer, said, is_json=is_json)):
        raise exceptions.ValidationError(misread)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _misread(serializer: serializers.Serializer, said: Any, *, is_json: bool) -> Iterator[tuple[str, Any]]:
    """
    Yield what the framework would overlook in what was said, with a sentence each; names of parts stand after a point.

    That are names that nobody knows, and in JSON numbers for texts, and texts and numbers for yes or no.
    """
    waiting: list[tuple[serializers.Field, Any, str]] = [(serializer, said, "")]
    while waiting:
        field, part, path = waiting.pop(0)
        if isinstance(field, serializers.Serializer) and isinstance(part, Mapping):
            for name, inner in part.items():
                where = f"{path}.{name}" if path else str(name)
                if name in field.fields:
                    waiting.append((field.fields[name], inner, where))
                else:
                    yield where, UNKNOWN_FIELD
        elif isinstance(field, serializers.ListSerializer | serializers.ListField) and isinstance(part, list):
            waiting += [(field.child, inner, f"{path}.{place}") for place, inner in enumerate(part)]
        elif is_json and part is not None:
            kinds = {serializers.CharField: str, serializers.BooleanField: bool}
            if any(isinstance(field, of) and not isinstance(part, kind) for of, kind in kinds.items()):
                yield path, field.error_messages["invalid"]
