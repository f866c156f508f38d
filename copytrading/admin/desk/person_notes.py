"""Notes on people: a table of them, and on each person's page what was noted of that one, the latest first."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin.acting import operator_of
from accounts.admin.asking import AskingAdmin
from accounts.admin.people import PersonAdmin
from accounts.admin.tables import ReadOnlyRows
from copytrading.forms.desk.operating import PersonNoteForm
from copytrading.models import PersonNote
from copytrading.queries.desk.person_notes import notes_for
from copytrading.services.desk import person_notes


class NoteRows(ReadOnlyRows):
    """The notes on the person whose page it is, and the way to another."""

    model = PersonNote
    fk_name = "person"
    fields = ("text", "written_by", "written_at")
    readonly_fields = fields
    template = "admin/person_notes.html"
    verbose_name_plural = "notes"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonNote]:
        return notes_for(operator_of(request))


# A person's page is of accounts, which knows nothing of this app: what stands there of ours is handed to it.
PersonAdmin.inlines = (*PersonAdmin.inlines, NoteRows)


@admin.register(PersonNote)
class PersonNoteAdmin(AskingAdmin):
    list_display = ("id", "person", "text", "written_by", "written_at")
    list_filter = ("written_at",)
    list_select_related = ("person", "written_by")
    ordering = ("-pk",)
    search_fields = ("person__email", "text", "written_by__email")
    fields = ("person", "text", "written_by", "written_at")
    readonly_fields = fields
    asking, asking_title, asking_verb = "write", "Write a note on a person", "keep the note"
    asking_consequence = "Other operators read it on the person's page; the person never does. It is not changed again."
    asking_done = "Written."
    asking_form = PersonNoteForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonNote]:
        return notes_for(operator_of(request))

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        return person_notes.write(
            person=cleaned["email"], text=cleaned["text"], by=operator_of(request), now=timezone.now()
        )
