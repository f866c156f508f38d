"""Invitations by program, and how much has followed a lead day by day."""

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import idempotent
from accounts.api.paging import TimedQuery, page_of, paged
from accounts.api.problems import documented
from copytrading.api.finding import person
from copytrading.api.leading import PAGE_PROBLEMS, READ_PROBLEMS, own_lead, written
from copytrading.api.shapes.inviting import GrowthDayShape, InvitationInput, InvitationShape
from copytrading.queries.leading import growth
from copytrading.queries.leading import invitations as queries
from copytrading.services.leads import invitations


class LeadInvitations(Endpoint):
    scopes: ClassVar = {"POST": "lead"}

    @extend_schema(
        operation_id="list_lead_invitations",
        tags=["leading"],
        summary="Your invitations with what came of each, latest first",
        parameters=[TimedQuery],
        responses=documented({200: paged(InvitationShape)}, problems=PAGE_PROBLEMS),
    )
    def get(self, request: Request) -> Response:
        lead, asked = own_lead(request), self.read_query(TimedQuery)
        page = page_of(queries.invitations_of(lead), asked, of=f"invitations of {lead.pk}", at="made_at")
        made = queries.summed_up(page["results"], lead, now=timezone.now())
        return Response({**page, "results": InvitationShape(made, many=True).data})

    @written(
        "invite",
        "Make a link by which so many may copy you, for so long, at a profit share of their own",
        InvitationShape,
        body=InvitationInput,
        code=201,
        more="Whoever starts a copy with its `token` pays its rate for as long as the copy runs.",
    )
    @idempotent
    def post(self, request: Request, *, idempotency_key: str) -> Response:
        lead, wanted = own_lead(request), self.read(InvitationInput)
        made = invitations.invite(lead_id=lead.pk, idempotency_key=idempotency_key, now=timezone.now(), **wanted)
        return Response(_shown(request, made), status=status.HTTP_201_CREATED)


class OneInvitation(Endpoint):
    scopes: ClassVar = {"DELETE": "lead"}

    @written(
        "withdraw_invitation", "Let nobody in by it from now on; copies that came keep their rate", InvitationShape
    )
    @idempotent
    def delete(self, request: Request, invitation_id: int, *, idempotency_key: str) -> Response:
        own = get_object_or_404(queries.own_invitation(person(request), invitation_id))
        return Response(_shown(request, invitations.withdraw(invitation_id=own.pk, now=timezone.now())))


class LeadGrowth(Endpoint):
    @extend_schema(
        operation_id="read_lead_growth",
        tags=["leading"],
        summary="How many copies followed you, with how much, and what they had paid, by day over 90 days",
        responses=documented({200: GrowthDayShape(many=True)}, problems=READ_PROBLEMS),
    )
    def get(self, request: Request) -> Response:
        followed = growth.growth_of(own_lead(request), now=timezone.now())
        return Response(GrowthDayShape(followed.days, many=True).data)


def _shown(request: Request, made: Any) -> dict[str, object]:
    lead = made.lead
    (shown,) = queries.summed_up(queries.invitations_of(lead).filter(pk=made.pk), lead, now=timezone.now())
    return dict(InvitationShape(shown).data)
