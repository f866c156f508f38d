"""People's own data: archives that are packed on somebody's behalf, and erasures. The file is only the person's."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.admin.acting import operator_action, operator_of
from accounts.admin.asking import AskingAdmin
from accounts.admin.tables import link_to
from accounts.models import Archive, Erasure
from accounts.models.operators import APPROVED_WITHIN
from copytrading.forms.personal import OnBehalfForm
from copytrading.queries.operating import overview as operating
from copytrading.services.personal import archives, erasures


@admin.register(Archive)
class ArchiveAdmin(AskingAdmin):
    list_display = ("id", "user_link", "state", "asked_by", "reason", "asked_at", "made_at", "kept_until", "byte_count")
    list_filter = ("asked_at",)
    list_select_related = ("user", "asked_by")
    ordering = ("-pk",)
    search_fields = ("=id", "user__email", "asked_by__email", "reason")
    fields = ("user_link", "state", "asked_by", "reason", "asked_at", "attempts", "made_at", "kept_until", "byte_count",
              "removed_at")  # fmt: skip
    readonly_fields = fields
    asking, asking_title, asking_verb = "request", "Pack the archive of somebody's data", "pack it"
    asking_consequence = (
        "The person is told when it is ready, and fetches it under Your data after a proof. No operator can read it."
    )
    asking_done = "Asked for on the person's behalf."
    asking_form = OnBehalfForm

    @admin.display(description="person")
    def user_link(self, archive: Archive) -> str:
        return link_to(archive.user)

    @admin.display(description="state")
    def state(self, archive: Archive) -> str:
        if archive.removed_at:
            return "removed"
        return "ready" if archive.made_at else "being packed"

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        person = operating.person(email=cleaned["email"])
        assert person is not None, "the form has looked"
        return archives.ask_for_archive(
            user=person, by=operator_of(request), reason=cleaned["reason"], now=timezone.now()
        )


@admin.register(Erasure)
class ErasureAdmin(AskingAdmin):
    list_display = ("id", "user_link", "state", "hindered_by", "requested_by", "requested_at", "approved_by", "due_at",
                    "done_at")  # fmt: skip
    list_filter = ("requested_at", ("done_at", admin.EmptyFieldListFilter))
    list_select_related = ("user", "requested_by", "approved_by")
    ordering = ("-pk",)
    search_fields = ("=id", "user__email", "requested_by__email", "approved_by__email", "reason")
    actions = ("approve", "withdraw")
    fields = ("user_link", "state", "reason", "hindered_by", "requested_by", "requested_at", "approved_by",
              "approved_at", "due_at", "withdrawn_at", "done_at")  # fmt: skip
    readonly_fields = fields
    asking, asking_title, asking_verb = "request", "Ask for the erasure of a person", "ask for it"
    asking_consequence = (
        "Nothing is erased before another operator approves it, within a day, and the cooling time is over. The person"
        " is told then and can take it back. What the ledger and the audit have to show stays."
    )
    asking_done = "Asked for."
    asking_form = OnBehalfForm

    @admin.display(description="person")
    def user_link(self, erasure: Erasure) -> str:
        return link_to(erasure.user)

    @admin.display(description="state")
    def state(self, erasure: Erasure) -> str:
        if erasure.done_at:
            return "erased"
        if erasure.withdrawn_at:
            return "withdrawn"
        if erasure.due_at:
            return "hindered" if erasure.hindered_by else "waits until it is due"
        waits = timezone.now() - erasure.requested_at <= APPROVED_WITHIN
        return "waits for approval" if waits else "its day is over"

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        person = operating.person(email=cleaned["email"])
        assert person is not None, "the form has looked"
        return erasures.request_erasure(
            user=person, by=operator_of(request), reason=cleaned["reason"], now=timezone.now()
        )

    @operator_action("Approve: erase this person once the cooling time is over")
    def approve(self, request: HttpRequest, rows: QuerySet[Erasure]) -> HttpResponse | None:
        question = self.ask_first(
            request,
            rows,
            action="approve",
            verb="let it be erased",
            question="Is this person to be erased?",
            consequence="The person is told, and can take it back until the cooling time is over. Then nobody can.",
        )
        if question is None:
            now = timezone.now()
            self.act(
                request,
                rows,
                verb=lambda row: erasures.approve_erasure(erasure_id=row.pk, by=operator_of(request), now=now),
                done="Approved",
                tried="approve",
            )
        return question

    @operator_action("Withdraw")
    def withdraw(self, request: HttpRequest, rows: QuerySet[Erasure]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda row: erasures.withdraw_erasure(erasure_id=row.pk, now=now),
            done="Withdrawn",
            tried="withdraw",
        )
