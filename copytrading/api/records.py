"""What a lead's record says, piece by piece, and what copying it would have brought."""

from dataclasses import replace
from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoint import Endpoint, OpenEndpoint
from accounts.api.paging import PageQuery, TimedQuery, cursor_at, paged, part_of, place_in, within
from accounts.api.problems import documented
from accounts.api.throttles import LongAnswersPerMinute, RequestsPerMinute
from copytrading.api.finding import public_lead, visible_to
from copytrading.api.shapes.records import (
    ClosedPositionsPageShape,
    FollowersRecordShape,
    LeadEventShape,
    LeadStatisticsShape,
    LeadTradeShape,
    LookBackInput,
    LookBackShape,
    ReturnShape,
    ReturnsQuery,
    SpreadShape,
)
from copytrading.queries.leads import listing as lead_queries
from copytrading.queries.leads import pages as lead_pages
from copytrading.queries.leads import records
from copytrading.queries.leads import returns as lead_returns
from copytrading.queries.leads import statistics as lead_statistics
from copytrading.queries.leads.followers_got import got_by_window
from copytrading.services.lookback.record import LookBack, Question

EVENTS_MAX = 1_000
READ_PROBLEMS = (401, 403, 404, 429)
ASKED_PROBLEMS = (400, 401, 403, 404, 429)
LOOK_BACK_PROBLEMS = (400, 401, 403, 404, 409, 429)


class LeadStatistics(OpenEndpoint):
    @extend_schema(
        operation_id="read_lead_statistics",
        tags=["leads"],
        summary="A lead's figures of 7, 30, 90 and 365 days and of all, win rates, holding time and preferred coins",
        responses=documented({200: LeadStatisticsShape}, problems=READ_PROBLEMS),
    )
    def get(self, request: Request, slug: str) -> Response:
        now = timezone.now()
        lead = public_lead(slug)
        card, visibility = lead_queries.card_of(lead, now=now), visible_to(request, lead)
        return Response(LeadStatisticsShape(lead_statistics.statistics_of(card, visibility=visibility, now=now)).data)


class LeadReturns(OpenEndpoint):
    @extend_schema(
        operation_id="list_lead_returns",
        tags=["leads"],
        summary="A lead's returns week by week or month by month, latest first",
        parameters=[ReturnsQuery],
        responses=documented({200: ReturnShape(many=True)}, problems=ASKED_PROBLEMS),
    )
    def get(self, request: Request, slug: str) -> Response:
        span = lead_returns.Span(self.read_query(ReturnsQuery)["by"])
        return Response(ReturnShape(lead_returns.returns_of(public_lead(slug), span=span), many=True).data)


class LeadTrades(OpenEndpoint):
    @extend_schema(
        operation_id="list_lead_trades",
        tags=["leads"],
        summary="What a lead traded, latest first",
        parameters=[PageQuery],
        responses=documented({200: paged(LeadTradeShape)}, problems=ASKED_PROBLEMS),
    )
    def get(self, request: Request, slug: str) -> Response:
        asked, lead = self.read_query(PageQuery), public_lead(slug)
        name, limit = f"trades of {lead.pk}", asked["limit"]
        trades = lead_pages.trades_of(
            lead,
            visibility=visible_to(request, lead),
            series=records.series_of(lead.pk),
            below_id=place_in(asked["cursor"], of=name),
            count=limit + 1,
        )
        following = cursor_at(trades[limit - 1].id, of=name) if len(trades) > limit else None
        return Response({"results": LeadTradeShape(trades[:limit], many=True).data, "next": following})


class LeadEvents(OpenEndpoint):
    @extend_schema(
        operation_id="list_lead_events",
        tags=["leads"],
        summary="When a lead moved money, paused, went on, began and ended, latest first",
        parameters=[TimedQuery],
        responses=documented({200: paged(LeadEventShape)}, problems=ASKED_PROBLEMS),
    )
    def get(self, request: Request, slug: str) -> Response:
        asked, lead = self.read_query(TimedQuery), public_lead(slug)
        found = lead_pages.events_of(lead, visibility=visible_to(request, lead), count=EVENTS_MAX)
        events = within(found, asked, at="happened_at")
        page = part_of(events, asked, of=f"events of {lead.pk}")
        return Response({**page, "results": LeadEventShape(page["results"], many=True).data})


class LeadClosedPositions(OpenEndpoint):
    @extend_schema(
        operation_id="list_lead_closed_positions",
        tags=["leads"],
        summary="The positions a lead closed, latest first",
        parameters=[TimedQuery],
        responses=documented({200: ClosedPositionsPageShape}, problems=ASKED_PROBLEMS),
    )
    def get(self, request: Request, slug: str) -> Response:
        asked, lead = self.read_query(TimedQuery), public_lead(slug)
        found = lead_returns.closed_positions_of(lead, visibility=visible_to(request, lead))
        closed = within(found, asked, at="closed_at")
        return Response(ClosedPositionsPageShape(part_of(closed, asked, of=f"closed positions of {lead.pk}")).data)


class LeadFollowersRecord(OpenEndpoint):
    @extend_schema(
        operation_id="read_lead_followers_record",
        tags=["leads"],
        summary="What those who copied this lead got, beside the lead's own return over the same days",
        description="For 7, 30 and 90 days; nothing of fewer than five copies, so that no single one can be told.",
        responses=documented({200: FollowersRecordShape(many=True)}, problems=READ_PROBLEMS),
    )
    def get(self, request: Request, slug: str) -> Response:
        lead = public_lead(slug)
        windows = got_by_window(lead.pk, now=timezone.now())
        return Response(FollowersRecordShape(windows, many=True).data)


class LeadLookBack(Endpoint):
    scopes: ClassVar = {"POST": "read"}
    throttle_classes = (RequestsPerMinute, LongAnswersPerMinute)

    @extend_schema(
        operation_id="look_back",
        tags=["leads"],
        summary="What copying this lead would have brought, at the lead's ratios and in Custom copy",
        description="Replays the lead's own record with your amount and terms. Nothing is written.",
        request=LookBackInput,
        responses=documented({200: LookBackShape}, problems=LOOK_BACK_PROBLEMS),
    )
    def post(self, request: Request, slug: str) -> Response:
        lead = public_lead(slug)
        look_back = LookBack(lead=lead, question=_question(self), visibility=visible_to(request, lead))
        comparison, differences = look_back.comparison(), look_back.differences()
        figures = {name: getattr(comparison, name) for name in comparison.__dataclass_fields__}
        return Response(LookBackShape({**figures, "differences": differences}).data)


class LeadLookBackSpread(Endpoint):
    scopes: ClassVar = {"POST": "read"}
    throttle_classes = (RequestsPerMinute, LongAnswersPerMinute)

    @extend_schema(
        operation_id="look_back_from_many_days",
        tags=["leads"],
        summary="The same from days all over the record: how much of it was the day one began",
        description="`start` makes no difference here.",
        request=LookBackInput,
        responses=documented({200: SpreadShape}, problems=LOOK_BACK_PROBLEMS),
    )
    def post(self, request: Request, slug: str) -> Response:
        question, lead = replace(_question(self), start=None), public_lead(slug)
        look_back = LookBack(lead=lead, question=question, visibility=visible_to(request, lead))
        return Response(SpreadShape(look_back.spread()).data)


def _question(endpoint: Endpoint) -> Question:
    wanted = endpoint.read(LookBackInput)
    return Question(
        investment_units=wanted["investment"],
        buy_existing=wanted["buy_existing"],
        stop_loss_units=wanted["stop_loss"],
        start=wanted["start"],
        custom=wanted["custom"],
    )
