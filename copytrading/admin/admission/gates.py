"""The operator's own check: every question with its answer, and the cases that wait for a verdict."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import audit
from accounts.admin.acting import ActingAdmin, operator_action, operator_of
from accounts.admin.tables import ReadOnlyAdmin, link_to
from copytrading.admin.cash import in_cash
from copytrading.models import GateCase, GateQuestion
from copytrading.services.admission import cases


@admin.register(GateQuestion)
class GateQuestionAdmin(ReadOnlyAdmin):
    list_display = ("id", "act", "email", "value_shown", "answer", "sentence", "trouble", "milliseconds", "asked_at")
    list_filter = ("answer", "act", "asked_at")
    list_select_related = ("user", "lead")
    ordering = ("-pk",)
    search_fields = ("=id", "email", "=event_id")

    @admin.display(description="value", ordering="units")
    def value_shown(self, question: GateQuestion) -> str:
        return in_cash(question.units)


@admin.register(GateCase)
class GateCaseAdmin(ActingAdmin):
    list_display = ("id", "person", "act", "value_shown", "lead", "status", "opened_at", "decided_by", "decided_at")
    list_filter = ("status", "act", "opened_at")
    list_select_related = ("user", "lead", "decided_by", "question")
    ordering = ("-pk",)
    search_fields = ("=id", "email")
    actions = ("allow", "deny")
    fields = (
        "person", "act", "value_shown", "lead", "asked", "status", "opened_at", "decided_by", "decided_at", "reason",
        "holds_until", "used_at",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="person", ordering="email")
    def person(self, case: GateCase) -> str:
        return case.email if case.user is None else link_to(case.user)

    @admin.display(description="value", ordering="units")
    def value_shown(self, case: GateCase) -> str:
        return in_cash(case.units)

    @admin.display(description="asked")
    def asked(self, case: GateCase) -> str:
        return link_to(case.question, label=case.question.sentence or "The check left it to you.")

    @operator_action("Allow: it may be done")
    def allow(self, request: HttpRequest, rows: QuerySet[GateCase]) -> HttpResponse | None:
        return self._decide(request, rows, action="allow", is_allowed=True)

    @operator_action("Deny: it may not be done")
    def deny(self, request: HttpRequest, rows: QuerySet[GateCase]) -> HttpResponse | None:
        return self._decide(request, rows, action="deny", is_allowed=False)

    def _decide(
        self, request: HttpRequest, rows: QuerySet[GateCase], *, action: str, is_allowed: bool
    ) -> HttpResponse | None:
        question = self.ask_first(
            request,
            rows,
            action=action,
            verb=action,
            question="May it be done?" if is_allowed else "Is the answer no?",
            consequence="A deposit that waits for it is free at once; for anything else the person presses again."
            if is_allowed
            else "A deposit that waits for it is sent back. The person is told that the answer is no, and not why.",
        )
        if question is None:
            now, reason = timezone.now(), audit.reason_of(request)
            self.act(
                request,
                rows,
                verb=lambda row: cases.decide(
                    case_id=row.pk, is_allowed=is_allowed, by=operator_of(request), reason=reason, now=now
                ),
                done="Allowed" if is_allowed else "Denied",
                tried=action,
            )
        return question
