"""A person's copies: start one, look at it, and see what happened."""

from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.paging import cursor_at, page_of, place_in
from accounts.api.problems import documented
from copytrading.api.finding import copy_in_figures, own_account_id, own_copy, person
from copytrading.api.shapes.copies import (
    CopiesPageShape,
    CopiesQuery,
    CopyDetailShape,
    CopyGapShape,
    CopyRecordShape,
    ResultRowShape,
    StartInput,
)
from copytrading.api.shapes.paging import ActivityQuery
from copytrading.api.shapes.trades import ActivityPageShape
from copytrading.queries.copies import coin_results, curves, gap_pages, portfolios
from copytrading.queries.copies import own as copy_queries
from copytrading.queries.happened import activity, receipt_rows
from copytrading.queries.leads import listing as lead_queries
from copytrading.services.admission import entering


class Copies(Endpoint):
    scopes: ClassVar = {"POST": "copy:money"}

    @extend_schema(
        operation_id="list_copies",
        tags=["copies"],
        summary="Your copies",
        parameters=[CopiesQuery],
        responses=documented({200: CopiesPageShape}, problems=(400, 401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        asked = self.read_query(CopiesQuery)
        own = copy_queries.current_copies_of if asked["state"] == "current" else copy_queries.ended_copies_of
        now = timezone.now()
        copies = copy_queries.with_figures(own(person(request)), now=now)
        page = page_of(copies, asked, of=f"{asked['state']} copies", at="started_at")
        found = copy_queries.summed_up(page["results"], now=now)
        return Response(CopiesPageShape({"results": found, "next": page["next"]}).data)

    @extend_schema(
        operation_id="start_copy",
        tags=["copies"],
        summary="Copy a lead",
        description="Moves the investment into a copy of its own and brings that to the lead's ratios. With"
        " `own_account` it is a part of what is free there, and stays there.",
        parameters=[IDEMPOTENCY_KEY],
        request=StartInput,
        responses=documented({201: CopyDetailShape}, problems=(400, 401, 403, 409, 422, 429)),
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        wanted = self.read(StartInput)
        lead = lead_queries.public_leads().filter(slug=wanted["lead"]).first()
        if lead is None:
            raise exceptions.ValidationError({"lead": gettext("There is no such lead.")})
        copy = entering.start_copy(
            follower=person(request),
            lead_id=lead.pk,
            investment_units=wanted["investment"],
            terms=wanted["terms"],
            idempotency_key=idempotency_key,
            now=timezone.now(),
            invitation=wanted["invitation"],
            own_account_id=own_account_id(request, wanted["own_account"]),
        )
        return Response(CopyDetailShape(copy_in_figures(request, copy.pk)).data, status=status.HTTP_201_CREATED)


class Copy(Endpoint):
    @extend_schema(
        operation_id="read_copy",
        tags=["copies"],
        summary="One copy, beside its lead",
        responses=documented({200: CopyDetailShape}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, copy_id: int) -> Response:
        return Response(CopyDetailShape(copy_in_figures(request, copy_id)).data)


class CopyRecord(Endpoint):
    @extend_schema(
        operation_id="read_copy_record",
        tags=["copies"],
        summary="A copy's worth over time",
        description="From its start to now or its end. Where money moved are two entries of one time.",
        responses=documented({200: CopyRecordShape(many=True)}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, copy_id: int) -> Response:
        curve = curves.curve_of(copy_in_figures(request, copy_id), now=timezone.now())
        return Response(CopyRecordShape(curve.points, many=True).data)


class CopyCoins(Endpoint):
    @extend_schema(
        operation_id="list_copy_coins",
        tags=["copies"],
        summary="What the result of a copy is made of: each coin, those sold again too, and what else is in it",
        responses=documented({200: ResultRowShape(many=True)}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, copy_id: int) -> Response:
        rows = coin_results.result_rows(copy_in_figures(request, copy_id), prices=portfolios.price_list())
        return Response(ResultRowShape(rows, many=True).data)


class CopyGap(Endpoint):
    @extend_schema(
        operation_id="read_copy_gap",
        tags=["copies"],
        summary="Why a copy is not exactly where its lead's return would have put it",
        responses=documented({200: CopyGapShape}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, copy_id: int) -> Response:
        gap = gap_pages.gap_of(own_copy(request, copy_id), now=timezone.now())
        if gap is None:
            raise exceptions.NotFound("Nobody has looked at this copy's gap yet.")
        return Response(CopyGapShape(gap).data)


class CopyActivity(Endpoint):
    @extend_schema(
        operation_id="read_copy_activity",
        tags=["activity"],
        summary="What happened to a copy: trades, adjustments with their reasons, notices",
        parameters=[ActivityQuery],
        responses=documented({200: ActivityPageShape}, problems=(400, 401, 403, 404, 429)),
    )
    def get(self, request: Request, copy_id: int) -> Response:
        return activity_page(self, person_copy_id=own_copy(request, copy_id).pk)


class Activity(Endpoint):
    @extend_schema(
        operation_id="read_activity",
        tags=["activity"],
        summary="What happened to all your copies",
        parameters=[ActivityQuery],
        responses=documented({200: ActivityPageShape}, problems=(400, 401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        return activity_page(self, person_copy_id=None)


def activity_page(endpoint: Endpoint, *, person_copy_id: int | None) -> Response:
    """Return one page of receipts, of one of the person's copies or of all."""
    asked = endpoint.read_query(ActivityQuery)
    name = f"activity of {person_copy_id} {asked.get('kind')}"
    try:
        # Signed like every other cursor; inside it is that of three lists.
        cursor = activity.Cursor.parse(place_in(asked["cursor"], of=name) or "")
    except activity.CursorUnreadable as error:
        raise exceptions.ValidationError({"cursor": str(error)}) from error
    page = activity.receipts_of(
        person(endpoint.request),
        copy_id=person_copy_id,
        kinds=[asked["kind"]] if "kind" in asked else activity.KINDS,
        cursor=cursor,
        count=asked["limit"],
    )
    following = page.next_cursor and cursor_at(str(page.next_cursor), of=name)
    is_told = endpoint.wants(*activity.KINDS)
    rows = receipt_rows.with_rows(page.receipts) if is_told else receipt_rows.without_rows(page.receipts)
    return Response(ActivityPageShape({"results": rows, "next": following}).data)
