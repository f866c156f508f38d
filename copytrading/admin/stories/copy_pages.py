"""A copy's story: a day of it on one page, why first, then step by step. Who may look at copies may look at it."""

from datetime import UTC, date, timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from copytrading.admin.stories import customers_view
from copytrading.forms.reports import DayField
from copytrading.models import Copy
from copytrading.queries.operating import copy_chain, copy_story


class DayForm(forms.Form):
    """Which day of a copy; none is yesterday and today."""

    day = DayField(label="Day, UTC", required=False)


def copy_story_page(request: HttpRequest, object_id: int) -> HttpResponseBase:
    """Show one day of a copy, or yesterday and today where the address names none."""
    if not request.user.has_perm("copytrading.view_copy"):
        raise PermissionDenied
    copy = Copy.objects.select_related("lead", "follower").filter(pk=object_id).first()
    if copy is None:
        raise Http404("There is no such copy.")
    now = timezone.now()
    today = now.astimezone(UTC).date()
    form = DayForm(request.GET)
    asked = form.cleaned_data["day"] if form.is_valid() else None
    if asked is not None and asked > today:
        form.add_error("day", "This day has not begun yet.")
    days: list[date] = []
    if not form.errors:
        days = [asked] if asked else [today - timedelta(days=1), today]
    address = reverse("admin:copytrading_copy_story", args=[copy.pk])
    shown = asked or today - timedelta(days=1)
    context = {
        **admin.site.each_context(request),
        "title": f"The story of copy {copy.pk}",
        "opts": Copy._meta,
        "copy": copy,
        "form": form,
        "days": [_day(copy, day, today=today, now=now) for day in days],
        "before": f"{address}?day={shown - timedelta(days=1)}" if shown > date.min else "",
        "after": f"{address}?day={shown + timedelta(days=1)}" if shown < today else "",
        "both": address if asked else "",
        "lists": _lists(copy),
        "seen_as": customers_view.address_of_copy(copy) if customers_view.may_look(request) else "",
    }
    return TemplateResponse(request, "admin/copy_story.html", context)


def _day(copy: Copy, day: date, *, today: date, now: Any) -> dict[str, Any]:
    names = {today: "Today", today - timedelta(days=1): "Yesterday"}
    story = copy_story.story_of(copy, day=day, now=now)
    return {
        "day": day,
        "name": names.get(day, f"{day:%A}"),
        "story": story,
        "chain": copy_chain.chain_of(copy, day=day) if story else None,
    }


def _lists(copy: Copy) -> list[dict[str, str]]:
    """Return the tables that have all of a copy, each narrowed to it."""
    narrowed = (
        ("All its shares of fills", "copytrading_allocation", {"ledger_account__id__exact": copy.ledger_account_id}),
        ("All lines of its account", "accounts_posting", {"ledger_account__id__exact": copy.ledger_account_id}),
        ("All adjustments", "copytrading_adjustment", {"q": copy.pk}),
        ("All money in and out", "copytrading_copyflow", {"q": copy.pk}),
        ("All notices", "copytrading_notice", {"q": copy.pk}),
    )
    return [
        {"url": reverse(f"admin:{table}_changelist", query=query), "label": label} for label, table, query in narrowed
    ]


# The panel is our own site, see `smartsync_site.operators.panel`.
site = cast(Any, admin.site)
site.add_page("copytrading/copy/<int:object_id>/story/", copy_story_page, name="copytrading_copy_story")
