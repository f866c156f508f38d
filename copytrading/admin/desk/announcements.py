"""Announcements: written, and ended early."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin.acting import operator_action, operator_of
from accounts.admin.asking import AskingAdmin
from accounts.admin.tables import ReadOnlyAdmin
from copytrading.forms.desk.operating import AnnouncementForm
from copytrading.models import Announcement, AnnouncementClosing
from copytrading.queries.desk import announcements as queries
from copytrading.services.desk import announcements


class Holds(admin.SimpleListFilter):
    """What stands on pages, or is to."""

    title = "state"
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "holds, or is to"), ("no", "over or ended")]

    def queryset(self, request: HttpRequest, found: QuerySet[Announcement]) -> QuerySet[Announcement]:
        standing = queries.standing(now=timezone.now()).values("pk")
        if self.value() == "yes":
            return found.filter(pk__in=standing)
        return found.exclude(pk__in=standing) if self.value() == "no" else found


@admin.register(Announcement)
class AnnouncementAdmin(AskingAdmin):
    list_display = (
        "title",
        "state",
        "level",
        "audience",
        "holds_from",
        "holds_until",
        "told_at",
        "written_by",
        "ended_by",
    )
    list_filter = (Holds, "level", "audience", "is_told", "written_at")
    list_select_related = ("written_by", "ended_by")
    ordering = ("-pk",)
    search_fields = ("title", "text", "title_de", "text_de", "written_by__email")
    actions = ("end",)
    fields = (
        "title", "text", "title_de", "text_de", "level", "audience", "state", "holds_from", "holds_until", "is_told",
        "told_at", "written_by", "written_at", "ended_by", "ended_at",
    )  # fmt: skip
    readonly_fields = fields
    asking, asking_title, asking_verb = "write", "Write an announcement", "let it stand on the pages"
    asking_consequence = "It stands on top of every page of whom it is for. It is not changed afterwards, only ended."
    asking_done = "Written."
    asking_form = AnnouncementForm

    @admin.display(description="state")
    def state(self, announcement: Announcement) -> str:
        return queries.state_of(announcement, now=timezone.now())

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        return announcements.write(**cleaned, by=operator_of(request), now=timezone.now())

    @operator_action("End it now")
    def end(self, request: HttpRequest, rows: QuerySet[Announcement]) -> None:
        now = timezone.now()
        self.act(
            request,
            rows,
            verb=lambda row: announcements.end(announcement_id=row.pk, by=operator_of(request), now=now),
            done="Ended",
            tried="end it",
        )


@admin.register(AnnouncementClosing)
class AnnouncementClosingAdmin(ReadOnlyAdmin):
    list_display = ("announcement", "user", "closed_at")
    list_filter = ("closed_at",)
    list_select_related = ("announcement", "user")
    ordering = ("-pk",)
    search_fields = ("announcement__title", "user__email")
