"""What machines ask of the platform: is it alive, can it work, how is it doing."""

import asyncio
from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from health_check.views import HealthCheckView
from prometheus_client import generate_latest

from copytrading.queries.operating.running import running
from smartsync_site.watching.engine_metrics import ENGINE

SECURITY_TXT_GOOD_FOR = timedelta(days=180)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("alive\n", content_type="text/plain")


class Ready(HealthCheckView):
    """
    The platform can work: 200 when PostgreSQL and Valkey answer and feed, beat and a worker are alive, 503 with the one
    that is not. A proxy that chooses between web processes asks `live` instead: a dead worker is no web's fault.
    """

    checks = ("health_check.checks.Database", "health_check.checks.Cache")

    async def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with self.get_executor() as executor:
            results = await asyncio.gather(*(check.get_result(executor) for check in self.get_checks()))
        answers: dict[str, str] = {
            type(result.check).__name__.lower(): "down" if result.error else "ok" for result in results
        }
        if answers.get("database") == "ok":
            answers |= (await sync_to_async(running)(now=timezone.now())).states
        return JsonResponse(answers, status=200 if set(answers.values()) == {"ok"} else 503)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Say whom to tell of a hole, in the form of RFC 9116; there is no such page where nobody is named."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    until = timezone.now() + SECURITY_TXT_GOOD_FOR
    lines = [f"Contact: {settings.SECURITY_CONTACT}", f"Expires: {until:%Y-%m-%dT00:00:00Z}", "Preferred-Languages: en"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def _may_see(request: HttpRequest) -> bool:
    return admin.site.has_permission(request) and request.user.has_perm("accounts.see_metrics")


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for a collector that knows the token, and for operators who may see them; nobody else knows of them."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    knows_token = bool(settings.METRICS_TOKEN) and constant_time_compare(token, settings.METRICS_TOKEN)
    if not (knows_token or _may_see(request)):
        raise Http404
    # Each process keeps its own counts; what the engine does is in the rows, and the same whoever is asked.
    page = ExportToDjangoView(request)
    page.write(generate_latest(ENGINE))
    return page
