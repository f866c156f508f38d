"""Copies: whose money follows whom, how far it is, and what its follower was told."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from accounts.admin.acting import ActingAdmin, operator_action
from accounts.admin.tables import ReadOnlyAdmin, ReadOnlyRows, link_to, list_link
from copytrading.admin.cash import in_cash
from copytrading.models import (
    Adjustment,
    Allocation,
    Copy,
    CopyBaseline,
    CopyFlag,
    CopyFlow,
    CopyRecord,
    CopyRoster,
    LossLimit,
    Notice,
    ProfitShare,
    ReferenceHolder,
)
from copytrading.queries.modes import label_of_name
from copytrading.services.copies import verbs as copies


class FlowRows(ReadOnlyRows):
    model = CopyFlow
    fields = ("kind", "value", "status", "moved_at")
    readonly_fields = fields
    ordering = ("moved_at",)
    verbose_name_plural = "money in and out"

    @admin.display(description="value")
    def value(self, flow: CopyFlow) -> str:
        return in_cash(flow.units)


class BaselineRows(ReadOnlyRows):
    model = CopyBaseline
    fields = ("asset", "units", "survival", "epoch")
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = "what the lead held already"


@admin.register(Copy)
class CopyAdmin(ActingAdmin):
    list_display = (
        "id",
        "story",
        "person",
        "lead_link",
        "status",
        "stop_reason",
        "invested",
        "stop_loss",
        "started_at",
    )
    list_filter = ("status", "stop_reason", "is_reference", "buy_existing", "started_at", "lead")
    list_select_related = ("follower", "lead")
    ordering = ("-started_at",)
    search_fields = ("=id", "follower__email", "lead__name", "=ledger_account__id")
    actions = ("stop",)
    inlines = (FlowRows, BaselineRows)
    fields = (
        "story",
        "person",
        "lead_link",
        "sizing_mode",
        "status",
        "stop_reason",
        "invested",
        "paid_in",
        "paid_out",
        "stop_loss",
        "buy_existing",
        "weight_max",
        "profit_share_rate",
        "invitation",
        "account_link",
        "trades_link",
        "fence",
        "align_request",
        "breached_at",
        "started_at",
        "stopping_at",
        "stopped_at",
    )
    readonly_fields = fields

    @admin.display(description="story")
    def story(self, copy: Copy) -> str:
        url = reverse("admin:copytrading_copy_story", args=[copy.pk])
        return format_html('<a href="{}">Day by day</a>', url)

    @admin.display(description="follower", ordering="follower__email")
    def person(self, copy: Copy) -> str:
        if copy.is_reference:
            return mark_safe("<strong>Reference copy</strong>")
        return link_to(copy.follower)

    @admin.display(description="lead", ordering="lead__name")
    def lead_link(self, copy: Copy) -> str:
        return link_to(copy.lead)

    @admin.display(description="mode", ordering="mode")
    def sizing_mode(self, copy: Copy) -> str:
        return label_of_name(copy.mode)

    @admin.display(description="invested", ordering="invested_units")
    def invested(self, copy: Copy) -> str:
        return in_cash(copy.invested_units)

    @admin.display(description="paid in")
    def paid_in(self, copy: Copy) -> str:
        return in_cash(copy.paid_in_units)

    @admin.display(description="paid out")
    def paid_out(self, copy: Copy) -> str:
        return in_cash(copy.paid_out_units)

    @admin.display(description="stop loss", ordering="stop_loss_units")
    def stop_loss(self, copy: Copy) -> str:
        return in_cash(copy.stop_loss_units)

    @admin.display(description="money")
    def account_link(self, copy: Copy) -> str:
        return link_to(copy.ledger_account)

    @admin.display(description="trades")
    def trades_link(self, copy: Copy) -> str:
        return list_link(Allocation, label="All its shares of fills", ledger_account__id__exact=copy.ledger_account_id)

    @operator_action("Stop, sell and pay out")
    def stop(self, request: HttpRequest, rows: QuerySet[Copy]) -> HttpResponse | None:
        question = self.ask_first(
            request,
            rows,
            action="stop",
            verb="stop and pay out",
            question="Stop for good?",
            consequence="Everything is sold and the money goes back to the follower. This cannot be undone.",
        )
        if question is None:
            now = timezone.now()
            self.act(
                request,
                rows,
                verb=lambda copy: copies.stop_copy(copy_id=copy.pk, reason=Copy.StopReason.OPERATOR, now=now),
                done="Stopping",
                tried="stop",
            )
        return question


@admin.register(ReferenceHolder)
class ReferenceHolderAdmin(ReadOnlyAdmin):
    list_display = ("id", "user_link", "made_at", "lacks_money_since", "copies_link")
    list_select_related = ("user",)
    search_fields = ("user__email",)

    @admin.display(description="account to bring money to")
    def user_link(self, holder: ReferenceHolder) -> str:
        return link_to(holder.user)

    @admin.display(description="copies")
    def copies_link(self, holder: ReferenceHolder) -> str:
        return list_link(Copy, label="All reference copies", is_reference__exact=1)


@admin.register(LossLimit)
class LossLimitAdmin(ReadOnlyAdmin):
    list_display = ("id", "user_link", "limit", "set_at", "breached_at", "fired_at")
    list_filter = ("set_at", "fired_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)

    @admin.display(description="person")
    def user_link(self, limit: LossLimit) -> str:
        return link_to(limit.user)

    @admin.display(description="loss of all copies together")
    def limit(self, limit: LossLimit) -> str:
        if limit.loss_fraction is not None:
            return f"{limit.loss_fraction * 100:g} % of what is invested"
        return in_cash(limit.loss_units)


@admin.register(CopyFlow)
class CopyFlowAdmin(ReadOnlyAdmin):
    list_display = ("id", "copy_link", "kind", "value", "status", "moved_at")
    list_filter = ("kind", "status", "moved_at")
    list_select_related = ("copy",)
    ordering = ("-moved_at",)
    search_fields = ("=copy__id", "copy__follower__email", "idempotency_key")

    @admin.display(description="copy")
    def copy_link(self, flow: CopyFlow) -> str:
        return link_to(flow.copy)

    @admin.display(description="value", ordering="units")
    def value(self, flow: CopyFlow) -> str:
        return in_cash(flow.units)


@admin.register(CopyBaseline)
class CopyBaselineAdmin(ReadOnlyAdmin):
    list_display = ("id", "copy", "asset", "units", "survival", "epoch")
    list_filter = ("asset",)
    list_select_related = ("copy", "asset")
    search_fields = ("=copy__id", "asset__symbol")


@admin.register(ProfitShare)
class ProfitShareAdmin(ReadOnlyAdmin):
    """What followers paid and leads earned; a lead's earnings are found by the lead's name or address."""

    list_display = (
        "id", "lead_link", "copy", "kind", "period", "equity", "mark_value", "share", "platform_part", "settled_at",
    )  # fmt: skip
    list_filter = ("kind", "settled_at", "copy__lead")
    list_select_related = ("copy__lead",)
    date_hierarchy = "settled_at"
    ordering = ("-settled_at",)
    search_fields = ("=copy__id", "copy__follower__email", "copy__lead__name", "copy__lead__user__email")

    @admin.display(description="lead", ordering="copy__lead__name")
    def lead_link(self, settled: ProfitShare) -> str:
        return link_to(settled.copy.lead)

    @admin.display(description="equity", ordering="equity_units")
    def equity(self, settled: ProfitShare) -> str:
        return in_cash(settled.equity_units)

    @admin.display(description="mark to pass", ordering="mark_value_units")
    def mark_value(self, settled: ProfitShare) -> str:
        return in_cash(settled.mark_value_units)

    @admin.display(description="share", ordering="share_units")
    def share(self, settled: ProfitShare) -> str:
        return in_cash(settled.share_units)

    @admin.display(description="of it the platform's", ordering="platform_units")
    def platform_part(self, settled: ProfitShare) -> str:
        return in_cash(settled.platform_units)


@admin.register(CopyRecord)
class CopyRecordAdmin(ReadOnlyAdmin):
    list_display = ("id", "block", "recorded_at", "roster", "equity")
    list_select_related = ("roster",)
    ordering = ("-id",)
    search_fields = ("=block",)

    @admin.display(description="worth of all")
    def equity(self, record: CopyRecord) -> str:
        return in_cash(sum(record.equity_units))


@admin.register(CopyRoster)
class CopyRosterAdmin(ReadOnlyAdmin):
    list_display = ("id", "block", "copies")
    ordering = ("-id",)
    search_fields = ("=block",)

    @admin.display(description="copies")
    def copies(self, roster: CopyRoster) -> int:
        return len(roster.copy_ids)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "copy", "kind", "figure", "noted_at", "read_at")
    list_filter = ("kind", "noted_at")
    list_select_related = ("copy", "user")
    ordering = ("-noted_at",)
    search_fields = ("=copy__id", "user__email")

    @admin.display(description="figure", ordering="units")
    def figure(self, notice: Notice) -> str:
        return in_cash(notice.units)


@admin.register(Adjustment)
class AdjustmentAdmin(ReadOnlyAdmin):
    list_display = ("id", "copy", "asset", "reason", "wanted", "planned", "noted_at")
    list_filter = ("reason", "asset", "noted_at")
    list_select_related = ("copy", "asset")
    ordering = ("-id",)
    search_fields = ("=copy__id", "=cycle__id")

    @admin.display(description="wanted")
    def wanted(self, adjustment: Adjustment) -> str:
        return in_cash(adjustment.wanted_value_units)

    @admin.display(description="planned")
    def planned(self, adjustment: Adjustment) -> str:
        return in_cash(adjustment.planned_value_units)


@admin.register(CopyFlag)
class CopyFlagAdmin(ReadOnlyAdmin):
    list_display = ("id", "copy", "reason", "flagged_at")
    list_filter = ("reason", "flagged_at")
    list_select_related = ("copy",)
    ordering = ("-flagged_at",)
    search_fields = ("=copy__id", "copy__follower__email", "copy__lead__name")
