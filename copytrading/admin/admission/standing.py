"""What people accepted, answered and wished, what they were let in for, and whose rules count for them."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin.acting import operator_of
from accounts.admin.asking import AskingAdmin
from accounts.admin.tables import ReadOnlyAdmin
from copytrading.admin.cash import in_cash
from copytrading.forms.operating import JurisdictionChangeForm
from copytrading.models import (
    Admission,
    ConsentGiven,
    FirstWish,
    JurisdictionChange,
    LossFigure,
    SuitabilityAnswer,
)
from copytrading.queries.operating import overview as operating
from copytrading.services.admission import jurisdictions


@admin.register(ConsentGiven)
class ConsentGivenAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "text", "version", "language", "given_at")
    list_filter = ("text", "version", "language", "given_at")
    list_select_related = ("user",)
    ordering = ("-pk",)
    search_fields = ("user__email",)


@admin.register(SuitabilityAnswer)
class SuitabilityAnswerAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "pack", "version", "points", "risk_max", "invested_max_shown", "share_max",
                    "answered_at")  # fmt: skip
    list_filter = ("pack", "version", "risk_max", "answered_at")
    list_select_related = ("user",)
    ordering = ("-pk",)
    search_fields = ("user__email",)

    @admin.display(description="invested at most", ordering="invested_max_units")
    def invested_max_shown(self, answer: SuitabilityAnswer) -> str:
        return in_cash(answer.invested_max_units)


@admin.register(FirstWish)
class FirstWishAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "lead", "wished_at")
    list_select_related = ("user", "lead")
    ordering = ("-pk",)
    search_fields = ("user__email",)


@admin.register(Admission)
class AdmissionAdmin(ReadOnlyAdmin):
    list_display = ("id", "user", "lead", "value_shown", "pack", "suitability", "risk", "losing_percent", "let_in_at",
                    "dropped_at")  # fmt: skip
    list_filter = ("pack", "let_in_at")
    list_select_related = ("user", "lead", "suitability")
    ordering = ("-pk",)
    search_fields = ("user__email", "=idempotency_key")

    @admin.display(description="value", ordering="units")
    def value_shown(self, admission: Admission) -> str:
        return in_cash(admission.units)


@admin.register(LossFigure)
class LossFigureAdmin(ReadOnlyAdmin):
    list_display = ("id", "counted_at", "copies", "losing")
    list_filter = ("counted_at",)
    ordering = ("-counted_at",)
    search_fields = ("=id",)


@admin.register(JurisdictionChange)
class JurisdictionChangeAdmin(AskingAdmin):
    list_display = ("id", "user", "before", "after", "changed_by", "reason", "changed_at")
    list_filter = ("after", "changed_at")
    list_select_related = ("user", "changed_by")
    ordering = ("-pk",)
    search_fields = ("user__email", "changed_by__email", "reason")
    asking, asking_title, asking_verb = "request", "Change whose rules count for somebody", "change it"
    asking_consequence = "It counts from the person's next start on. Copies that run go on as they are."
    asking_done = "Changed."
    asking_form = JurisdictionChangeForm

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        person = operating.person(email=cleaned["email"])
        assert person is not None, "the form has looked"
        return jurisdictions.change(
            user=person,
            jurisdiction=cleaned["jurisdiction"],
            by=operator_of(request),
            reason=cleaned["reason"],
            now=timezone.now(),
        )
