"""What a view is given: somebody who is signed in, perhaps by HTMX."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django_htmx.middleware import HtmxDetails

from accounts.models import User

# What the number of a row can be at most.
ROW_NUMBER_MAX = 2**63 - 1


class MemberRequest(HttpRequest):
    """A request behind `login_required`, as the middleware leaves it. Only for type checkers."""

    user: User
    htmx: HtmxDetails


def visitor(request: HttpRequest) -> User | None:
    """Return who looks at a page that is open to everybody; None for somebody who is not signed in."""
    return request.user if isinstance(request.user, User) else None


def asks_for(request: HttpRequest, part: str) -> bool:
    """Return whether HTMX asks for one element of the page; after a step back in history it wants the whole."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request and htmx.target == part


def row_number(text: str) -> int | None:
    """Return the number of a row that an address names; None where no row can have it."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(ROW_NUMBER_MAX))):
        return None
    return int(text) if int(text) <= ROW_NUMBER_MAX else None


def press_at(page: str, *kept: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """
    Let a view take presses, and lead whoever comes by its address to the page where the button stands.

    A session that ended, a bookmark and a step back all lead there.

    :param page: the name of that page. :param kept: the parts of the address that name it.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def inner(request: HttpRequest, **parts: Any) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                return redirect(page, **{name: parts[name] for name in kept})
            if request.method != "POST":
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            return view(request, **parts)

        return inner

    return decorate
