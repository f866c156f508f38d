"""What if I had copied this lead? Both modes over the lead's own past, with my amount."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.forms.comparing import WhatIfForm, first_question
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.leads import listing as leads
from copytrading.queries.market import board as market_queries
from copytrading.queries.modes import label_of
from copytrading.queries.rules import platform_rules
from copytrading.queries.shown.visibility import visibility_of
from copytrading.services.lookback.record import LookBack
from copytrading.services.refusals import Refusal
from copytrading.views.rate_limiting import at_most_a_minute
from copytrading.views.requests import asks_for, visitor

# An answer takes a good half second of one core, most of it for the reasons, which a slider asks for only at rest.
QUESTIONS_A_MINUTE = 60
# What is put in place while somebody still types or slides, by the id of the element that it goes into.
LOOK_BACK, REASONS = "look-back", "reasons"


@require_safe
@at_most_a_minute(QUESTIONS_A_MINUTE, name="what-if")
def what_if(request: HttpRequest, slug: str) -> HttpResponse:
    """
    Answer what would have become of an investment; without a question, of 1,000 from the first day on.

    While the question changes, HTMX asks for the answer at once and for its reasons a moment later.
    """
    lead = get_object_or_404(leads.public_leads(), slug=slug)
    asked = request.GET if "investment" in request.GET else first_question()
    form = WhatIfForm(asked, markets=market_queries.market_choices())
    now, user = timezone.now(), visitor(request)
    visibility = visibility_of(lead, user, now=now)
    part = next((name for name in (LOOK_BACK, REASONS) if asks_for(request, name)), "")
    context = {
        "section": "discover",
        "lead": lead,
        "form": form,
        "fee_rate": platform_rules().fee_rate,
        "visibility": visibility,
    }
    if form.is_valid():
        try:
            look_back = LookBack(lead=lead, question=form.question(), visibility=visibility)
            context |= _answer(lead, look_back) if part != REASONS else {"comparison": look_back.comparison()}
            context |= _reasons(look_back) if part != LOOK_BACK else {}
        except Refusal as refusal:
            refuse(form, refusal)
    if not part:
        context["standing"] = leads.standing_of(leads.card_of(lead, now=now), user)
    return render(request, "copytrading/whatif.html" + (f"#{part}" if part else ""), context)


def _answer(lead: Any, look_back: LookBack) -> dict[str, Any]:
    """Return what both modes would have come to, from the day that was asked about and from many others."""
    comparison = look_back.comparison()
    return {
        "comparison": comparison,
        "spread": look_back.spread(),
        "histogram_label": gettext("How often which return came out, %(mode)s beside Custom copy")
        % {"mode": label_of(SMART_SYNC)},
        "lines": [
            (lead.name, "lead", comparison.lead_curve),
            (gettext("Custom copy"), "custom", comparison.custom.curve),
            (label_of(SMART_SYNC), "smart", comparison.smart_sync.curve),
        ],
    }


def _reasons(look_back: LookBack) -> dict[str, Any]:
    differences = look_back.differences()
    return {"differences": [differences.smart_sync, differences.custom]}
