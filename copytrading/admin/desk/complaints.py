"""Complaints: acknowledged, answered, and found by their clock."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounts.admin.acting import operator_action, operator_of
from accounts.admin.asking import AskingAdmin
from accounts.admin.tables import ReadOnlyAdmin, ReadOnlyRows, link_to
from copytrading.forms.desk.operating import AnswerForm
from copytrading.models import Complaint, ComplaintStep
from copytrading.queries.desk import complaints as queries
from copytrading.services.desk import complaints


class ClockFilter(admin.SimpleListFilter):
    """Complaints by what their clock says."""

    title = "clock"
    parameter_name = "clock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("overdue", "the time has run out"), ("waits", "waits, in time"), ("rests", "answered or closed")]

    def queryset(self, request: HttpRequest, found: QuerySet[Complaint]) -> QuerySet[Complaint]:
        now = timezone.now()
        if self.value() == "overdue":
            return found.filter(pk__in=queries.overdue(now=now).order_by().values("pk"))
        if self.value() == "waits":
            return found.filter(pk__in=queries.in_time(now=now).order_by().values("pk"))
        return found.exclude(status__in=queries.WAITING) if self.value() == "rests" else found


class StepRows(ReadOnlyRows):
    model = ComplaintStep
    fields = ("kind", "text", "taken_by", "taken_at")
    readonly_fields = fields
    ordering = ("pk",)
    show_change_link = False
    verbose_name_plural = "what was said and done since"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ComplaintStep]:
        return super().get_queryset(request).select_related("taken_by")


@admin.register(Complaint)
class ComplaintAdmin(AskingAdmin):
    list_display = ("id", "person", "subject", "status", "clock", "received_at", "answer_by")
    list_filter = (ClockFilter, "status", "received_at")
    list_select_related = ("user",)
    ordering = ("-pk",)
    search_fields = ("=id", "user__email", "subject", "text")
    actions = ("acknowledge", "reply")
    inlines = (StepRows,)
    fields = (
        "id", "person", "copy_link", "subject", "text", "status", "clock", "received_at", "acknowledge_by",
        "acknowledged_at", "answer_by", "answered_at", "closed_at",
    )  # fmt: skip
    readonly_fields = fields
    asking, asking_title, asking_verb = "answer", "Answer a complaint", "send the answer"
    asking_consequence = "The person is told, and can say within thirty days that it is no answer."
    asking_done = "Answered."
    asking_form = AnswerForm

    @admin.display(description="person", ordering="user__email")
    def person(self, complaint: Complaint) -> str:
        return link_to(complaint.user)

    @admin.display(description="copy")
    def copy_link(self, complaint: Complaint) -> str:
        return link_to(complaint.copy)

    @admin.display(description="clock", ordering="answer_by")
    def clock(self, complaint: Complaint) -> str:
        return queries.clock_words(complaint, now=timezone.now())

    def form_for(self, request: HttpRequest) -> forms.Form:
        """Return the form, with what is answered beside the number where the address names one."""
        form = super().form_for(request)
        form.fields["number"].help_text = queries.said_in(request.GET.get("number", ""))
        return form

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        return complaints.answer(
            complaint_id=cleaned["number"], text=cleaned["text"], by=operator_of(request), now=timezone.now()
        )

    @operator_action("Acknowledge: somebody has read it")
    def acknowledge(self, request: HttpRequest, rows: QuerySet[Complaint]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda row: complaints.acknowledge(complaint_id=row.pk, by=operator_of(request), now=now),
            done="Acknowledged",
            tried="acknowledge",
        )

    @operator_action("Write the answer")
    def reply(self, request: HttpRequest, rows: QuerySet[Complaint]) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:copytrading_complaint_answer", query={"number": rows[0].pk}))


@admin.register(ComplaintStep)
class ComplaintStepAdmin(ReadOnlyAdmin):
    list_display = ("complaint", "kind", "text", "taken_by", "taken_at")
    list_filter = ("kind", "taken_at")
    list_select_related = ("complaint", "taken_by")
    ordering = ("-pk",)
    search_fields = ("=complaint__id", "complaint__user__email", "text", "taken_by__email")
