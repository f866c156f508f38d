"""What can be done to a copy that runs: change its investment or stop loss, pause, resume, stop."""

from typing import ClassVar

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
    TermsInput,
    ValueInput,
)
from copytrading.services.admission import entering
from copytrading.services.copies import previews, terms
from copytrading.services.copies import verbs as copies

MONEY_PROBLEMS = (400, 401, 403, 404, 409, 422, 429)
CHANGED = documented({200: CopyDetailShape}, problems=MONEY_PROBLEMS)
MONEY_MOVED = documented({200: CopyDetailShape}, problems=MONEY_PROBLEMS)


class ChangePreview(Endpoint):
    scopes: ClassVar = {"POST": "read"}

    @extend_schema(
        operation_id="preview_change",
        tags=["copies"],
        summary="What changing the investment would trade, cost and change",
        description="Refuses what the change would refuse. Nothing is written.",
        request=ChangeInput,
        responses=documented({200: ChangePreviewShape}, problems=(400, 401, 403, 404, 409, 429)),
    )
    def post(self, request: Request, copy_id: int) -> Response:
        copy, wanted = own_copy(request, copy_id), self.read(ChangeInput)
        units = wanted["value"] if wanted["change"] == "increase" else -wanted["value"]
        preview = previews.preview_change(copy_id=copy.pk, change_units=units, now=timezone.now())
        return Response(ChangePreviewShape(preview).data)


class Increase(Endpoint):
    scopes: ClassVar = {"POST": "copy:money"}

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
        entering.increase_copy(copy_id=copy.pk, units=units, idempotency_key=idempotency_key, now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class Reduce(Endpoint):
    scopes: ClassVar = {"POST": "copy:money"}

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
    scopes: ClassVar = {"PUT": "copy"}

    @extend_schema(
        operation_id="change_stop_loss",
        tags=["copies"],
        summary="Set the loss at which the copy stops itself, or null for never",
        parameters=[IDEMPOTENCY_KEY],
        request=StopLossInput,
        responses=CHANGED,
    )
    @idempotent
    def put(self, request: Request, copy_id: int, *, idempotency_key: str) -> Response:
        copy, wanted = own_copy(request, copy_id), self.read(StopLossInput)
        copies.change_stop_loss(copy_id=copy.pk, stop_loss_units=wanted["stop_loss"], now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class Terms(Endpoint):
    scopes: ClassVar = {"PATCH": "copy"}

    @extend_schema(
        operation_id="change_terms",
        tags=["copies"],
        summary="Change a copy's caps, and how a Custom copy answers orders",
        description="What is not named stays; null takes a limit away. The mode stays what it was.",
        parameters=[IDEMPOTENCY_KEY],
        request=TermsInput,
        responses=MONEY_MOVED,
    )
    @idempotent
    def patch(self, request: Request, copy_id: int, *, idempotency_key: str) -> Response:
        copy, changes = own_copy(request, copy_id), self.read(TermsInput)
        terms.change_terms(copy_id=copy.pk, changes=changes, now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class Pause(Endpoint):
    scopes: ClassVar = {"POST": "copy"}

    @extend_schema(
        operation_id="pause_copy",
        tags=["copies"],
        summary="Stop following for a while; the stop loss still guards",
        description="A copy that is paused already stays so.",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=CHANGED,
    )
    @idempotent
    def post(self, request: Request, copy_id: int, *, idempotency_key: str) -> Response:
        if own_copy(request, copy_id).status != "PAUSED":
            copies.pause_copy(copy_id=copy_id, now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class Resume(Endpoint):
    scopes: ClassVar = {"POST": "copy"}

    @extend_schema(
        operation_id="resume_copy",
        tags=["copies"],
        summary="Follow again, at the lead's present ratios",
        description="A copy that follows already goes on.",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=CHANGED,
    )
    @idempotent
    def post(self, request: Request, copy_id: int, *, idempotency_key: str) -> Response:
        if own_copy(request, copy_id).status not in ("STARTING", "ACTIVE"):
            copies.resume_copy(copy_id=copy_id, now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class StopQuote(Endpoint):
    @extend_schema(
        operation_id="quote_stop",
        tags=["copies"],
        summary="What stopping now would pay out",
        responses=documented({200: StopQuoteShape}, problems=(401, 403, 404, 409, 429)),
    )
    def get(self, request: Request, copy_id: int) -> Response:
        quote = previews.quote_stop(copy_id=own_copy(request, copy_id).pk, now=timezone.now())
        return Response(StopQuoteShape(quote).data)


class Stop(Endpoint):
    scopes: ClassVar = {"POST": "copy:money"}

    @extend_schema(
        operation_id="stop_copy",
        tags=["copies"],
        summary="Stop for good",
        description="From now on nothing is bought for it; all is sold and paid out by itself. Twice is as once.",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({202: CopyDetailShape}, problems=MONEY_PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, copy_id: int, *, idempotency_key: str) -> Response:
        if own_copy(request, copy_id).status not in ("STOPPING", "STOPPED"):
            copies.stop_copy(copy_id=copy_id, idempotency_key=idempotency_key, now=timezone.now())
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data, status=status.HTTP_202_ACCEPTED)
