"""What is not there says so in the words of the API, not with a page."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import OpenEndpoint


@extend_schema(exclude=True)
class Nowhere(OpenEndpoint):
    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        raise Http404

    def get(self, request: Request, rest: str) -> Response:
        raise Http404
