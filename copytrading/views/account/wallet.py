"""The wallet: what the main account holds, money in and out, trading by hand, and the history of it all."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts import queries as account_queries
from accounts.csv_lines import download, harmless
from accounts.identity.places import written
from accounts.identity.step_up import identity_confirmed
from copytrading.forms.parts.refusals import refuse
from copytrading.forms.wallet import SpotForm, TransferForm
from copytrading.queries.money import limit_orders as limit_queries
from copytrading.queries.money import means
from copytrading.queries.money import wallet as queries
from copytrading.queries.rules import platform_rules
from copytrading.services.admission import entering
from copytrading.services.market import tops
from copytrading.services.own import accounts as own_accounts
from copytrading.services.refusals import Refusal
from copytrading.services.wallet import limits, transfers
from copytrading.services.wallet import spot as trading_by_hand
from copytrading.services.wallet.money_words import money_words
from copytrading.templatetags.figures import coins_input, moment, money, money_input, quantity
from copytrading.views.rate_limiting import at_most_a_minute
from copytrading.views.requests import MemberRequest, press_at, row_number

# A book is looked at every few seconds, and each look may be a question to the exchange.
BOOKS_A_MINUTE = 60
# Three forms share the page and the names of their fields; labels find theirs by these.
DEPOSIT_ID, WITHDRAW_ID = "deposit_%s", "withdraw_%s"


@login_required
@require_safe
def wallet(request: MemberRequest) -> HttpResponse:
    """Show what a person's main account holds and how it came to be so."""
    if request.htmx:
        return render(request, "copytrading/wallet.html#balances", {"wallet": queries.wallet_of(request.user)})
    return _page(request)


@login_required
@press_at("wallet")
def deposit(request: MemberRequest) -> HttpResponse:
    """Bring money in, once however often it is pressed."""
    form = TransferForm(request.POST, auto_id=DEPOSIT_ID)
    if form.is_valid():
        try:
            transfer = entering.deposit(user=request.user, now=timezone.now(), **_transfer(form))
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            words, value = money_words(), f"{quantity(transfer.units, transfer.asset.decimals)}"
            is_there = transfer.booked_at is not None
            messages.success(request, words.came_in(money(transfer.units)) if is_there else words.announced_in(value))
            if transfer.verdict == "WAITING":
                said = gettext("%(value)s %(cash)s are held until somebody has looked at this deposit.")
                messages.warning(request, said % {"value": value, "cash": words.cash})
            return redirect("wallet")
    return _page(request, deposit_form=form)


@identity_confirmed(back_to=reverse_lazy("wallet"))
@press_at("wallet")
def withdraw(request: MemberRequest) -> HttpResponse:
    """Take money out, once however often it is pressed."""
    form = TransferForm(request.POST, auto_id=WITHDRAW_ID)
    if form.is_valid():
        try:
            transfer = entering.withdraw(user=request.user, now=timezone.now(), **_transfer(form))
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            words, value = money_words(), f"{quantity(transfer.units, transfer.asset.decimals)}"
            is_gone = transfer.booked_at is not None
            if transfer.held_until is not None:
                said = gettext("%(value)s %(cash)s are held until %(at)s and go then. You can cancel that until then.")
                at = moment(transfer.held_until)
                messages.success(request, said % {"value": value, "cash": words.cash, "at": at})
                return redirect("wallet")
            messages.success(request, words.went_out(money(transfer.units)) if is_gone else words.announced_out(value))
            return redirect("wallet")
    return _page(request, withdraw_form=form)


@login_required
@press_at("wallet")
def withdrawal_cancel(request: MemberRequest, transfer_id: int) -> HttpResponse:
    """Cancel a withdrawal that waits, or that nobody has seen to yet."""
    own = get_object_or_404(account_queries.withdrawals_of(request.user), pk=transfer_id)
    try:
        transfers.cancel_transfer(user=request.user, transfer_id=own.pk, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, gettext("The withdrawal is canceled. What was held for it is yours to use again."))
    return redirect("wallet")


@login_required
@press_at("wallet")
def spot(request: MemberRequest) -> HttpResponse:
    """Preview an order on the main account; on confirmation, place it: at the market, or with a limit."""
    form = SpotForm(request.POST, markets=queries.spot_markets())
    shown: dict[str, Any] = {"spot_form": form}
    if "part" in request.POST:
        shown["spot_form"] = _with_part(request, form, request.POST["part"])
    elif form.is_valid() and form.is_limit:
        wish = form.limit_wish(now=timezone.now())
        try:
            if request.POST.get("step") == "confirm":
                own = limits.place_limit_order(
                    user=request.user, idempotency_key=request.POST.get("key", "")[:64], now=timezone.now(), **wish
                )
                _tell_limit(request, own)
                return redirect("wallet")
            preview = limits.preview_limit_order(user=request.user, now=timezone.now(), **wish)
            shown["limit_preview"] = preview
        except Refusal as refusal:
            refuse(form, refusal)
    elif form.is_valid():
        wish = {"market_id": form.cleaned_data["market"], "side": form.cleaned_data["side"], "units": form.units}
        try:
            if request.POST.get("step") == "confirm":
                placed = trading_by_hand.place_manual_order(
                    user=request.user, idempotency_key=request.POST.get("key", "")[:64], now=timezone.now(), **wish
                )
                _tell(request, placed.order)
                return redirect("wallet")
            shown["spot_preview"] = trading_by_hand.preview_manual_order(user=request.user, now=timezone.now(), **wish)
        except Refusal as refusal:
            refuse(form, refusal)
    if request.htmx:
        beside = _ticket_part(request, shown["spot_form"].market_id)
        return render(request, "copytrading/wallet.html#ticket", {"key": uuid4().hex, **beside, **shown})
    return _page(request, **shown)


