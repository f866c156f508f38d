"""A page for each code that the API says no with: what it means."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from copytrading.services.problem_codes import problem_codes


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """List every code."""
    return render(request, "copytrading/problems.html", {"codes": sorted(problem_codes().items())})


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    """Say what one code means."""
    meaning = problem_codes().get(code)
    if meaning is None:
        raise Http404
    return render(request, "copytrading/problems.html", {"codes": [(code, meaning)], "is_one": True})
