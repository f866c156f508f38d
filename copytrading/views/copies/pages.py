"""
A follower's copies: all of them, one of them, changing one, and the way out.

Every change is asked for twice: the first press shows what it would trade, cost and change, the second does it. The key
made with the preview travels with the confirmation, so that pressing twice changes once.
"""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from copytrading.forms.copies import InvestmentForm, StopLossForm
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.admission.warnings import warning_of
from copytrading.queries.copies import coin_results, curves, gap_pages, portfolios
from copytrading.queries.copies import own as queries
from copytrading.queries.copies.own import CopySummary
from copytrading.queries.copies.portfolios import Position
from copytrading.queries.happened import activity
from copytrading.queries.leads import links
from copytrading.queries.market import degraded
from copytrading.queries.market.degraded import Caution, Trouble
from copytrading.queries.rules import platform_rules
from copytrading.services.admission import entering
from copytrading.services.copies import previews
from copytrading.services.copies import verbs as copies
from copytrading.services.refusals import Refusal
from copytrading.templatetags.figures import money_input
from copytrading.views.requests import MemberRequest

COPIES_A_PAGE = 12
RECEIPTS_SHOWN = 8


@login_required
@require_safe
def my_copies(request: MemberRequest) -> HttpResponse:
    """Show what a person's copies are worth together, and page by page each: the current ones or those that ended."""
    now = timezone.now()
    show_ended = request.GET.get("show") == "ended"
    overview = queries.overview_of(request.user, now=now)
    ended = queries.with_figures(queries.ended_copies_of(request.user), now=now)
    pages: Paginator[Any] = Paginator(ended if show_ended else overview.summaries, COPIES_A_PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "section": "copies",
        "show_ended": show_ended,
        "overview": overview,
        "cautions": _cautions(overview.summaries, degraded.troubles(now=now)),
        "page": page,
        "shown": queries.summed_up(list(page.object_list), now=now) if show_ended else page.object_list,
        "receipts": activity.receipts_of(request.user, count=RECEIPTS_SHOWN).receipts,
    }
    return render(request, "copytrading/my_copies.html" + ("#live" if request.htmx else ""), context)


@login_required
@require_safe
def copy_detail(request: MemberRequest, copy_id: int) -> HttpResponse:
    """Show one copy: worth, curve, the ribbon beside the lead's, positions, and what happened."""
    return render(request, "copytrading/copy_detail.html", _copy_context(request, copy_id))


@login_required
@require_safe
def copy_live(request: MemberRequest, copy_id: int) -> HttpResponse:
    """Show what moves on a copy's page, for the page itself to put in place."""
    return render(request, "copytrading/copy_detail.html#live", _copy_context(request, copy_id))


