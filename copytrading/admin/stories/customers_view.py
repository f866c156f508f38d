"""
A person's own pages as that person sees them, for operators who may: read only, and each look in the audit.

The page is made by the portal's own view, from a request of its own: by GET, with nobody's session, no cookies and the
person as its reader. It is made in a transaction that PostgreSQL keeps read only, so a page that would write anything,
mark a notice as read or touch a session fails here and nothing is written. Of what it answers only what can be read
stays (`inert_pages`): no script, no stream, no form that could be sent, and links to nothing but these pages.

Pages that write when they are looked at are not among them: the page of one notice marks it as read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, cast

from django.contrib import admin
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from accounts.identity.places import in_place, place_of
from accounts.models import User
from copytrading.admin.stories.inert_pages import Banner, inert
from copytrading.models import Copy

RIGHT = "copytrading.see_as_customer"
# Of the portal, by the names of their addresses; the first ones have links on the person's sheet.
LINKED = {
    "my_copies": "My copies",
    "together": "All copies together",
    "wallet": "Wallet",
    "activity": "Activity",
    "notices": "Notices",
}
PAGES = frozenset({*LINKED, "copy_detail", "limit_orders"})
# What a page is told of the operator's own request: the address it is asked at, and how light or dark they have it.
KEPT_HEADERS = ("SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "wsgi.url_scheme", "REMOTE_ADDR")


class NoSession(SessionBase):
    """A session of nobody, which is kept nowhere."""

    def load(self) -> dict[str, Any]:
        return {}

    def save(self, must_create: bool = False) -> None:
        raise AssertionError("A look at somebody's pages keeps no session.")


def may_look(request: HttpRequest) -> bool:
    """Return whether an operator may see the pages of people as those do."""
    return bool(request.user.has_perm(RIGHT))


def links_of(person: User) -> list[dict[str, str]]:
    """Return the pages of a person that can be looked at, with their addresses here."""
    return [{"url": _address(person, reverse(name)), "label": label} for name, label in LINKED.items()]


def address_of_copy(followed: Copy) -> str:
    """Return where a copy's own page can be looked at as its follower."""
    return _address(followed.follower, reverse("copy_detail", args=[followed.pk]))


@never_cache
@require_safe
def seen_as_page(request: HttpRequest, object_id: int, page: str) -> HttpResponseBase:
    """Show a page of the portal as a person sees it, with nothing on it that could be done."""
    if not may_look(request):
        raise PermissionDenied
    person = User.objects.filter(pk=object_id).first()
    if person is None:
        raise Http404("There is no such person.")
    match = _page_at(f"/{page}")
    if match is None:
        raise Http404("This page is not one that can be looked at as the person.")
    inner = _request_of(person, request, path=f"/{page}", match=match)
    with in_place(place_of(person)), _read_only():
        answer: HttpResponse = match.func(inner, *match.args, **match.kwargs)
    if answer.status_code != 200:
        raise Http404("The person has no such page.")
    banner = Banner(
        who=person.email,
        back=reverse("admin:accounts_user_sheet", args=[person.pk]),
    )
    shown = inert(answer.content.decode(), address_of=lambda path: _address_of(person, path), banner=banner)
    return HttpResponse(shown)


@contextmanager
def _read_only() -> Iterator[None]:
    """Let the database refuse whatever is written meanwhile."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield


def _request_of(person: User, request: HttpRequest, *, path: str, match: ResolverMatch) -> HttpRequest:
    """Return a request as the person's browser would send it, without anything of theirs or of the operator's."""
    inner = copy(request)
    inner.method = "GET"
    inner.path = inner.path_info = path
    inner.META = {name: value for name, value in request.META.items() if name in KEPT_HEADERS} | {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": request.META.get("QUERY_STRING", ""),
    }
    inner.__dict__.pop("headers", None)
    inner.POST, inner.COOKIES = QueryDict(), _cookies(request)
    inner.user, inner.session, inner.resolver_match = person, NoSession(), match
    asked = cast(Any, inner)
    asked.htmx = HtmxDetails(inner)
    asked._messages = CookieStorage(inner)
    return inner


def _cookies(request: HttpRequest) -> dict[str, str]:
    return {"theme": request.COOKIES["theme"]} if "theme" in request.COOKIES else {}


def _page_at(path: str) -> ResolverMatch | None:
    """Return the page of the portal at an address, None where it is none of those that can be looked at."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    return match if match.url_name in PAGES and not match.namespaces else None


def _address(person: User, path: str) -> str:
    return reverse("admin:accounts_user_seen", args=[person.pk, path.lstrip("/")])


def _address_of(person: User, address: str) -> str:
    """Return where here a link of the portal leads; empty where it leads to nothing that can be looked at."""
    path, _, query = address.partition("#")[0].partition("?")
    if not path:
        return f"?{query}" if query else ""
    if not path.startswith("/") or path.startswith("//") or _page_at(path) is None:
        return ""
    found = _address(person, path)
    return f"{found}?{urlencode(QueryDict(query).lists(), doseq=True)}" if query else found


# The panel is our own site, see `smartsync_site.operators.panel`.
site = cast(Any, admin.site)
site.add_page("accounts/user/<int:object_id>/seen/<path:page>", seen_as_page, name="accounts_user_seen")
