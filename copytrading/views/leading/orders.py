"""
A lead's orders: looked at with the followers' part, given on confirmation, taken back, and those that are done.
"""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from copytrading.forms.leading import OrderForm
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.leads import consoles as queries
from copytrading.queries.money import means
from copytrading.queries.rules import platform_rules
from copytrading.services.leads import orders as lead_orders
from copytrading.services.market import tops
from copytrading.services.refusals import Refusal
from copytrading.templatetags.figures import coins_input, money_input
from copytrading.views.leading.consoles import console, own_lead, ticket_part
from copytrading.views.rate_limiting import at_most_a_minute
from copytrading.views.requests import MemberRequest, press_at, row_number

ORDERS_A_PAGE = 25
# A book is looked at every few seconds, and each look may be a question to the exchange.
BOOKS_A_MINUTE = 60


@login_required
@press_at("lead_console")
def lead_order(request: MemberRequest) -> HttpResponse:
    """Show what an order would become with the followers' part; on confirmation, give it."""
    lead = own_lead(request, trades_here=True)
    form = OrderForm(request.POST, markets=queries.traded_markets())
    shown: dict[str, Any] = {"order_form": form}
    if "part" in request.POST:
        shown["order_form"] = _with_part(lead, form, request.POST["part"])
    elif form.is_valid():
        try:
            if request.POST.get("step") == "confirm" and not form.is_value:
                lead_orders.submit_lead_order(
                    lead_id=lead.pk,
                    idempotency_key=request.POST.get("key", "")[:64],
                    now=timezone.now(),
                    **form.wish(),
                )
                messages.success(
                    request, gettext("Your order is in. It is traded together with everybody who follows.")
                )
                return redirect("lead_console")
            preview = lead_orders.preview_lead_order(lead_id=lead.pk, now=timezone.now(), **form.wish())
            shown |= {"preview": preview, "order_form": form.in_coins(preview.own_units)}
        except Refusal as refusal:
            refuse(form, refusal)
    if request.htmx:
        beside = ticket_part(lead, shown["order_form"].market_id)
        context = {"key": uuid4().hex, "lead": lead, **beside, **shown}
        return render(request, "copytrading/lead_console.html#ticket", context)
    return console(request, lead, **shown)


@login_required
@require_safe
@at_most_a_minute(BOOKS_A_MINUTE, name="book")
def lead_book(request: MemberRequest) -> HttpResponse:
    """Show the top of a market's book beside what the lead has to trade with."""
    lead = own_lead(request, trades_here=True)
    beside = ticket_part(lead, row_number(request.GET.get("market", "")))
    if not beside:
        raise Http404
    top = tops.top_of_book(beside["means"].market, now=timezone.now())
    return render(request, "parts/ticket_book.html", {**beside, "top": top, "is_asked": True})


def _with_part(lead: Any, form: OrderForm, part: str) -> OrderForm:
    """Return the order with what a part of the account comes to; as it is where nothing says a part of what."""
    chosen = form.part_of()
    if chosen is None or row_number(part) not in means.PARTS:
        return form
    side, market_id = chosen
    own = ticket_part(lead, market_id)["means"]
    rules = platform_rules()
    if side == OrderForm.BUY:
        # What is bought costs a fee, and may cost more than the mark.
        costs = rules.fee_rate + Decimal(str(rules.slippage_cap))
        return form.with_figure(money_input(own.bought_with(int(part), costs=costs)))
    return form.with_figure(coins_input(own.sold_from(int(part)), own.market.base.decimals))


@login_required
@press_at("lead_console")
def lead_order_cancel(request: MemberRequest, order_id: int) -> HttpResponse:
    """Take back what is open of an order."""
    order = get_object_or_404(queries.own_order(request.user, order_id))
    try:
        lead_orders.cancel_lead_order(order_id=order.pk, now=timezone.now())
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, gettext("Canceled. What was on its way already may still be traded."))
    return redirect("lead_console")


@login_required
@require_safe
def lead_order_history(request: MemberRequest) -> HttpResponse:
    """Show a lead all orders that are done."""
    lead = own_lead(request, trades_here=True)
    page = Paginator(queries.orders_of(lead), ORDERS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "copytrading/lead_orders.html", {"section": "lead", "lead": lead, "page": page})
