"""
The list of leads, and a lead's own page. Everybody may look; the portfolio is shown as ratios only, and to those who do
not copy the book is shown as late as the lead chose.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.csv_lines import download, harmless
from copytrading.forms.leads import LeadFilterForm
from copytrading.queries.admission.warnings import warning_of
from copytrading.queries.copies import reference
from copytrading.queries.copies.portfolios import price_list
from copytrading.queries.leading.invitations import offer_of
from copytrading.queries.leads import conflict, links, records
from copytrading.queries.leads import listing as leads
from copytrading.queries.leads import pages as lead_pages
from copytrading.queries.leads import statistics as lead_statistics
from copytrading.queries.leads.pages import PERIODS
from copytrading.queries.leads.records import Series
from copytrading.queries.leads.yardstick import bitcoin_curve
from copytrading.queries.market import degraded
from copytrading.queries.shown.visibility import Visibility, visibilities_of, visibility_of
from copytrading.queries.shown.weights import slices_shown
from copytrading.services.leads import capacity
from copytrading.templatetags.comparisons import Curve
from copytrading.views.leads.sharing import shared
from copytrading.views.requests import asks_for, row_number, visitor

CARDS_A_PAGE = 12
DAYS_AT_FIRST = 90
# What a page of a lead asks for again by itself, by the id of the element that it goes into.
PARTS = ("portfolio", "curve", "events")


@require_safe
def discover(request: HttpRequest) -> HttpResponse:
    """Show the leads that answer the visitor's filter."""
    now = timezone.now()
    user = visitor(request)
    form = LeadFilterForm(request.GET or {"sort": leads.Sorting.KEPT}, user_id=user.pk if user else None)
    found = leads.ranked(wanted=form.wanted(), sorting=form.sorting(), now=now)
    page = Paginator(found, CARDS_A_PAGE).get_page(request.GET.get("page"))
    cards = list(page.object_list)
    found_leads = [card.lead for card in cards]
    visibilities = visibilities_of(found_leads, user, now=now)
    context = {
        "section": "discover",
        "form": form,
        "page": page,
        "cards": cards,
        "days": leads.CARD_DAYS,
        "scale": leads.scale_of(cards),
        "steps": leads.CARD_STEPS,
        "holds": slices_shown(found_leads, visibilities=visibilities, prices=price_list()) if cards else {},
        "is_late": not all(part.is_whole for part in visibilities.values()),
        "favourites": leads.favourite_ids_of(user) if user else set(),
    }
    return render(request, "copytrading/discover.html" + ("#leads" if asks_for(request, "leads") else ""), context)


@require_safe
def lead_detail(request: HttpRequest, slug: str, tab: str = "overview") -> HttpResponse:
    """Show one tab of a lead's page; one part of it when that is all that is asked for."""
    lead = get_object_or_404(leads.public_leads(), slug=slug)
    part = next((name for name in PARTS if asks_for(request, name)), "")
    context = {"section": "discover", "lead": lead, "tab": tab, **_content(request, lead, tab, part)}
    return render(request, "copytrading/lead_detail.html" + (f"#{part}" if part else ""), context)


