"""
What holds for every request, whoever answers it: which hosts we are, forms that came from elsewhere, and that a page is
for the one who asked for it.
"""

from collections.abc import Callable
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import REASON_BAD_ORIGIN, REASON_BAD_REFERER
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.cache import never_cache

from accounts.api.problems import API_PATH

log = structlog.get_logger(__name__)

# Probes ask one process by its address, which is no host of ours and differs from start to start.
OF_PROBES = "/health/"
PRIVATE = "private, no-cache"
# How Django begins its reasons when the site a form came from is not the one that it was sent to.
FROM_ELSEWHERE = tuple(reason.partition("%s")[0] for reason in (REASON_BAD_ORIGIN, REASON_BAD_REFERER))


class KnownHosts(CommonMiddleware):
    """Django's own, which lets in who asks for one of ALLOWED_HOSTS; whoever asks for health need not know one."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return None if request.path.startswith(OF_PROBES) else super().process_request(request)


@sync_and_async_middleware
def only_for_who_asks(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """
    Let nobody between us and the browser keep a page, unless it says so itself.

    A lead's page shows more to somebody who copies than to a stranger, at the same address.
    """
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            return _for_who_asks(request, await get_response(request))

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        return _for_who_asks(request, get_response(request))

    return answer


def _for_who_asks(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    # The API has its own words for it, see accounts.api.answering.answers.
    if "Cache-Control" not in response and not request.path.startswith(API_PATH):
        response["Cache-Control"] = PRIVATE
        patch_vary_headers(response, ["Cookie"])
    return response


@never_cache
def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without proof that our page made it: nothing was done, and what helps."""
    origin = request.headers.get("Origin", "") if reason.startswith(FROM_ELSEWHERE) else ""
    log.warning("form_refused", reason=reason, path=request.path, host=request.get_host())
    facts = {"is_from_elsewhere": reason.startswith(FROM_ELSEWHERE), "origin": origin, "host": request.get_host()}
    if not request.headers.get("HX-Request"):
        return render(request, "403_csrf.html", facts, status=403)
    response = render(request, "403_csrf.html#refused", facts, status=403)
    # Whatever part of the page was asked for: this takes the place of all of it.
    response["HX-Retarget"], response["HX-Reswap"], response["HX-Reselect"] = "#content", "innerHTML", "unset"
    return response
