"""The list of leads, and a lead's own page. Everybody may look; the portfolio is shown as ratios only."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from copytrading.forms.leads import LeadFilterForm
from copytrading.queries import degraded
from copytrading.queries.leads import links, records
from copytrading.queries.leads import listing as leads
from copytrading.queries.leads import pages as lead_pages
from copytrading.queries.leads import statistics as lead_statistics
from copytrading.queries.leads.pages import PERIODS
from copytrading.queries.portfolios import price_list, slices_of
from copytrading.services.leads import capacity

CARDS_A_PAGE = 12
DAYS_AT_FIRST = 90
# What a page of a lead asks for again by itself, by the id of the element that it goes into.
PARTS = ("portfolio", "curve", "events")


@require_safe
def discover(request: HttpRequest) -> HttpResponse:
    """Show the leads that answer the visitor's filter."""
    now = timezone.now()
    user = request.user if request.user.is_authenticated else None
    form = LeadFilterForm(request.GET or {"sort": leads.Sorting.KEPT}, user_id=user.pk if user else None)
    found = leads.cards(wanted=form.wanted(), sorting=form.sorting(), now=now)
    page = Paginator(found, CARDS_A_PAGE).get_page(request.GET.get("page"))
    cards = list(page.object_list)
    context = {
        "section": "discover",
        "form": form,
        "page": page,
        "cards": cards,
        "days": leads.CARD_DAYS,
        "scale": leads.scale_of(cards),
        "steps": leads.CARD_STEPS,
        "holds": slices_of([card.lead for card in cards], prices=price_list()),
        "favourites": leads.favourite_ids_of(user) if user else set(),
    }
    return render(request, "copytrading/discover.html" + ("#leads" if _asks_for(request, "leads") else ""), context)


@require_safe
def lead_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a lead's record, portfolio and latest trades; one part of it when that is all that is asked for."""
    lead = get_object_or_404(leads.public_leads(), slug=slug)
    part = next((name for name in PARTS if _asks_for(request, name)), "")
    context = {"section": "discover", "lead": lead, **_content(request, lead, part)}
    return render(request, "copytrading/lead_detail.html" + (f"#{part}" if part else ""), context)


def _content(request: HttpRequest, lead: Any, part: str) -> dict[str, Any]:
    """Return what the part of a lead's page shows; everything for the whole page."""
    now = timezone.now()
    content: dict[str, Any] = {}
    if part in ("", "portfolio"):
        portfolio, troubles = lead_pages.portfolio_of(lead), degraded.troubles(now=now)
        held = [holding.symbol for holding in portfolio.holdings]
        content["portfolio"], content["troubles"] = portfolio, troubles
        content["cautions"] = degraded.cautions_for(held, troubles=troubles, leads=[lead])
    if part == "portfolio":
        return content
    series = records.series_of(lead.pk)
    if part in ("", "curve"):
        days = _days(request)
        content |= {
            "curve": lead_pages.curve_of(lead, days=days, now=now, series=series),
            "period": lead_statistics.period_of(lead, days=days, now=now, series=series),
            "periods": PERIODS,
            "all_days": PERIODS[-1],
        }
    if part in ("", "events"):
        content |= {"trades": lead_pages.trades_of(lead, series=series), "events": lead_pages.events_of(lead)}
    if not part:
        user = request.user if request.user.is_authenticated else None
        card = leads.card_of(lead, now=now)
        standing = leads.standing_of(card, user)
        content |= {
            "card": card,
            "statistics": lead_statistics.statistics_of(card, now=now, series=series),
            "entry_costs": capacity.entry_costs_of(content["portfolio"], now=now),
            "standing": standing,
            "link": links.link_of(lead),
            "live_copy": leads.live_copy_of(lead, user) if user and standing == leads.Standing.COPIED else None,
        }
    return content


def _days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked.isascii() and asked.isdigit() and int(asked) in PERIODS else DAYS_AT_FIRST


def _asks_for(request: HttpRequest, part: str) -> bool:
    """Return whether HTMX asks for one element of the page; after a step back in history it wants the whole."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request and htmx.target == part
