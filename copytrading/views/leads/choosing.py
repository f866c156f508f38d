"""Choosing among leads: those to keep an eye on, and a few side by side."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.validators import slug_re
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from copytrading.queries.leads import listing as leads
from copytrading.queries.leads import overlaps
from copytrading.queries.shown.visibility import visibilities_of
from copytrading.services.copies import favourites
from copytrading.services.refusals import Refusal
from copytrading.views.requests import MemberRequest, visitor


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def favourite(request: MemberRequest, slug: str) -> HttpResponse:
    """Keep an eye on a lead, or no longer. Whoever comes by a link is shown the lead."""
    lead = get_object_or_404(leads.public_leads(), slug=slug)
    if request.method != "POST":
        return redirect("lead_detail", slug=slug)
    lead_page = resolve_url("lead_detail", slug=slug)
    keeps = request.POST.get("keep") == "yes"
    try:
        if keeps:
            favourites.keep_eye_on(user=request.user, lead=lead, now=timezone.now())
        else:
            favourites.let_go_of(user=request.user, lead=lead)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(lead_page)
    if request.htmx:
        return render(request, "parts/star.html", {"lead": lead, "is_favourite": keeps})
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if is_ours else lead_page)


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Show up to four leads side by side: the figures of their cards, their curves, and how much they are the same."""
    now = timezone.now()
    asked = list(dict.fromkeys(request.GET.getlist("lead")))
    slugs = [slug for slug in asked if slug_re.match(slug)][: overlaps.SIDE_BY_SIDE_MAX]
    found = {lead.slug: lead for lead in leads.public_leads().filter(slug__in=slugs)}
    chosen = [found[slug] for slug in slugs if slug in found]
    cards = leads.cards_of(chosen, now=now)
    visibilities = visibilities_of(chosen, visitor(request), now=now)
    context = {
        "section": "discover",
        "cards": cards,
        "days": leads.CARD_DAYS,
        "curves": [
            (card.lead.name, f"of-{place}", overlaps.daily_points(card, now=now))
            for place, card in enumerate(cards, start=1)
            if len(card.curve) > 1
        ],
        "likeness": overlaps.likeness_of(cards, visibilities=visibilities),
        "is_late": not all(part.is_whole for part in visibilities.values()),
        "dropped": len(asked) - len(chosen),
    }
    return render(request, "copytrading/compare.html", context)
