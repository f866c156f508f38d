"""
What an operator does to rows: one service call for each, its refusal shown as it is, and both kept in the audit.

Each act is asked why, and the audit keeps what the row said before and after. An act that gives money back cannot be
undone, so it is shown once more before it is done.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from accounts import audit
from accounts.admin.tables import ReadOnlyAdmin
from accounts.audit import REASON_LENGTH_MAX
from accounts.models import User
from accounts.refusals import Refusal


class ActForm(ActionForm):
    """Which act, and why."""

    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=REASON_LENGTH_MAX,
        widget=forms.TextInput(attrs={"placeholder": "Why? It is kept in the audit.", "class": "reason"}),
    )


class ActingAdmin(ReadOnlyAdmin):
    """A table that is only read, with acts. Who may not operate may still look, and is not offered them."""

    change_form_template = "admin/acting_change_form.html"
    action_form = ActForm

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether this operator may act: it takes the right to change the table, not only to view it."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        acts = [action[1:] for action in self.get_actions(request).values() if action]
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "acts": acts})

    def act(
        self, request: HttpRequest, rows: QuerySet[Any], *, verb: Callable[[Model], object], done: str, tried: str
    ) -> None:
        """
        Call the verb for each row and tell how it went.

        :param done: what happened, as "Approved".
        :param tried: what was refused, as "approve".
        """
        if not audit.reason_of(request):
            self.message_user(request, f"Say why you {tried}: the audit keeps it. Nothing was done.", messages.ERROR)
            return
        for row in rows:
            before = audit.state_of(row)
            try:
                verb(row)
            except Refusal as refusal:
                self._note(request, row, f"Tried to {tried}, refused: {refusal}", before=before)
                self.message_user(request, f"{row}: {refusal}", messages.ERROR)
            else:
                self._note(request, row, f"{done}.", before=before)
                self.message_user(request, f"{row}: {done.lower()}.", messages.SUCCESS)

    def ask_first(
        self, request: HttpRequest, rows: QuerySet[Any], *, action: str, verb: str, question: str, consequence: str
    ) -> HttpResponse | None:
        """Return the page that asks once more, or nothing when the answer is already yes."""
        if request.POST.get("confirmed") == "yes":
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": question,
            "opts": self.opts,
            "rows": list(rows),
            "action": action,
            "verb": verb,
            "consequence": consequence,
            "checkbox": ACTION_CHECKBOX_NAME,
            "reason": audit.reason_of(request),
        }
        return TemplateResponse(request, "admin/ask_first.html", context)

    def _note(
        self, request: HttpRequest, row: Model, message: str, *, before: dict[str, str] | None = None, reason: str = ""
    ) -> None:
        """Keep what was done to a row, twice: where the panel shows a row's history, and in the audit."""
        LogEntry.objects.log_actions(
            user_id=operator_of(request).pk,
            queryset=[row],
            action_flag=CHANGE,
            change_message=message,
            single_object=True,
        )
        row.refresh_from_db()
        was, is_now = audit.difference(before or {}, audit.state_of(row))
        audit.write(
            f"{self.opts.model_name}: {message}",
            by=audit.surroundings_of(request),
            now=timezone.now(),
            on=row,
            words=f"{row}: {message}",
            reason=reason or audit.reason_of(request),
            before=was,
            after=is_now,
        )


def operator_of(request: HttpRequest) -> User:
    """Return who acts."""
    assert isinstance(request.user, User), "the door is closed to everybody who is not signed in"
    return request.user


def operator_action(description: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a method as an act that takes the right to operate."""
    return admin.action(permissions=["operate"], description=description)
