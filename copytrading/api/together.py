"""All copies of a person as one portfolio: over time, in returns, what it is spread over, and what it may lose."""

from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.problems import documented
from copytrading.api.finding import person
from copytrading.api.shapes.together import LossLimitInput, LossLimitSetShape, TogetherShape
from copytrading.queries.copies.loss_limits import standing_of
from copytrading.queries.copies.own import overview_of
from copytrading.queries.copies.together import together_of
from copytrading.services.copies import loss_limits


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


class LossLimit(Endpoint):
    scopes: ClassVar = {"PUT": "copy"}

    @extend_schema(
        operation_id="set_loss_limit",
        tags=["copies"],
        summary="Set the loss over all your copies together at which every one of them stops",
        description="As money or as a share of what is invested; both null is no limit. It holds at once, for copies"
        " that you start later too, and is used up when it has fired. Refused where it would fire at once.",
        parameters=[IDEMPOTENCY_KEY],
        request=LossLimitInput,
        responses=documented({200: LossLimitSetShape}, problems=(400, 401, 403, 409, 422, 429)),
    )
    @idempotent
    def put(self, request: Request, *, idempotency_key: str) -> Response:
        wanted, now = self.read(LossLimitInput), timezone.now()
        loss_limits.set_loss_limit(
            user=person(request), loss_units=wanted["loss"], loss_fraction=wanted["fraction"], now=now
        )
        standing = standing_of(person(request), overview_of(person(request), now=now).summaries)
        return Response(LossLimitSetShape({"loss_limit": standing}).data)