@login_required
@require_http_methods(["GET", "POST"])
def copy_stop(request: MemberRequest, copy_id: int) -> HttpResponse:
    """Say what stopping now would bring; on confirmation, stop. What follows happens by itself."""
    copy = get_object_or_404(queries.copies_of(request.user), pk=copy_id)
    now = timezone.now()
    refusal: Refusal | None = None
    quote = None
    try:
        if request.method == "POST":
            copies.stop_copy(copy_id=copy.pk, idempotency_key=request.POST.get("key", "")[:64], now=now)
            said = gettext("Your copy of %(name)s is being stopped. The money returns by itself.")
            messages.success(request, said % {"name": copy.lead.name})
            return redirect("copy_detail", copy_id=copy.pk)
        quote = previews.quote_stop(copy_id=copy.pk, now=now)
    except Refusal as error:
        refusal = error
    summary = queries.summary_of(copy, now=now)
    context = {
        "section": "copies",
        "copy": copy,
        "summary": summary,
        "quote": quote,
        "gross_units": quote.equity_units + summary.due_units if quote else None,
        "result_units": quote.payout_units + copy.paid_out_units - copy.paid_in_units if quote else None,
        "refusal": refusal,
        "key": uuid4().hex,
    }
    return render(request, "copytrading/copy_stop.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def copy_settings(request: MemberRequest, copy_id: int) -> HttpResponse:
    """Show what can be changed about a copy; preview a change; on confirmation, make it."""
    copy = get_object_or_404(queries.copies_of(request.user), pk=copy_id)
    summary = queries.summary_of(copy, now=timezone.now())
    if request.method == "GET":
        return _page(request, summary)
    match request.POST.get("change"):
        case "investment":
            return _change_investment(request, summary)
        case "stop_loss":
            return _change_stop_loss(request, summary)
        case "pause" | "resume" as change:
            return _pause_or_resume(request, summary, change)
    return HttpResponseBadRequest(gettext("Say what to change."))


def _copy_context(request: MemberRequest, copy_id: int) -> dict[str, Any]:
    """Return what both the page of a copy and its moving part show."""
    copy = get_object_or_404(queries.copies_of(request.user), pk=copy_id)
    prices = portfolios.price_list()
    now = timezone.now()
    summary = queries.summary_of(copy, now=now, prices=prices)
    troubles = degraded.troubles(now=now)
    return {
        "section": "copies",
        "copy": copy,
        "is_seen": links.is_seen(copy.lead),
        "gap": gap_pages.gap_of(copy, now=now),
        "summary": summary,
        "curve": curves.curve_of(summary, now=now),
        "is_over": copy.status == "STOPPED",
        "comparison": summary.comparison,
        "troubles": troubles,
        "cautions": _cautions([summary], troubles),
        "drift_band": platform_rules().drift_band,
        "rows": coin_results.result_rows(summary, prices=prices),
        "receipts": activity.receipts_of(request.user, copy_id=copy.pk, count=RECEIPTS_SHOWN).receipts,
    }


def _cautions(summaries: Sequence[CopySummary], troubles: dict[str, Trouble]) -> tuple[Caution, ...]:
    """Return what cannot be acted on of all that some running copies hold or follow."""
    symbols = {position.symbol for summary in summaries for position in _positions(summary)}
    return degraded.cautions_for(symbols, troubles=troubles, leads=[summary.copy.lead for summary in summaries])


def _positions(summary: CopySummary) -> Sequence[Position]:
    return summary.comparison.positions if summary.comparison else ()


def _change_investment(request: MemberRequest, summary: CopySummary) -> HttpResponse:
    form = InvestmentForm(request.POST)
    if not form.is_valid():
        return _page(request, summary, investment=form)
    try:
        if not _is_confirmed(request):
            preview = previews.preview_change(
                copy_id=summary.copy.pk, change_units=form.signed_units, now=timezone.now()
            )
            return _page(request, summary, investment=form, preview=preview)
        change = entering.increase_copy if form.signed_units > 0 else copies.reduce_copy
        change(
            copy_id=summary.copy.pk,
            units=abs(form.signed_units),
            idempotency_key=request.POST.get("key", "")[:64],
            now=timezone.now(),
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return _page(request, summary, investment=form)
    return _done(request, summary, gettext("Done. It is traded with the next look, within seconds."))


def _change_stop_loss(request: MemberRequest, summary: CopySummary) -> HttpResponse:
    form = StopLossForm(request.POST, invested_units=summary.copy.invested_units)
    if not form.is_valid():
        return _page(request, summary, stop_loss=form)
    units = form.stop_loss_units
    if not _is_confirmed(request):
        level = None if units is None else summary.copy.invested_units - units
        preview = {
            "units": units,
            "level_units": level,
            "stops_at_once": level is not None and summary.worth_units <= level,
        }
        return _page(request, summary, stop_loss=form, stop_loss_preview=preview)
    try:
        copies.change_stop_loss(copy_id=summary.copy.pk, stop_loss_units=units, now=timezone.now())
    except Refusal as refusal:
        refuse(form, refusal)
        return _page(request, summary, stop_loss=form)
    return _done(request, summary, gettext("The stop loss is changed, from this moment on."))


def _pause_or_resume(request: MemberRequest, summary: CopySummary, change: str) -> HttpResponse:
    try:
        if change == "pause":
            copies.pause_copy(copy_id=summary.copy.pk, now=timezone.now())
            return _done(request, summary, gettext("Paused. Nothing is traded until you resume."))
        copies.resume_copy(copy_id=summary.copy.pk, now=timezone.now())
        return _done(request, summary, gettext("Following again, with the next look."))
    except Refusal as refusal:
        return _page(request, summary, refusal=refusal)


def _page(request: MemberRequest, summary: CopySummary, **shown: Any) -> HttpResponse:
    """Render the settings, or the one preview that is asked about; forms that are not shown start from the copy."""
    copy, rules = summary.copy, platform_rules()
    turnover = int(summary.comparison.distance_left * summary.worth_units) if summary.comparison else 0
    context = {
        "section": "copies",
        "copy": copy,
        "summary": summary,
        "risk_warning": warning_of(request.user),
        "turnover_units": turnover,
        "turnover_fee_units": int(turnover * rules.fee_rate),
        "investment": InvestmentForm(),
        "stop_loss": StopLossForm(invested_units=copy.invested_units, initial=_stop_loss_now(summary)),
        "key": uuid4().hex,
        "confirm_seconds": round(rules.stop_loss_confirm_seconds),
        **shown,
    }
    template = "copytrading/copy_settings.html" + ("#change" if request.htmx else "")
    return render(request, template, context)


def _stop_loss_now(summary: CopySummary) -> dict[str, str]:
    units = summary.copy.stop_loss_units
    if units is None:
        return {"kind": StopLossForm.NONE}
    return {"kind": StopLossForm.CASH, "stop_loss": money_input(units)}


def _is_confirmed(request: MemberRequest) -> bool:
    return request.POST.get("step") == "confirm"


def _done(request: MemberRequest, summary: CopySummary, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("copy_detail", copy_id=summary.copy.pk)
