"""The console of a lead, rendered around whatever form was just sent."""

from typing import Any
from uuid import uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from copytrading.forms.leading import NoticeForm, OrderForm
from copytrading.forms.wallet import TransferForm
from copytrading.queries.copies import curves
from copytrading.queries.leads import consoles as queries
from copytrading.queries.leads import links
from copytrading.queries.money import means
from copytrading.queries.rules import platform_rules
from copytrading.views.leads.sharing import shared
from copytrading.views.requests import MemberRequest

ORDERS_SHOWN = 8
NOTICES_SHOWN = 3


def own_lead(request: MemberRequest, *, trades_here: bool = False) -> Any:
    """Return the running lead of whoever asks; there is no such page for anybody else."""
    lead = queries.lead_of(request.user)
    if lead is None or lead.status == "APPLIED" or (trades_here and lead.ledger_account_id is None):
        raise Http404
    return lead


def live_part(lead: Any) -> dict[str, Any]:
    """Return what moves on the console by itself."""
    rules = platform_rules()
    account = queries.account_of(lead)
    return {
        "lead": lead,
        "link": links.link_of(lead),
        "trades_here": lead.ledger_account_id is not None,
        "account": account,
        "curve": curves.account_curve_of(lead, equity_units=account.equity_units, now=timezone.now()),
        "following": queries.following_of(lead),
        "open_orders": queries.open_orders_of(lead),
        "orders": queries.orders_of(lead)[:ORDERS_SHOWN],
        "earned_units": queries.earned_units_of(lead),
        "stake_min": rules.stake_min,
        "stake_min_units": rules.stake_min * 10**rules.cash_decimals,
    }


def ticket_part(lead: Any, market_id: int | None) -> dict[str, Any]:
    """Return what stands beside the order that is being written: what there is to trade with in its market."""
    market = next((market for market in queries.traded_markets() if market.pk == market_id), None)
    if market is None or lead.ledger_account_id is None:
        return {}
    return {"means": means.means_of_lead(lead, market), "book_url": reverse("lead_book")}


def console(request: MemberRequest, lead: Any, **shown: Any) -> HttpResponse:
    """Render the console; forms that are not shown as they were sent are empty, each with a key of its own."""
    context = {
        "section": "lead",
        **live_part(lead),
        "notices": queries.notices_of(lead)[:NOTICES_SHOWN],
        "in_form": TransferForm(initial={"idempotency_key": uuid4().hex}, auto_id="in_%s"),
        "out_form": TransferForm(initial={"idempotency_key": uuid4().hex}, auto_id="out_%s"),
        "notice_form": NoticeForm(initial={"idempotency_key": uuid4().hex}),
        "key": uuid4().hex,
        "shared": shared(request, lead),
        **shown,
    }
    if "order_form" not in shown:
        context["order_form"] = OrderForm(markets=queries.traded_markets())
    context |= ticket_part(lead, context["order_form"].market_id)
    return render(request, "copytrading/lead_console.html", context)
