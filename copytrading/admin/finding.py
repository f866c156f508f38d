"""Search over everything from one field: what answers to it, of the tables that this operator may look at."""

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from copytrading.forms.finding import SearchForm
from copytrading.queries.operating.finding import Found, find


def search_page(request: HttpRequest) -> HttpResponseBase:
    form = SearchForm(request.GET)
    found: tuple[Found, ...] = ()
    if form.is_valid():
        found = find(form.cleaned_data["q"], may_look=lambda table: _may_look(request, table))
    context = {
        **admin.site.each_context(request),
        "title": "Search",
        "searched_for": form.cleaned_data.get("q", ""),
        "refusals": form.errors.get("q", ()),
        "found": [_shown(one) for one in found],
    }
    return TemplateResponse(request, "admin/search.html", context)


# The panel is our own site, see `copytrading.admin.reports`.
cast(Any, admin.site).add_page("search/", search_page, name="search")


def _may_look(request: HttpRequest, table: str) -> bool:
    app, model = table.split(".")
    return request.user.has_perm(f"{app}.view_{model}")


def _shown(found: Found) -> dict[str, Any]:
    """Return what was found in one table, each row with the address of its page."""
    page = f"admin:{found.table.replace('.', '_')}_change"
    return {
        "title": found.title,
        "name": found.table.replace(".", "-"),
        "has_more": found.has_more,
        "hits": [{"name": hit.name, "note": hit.note, "url": reverse(page, args=[hit.id])} for hit in found.hits],
    }
