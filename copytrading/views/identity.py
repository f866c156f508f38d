"""Whether it is really the person who is signed in: asked again before something that a stolen session must not do."""

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
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from copytrading.views.requests import MemberRequest

Answer = Callable[..., HttpResponse]


def identity_confirmed(view: Answer) -> Answer:
    """
    Let somebody in who confirmed in the last minutes to be who they are; where there is a second factor, with that.

    allauth's own decorator would keep what was posted in the session, to go on with it afterwards. What is posted here
    is a key, and a key is kept nowhere in the clear: so the page comes anew, and empty.
    """

    @login_required
    @wraps(view)
    def asked(request: MemberRequest, *arguments: Any, **options: Any) -> HttpResponse:
        address = _address_to_confirm(request)
        if address is None:
            return view(request, *arguments, **options)
        if request.method == "POST":
            messages.warning(request, "Confirm first that it is you. Nothing of what you sent was kept.")
        return HttpResponseRedirect(f"{address}?{urlencode({'next': request.get_full_path()})}")

    return cast(Answer, asked)


def _address_to_confirm(request: MemberRequest) -> str | None:
    """Return where somebody confirms to be who they are; None where that was done, or there is no way to do it."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    has_second_factor = is_mfa_enabled(request.user)
    if has_second_factor:
        ways = [way for way in ways if way["id"].startswith("mfa")]
    since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    for record in get_authentication_records(request, request.user):
        is_strong = record["method"] == "mfa" or not has_second_factor
        if record.get("reauthenticated") and record["at"] > since and is_strong:
            return None
    return ways[0]["url"] if ways else None
