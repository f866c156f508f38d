"""One's own data as a person on a device asks for it: an archive of all that is kept, and to be erased."""

from typing import ClassVar

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.problems import documented
from accounts.api.scopes import JustConfirmed, JustConfirmedToRead
from copytrading.api.finding import person
from copytrading.api.shapes.personal import ArchiveShape, ErasureShape
from copytrading.queries.personal import pages
from copytrading.services.personal import archives, erasures

PROBLEMS = (400, 401, 403, 409, 422, 429)
PROOF = "Takes a proof of the last five minutes that it is you, see `confirm`; no key ever does this."


class Archives(Endpoint):
    permission_classes = (*Endpoint.permission_classes, JustConfirmed)

    @extend_schema(
        operation_id="list_archives",
        tags=["personal"],
        summary="Archives of your data that are being made or can be fetched",
        responses=documented({200: ArchiveShape(many=True)}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        found = pages.archives_of(person(request), now=timezone.now())
        return Response(ArchiveShape(found, many=True).data)

    @extend_schema(
        operation_id="ask_for_archive",
        tags=["personal"],
        summary="Have everything packed that is kept about you",
        description=f"{PROOF} You are told when it is ready; while one is made, asking again comes to the same one.",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({202: ArchiveShape}, problems=PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        archive = archives.ask_for_archive(user=person(request), by=person(request), now=timezone.now())
        return Response(ArchiveShape(archive).data, status=status.HTTP_202_ACCEPTED)


class ArchiveContent(Endpoint):
    permission_classes = (*Endpoint.permission_classes, JustConfirmedToRead)
    scopes: ClassVar = {"GET": ""}

    @extend_schema(
        operation_id="fetch_archive",
        tags=["personal"],
        summary="The file of an archive, a ZIP",
        description=PROOF,
        responses=documented({(200, "application/zip"): OpenApiTypes.BINARY}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, archive_id: int) -> HttpResponse:
        archive = get_object_or_404(pages.ready_archives_of(person(request), now=timezone.now()), pk=archive_id)
        name = f"data-{archive.made_at:%Y-%m-%d}.zip"
        return HttpResponse(
            pages.content_of(archive),
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


class OwnErasure(Endpoint):
    permission_classes = (*Endpoint.permission_classes, JustConfirmed)

    @extend_schema(
        operation_id="read_erasure",
        tags=["personal"],
        summary="Whether your account is to be erased, and what has to be settled first",
        responses=documented({200: ErasureShape}, problems=(401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return self._shown(request)

    @extend_schema(
        operation_id="ask_for_erasure",
        tags=["personal"],
        summary="Ask that your account is erased",
        description=f"{PROOF} It is done when the time to take it back is over, and not while money, copies, followers"
        " or open requests stand.",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({202: ErasureShape}, problems=PROBLEMS),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        erasures.request_erasure(user=person(request), by=person(request), now=timezone.now())
        return self._shown(request, status.HTTP_202_ACCEPTED)

    @extend_schema(
        operation_id="withdraw_erasure",
        tags=["personal"],
        summary="Take back that your account is to be erased",
        description=PROOF,
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({200: ErasureShape}, problems=(400, 401, 403, 404, 409, 422, 429)),
    )
    @idempotent
    def delete(self, request: Request, *, idempotency_key: str) -> Response:
        own = get_object_or_404(pages.open_erasures(), user=person(request))
        erasures.withdraw_erasure(erasure_id=own.pk, now=timezone.now())
        return self._shown(request)

    def _shown(self, request: Request, status_code: int = status.HTTP_200_OK) -> Response:
        found = pages.own_data_of(person(request), now=timezone.now())
        shown = {
            "requested_at": found.erasure and found.erasure.requested_at,
            "due_at": found.erasure and found.erasure.due_at,
            "obstacles": found.obstacles,
        }
        return Response(ErasureShape(shown).data, status=status_code)
