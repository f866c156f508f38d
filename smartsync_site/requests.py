"""Requests that no page of ours answers: those that name no host of ours, and forms that came from elsewhere."""

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import REASON_BAD_ORIGIN, REASON_BAD_REFERER
from django.shortcuts import render
from django.views.decorators.cache import never_cache

log = structlog.get_logger(__name__)

# Probes ask one process by its address, which is no host of ours and differs from start to start.
OF_PROBES = "/health/"
# How Django begins its reasons when the site a form came from is not the one that it was sent to.
FROM_ELSEWHERE = tuple(reason.partition("%s")[0] for reason in (REASON_BAD_ORIGIN, REASON_BAD_REFERER))


class KnownHosts(CommonMiddleware):
    """Django's own, which lets in who asks for one of ALLOWED_HOSTS; whoever asks for health need not know one."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return None if request.path.startswith(OF_PROBES) else super().process_request(request)


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
