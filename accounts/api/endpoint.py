"""The base of every address of the API: closed unless said otherwise, counted, and JSON both ways."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from django.db.models import QuerySet
from rest_framework import exceptions, serializers, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.api import paging
from accounts.api.throttles import RequestsPerMinute
from accounts.api.tokens import BearerAuthentication

BODY_BYTES_MAX = 100_000
UNKNOWN_FIELD = "There is no such field here."


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
    default_detail = f"A request can have {BODY_BYTES_MAX:,} bytes at most."


class BoundedJsonParser(JSONParser):
    """JSON of a size and depth that a program has a reason to send."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(BODY_BYTES_MAX + 1)
        if len(body) > BODY_BYTES_MAX:
            raise BodyTooLarge
        try:
            return super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError("JSON parse error - it is nested too deeply.") from None


class Endpoint(APIView):
    authentication_classes = (BearerAuthentication,)
    permission_classes = (IsAuthenticated,)
    throttle_classes: tuple[type[BaseThrottle], ...] = (RequestsPerMinute,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (BoundedJsonParser,)
    content_negotiation_class = AlwaysJson

    def read(self, serializer_class: type[serializers.Serializer]) -> dict[str, Any]:
        """
        Return what the body says, checked.

        :raises ValidationError: with a sentence for each field that is wrong.
        """
        return _checked(serializer_class(data=self.request.data), said=self.request.data)

    def page(self, rows: QuerySet[Any], shape: type[serializers.Serializer], *, of: str, at: str) -> Response:
        """Return the page of rows that the address asks for, the latest id first; see accounts.api.paging."""
        found = paging.page_of(rows, self.read_query(paging.TimedQuery), of=of, at=at)
        return Response({**found, "results": shape(found["results"], many=True).data})

    def read_query(self, serializer_class: type[serializers.Serializer]) -> dict[str, Any]:
        """Return what the address asks behind the question mark, checked the same way."""
        return _checked(serializer_class(data=self.request.query_params), said=self.request.query_params)


class OpenEndpoint(Endpoint):
    """An address that needs no sign-in."""

    permission_classes = (AllowAny,)


def _checked(serializer: serializers.Serializer, *, said: Any) -> dict[str, Any]:
    # A misspelt stop loss must not become a copy without one.
    if unknown := dict.fromkeys(_unknown(serializer, said), UNKNOWN_FIELD):
        raise exceptions.ValidationError(unknown)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _unknown(serializer: serializers.Serializer, said: Any) -> Iterator[str]:
    """Yield the names in what was said that the serializer does not know, those of parts after a point."""
    waiting = [(serializer, said, "")]
    while waiting:
        known, part, path = waiting.pop(0)
        if not isinstance(part, Mapping):
            continue
        for name, inner in part.items():
            field = known.fields.get(name)
            if field is None:
                yield path + name
            elif isinstance(field, serializers.Serializer):
                waiting.append((field, inner, f"{path}{name}."))
