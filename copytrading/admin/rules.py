"""The platform's rules: what each is now, and changes that one operator asks for and another approves."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.admin.acting import operator_action, operator_of
from accounts.admin.asking import AskingAdmin
from accounts.models.operators import APPROVED_WITHIN
from copytrading.forms.operating import RuleForm
from copytrading.models import RuleChange
from copytrading.queries.operating import rule_table
from copytrading.services.safety import rule_changes


class WaitsToHold(admin.SimpleListFilter):
    """What was asked for and neither approved nor withdrawn."""

    title = "state"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "waits for approval"), ("no", "closed")]

    def queryset(self, request: HttpRequest, found: QuerySet[RuleChange]) -> QuerySet[RuleChange]:
        waiting = {"holds_from__isnull": True, "withdrawn_at__isnull": True}
        if self.value() == "yes":
            return found.filter(**waiting)
        return found.exclude(**waiting) if self.value() == "no" else found


@admin.register(RuleChange)
class RuleChangeAdmin(AskingAdmin):
    change_list_template = "admin/rules_change_list.html"
    list_display = ("id", "name", "value_shown", "reason", "state", "requested_by", "requested_at", "approved_by",
                    "holds_from")  # fmt: skip
    list_filter = (WaitsToHold, "requested_at")
    list_select_related = ("requested_by", "approved_by")
    ordering = ("-pk",)
    search_fields = ("=id", "name", "reason", "requested_by__email", "approved_by__email")
    actions = ("approve", "withdraw")
    fields = ("name", "value_shown", "reason", "state", "requested_by", "requested_at", "approved_by", "approved_at",
              "withdrawn_at", "holds_from")  # fmt: skip
    readonly_fields = fields
    asking, asking_title, asking_verb = "request", "Ask for another rule", "ask for it"
    asking_consequence = (
        "Nothing changes until another operator approves it, within a day. What only says how often something is looked"
        " at holds at once. A cycle that is under way ends by the rules that it began with."
    )
    asking_done = "Asked for."
    asking_form = RuleForm

    @admin.display(description="to be")
    def value_shown(self, change: RuleChange) -> str:
        return change.value or "as installed"

    @admin.display(description="state")
    def state(self, change: RuleChange) -> str:
        if change.holds_from:
            return "approved" if change.approved_by_id else "took one operator"
        if change.withdrawn_at:
            return "withdrawn"
        return "waits" if timezone.now() - change.requested_at <= APPROVED_WITHIN else "its day is over"

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        return rule_changes.request_rule(
            name=cleaned["name"],
            value=cleaned["value"],
            reason=cleaned["reason"],
            by=operator_of(request),
            now=timezone.now(),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_ask = self.has_operate_permission(request)
        context = {"title": "Rules", "rules": rule_table.rule_lines(), "may_ask": may_ask}
        return super().changelist_view(request, {**(extra_context or {}), **context})

    @operator_action("Approve: let it hold")
    def approve(self, request: HttpRequest, rows: QuerySet[RuleChange]) -> HttpResponse | None:
        question = self.ask_first(
            request,
            rows,
            action="approve",
            verb="let it hold",
            question="Is that to be the rule?",
            consequence="It holds from the next decision on, for everybody.",
        )
        if question is None:
            now = timezone.now()
            self.act(
                request,
                rows,
                verb=lambda row: rule_changes.approve_rule(change_id=row.pk, by=operator_of(request), now=now),
                done="Approved",
                tried="approve",
            )
        return question

    @operator_action("Withdraw")
    def withdraw(self, request: HttpRequest, rows: QuerySet[RuleChange]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda row: rule_changes.withdraw_rule(change_id=row.pk, now=now),
            done="Withdrawn",
            tried="withdraw",
        )