@login_required
@require_safe
@at_most_a_minute(BOOKS_A_MINUTE, name="book")
def spot_book(request: MemberRequest) -> HttpResponse:
    """Show the top of a market's book beside what the main account has to trade with."""
    beside = _ticket_part(request, row_number(request.GET.get("market", "")))
    if not beside:
        raise Http404
    top = tops.top_of_book(beside["means"].market, now=timezone.now())
    return render(request, "parts/ticket_book.html", {**beside, "top": top, "is_asked": True})


@login_required
@require_safe
def wallet_csv(request: MemberRequest) -> StreamingHttpResponse:
    """Download everything that ever moved on a person's main account."""
    head = ("time", "what", "asset", "change", "balance")
    return download("wallet.csv", head, _csv_rows(queries.whole_history_of(request.user)))


def _page(request: MemberRequest, **shown: Any) -> HttpResponse:
    """Render the wallet; forms that are not shown as they were sent are empty, each with a key of its own."""
    below = request.GET.get("below", "")
    below_id = row_number(below)
    if below and below_id is None:
        raise Http404
    context = {
        "section": "wallet",
        "wallet": queries.wallet_of(request.user),
        "waiting": limit_queries.waiting_orders_of(request.user),
        "history": queries.history_of(request.user, below_id=below_id),
        "is_first": not below,
        "deposit_form": TransferForm(initial={"idempotency_key": uuid4().hex}, auto_id=DEPOSIT_ID),
        "withdraw_form": TransferForm(initial={"idempotency_key": uuid4().hex}, auto_id=WITHDRAW_ID),
        "key": uuid4().hex,
        "has_own_accounts": bool(own_accounts.offered_exchange()),
        **shown,
    }
    if "spot_form" not in shown:
        context["spot_form"] = SpotForm(markets=queries.spot_markets())
    context |= _ticket_part(request, context["spot_form"].market_id)
    return render(request, "copytrading/wallet.html", context)


def _ticket_part(request: MemberRequest, market_id: int | None) -> dict[str, Any]:
    """Return what stands beside the order that is being written: what there is to trade with in its market."""
    market = next((market for market in queries.spot_markets() if market.pk == market_id), None)
    if market is None:
        return {}
    return {"means": means.means_of_wallet(request.user, market), "book_url": reverse("spot_book")}


def _with_part(request: MemberRequest, form: SpotForm, part: str) -> SpotForm:
    """Return the order with what a part of the account comes to; as it is where nothing says a part of what."""
    chosen = form.part_of()
    if chosen is None or row_number(part) not in means.PARTS:
        return form
    side, market_id = chosen
    own = _ticket_part(request, market_id)["means"]
    if side == SpotForm.BUY:
        # At the market it is what is spent in all; a limit order holds its fee besides.
        costs = platform_rules().fee_rate if form.is_limit else Decimal(0)
        return form.with_figure(money_input(own.bought_with(int(part), costs=costs)))
    return form.with_figure(coins_input(own.sold_from(int(part)), own.market.base.decimals))


def _transfer(form: TransferForm) -> dict[str, Any]:
    return {"units": form.cleaned_data["value"], "idempotency_key": form.cleaned_data["idempotency_key"]}


def _tell(request: MemberRequest, order: Any) -> None:
    """Say what became of an order by hand; the figures are the venue's."""
    if not order.filled_units:
        messages.warning(
            request, gettext("Nothing was traded: %(status)s.") % {"status": gettext(order.get_status_display())}
        )
        return
    said = _traded(order, is_buy=order.side == SpotForm.BUY)
    if order.filled_units != order.quantity_units:
        said += " " + gettext("The rest found no price within the limit.")
    messages.success(request, said)


def _tell_limit(request: MemberRequest, own: Any) -> None:
    """Say what became of a limit order at once: it waits, or its price was there already."""
    base, price = own.market.base, written(f"{own.price_limit.normalize():,f}")
    if not own.filled_units:
        waits = gettext("Your order waits until %(coin)s is at %(price)s. What it needs is held for it.")
        messages.success(request, waits % {"coin": base.symbol, "price": price})
        return
    said = _traded(own, is_buy=own.side == SpotForm.BUY)
    if own.finished_at is None:
        said += " " + gettext("The rest waits for its price.")
    messages.success(request, said)


def _traded(order: Any, *, is_buy: bool) -> str:
    """Say what an order bought or sold, and for how much."""
    base = order.market.base
    said = (
        gettext("Bought %(quantity)s %(coin)s for %(value)s %(cash)s.")
        if is_buy
        else gettext("Sold %(quantity)s %(coin)s for %(value)s %(cash)s.")
    )
    return said % {
        "quantity": quantity(order.filled_units, base.decimals),
        "coin": base.symbol,
        "value": money(order.value_units),
        "cash": money_words().cash,
    }


def _csv_rows(movements: Iterator[queries.Movement]) -> Iterator[tuple[str, ...]]:
    for movement in _in_english(movements):
        change, balance = (
            f"{Decimal(units).scaleb(-movement.decimals):f}" for units in (movement.units, movement.balance_units)
        )
        yield movement.at.isoformat(), harmless(movement.sentence), movement.symbol, change, balance


def _in_english(movements: Iterator[queries.Movement]) -> Iterator[queries.Movement]:
    """Yield what moved in the words of files: programs read them, so they are in no language but English."""
    while True:
        with translation.override(settings.LANGUAGE_CODE):
            movement = next(movements, None)
        if movement is None:
            return
        yield movement
