"""A person's sheet: what operators ask about one person, on one page. Each part is for who may look at its table."""

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from copytrading.admin.stories import customers_view
from copytrading.queries.operating import person_sheet
from copytrading.queries.operating.person_sheet import Cell, SheetPart


def person_sheet_page(request: HttpRequest, object_id: int) -> HttpResponseBase:
    """Show a person: copies, money, sign-in, what they were told, what waits."""
    if not request.user.has_perm("accounts.view_user"):
        raise PermissionDenied
    user = User.objects.filter(pk=object_id).first()
    if user is None:
        raise Http404("There is no such person.")
    sheet = person_sheet.sheet_of(user, now=timezone.now())
    allowed = {table for table in person_sheet.tables_of(sheet.parts) if _may_view(request, table)}
    context = {
        **admin.site.each_context(request),
        "title": user.email,
        "opts": User._meta,
        "person": user,
        "facts": sheet.facts,
        "parts": [_part(part, allowed) for part in sheet.parts if part.table in allowed],
        "seen_as": customers_view.links_of(user) if customers_view.may_look(request) else (),
    }
    return TemplateResponse(request, "admin/person_sheet.html", context)


def _may_view(request: HttpRequest, table: str) -> bool:
    app, model = table.split(".")
    return request.user.has_perm(f"{app}.view_{model}")


def _part(part: SheetPart, allowed: set[str]) -> dict[str, Any]:
    """Return a part as its template shows it."""
    numbers = [any(row[place].is_number for row in part.rows) for place in range(len(part.columns))]
    return {
        "title": part.title,
        "nothing": part.nothing,
        "is_wide": part.is_wide,
        "columns": list(zip(part.columns, numbers, strict=True)),
        "rows": [[_cell(cell, allowed) for cell in row] for row in part.rows],
        "all": reverse(f"admin:{part.table.replace('.', '_')}_changelist", query=part.filters),
    }


def _cell(cell: Cell, allowed: set[str]) -> dict[str, Any]:
    url = ""
    if cell.id is not None and cell.table in allowed:
        url = reverse(f"admin:{cell.table.replace('.', '_')}_{cell.page}", args=[cell.id])
    return {"text": cell.text, "url": url, "is_number": cell.is_number}


# The panel is our own site, see `smartsync_site.operators.panel`.
site = cast(Any, admin.site)
site.add_page("accounts/user/<int:object_id>/sheet/", person_sheet_page, name="accounts_user_sheet")
