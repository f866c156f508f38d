"""Complaints by API: a person on a device files, reopens and closes them; a key may look."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.paging import TimedQuery, paged
from accounts.api.problems import documented
from copytrading.api.finding import person
from copytrading.api.shapes.desk import ComplaintInput, ComplaintShape, ReopeningInput
from copytrading.queries.desk import complaints as queries
from copytrading.services.desk import complaints

PROBLEMS = (400, 401, 403, 404, 409, 422, 429)


class Complaints(Endpoint):
    @extend_schema(
        operation_id="list_complaints",
        tags=["complaints"],
        summary="Your complaints with what was said, latest first",
        parameters=[TimedQuery],
        responses=documented({200: paged(ComplaintShape)}, problems=(400, 401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        user = person(request)
        rows = queries.with_steps(queries.complaints_of(user))
        return self.page(rows, ComplaintShape, of=f"complaints of {user.pk}", at="received_at")

    @extend_schema(
        operation_id="file_complaint",
        tags=["complaints"],
        summary="Complain of something, perhaps of one of your copies",
        description="It is acknowledged within a day and answered within 15 working days; both times are in the answer."
        " Five at most wait at once.",
        parameters=[IDEMPOTENCY_KEY],
        request=ComplaintInput,
        responses=documented({201: ComplaintShape}, problems=(400, 401, 403, 409, 422, 429)),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        said = self.read(ComplaintInput)
        filed = complaints.file(
            user=person(request),
            subject=said["subject"],
            text=said["text"],
            copy_id=said["copy"],
            idempotency_key=idempotency_key,
            now=timezone.now(),
        )
        return Response(ComplaintShape(own_complaint(request, filed.pk)).data, status=status.HTTP_201_CREATED)


class OneComplaint(Endpoint):
    @extend_schema(
        operation_id="read_complaint",
        tags=["complaints"],
        summary="One of your complaints, with what was said",
        responses=documented({200: ComplaintShape}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, complaint_id: int) -> Response:
        return Response(ComplaintShape(own_complaint(request, complaint_id)).data)


class ReopenComplaint(Endpoint):
    @extend_schema(
        operation_id="reopen_complaint",
        tags=["complaints"],
        summary="Say why the answer is none, within thirty days of it",
        parameters=[IDEMPOTENCY_KEY],
        request=ReopeningInput,
        responses=documented({200: ComplaintShape}, problems=PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, complaint_id: int, *, idempotency_key: str) -> Response:
        complaint = own_complaint(request, complaint_id)
        complaints.reopen(complaint_id=complaint.pk, now=timezone.now(), **self.read(ReopeningInput))
        return Response(ComplaintShape(own_complaint(request, complaint_id)).data)


class CloseComplaint(Endpoint):
    @extend_schema(
        operation_id="close_complaint",
        tags=["complaints"],
        summary="Close a complaint that was answered",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({200: ComplaintShape}, problems=PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, complaint_id: int, *, idempotency_key: str) -> Response:
        complaints.close(complaint_id=own_complaint(request, complaint_id).pk, now=timezone.now())
        return Response(ComplaintShape(own_complaint(request, complaint_id)).data)


def own_complaint(request: Request, complaint_id: int) -> Any:
    return get_object_or_404(queries.with_steps(queries.complaints_of(person(request))), pk=complaint_id)
