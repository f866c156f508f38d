"""Leads: find them, look at one, and see what copying one would do."""

from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint, OpenEndpoint
from accounts.api.paging import part_of
from accounts.api.problems import documented
from copytrading.api.finding import person, public_lead, visible_to, visitor
from copytrading.api.shapes.copies import CopyPreviewShape, PreviewInput
from copytrading.api.shapes.leads import (
    LeadDetailShape,
    LeadRecordPointShape,
    LeadRecordQuery,
    LeadsPageShape,
    LeadsQuery,
    PortfolioShape,
)
from copytrading.queries.leads import listing as lead_queries
from copytrading.queries.leads import pages as lead_pages
from copytrading.queries.leads import statistics as lead_statistics
from copytrading.services.copies import previews
from copytrading.services.copies.cautions import cautions_of


class Leads(OpenEndpoint):
    @extend_schema(
        operation_id="list_leads",
        tags=["leads"],
        summary="Find leads",
        parameters=[LeadsQuery],
        responses=documented({200: LeadsPageShape}, problems=(400, 401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        asked = self.read_query(LeadsQuery)
        page = {name: asked.pop(name) for name in ("cursor", "limit")}
        sorting = lead_queries.Sorting(asked.pop("sort"))
        found = lead_queries.ranked(wanted=lead_queries.LeadFilter(**asked), sorting=sorting, now=timezone.now())
        return Response(LeadsPageShape(part_of(found, page, of=f"leads by {sorting}")).data)


class Lead(OpenEndpoint):
    @extend_schema(
        operation_id="read_lead",
        tags=["leads"],
        summary="Look at one lead",
        responses=documented({200: LeadDetailShape}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, slug: str) -> Response:
        now = timezone.now()
        lead = public_lead(slug)
        card, visibility = lead_queries.card_of(lead, now=now), visible_to(request, lead)
        figures = {
            **{name: getattr(card, name) for name in card.__dataclass_fields__},
            "stake_fraction": card.stake_fraction,
            "score": card.score,
            "standing": lead_queries.standing_of(card, visitor(request)).value,
            "statistics": lead_statistics.statistics_of(card, visibility=visibility, now=now),
            "visibility": visibility,
        }
        return Response(LeadDetailShape(figures).data)


class LeadHoldings(OpenEndpoint):
    @extend_schema(
        operation_id="read_lead_holdings",
        tags=["leads"],
        summary="What a lead holds, as ratios",
        responses=documented({200: PortfolioShape}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, slug: str) -> Response:
        lead = public_lead(slug)
        return Response(PortfolioShape(lead_pages.portfolio_of(lead, visibility=visible_to(request, lead))).data)


class LeadRecord(OpenEndpoint):
    @extend_schema(
        operation_id="read_lead_record",
        tags=["leads"],
        summary="A lead's return over time",
        parameters=[LeadRecordQuery],
        responses=documented({200: LeadRecordPointShape(many=True)}, problems=(400, 401, 403, 404, 429)),
    )
    def get(self, request: Request, slug: str) -> Response:
        days = self.read_query(LeadRecordQuery)["days"]
        curve = lead_pages.curve_of(public_lead(slug), days=days, now=timezone.now())
        return Response(LeadRecordPointShape(curve.points, many=True).data)


class LeadPreview(Endpoint):
    scopes: ClassVar = {"POST": "read"}

    @extend_schema(
        operation_id="preview_copy",
        tags=["leads"],
        summary="The trades that copying this lead would make now",
        description="Refuses what a start would refuse. Nothing is written. They are sized by the shares of the lead"
        " that are shown to you, see `as_of`; a start goes by what the lead holds then.",
        request=PreviewInput,
        responses=documented({200: CopyPreviewShape}, problems=(400, 401, 403, 404, 409, 429)),
    )
    def post(self, request: Request, slug: str) -> Response:
        wanted, lead = self.read(PreviewInput), public_lead(slug)
        preview = previews.preview_copy(
            follower=person(request),
            lead_id=lead.pk,
            investment_units=wanted["investment"],
            terms=wanted["terms"],
            now=timezone.now(),
        )
        cautions = cautions_of(lead=lead, investment_units=wanted["investment"], terms=wanted["custom"])
        figures = {name: getattr(preview, name) for name in preview.__dataclass_fields__}
        return Response(CopyPreviewShape({**figures, "cautions": cautions}).data)
