"""Leads: find them, look at one, and see what copying one would do."""

from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint, OpenEndpoint
from accounts.api.idempotency import IDEMPOTENCY_KEY, idempotent
from accounts.api.paging import part_of
from accounts.api.problems import documented
from copytrading.api.finding import own_account_id, person, public_lead, visible_to, visitor
from copytrading.api.shapes.copies import CopyPreviewShape, PreviewInput
from copytrading.api.shapes.leads import (
    ComparisonQuery,
    FavouriteShape,
    LeadDetailShape,
    LeadQuery,
    LeadRecordPointShape,
    LeadRecordQuery,
    LeadsComparisonShape,
    LeadsPageShape,
    LeadsQuery,
    PortfolioShape,
)
from copytrading.api.shapes.reference import NOT_HELD, ReferenceCopyShape
from copytrading.queries.admission.warnings import warning_of
from copytrading.queries.copies import reference
from copytrading.queries.leading.invitations import offer_of
from copytrading.queries.leads import listing as lead_queries
from copytrading.queries.leads import overlaps
from copytrading.queries.leads import pages as lead_pages
from copytrading.queries.leads import statistics as lead_statistics
from copytrading.queries.shown.visibility import visibilities_of
from copytrading.services.admission import entering
from copytrading.services.copies import favourites, own_verbs, previews
from copytrading.services.copies.cautions import cautions_of

FAVOURITE_PROBLEMS = (400, 401, 403, 404, 409, 422, 429)


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
        sorting, of = lead_queries.Sorting(asked.pop("sort")), None
        if asked.pop("favourites"):
            who = visitor(request)
            if who is None:
                raise exceptions.ValidationError({"favourites": gettext("Sign in to ask for your favourites.")})
            of = who.pk
        wanted = lead_queries.LeadFilter(**asked, favourites_of=of)
        found = lead_queries.ranked(wanted=wanted, sorting=sorting, now=timezone.now())
        return Response(LeadsPageShape(part_of(found, page, of=f"leads by {sorting}")).data)


class Lead(OpenEndpoint):
    @extend_schema(
        operation_id="read_lead",
        tags=["leads"],
        summary="Look at one lead",
        parameters=[LeadQuery],
        responses=documented({200: LeadDetailShape}, problems=(400, 401, 403, 404, 429)),
    )
    def get(self, request: Request, slug: str) -> Response:
        now, token = timezone.now(), self.read_query(LeadQuery)["invitation"]
        lead = public_lead(slug)
        card, visibility, who = lead_queries.card_of(lead, now=now), visible_to(request, lead), visitor(request)
        figures = {
            **{name: getattr(card, name) for name in card.__dataclass_fields__},
            "kept_per_risk": card.kept_per_risk,
            "stake_fraction": card.stake_fraction,
            "score": card.score,
            "standing": lead_queries.standing_of(card, who).value,
            "is_favourite": who is not None and lead.pk in lead_queries.favourite_ids_of(who),
            "statistics": lead_statistics.statistics_of(card, visibility=visibility, now=now),
            "visibility": visibility,
            "invitation": offer_of(lead, token, now=now),
        }
        return Response(LeadDetailShape(figures).data)


class LeadFavourite(Endpoint):
    scopes: ClassVar = {"PUT": "copy", "DELETE": "copy"}

    @extend_schema(
        operation_id="keep_eye_on_lead",
        tags=["leads"],
        summary="Keep an eye on a lead: make it one of your favourites",
        description="Two hundred at most. Nobody is told. One that is a favourite already stays so.",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({200: FavouriteShape}, problems=FAVOURITE_PROBLEMS),
    )
    @idempotent
    def put(self, request: Request, slug: str, *, idempotency_key: str) -> Response:
        favourites.keep_eye_on(user=person(request), lead=public_lead(slug), now=timezone.now())
        return Response(FavouriteShape({"lead": slug, "is_favourite": True}).data)

    @extend_schema(
        operation_id="let_go_of_lead",
        tags=["leads"],
        summary="Take a lead from your favourites",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses=documented({200: FavouriteShape}, problems=FAVOURITE_PROBLEMS),
    )
    @idempotent
    def delete(self, request: Request, slug: str, *, idempotency_key: str) -> Response:
        favourites.let_go_of(user=person(request), lead=public_lead(slug))
        return Response(FavouriteShape({"lead": slug, "is_favourite": False}).data)


class LeadsComparison(OpenEndpoint):
    @extend_schema(
        operation_id="compare_leads",
        tags=["leads"],
        summary="Two to four leads side by side: their figures, and how much they are the same",
        parameters=[ComparisonQuery],
        responses=documented({200: LeadsComparisonShape}, problems=(400, 401, 403, 429)),
    )
    def get(self, request: Request) -> Response:
        slugs, now = self.read_query(ComparisonQuery)["leads"], timezone.now()
        found = {lead.slug: lead for lead in lead_queries.public_leads().filter(slug__in=slugs)}
        if missing := [slug for slug in slugs if slug not in found]:
            raise exceptions.ValidationError(
                {"leads": gettext("There is no lead called %(slug)s.") % {"slug": missing[0]}}
            )
        chosen = [found[slug] for slug in slugs]
        cards = lead_queries.cards_of(chosen, now=now)
        visibilities = visibilities_of(chosen, visitor(request), now=now)
        pairs = overlaps.likeness_of(cards, visibilities=visibilities)
        return Response(LeadsComparisonShape({"leads": cards, "pairs": pairs}).data)


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


class LeadReferenceCopy(OpenEndpoint):
    @extend_schema(
        operation_id="read_lead_reference_copy",
        tags=["leads"],
        summary="What following a lead brought, by a real copy that the platform holds",
        description="Strangers see it up to the moment up to which they see the lead's trades; whoever copies sees it"
        " as it is. All is null where the platform never held a copy of this lead.",
        responses=documented({200: ReferenceCopyShape}, problems=(401, 403, 404, 429)),
    )
    def get(self, request: Request, slug: str) -> Response:
        lead = public_lead(slug)
        record = reference.record_of(lead, visibility=visible_to(request, lead), now=timezone.now())
        return Response(ReferenceCopyShape(NOT_HELD if record is None else record).data)


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
            invitation=wanted["invitation"],
            own=own_verbs.cash_of(person(request), own_account_id(request, wanted["own_account"])),
        )
        cautions = cautions_of(lead=lead, investment_units=wanted["investment"], terms=wanted["custom"])
        figures = {name: getattr(preview, name) for name in preview.__dataclass_fields__}
        before = {
            "risk_warning": warning_of(person(request)),
            "before_start": entering.before_start(user=person(request), lead=lead, now=timezone.now()),
        }
        return Response(CopyPreviewShape({**figures, **before, "cautions": cautions}).data)
