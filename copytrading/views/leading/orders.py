"""
A lead's orders: looked at with the followers' part, given on confirmation, taken back, and those that are done.
"""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from copytrading.forms.leading import OrderForm
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.leads import consoles as queries
from copytrading.services.leads import orders as lead_orders
from copytrading.services.refusals import Refusal
from copytrading.views.leading.consoles import console, own_lead
from copytrading.views.requests import MemberRequest, press_at

ORDERS_A_PAGE = 25


@login_required
@press_at("lead_console")
def lead_order(request: MemberRequest) -> HttpResponse:
    """Show what an order would become with the followers' part; on confirmation, give it."""
    lead = own_lead(request, trades_here=True)
    form = OrderForm(request.POST, markets=queries.traded_markets())
    shown: dict[str, Any] = {"order_form": form}
    if form.is_valid():
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
        return render(request, "copytrading/lead_console.html#ticket", {"key": uuid4().hex, "lead": lead, **shown})
    return console(request, lead, **shown)


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
