"""Tables with an act that has to be described first: a form on a page of its own, one service call, an audit entry."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.admin.acting import ActingAdmin
from accounts.refusals import Refusal


class AskingAdmin(ActingAdmin):
    """
    A table with one more page, on which an operator asks for a new row.

    `asking` is the page's name and address, `asking_title` its title, `asking_verb` its button, `asking_consequence`
    what happens then, `asking_done` what the audit says.
    """

    asking: str
    asking_title: str
    asking_verb: str
    asking_consequence: str
    asking_done: str
    asking_form: type[forms.Form]

    def carry_out(self, request: HttpRequest, cleaned: dict[str, Any]) -> Model:
        """Call the service and return the row that it made."""
        raise NotImplementedError

    def form_for(self, request: HttpRequest) -> forms.Form:
        """Return the form, with what was sent, or with what the address already says."""
        return (
            self.asking_form(request.POST) if request.method == "POST" else self.asking_form(initial=request.GET.dict())
        )

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.ask)
        return [path(f"{self.asking}/", page, name=self._asking_name()), *super().get_urls()]

    def ask(self, request: HttpRequest) -> HttpResponse:
        """Show the form; carry out what is asked for, or show the refusal beside its field."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        form = self.form_for(request)
        if form.is_valid():
            try:
                row = self.carry_out(request, form.cleaned_data)
            except Refusal as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            else:
                self._note(request, row, self.asking_done, reason=form.cleaned_data.get("reason", ""))
                self.message_user(request, f"{row}: {self.asking_done.lower()}", messages.SUCCESS)
                return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": self.asking_title,
            "opts": self.opts,
            "form": form,
            "verb": self.asking_verb,
            "consequence": self.asking_consequence,
        }
        return TemplateResponse(request, "admin/ask_form.html", context)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        tool = None
        if self.has_operate_permission(request):
            tool = {"url": reverse(f"admin:{self._asking_name()}"), "label": self.asking_title}
        return super().changelist_view(request, {**(extra_context or {}), "asking": tool})

    def _asking_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{self.asking}"
