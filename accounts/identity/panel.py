"""
The door to the operators' panel: who comes in signed in with a second factor, and who acts proved it a moment ago.

Every address of the panel is behind it, since every table and page asks the site for its door.
"""

from functools import wraps
from typing import Any, cast

from allauth.account.decorators import secure_admin_login
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from accounts.identity import step_up


class OperatorsSite(AdminSite):
    """The panel. Operators sign in the way everybody does, so that the same throttle and second factor guard it."""

    site_header = site_title = "Smart Sync operators"
    index_title = "Everything there is"
    empty_value_display = "—"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and step_up.signed_in_with_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to where the missing proof is given: sign in, set up a second factor, or use it."""
        if not super().has_permission(request):
            return cast(HttpResponse, secure_admin_login(super().login)(request, extra_context))
        back_to = request.GET.get("next") or reverse("admin:index")
        if not is_mfa_enabled(request.user):
            messages.warning(request, "Operators sign in with a second factor: set one up, then come back.")
            return HttpResponseRedirect(reverse("mfa_index"))
        address = step_up.address_to_confirm(request) or reverse("mfa_reauthenticate")
        return HttpResponseRedirect(f"{address}?{urlencode({'next': back_to})}")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Return a view behind the door: what is posted needs a proof of the last minutes besides."""

        @wraps(view)
        def proved(request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
            if request.method == "POST" and self.has_permission(request):
                address = step_up.address_to_confirm(request)
                if address is not None:
                    return step_up.ask_to_confirm(request, address, back_to=request.get_full_path())
            return view(request, *arguments, **options)

        return super().admin_view(proved, cacheable)
