"""
The way to a copy: terms, then the very orders they would place and their cost, then one press.

Terms and review are plain GET pages, so that going back loses nothing and looking costs nothing. The key made with the
review travels with the confirmation: pressed fifty times, it starts one copy.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.sizing.custom import custom_terms
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.forms.parts.refusals import refuse
from copytrading.forms.starting import ConfirmForm, StartForm
from copytrading.forms.wallet import TransferForm
from copytrading.queries.admission.warnings import warning_of
from copytrading.queries.copies.own_accounts import own_offer_of
from copytrading.queries.copies.together import alike_to
from copytrading.queries.leading.invitations import offer_of
from copytrading.queries.leads import listing as leads
from copytrading.queries.leads import pages as lead_pages
from copytrading.queries.leads import proportions
from copytrading.queries.leads.pages import Holding, Portfolio
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import CASH_DECIMALS, platform_rules
from copytrading.queries.shown.visibility import visibility_of
from copytrading.services.admission import entering
from copytrading.services.copies import own_verbs, previews
from copytrading.services.copies.cautions import cautions_of
from copytrading.services.copies.previews import CopyPreview
from copytrading.services.lookback.record import LookBack, Question
from copytrading.services.refusals import Refusal
from copytrading.services.wallet.money_words import money_words
from copytrading.templatetags.comparisons import times
from copytrading.templatetags.figures import money, money_input
from copytrading.views.requests import MemberRequest, press_at

TEMPLATE = "copytrading/copy_wizard.html"
# What is offered to be chosen instead of typed, in quote units; and the most that there is.
AMOUNTS = tuple(amount * 10**CASH_DECIMALS for amount in (100, 500, 1_000))
# What both modes are compared for before an amount is typed, in quote units.
INVESTMENT_AT_FIRST = 1_000 * 10**CASH_DECIMALS


@login_required
@require_safe
def copy_terms(request: MemberRequest, slug: str) -> HttpResponse:
    """Ask on which terms to copy; for HTMX, say what the terms typed so far mean."""
    lead = get_object_or_404(leads.public_leads(), slug=slug)
    asked = request.GET if "investment" in request.GET else None
    came_by = {"invitation": request.GET.get("invitation", "")}
    form = StartForm(asked, initial=came_by, **_known_to_forms(lead, request.user))
    if request.htmx:
        form.is_valid()
        return render(request, TEMPLATE + "#typed", {"form": form, "lead": lead, **_figures(request, lead, form)})
    return _terms(request, lead, form)


@login_required
@require_safe
def copy_review(request: MemberRequest, slug: str) -> HttpResponse:
    """Show the orders that the terms would place, by what may be seen of the lead, and what they cost."""
    lead = get_object_or_404(leads.public_leads(), slug=slug)
    form = StartForm(request.GET, **_known_to_forms(lead, request.user))
    if not form.is_valid():
        return _terms(request, lead, form)
    terms = form.cleaned_data
    now = timezone.now()
    try:
        preview = previews.preview_copy(
            follower=request.user,
            lead_id=lead.pk,
            investment_units=terms["investment"],
            terms=form.terms(),
            now=now,
            own=own_verbs.cash_of(request.user, form.own_account_id),
            invitation=terms["invitation"],
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return _terms(request, lead, form)
    form.fix_ratio()
    visibility = visibility_of(lead, request.user, now=now)
    portfolio = lead_pages.portfolio_of(lead, visibility=visibility)
    custom = form.terms() if form.is_custom else None
    context = {
        "step": "review",
        "lead": lead,
        "form": form,
        "key": uuid4().hex,
        "preview": preview,
        "portfolio": portfolio,
        "visibility": visibility,
        "mine": _mine(preview, portfolio),
        "alike": alike_to(lead, request.user, now=now),
        "custom": custom,
        "rate": _rate(lead, form, now),
        "ratio_was_left_open": form.ratio_was_left_open,
        "cautions": cautions_of(lead=lead, investment_units=terms["investment"], terms=custom),
        "risk_warning": warning_of(request.user),
        "obstacles": entering.before_start(user=request.user, lead=lead, now=now),
        "chosen": [
            coin for market_id, coin in market_queries.market_choices() if market_id in (terms["markets"] or ())
        ],
    }
    return render(request, TEMPLATE, {"section": "discover", **context})


@login_required
@press_at("copy_terms", "slug")
def start_copy(request: MemberRequest, slug: str) -> HttpResponse:
    """Start the copy that was reviewed, once, and go to its page."""
    lead = get_object_or_404(leads.public_leads(), slug=slug)
    form = ConfirmForm(request.POST, **_known_to_forms(lead, request.user))
    if not form.is_valid():
        return _terms(request, lead, form, status=422)
    terms = form.cleaned_data
    try:
        copy = entering.start_copy(
            follower=request.user,
            lead_id=lead.pk,
            investment_units=terms["investment"],
            terms=form.terms(),
            idempotency_key=terms["key"],
            now=timezone.now(),
            own_account_id=form.own_account_id,
            invitation=terms["invitation"],
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return _terms(request, lead, form, status=409)
    return redirect("copy_detail", copy_id=copy.pk)


@login_required
@press_at("copy_terms", "slug")
def add_money(request: MemberRequest, slug: str) -> HttpResponse:
    """Bring play money in on the way to a copy, once however often it is pressed, and go on with the same terms."""
    lead = get_object_or_404(leads.public_leads(), slug=slug)
    form, words = TransferForm(request.POST), money_words()
    if not words.is_paper or not form.is_valid():
        return redirect("wallet")
    given = form.cleaned_data
    try:
        entering.deposit(
            user=request.user, units=given["value"], idempotency_key=given["idempotency_key"], now=timezone.now()
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("copy_terms", slug=slug)
    messages.success(request, words.came_in(money(given["value"])))
    onward = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(onward, allowed_hosts={request.get_host()})
    return redirect(onward if is_ours else reverse("copy_terms", args=[lead.slug]))


def _terms(request: MemberRequest, lead: Any, form: StartForm, status: int = 200) -> HttpResponse:
    now = timezone.now()
    card, visibility = leads.card_of(lead, now=now), visibility_of(lead, request.user, now=now)
    context = {
        "section": "discover",
        "step": "terms",
        "lead": lead,
        "form": form,
        "standing": leads.standing_of(card, request.user),
        "live_copy": leads.live_copy_of(lead, request.user),
        "portfolio": lead_pages.portfolio_of(lead, visibility=visibility),
        "visibility": visibility,
        "offer": offer_of(lead, _came_by(form), now=now),
        "risk_warning": warning_of(request.user),
        "investment_min": platform_rules().investment_min,
        "amounts": AMOUNTS,
        "money_key": uuid4().hex,
        "onward": f"{reverse('copy_review', args=[lead.slug])}?{_asked_onward(form)}",
        **_figures(request, lead, form),
    }
    return render(request, TEMPLATE, context, status=status)


def _asked_onward(form: StartForm) -> str:
    """Return the terms to go on with once there is money: those that were typed, else those of a first look."""
    if form.is_bound:
        typed = cast("QueryDict", form.data).copy()
        for name in ("csrfmiddlewaretoken", "key"):
            typed.pop(name, None)
        return typed.urlencode()
    at_first = {"mode": SMART_SYNC.name, "investment": money_input(INVESTMENT_AT_FIRST), "buy_existing": "on"}
    came_by = {"invitation": invitation} if (invitation := _came_by(form)) else {}
    return urlencode(at_first | {"stop_loss_in": "cash", "order_by": "ratio"} | came_by)


def _came_by(form: StartForm) -> str:
    """Return the token of the invitation that a form carries, be it one that lets nobody in."""
    return str(form["invitation"].value() or "")


def _rate(lead: Any, form: StartForm, now: datetime) -> Decimal:
    """Return the profit share that a copy would pay by what is chosen; none where it cannot be collected."""
    if form.own_account_id is not None:
        return Decimal(0)
    offer = offer_of(lead, form.cleaned_data["invitation"], now=now)
    return lead.profit_share_rate if offer is None else offer.rate


def _known_to_forms(lead: Any, user: User) -> dict[str, Any]:
    """Return what the forms of a start have to know: what can be chosen, and what suits an amount."""
    return {
        "markets": market_queries.market_choices(),
        "proportion_of": lambda investment: proportions.proportion_of(lead, investment_units=investment),
        "own": own_offer_of(user, lead),
    }


def _figures(request: MemberRequest, lead: Any, form: StartForm) -> dict[str, Any]:
    """
    Return what both modes would have made of the amount that is typed, and the ratio that suits it.

    What is left open counts as what a start would make of it, so that the same terms always have the same figures.
    """
    typed: dict[str, Any] = {}
    if form.is_bound:
        # What is wrong is said beside its field; the rest is enough to look back with.
        form.is_valid()
        typed = form.cleaned_data
    investment = typed.get("investment") or INVESTMENT_AT_FIRST
    proportion = proportions.proportion_of(lead, investment_units=investment)
    in_proportion = None if proportion is None else proportion.ratio
    if typed:
        custom = form.answered_terms(in_proportion=in_proportion)
    else:
        custom = None if in_proportion is None else custom_terms(order_ratio=in_proportion)
    question = {
        "investment_units": investment,
        "buy_existing": typed.get("buy_existing", True),
        "stop_loss_units": typed.get("stop_loss_units"),
        "custom": custom,
    }
    figures: dict[str, Any] = {
        "looked_back_on": investment,
        "proportion": proportion,
        "cautions": cautions_of(lead=lead, investment_units=investment, terms=custom),
        "look_back_query": _look_back_query(**question),
    }
    visibility = visibility_of(lead, request.user, now=timezone.now())
    try:
        look_back = LookBack(lead=lead, question=Question(**question), visibility=visibility)
        comparison = look_back.comparison()
    except Refusal:
        # Without a record, or on terms that make no sense yet, there is nothing to show.
        return figures
    seen = comparison.custom if form.is_bound and form.is_custom else comparison.smart_sync
    lines = [(lead.name, "lead", comparison.lead_curve), (gettext("Your copy"), "smart", seen.curve)]
    level = form.level_units if form.is_bound else None
    return figures | {"comparison": comparison, "seen": seen, "seen_lines": lines, "level_units": level}


def _look_back_query(
    *, investment_units: int, buy_existing: bool, stop_loss_units: int | None, custom: Terms | None
) -> str:
    """Return the same terms as the page that looks back asks for them, so that its figures are those of this one."""
    asked: dict[str, Any] = {"investment": money_input(investment_units), "stop_loss_in": "cash"}
    if buy_existing:
        asked["buy_existing"] = "on"
    if stop_loss_units is not None:
        asked["stop_loss"] = money_input(stop_loss_units)
    if custom is not None:
        asked |= {
            "order_by": "ratio" if custom.order_value_units is None else "value",
            "order_ratio": "" if custom.order_ratio is None else times(custom.order_ratio),
            "order_value": money_input(custom.order_value_units),
            "order_value_max": money_input(custom.order_value_max_units),
            "total_value_max": money_input(custom.total_value_max_units),
            "markets": list(custom.market_ids),
        }
    return urlencode({name: value for name, value in asked.items() if value}, doseq=True)


def _mine(preview: CopyPreview, portfolio: Portfolio) -> list[Holding]:
    """Return the ribbon of the copy as it would be, in the colours and order of the lead's."""
    values = {trade.asset_symbol: abs(trade.value_units) for trade in preview.trades}
    equity = preview.equity_units or 1
    coins = [
        Holding(
            symbol=held.symbol,
            name=held.name,
            colour=held.colour,
            weight=values.get(held.symbol, 0) / equity,
            price=held.price,
        )
        for held in portfolio.holdings
        if held.colour
    ]
    cash = Holding(symbol="Cash", name="Cash", colour=0, weight=max(0.0, preview.cash_after_units / equity), price=None)
    return [coin for coin in coins if coin.weight] + [cash]
