"""
The door to the operators' panel: who comes in signed in with a second factor, and who acts proved it a moment ago.

Every address of the panel is behind it, since every table and page asks the site for its door.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts import audit
from accounts.identity import step_up
from smartsync_site.operators import roles

# Scripts of the pages themselves, and the way out.
NOT_KEPT = frozenset({"jsi18n", "logout"})


class OperatorsSite(AdminSite):
    """The panel. Operators sign in the way everybody does, so that the same throttle and second factor guard it."""

    index_title = "Morning page"
    empty_value_display = "—"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._pages: list[tuple[str, Callable[..., HttpResponse], str]] = []

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page of the panel shows; it bears the name of the brand."""
        title = f"{settings.SMARTSYNC_BRAND.name} operators"
        return super().each_context(request) | {"site_header": title, "site_title": title}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the morning page; what refreshes itself asks for its figures alone."""
        handed_down = {"roles_that_act_on": roles.roles_that_act(), **(extra_context or {})}
        if getattr(request, "htmx", False):
            return TemplateResponse(request, "admin/index.html#morning", handed_down)
        # The list of all tables is long, and is in what every page shows already.
        shown = self.each_context(request)
        context = {**shown, "title": self.index_title, "subtitle": None, "app_list": shown["available_apps"]}
        return TemplateResponse(request, "admin/index.html", context | handed_down)

    def add_page(self, route: str, view: Callable[..., HttpResponse], *, name: str) -> None:
        """Give a page that is of no table an address of the panel; the view itself asks for the right to it."""
        self._pages.append((route, view, name))

    def get_urls(self) -> list[Any]:
        pages = [path(route, self.admin_view(view), name=name) for route, view, name in self._pages]
        return [*pages, *super().get_urls()]

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """
        Take tables that are only read here, and leave out what libraries would let operators change by hand.

        A confirmed address or a group that somebody types in is a right that nobody approved.
        """
        if admin_class is not None and getattr(admin_class, "is_read_only", False):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and step_up.signed_in_with_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to where the missing proof is given: sign in, set up a second factor, or use it."""
        if getattr(request, "htmx", False):
            # A page that refreshes itself and is signed out meanwhile goes to the door as a whole.
            return HttpResponse(headers={"HX-Refresh": "true"})
        if not super().has_permission(request):
            return cast(HttpResponse, secure_admin_login(super().login)(request, extra_context))
        back_to = request.GET.get("next") or reverse("admin:index")
        if not is_mfa_enabled(request.user):
            messages.warning(request, "Operators sign in with a second factor: set one up, then come back.")
            return HttpResponseRedirect(reverse("mfa_index"))
        address = step_up.address_to_confirm(request) or reverse("mfa_reauthenticate")
        return HttpResponseRedirect(f"{address}?{urlencode({'next': back_to})}")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """
        Return a view behind the door.

        What is posted needs a proof of the last minutes besides, and whatever an operator looks at or does leaves an
        entry in the audit, the answer's status with it.
        """

        @wraps(view)
        def proved(request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
            if not self.has_permission(request):
                return cast(HttpResponse, view(request, *arguments, **options))
            if request.method == "POST":
                address = step_up.address_to_confirm(request)
                if address is not None:
                    return step_up.ask_to_confirm(request, address, back_to=request.get_full_path())
            try:
                response = cast(HttpResponse, view(request, *arguments, **options))
            except PermissionDenied:
                _keep(request, status=403)
                raise
            _keep(request, status=response.status_code)
            return response

        return super().admin_view(proved, cacheable)


def _keep(request: HttpRequest, *, status: int) -> None:
    """Write what was looked at, or sent, and by whom."""
    match = request.resolver_match
    name = match.url_name if match and match.url_name else ""
    if name in NOT_KEPT:
        return
    row = str(match.kwargs.get("object_id", "")) if match else ""
    table = name.rpartition("_")[0].replace("_", ".", 1) if name.count("_") >= 2 else ""
    verb = "looked at" if request.method in {"GET", "HEAD"} else "sent"
    if act := request.POST.get("action", ""):
        verb = f"sent {act}"
    chosen = ", ".join(request.POST.getlist("_selected_action"))
    audit.write(
        f"{verb} {name}",
        by=audit.surroundings_of(request),
        now=timezone.now(),
        object_type=table,
        object_id=row or chosen,
        words=f"{request.get_full_path()} → {status}",
        reason=audit.reason_of(request),
    )
