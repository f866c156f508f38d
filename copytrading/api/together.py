"""All copies of a person as one portfolio: over time, in returns, and what it is spread over."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.problems import documented
from copytrading.api.finding import person
from copytrading.api.shapes.together import TogetherShape
from copytrading.queries.copies.together import together_of


class Together(Endpoint):
    @extend_schema(
        operation_id="read_copies_together",
        tags=["copies"],
        summary="All your copies as one portfolio",
        description="What they were worth together, what your money made, and what it is spread over.",
        responses=documented({200: TogetherShape}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return Response(TogetherShape(together_of(person(request), now=timezone.now())).data)
