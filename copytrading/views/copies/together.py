"""All copies of a person as one portfolio."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from copytrading.queries.copies.together import together_of
from copytrading.views.requests import MemberRequest


@login_required
@require_safe
def together(request: MemberRequest) -> HttpResponse:
    """Show what all copies of a person were worth together over time, what they made, and what they are spread over."""
    context = {"section": "copies", "together": together_of(request.user, now=timezone.now())}
    return render(request, "copytrading/together.html" + ("#live" if request.htmx else ""), context)