@require_safe
def lead_trades_csv(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Download everything that a lead traded and the visitor may see, latest first."""
    lead = get_object_or_404(leads.public_leads(), slug=slug)
    visibility = visibility_of(lead, visitor(request), now=timezone.now())
    columns = ("id", "time", "side", "coin", "quantity", "price")
    return download(f"{lead.slug}-trades.csv", columns, _csv_rows(lead, visibility))


def _csv_rows(lead: Any, visibility: Visibility) -> Iterator[tuple[str, ...]]:
    series = records.series_of(lead.pk)
    for trade in lead_pages.all_trades_of(lead, visibility=visibility, series=series):
        quantity = f"{Decimal(abs(trade.units)).scaleb(-trade.decimals):f}"
        side = "buy" if trade.units > 0 else "sell"
        yield str(trade.id), trade.happened_at.isoformat(), side, harmless(trade.symbol), quantity, f"{trade.price:f}"


def _content(request: HttpRequest, lead: Any, tab: str, part: str) -> dict[str, Any]:
    """Return what a tab of a lead's page shows, or only one part of it: each asks for no more than that."""
    now = timezone.now()
    visibility = visibility_of(lead, visitor(request), now=now)
    if part == "portfolio":
        return _holdings(lead, visibility, now)
    series = records.series_of(lead.pk)
    if part == "curve":
        return _curve(request, lead, visibility, now, series)
    if part == "events":
        return _events(lead, visibility, series)
    content = _head(request, lead, visibility, now)
    card = content["card"]
    if tab == "overview":
        content |= _holdings(lead, visibility, now) | _curve(request, lead, visibility, now, series)
        content |= _events(lead, visibility, series)
        content["earned"] = conflict.earned_with(card, series=series)
        content["entry_costs"] = capacity.entry_costs_of(content["portfolio"], now=now)
    elif tab == "portfolio":
        content |= _holdings(lead, visibility, now)
    elif tab == "followers":
        content["reference"] = reference.record_of(lead, visibility=visibility, now=now)
    elif tab == "trades":
        content |= _trades(request, lead, visibility, series)
    if tab in ("portfolio", "followers", "overview"):
        content["statistics"] = lead_statistics.statistics_of(card, visibility=visibility, now=now, series=series)
    return content


def _head(request: HttpRequest, lead: Any, visibility: Visibility, now: datetime) -> dict[str, Any]:
    """Return what stands above the tabs: the card's figures, and whether the visitor can copy."""
    user = visitor(request)
    card = leads.card_of(lead, now=now)
    standing = leads.standing_of(card, user)
    return {
        "card": card,
        "standing": standing,
        "shared": shared(request, lead),
        "offer": offer_of(lead, request.GET.get("invitation", ""), now=now),
        "link": links.link_shown(lead, visibility=visibility),
        "visibility": visibility,
        "live_copy": leads.live_copy_of(lead, user) if user and standing == leads.Standing.COPIED else None,
        "risk_warning": warning_of(user),
        "is_favourite": user is not None and lead.pk in leads.favourite_ids_of(user),
        "days": leads.CARD_DAYS,
    }


def _holdings(lead: Any, visibility: Visibility, now: datetime) -> dict[str, Any]:
    portfolio, troubles = lead_pages.portfolio_of(lead, visibility=visibility), degraded.troubles(now=now)
    held = [holding.symbol for holding in portfolio.holdings]
    cautions = degraded.cautions_for(held, troubles=troubles, leads=[lead])
    return {"portfolio": portfolio, "troubles": troubles, "cautions": cautions, "visibility": visibility}


def _curve(request: HttpRequest, lead: Any, visibility: Visibility, now: datetime, series: Series) -> dict[str, Any]:
    days = _days(request)
    held = reference.record_of(lead, visibility=visibility, now=now)
    curve = lead_pages.curve_of(lead, days=days, now=now, series=series)
    lines: list[Curve] = [(lead.name, "lead", curve.points)] if len(curve.points) > 1 else []
    if lines and (bitcoin := bitcoin_curve(begins_at=curve.points[0][0], ends_at=curve.points[-1][0])):
        lines.append(("Bitcoin", "btc", bitcoin))
    if lines and held and (beside := held.beside(curve.points)):
        lines.append((gettext("A real copy"), "smart", beside))
    return {
        "reference": held,
        "curve": curve,
        "lines": lines,
        "period": lead_statistics.period_of(lead, days=days, now=now, series=series),
        "periods": PERIODS,
        "all_days": PERIODS[-1],
    }


def _events(lead: Any, visibility: Visibility, series: Series) -> dict[str, Any]:
    return {
        "trades": lead_pages.trades_of(lead, visibility=visibility, series=series),
        "events": lead_pages.events_of(lead, visibility=visibility),
        "visibility": visibility,
    }


def _trades(request: HttpRequest, lead: Any, visibility: Visibility, series: Series) -> dict[str, Any]:
    below_id = row_number(request.GET.get("below", ""))
    trades = lead_pages.trades_of(
        lead, visibility=visibility, series=series, below_id=below_id, count=lead_pages.TRADES_A_PAGE
    )
    return {
        "all_trades": trades,
        "is_first": below_id is None,
        "below": trades[-1].id if len(trades) == lead_pages.TRADES_A_PAGE else None,
        "events": lead_pages.events_of(lead, visibility=visibility),
    }


def _days(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked.isascii() and asked.isdigit() and int(asked) in PERIODS else DAYS_AT_FIRST
