"""Leads: who applied, who trades, who ended, and what each holds."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.admin.acting import ActingAdmin, operator_action, operator_of
from accounts.admin.tables import ReadOnlyAdmin, ReadOnlyRows, link_to, list_link, whole
from copytrading.admin.cash import in_cash
from copytrading.admin.halting import ask_to_halt
from copytrading.models import (
    Copy,
    Halt,
    Invitation,
    Lead,
    LeadCalm,
    LeadFlow,
    LeadHolding,
    LeadNotice,
    LeadOrder,
    LeadPosition,
    LeadRecord,
    LeadStatusChange,
    LeadSummary,
    LeadWeights,
    SyncCycle,
)
from copytrading.queries.rules import platform_rules
from copytrading.services.cycle import conducting
from copytrading.services.leads import verbs as leads


class HoldingRows(ReadOnlyRows):
    model = LeadHolding
    fields = ("asset", "held")
    readonly_fields = fields
    verbose_name_plural = "last seen elsewhere"

    @admin.display(description="holds")
    def held(self, holding: LeadHolding) -> str:
        return whole(holding.units, decimals=holding.asset.decimals, symbol=holding.asset.symbol)


class Trouble(admin.SimpleListFilter):
    """Leads whose last cycles failed; at five failures a lead is set aside until an operator looks."""

    title = "trouble"
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("set-aside", "set aside"), ("some", "failed last time"), ("none", "none")]

    def queryset(self, request: HttpRequest, leads_found: QuerySet[Lead]) -> QuerySet[Lead]:
        if self.value() == "set-aside":
            return leads_found.filter(failures__gte=platform_rules().failures_max)
        if self.value() == "some":
            return leads_found.filter(failures__gt=0)
        return leads_found.filter(failures=0) if self.value() == "none" else leads_found


@admin.register(Lead)
class LeadAdmin(ActingAdmin):
    list_display = ("name", "person", "status", "source", "followers", "failures", "applied_at")
    list_filter = ("status", "source", Trouble, ("stake_alarm_at", admin.EmptyFieldListFilter), "applied_at")
    list_select_related = ("user",)
    ordering = ("-applied_at",)
    search_fields = ("name", "slug", "user__email", "=id")
    actions = ("approve", "pause", "resume", "readmit", "halt", "end")
    inlines = (HoldingRows,)
    fields = (
        "name",
        "slug",
        "person",
        "bio",
        "tags",
        "status",
        "source",
        "profit_share_rate",
        "followers_max",
        "money_max",
        "takes_own_accounts",
        "trades_delay_hours",
        "weights_shown",
        "public_until",
        "stake_alarm_at",
        "account_link",
        "copies_link",
        "cycles_link",
        "applied_at",
        "started_at",
        "ended_at",
        "settling_until",
        "sync_wanted_at",
        "request_count",
        "looked_at",
        "failures",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        live = Count("copies", filter=Q(copies__status__in=Copy.LIVE, copies__is_reference=False))
        return super().get_queryset(request).select_related("user", "ledger_account").annotate(live_copies=live)

    @admin.display(description="person", ordering="user__email")
    def person(self, lead: Lead) -> str:
        return link_to(lead.user)

    @admin.display(description="followers now", ordering="live_copies")
    def followers(self, lead: Any) -> str:
        return f"{lead.live_copies} of {lead.followers_max}"

    @admin.display(description="most money that may follow")
    def money_max(self, lead: Lead) -> str:
        return in_cash(lead.money_max_units)

    @admin.display(description="money")
    def account_link(self, lead: Lead) -> str:
        return link_to(lead.ledger_account)

    @admin.display(description="copies")
    def copies_link(self, lead: Lead) -> str:
        return list_link(Copy, label="All copies of this lead", lead__id__exact=lead.pk)

    @admin.display(description="cycles")
    def cycles_link(self, lead: Lead) -> str:
        return list_link(SyncCycle, label="All cycles of this lead", lead__id__exact=lead.pk)

    @operator_action("Approve")
    def approve(self, request: HttpRequest, rows: QuerySet[Lead]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda lead: leads.approve_lead(lead_id=lead.pk, now=now),
            done="Approved",
            tried="approve",
        )

    @operator_action("Pause")
    def pause(self, request: HttpRequest, rows: QuerySet[Lead]) -> None:
        now = timezone.now()
        self.act(
            request, rows, verb=lambda lead: leads.pause_lead(lead_id=lead.pk, now=now), done="Paused", tried="pause"
        )

    @operator_action("Resume")
    def resume(self, request: HttpRequest, rows: QuerySet[Lead]) -> None:
        now = timezone.now()
        self.act(
            request, rows, verb=lambda lead: leads.resume_lead(lead_id=lead.pk, now=now), done="Resumed", tried="resume"
        )

    @operator_action("Look at it again after failures")
    def readmit(self, request: HttpRequest, rows: QuerySet[Lead]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda lead: conducting.readmit_lead(lead_id=lead.pk, by=operator_of(request), now=now),
            done="Looked at again",
            tried="look again",
        )

    @operator_action("Halt its trading")
    def halt(self, request: HttpRequest, rows: QuerySet[Lead]) -> HttpResponse:
        return ask_to_halt(Halt.Scope.LEAD, rows)

    @operator_action("End, and pay out every copy")
    def end(self, request: HttpRequest, rows: QuerySet[Lead]) -> HttpResponse | None:
        question = self.ask_first(
            request,
            rows,
            action="end",
            verb="end and pay out",
            question="End for good?",
            consequence="Every copy sells everything and its money goes back to its follower. This cannot be undone.",
        )
        if question is None:
            now = timezone.now()
            self.act(
                request,
                rows,
                verb=lambda lead: leads.end_lead(lead_id=lead.pk, now=now, is_operators=True),
                done="Ended",
                tried="end",
            )
        return question


@admin.register(LeadOrder)
class LeadOrderAdmin(ReadOnlyAdmin):
    list_display = (
        "id", "lead", "market", "side", "order_type", "price_limit", "quantity", "filled", "status", "submitted_at",
    )  # fmt: skip
    list_filter = ("status", "side", "order_type", "market", "submitted_at")
    list_select_related = ("lead", "market__base")
    ordering = ("-submitted_at",)
    search_fields = ("=id", "lead__name", "idempotency_key")

    @admin.display(description="wanted")
    def quantity(self, order: LeadOrder) -> str:
        return whole(order.quantity_units, decimals=order.market.base.decimals)

    @admin.display(description="filled")
    def filled(self, order: LeadOrder) -> str:
        return whole(order.filled_units, decimals=order.market.base.decimals)


@admin.register(LeadHolding)
class LeadHoldingAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "asset", "held")
    list_filter = ("asset",)
    list_select_related = ("lead", "asset")
    search_fields = ("lead__name", "asset__symbol")

    @admin.display(description="holds", ordering="units")
    def held(self, holding: LeadHolding) -> str:
        return whole(holding.units, decimals=holding.asset.decimals)


@admin.register(LeadPosition)
class LeadPositionAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "asset", "survival", "epoch", "touch_request")
    list_filter = ("asset",)
    list_select_related = ("lead", "asset")
    search_fields = ("lead__name", "asset__symbol")


@admin.register(LeadCalm)
class LeadCalmAdmin(ReadOnlyAdmin):
    list_display = ("lead", "looked_at", "price_slack")
    list_select_related = ("lead",)
    search_fields = ("lead__name",)


@admin.register(LeadFlow)
class LeadFlowAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "value", "moved_at")
    list_filter = ("moved_at",)
    list_select_related = ("lead",)
    ordering = ("-moved_at",)
    search_fields = ("lead__name", "idempotency_key")

    @admin.display(description="moved", ordering="units")
    def value(self, flow: LeadFlow) -> str:
        return in_cash(flow.units)


@admin.register(LeadRecord)
class LeadRecordAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "recorded_at", "equity", "unit_price")
    list_filter = ("recorded_at",)
    list_select_related = ("lead",)
    ordering = ("-recorded_at",)
    search_fields = ("lead__name",)

    @admin.display(description="equity", ordering="equity_units")
    def equity(self, record: LeadRecord) -> str:
        return in_cash(record.equity_units)


@admin.register(LeadStatusChange)
class LeadStatusChangeAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "status", "changed_at")
    list_filter = ("status", "changed_at")
    list_select_related = ("lead",)
    ordering = ("-changed_at",)
    search_fields = ("lead__name",)


@admin.register(LeadSummary)
class LeadSummaryAdmin(ReadOnlyAdmin):
    list_display = ("lead", "counted_at", "followers", "own_money", "following_money")
    list_filter = ("counted_at",)
    list_select_related = ("lead",)
    ordering = ("-counted_at",)
    search_fields = ("lead__name",)

    @admin.display(description="own money", ordering="own_units")
    def own_money(self, summary: LeadSummary) -> str:
        return in_cash(summary.own_units)

    @admin.display(description="money following", ordering="following_units")
    def following_money(self, summary: LeadSummary) -> str:
        return in_cash(summary.following_units)


@admin.register(LeadWeights)
class LeadWeightsAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "recorded_at", "is_close")
    list_filter = ("is_close", "recorded_at")
    list_select_related = ("lead",)
    ordering = ("-recorded_at", "-id")
    search_fields = ("lead__name",)


@admin.register(LeadNotice)
class LeadNoticeAdmin(ReadOnlyAdmin):
    list_display = ("id", "lead", "text", "written_at")
    list_filter = ("written_at",)
    list_select_related = ("lead",)
    ordering = ("-written_at",)
    search_fields = ("lead__name", "text")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """The token is the lead's to hand out, and nobody's here to read."""

    list_display = ("id", "lead", "label", "copies_max", "profit_share_rate", "made_at", "expires_at", "withdrawn_at")
    list_filter = ("made_at", "expires_at", "withdrawn_at")
    list_select_related = ("lead",)
    ordering = ("-made_at",)
    search_fields = ("=id", "lead__name", "label")
    exclude = ("token",)
