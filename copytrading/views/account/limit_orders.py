"""A person's limit orders: those that wait, live, those that are done, and taking one back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from copytrading.queries.money import limit_orders as queries
from copytrading.services.refusals import Refusal
from copytrading.services.wallet import limits
from copytrading.views.requests import MemberRequest, press_at

ORDERS_A_PAGE = 25


@login_required
@require_safe
def limit_orders(request: MemberRequest) -> HttpResponse:
    """Show the limit orders of a person's wallet; to a page that is open, those that wait."""
    waiting = queries.waiting_orders_of(request.user)
    if request.htmx:
        return render(request, "parts/waiting_orders.html", {"waiting": waiting})
    page = Paginator(queries.done_orders_of(request.user), ORDERS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "copytrading/limit_orders.html", {"section": "wallet", "waiting": waiting, "page": page})


@login_required
@press_at("limit_orders")
def limit_order_cancel(request: MemberRequest, order_id: int) -> HttpResponse:
    """Take back what waits of a limit order."""
    order = get_object_or_404(queries.limit_orders_of(request.user), pk=order_id)
    try:
        limits.cancel_limit_order(order_id=order.pk, now=timezone.now())
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(
            request,
            gettext("Canceled, and what was held is free again. What was on its way already may still be traded."),
        )
    return redirect("limit_orders" if request.POST.get("back") == "orders" else "wallet")
