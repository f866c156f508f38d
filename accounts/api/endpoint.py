"""The base of every address of the API: closed unless said otherwise, counted, and JSON both ways."""

from typing import Any

from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.throttles import RequestsPerMinute
from accounts.api.tokens import BearerAuthentication


class AlwaysJson(BaseContentNegotiation):
    """There is one way to answer, so what the client says it likes makes no difference."""

    def select_parser(self, request: Request, parsers: list[BaseParser]) -> BaseParser | None:
        kind = request.content_type.partition(";")[0].strip()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: list[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class Endpoint(APIView):
    authentication_classes = (BearerAuthentication,)
    permission_classes = (IsAuthenticated,)
    throttle_classes = (RequestsPerMinute,)
    renderer_classes = (JSONRenderer,)
    parser_classes = (JSONParser,)
    content_negotiation_class = AlwaysJson

    def read(self, serializer_class: type[serializers.Serializer]) -> dict[str, Any]:
        """
        Return what the body says, checked.

        :raises ValidationError: with a sentence for each field that is wrong.
        """
        return _checked(serializer_class(data=self.request.data))

    def read_query(self, serializer_class: type[serializers.Serializer]) -> dict[str, Any]:
        """Return what the address asks behind the question mark, checked the same way."""
        return _checked(serializer_class(data=self.request.query_params))


class OpenEndpoint(Endpoint):
    """An address that needs no sign-in."""

    permission_classes = (AllowAny,)


def _checked(serializer: serializers.Serializer) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
