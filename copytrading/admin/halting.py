"""The way from a row to the page where its halt is asked for."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from copytrading.models import Halt


def ask_to_halt(scope: Halt.Scope, rows: QuerySet[Any]) -> HttpResponse:
    """Return the way to the page where a halt of the first of these rows is asked for."""
    return HttpResponseRedirect(reverse("admin:copytrading_halt_place", query={"target": f"{scope}:{rows[0].pk}"}))
