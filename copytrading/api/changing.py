"""What can be done to a copy that runs: change its investment or stop loss, pause, resume, stop."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.problems import documented
from copytrading.api.finding import copy_in_figures, own_copy
from copytrading.api.shapes.copies import (
    ChangeInput,
    ChangePreviewShape,
    CopyDetailShape,
    StopLossInput,
    StopQuoteShape,
    ValueInput,
)
from copytrading.services.copies import previews
from copytrading.services.copies import verbs as copies

MONEY_PROBLEMS = (400, 401, 404, 409, 422, 429)
CHANGED = documented({200: CopyDetailShape}, problems=(400, 401, 404, 409, 429))
MONEY_MOVED = documented({200: CopyDetailShape}, problems=MONEY_PROBLEMS)


class ChangePreview(Endpoint):
    @extend_schema(
        operation_id="preview_change",
        tags=["copies"],
        summary="What changing the investment would trade, cost and change",
        description="Refuses what the change would refuse. Nothing is written.",
        request=ChangeInput,
        responses=documented({200: ChangePreviewShape}, problems=(400, 401, 404, 409, 429)),
    )
    def post(self, request: Request, copy_id: int) -> Response:
        copy, wanted = own_copy(request, copy_id), self.read(ChangeInput)
        units = wanted["value"] if wanted["change"] == "increase" else -wanted["value"]
        preview = previews.preview_change(copy_id=copy.pk, change_units=units, now=timezone.now())
        return Response(ChangePreviewShape(preview).data)


class Increase(Endpoint):
    @extend_schema(
        operation_id="increase_copy",
        tags=["copies"],
        summary="Put more behind the lead",
        parameters=[IDEMPOTENCY_KEY],
        request=ValueInput,
        responses=MONEY_MOVED,
    )
    @idempotent
    def post(self, request: Request, copy_id: int, *, idempotency_key: str) -> Response:
        copy, units = own_copy(request, copy_id), self.read(ValueInput)["value"]
        copies.increase_copy(copy_id=copy.pk, units=units, idempotency_key=idempotency_key, now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class Reduce(Endpoint):
    @extend_schema(
        operation_id="reduce_copy",
        tags=["copies"],
        summary="Take money out",
        description="`leaving` is what is not sold yet; it reaches the wallet by itself.",
        parameters=[IDEMPOTENCY_KEY],
        request=ValueInput,
        responses=MONEY_MOVED,
    )
    @idempotent
    def post(self, request: Request, copy_id: int, *, idempotency_key: str) -> Response:
        copy, units = own_copy(request, copy_id), self.read(ValueInput)["value"]
        copies.reduce_copy(copy_id=copy.pk, units=units, idempotency_key=idempotency_key, now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class StopLoss(Endpoint):
    @extend_schema(
        operation_id="change_stop_loss",
        tags=["copies"],
        summary="Set the loss at which the copy stops itself, or null for never",
        request=StopLossInput,
        responses=CHANGED,
    )
    def put(self, request: Request, copy_id: int) -> Response:
        copy, wanted = own_copy(request, copy_id), self.read(StopLossInput)
        copies.change_stop_loss(copy_id=copy.pk, stop_loss_units=wanted["stop_loss"], now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class Pause(Endpoint):
    @extend_schema(
        operation_id="pause_copy",
        tags=["copies"],
        summary="Stop following for a while; the stop loss still guards",
        request=None,
        responses=CHANGED,
    )
    def post(self, request: Request, copy_id: int) -> Response:
        copies.pause_copy(copy_id=own_copy(request, copy_id).pk, now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class Resume(Endpoint):
    @extend_schema(
        operation_id="resume_copy",
        tags=["copies"],
        summary="Follow again, at the lead's present ratios",
        request=None,
        responses=CHANGED,
    )
    def post(self, request: Request, copy_id: int) -> Response:
        copies.resume_copy(copy_id=own_copy(request, copy_id).pk, now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class StopQuote(Endpoint):
    @extend_schema(
        operation_id="quote_stop",
        tags=["copies"],
        summary="What stopping now would pay out",
        responses=documented({200: StopQuoteShape}, problems=(401, 404, 409, 429)),
    )
    def get(self, request: Request, copy_id: int) -> Response:
        quote = previews.quote_stop(copy_id=own_copy(request, copy_id).pk, now=timezone.now())
        return Response(StopQuoteShape(quote).data)


class Stop(Endpoint):
    @extend_schema(
        operation_id="stop_copy",
        tags=["copies"],
        summary="Stop for good",
        description="From now on nothing is bought for it; everything is sold and paid out by itself.",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({202: CopyDetailShape}, problems=MONEY_PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, copy_id: int, *, idempotency_key: str) -> Response:
        copy = own_copy(request, copy_id)
        copies.stop_copy(copy_id=copy.pk, idempotency_key=idempotency_key, now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data, status=status.HTTP_202_ACCEPTED)
