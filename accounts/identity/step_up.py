"""
Whether it is really the person who is signed in: proved by the password or the second factor in the last minutes.

Where somebody has a second factor only that proves it. Operators always have one, see
`smartsync_site.operators.operators_site`.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy

Answer = Callable[..., HttpResponse]
NOTHING_KEPT = gettext_lazy("Confirm first that it is you. Nothing of what you sent was kept.")


def identity_confirmed(view: Answer | None = None, *, back_to: object = "") -> Any:
    """
    Let somebody in who confirmed in the last minutes to be who they are; where there is a second factor, with that.

    allauth's own decorator would keep what was posted in the session, to go on with it afterwards. What is posted here
    may be a key, and a key is kept nowhere in the clear: so the page comes anew, and empty.

    :param back_to: the address to come back to, where the view only takes what is posted.
    """

    def confirmed(view: Answer) -> Answer:
        @login_required
        @wraps(view)
        def asked(request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
            address = address_to_confirm(request)
            if address is None:
                return view(request, *arguments, **options)
            return ask_to_confirm(request, address, back_to=str(back_to) or request.get_full_path())

        return cast(Answer, asked)

    return confirmed if view is None else confirmed(view)


def ask_to_confirm(request: HttpRequest, address: str, *, back_to: str) -> HttpResponse:
    """Return the way to where somebody confirms to be who they are."""
    if request.method == "POST":
        messages.warning(request, NOTHING_KEPT)
    return HttpResponseRedirect(f"{address}?{urlencode({'next': back_to})}")


def address_to_confirm(request: HttpRequest) -> str | None:
    """Return where somebody confirms to be who they are; None where that was done, or there is no way to do it."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    has_second_factor = is_mfa_enabled(request.user)
    if has_second_factor:
        ways = [way for way in ways if way["id"].startswith("mfa")]
    since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    for record in get_authentication_records(request, request.user):
        is_strong = record["method"] == "mfa" or (not has_second_factor and record.get("reauthenticated"))
        if is_strong and record["at"] > since:
            return None
    return ways[0]["url"] if ways else None


def signed_in_with_second_factor(request: HttpRequest) -> bool:
    """Return whether this very session was opened, or confirmed since, with a second factor."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, request.user))
