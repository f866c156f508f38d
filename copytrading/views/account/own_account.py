"""A person's own account at the exchange: connect it, replace its key, disconnect it. No key ever comes out again."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.identity.step_up import identity_confirmed
from copytrading.forms.linking import LinkForm
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.copies.own_accounts import own_account_of
from copytrading.queries.leads import links
from copytrading.services.own import accounts, attempts, practice
from copytrading.services.refusals import Refusal
from copytrading.views.requests import MemberRequest, press_at


@sensitive_post_parameters("key", "secret", "password")
@never_cache
@identity_confirmed
@require_http_methods(["GET", "POST"])
def own_account(request: MemberRequest) -> HttpResponse:
    """Show the account and the form for a key; connect it."""
    form = _form(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _may_try(request, form):
        try:
            accounts.connect_account(
                user=request.user,
                exchange=form.cleaned_data["exchange"],
                key=form.exchange_key,
                now=timezone.now(),
            )
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, gettext("Connected. When you start a copy, you can choose this account for it."))
            return redirect("own_account")
    context = {
        "section": "wallet",
        "form": form,
        "account": own_account_of(request.user),
        "practice_cash": practice.OPENS_WITH if practice.can_be_opened() else None,
    }
    return render(request, "copytrading/own_account.html", context)


@identity_confirmed(back_to=reverse_lazy("own_account"))
@press_at("own_account")
def own_account_disconnect(request: MemberRequest) -> HttpResponse:
    """Forget the key, if no copy trades on the account."""
    account = own_account_of(request.user)
    if account is None:
        raise Http404
    try:
        accounts.disconnect_account(account_id=account.id, now=timezone.now())
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, gettext("Disconnected. The key is erased."))
    return redirect("own_account")


@never_cache
@identity_confirmed(back_to=reverse_lazy("own_account"))
@press_at("own_account")
def own_account_practice(request: MemberRequest) -> HttpResponse:
    """Open an account to practise with and connect it; its key is shown with this answer and never again."""
    form, key = _form(None), None
    if not attempts.may_try(request.user):
        said = gettext("That were %(attempts)s attempts within an hour. Try again later.")
        messages.warning(request, said % {"attempts": attempts.ATTEMPTS_MAX})
        return redirect("own_account")
    try:
        key = practice.open_account(user=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.warning(request, str(refusal))
        return redirect("own_account")
    context = {"section": "wallet", "form": form, "account": own_account_of(request.user), "practice_key": key}
    return render(request, "copytrading/own_account.html", context)


def _may_try(request: MemberRequest, form: LinkForm) -> bool:
    """Count an attempt, and say so on the form when there were too many: each of them asks the exchange."""
    if attempts.may_try(request.user):
        return True
    said = gettext("That were %(attempts)s attempts within an hour. Try again later.")
    form.add_error(None, said % {"attempts": attempts.ATTEMPTS_MAX})
    return False


def _form(sent: Any) -> LinkForm:
    """Return the form, with the one exchange that is traded at here; there is no such page where there is none."""
    exchange = accounts.offered_exchange()
    if not exchange:
        raise Http404
    return LinkForm(sent, exchanges=[(exchange, links.exchange_name(exchange))], with_password=links.WITH_PASSWORD)
