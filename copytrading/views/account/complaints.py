"""A person's complaints: filed, read with what was said, reopened, closed."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from copytrading.forms.desk.complaints import ComplaintForm, ReopenForm
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.desk import complaints as queries
from copytrading.services.desk import complaints as verbs
from copytrading.services.refusals import Refusal
from copytrading.views.requests import MemberRequest, press_at

COMPLAINTS_A_PAGE = 25


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def complaints(request: MemberRequest) -> HttpResponse:
    """Show a person's complaints, and take in another."""
    form = ComplaintForm(
        request.POST if request.method == "POST" else None,
        user=request.user,
        initial={"idempotency_key": uuid4().hex, "copy": request.GET.get("copy", "")},
    )
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            filed = verbs.file(
                user=request.user,
                subject=said["subject"],
                text=said["text"],
                copy_id=said["copy"],
                idempotency_key=said["idempotency_key"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, gettext("Your complaint is here: no. %(number)s.") % {"number": str(filed.pk)})
            return redirect("complaint", complaint_id=filed.pk)
    page = Paginator(queries.complaints_of(request.user), COMPLAINTS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "copytrading/complaints.html", {"form": form, "page": page})


@login_required
@require_safe
def complaint(request: MemberRequest, complaint_id: int) -> HttpResponse:
    """Show one complaint, where it stands, and what was said."""
    return _page(request, _own(request, complaint_id), ReopenForm())


@login_required
@press_at("complaint", "complaint_id")
def complaint_reopen(request: MemberRequest, complaint_id: int) -> HttpResponse:
    """Say why the answer is none."""
    found, form = _own(request, complaint_id), ReopenForm(request.POST)
    if form.is_valid():
        try:
            verbs.reopen(complaint_id=found.pk, text=form.cleaned_data["text"], now=timezone.now())
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, gettext("Reopened. There will be another answer."))
            return redirect("complaint", complaint_id=found.pk)
    return _page(request, _own(request, complaint_id), form)


@login_required
@press_at("complaint", "complaint_id")
def complaint_close(request: MemberRequest, complaint_id: int) -> HttpResponse:
    """Close what was answered."""
    found = _own(request, complaint_id)
    try:
        verbs.close(complaint_id=found.pk, now=timezone.now())
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, gettext("The complaint is closed."))
    return redirect("complaint", complaint_id=found.pk)


def _own(request: MemberRequest, complaint_id: int) -> Any:
    return get_object_or_404(queries.with_steps(queries.complaints_of(request.user)), pk=complaint_id)


def _page(request: MemberRequest, found: Any, form: ReopenForm) -> HttpResponse:
    now = timezone.now()
    due = queries.due_at(found)
    context = {
        "complaint": found,
        "steps": queries.steps_of(found),
        "due_at": due,
        "is_overdue": due is not None and due < now,
        "may_reopen": queries.may_be_reopened(found, now=now),
        "form": form,
    }
    return render(request, "copytrading/complaint.html", context)
