"""A lead's account elsewhere: connect it, replace it, disconnect it. The key goes in and never comes out."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import rate_limits
from accounts.identity.step_up import identity_confirmed
from copytrading.forms.linking import LinkForm
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.leads import consoles as leading
from copytrading.queries.leads import links
from copytrading.services.leads import linking
from copytrading.services.refusals import Refusal
from copytrading.views.requests import MemberRequest, press_at

ATTEMPTS_MAX, ATTEMPTS_SECONDS = 10, 3600


@sensitive_post_parameters("key", "secret", "password")
@never_cache
@identity_confirmed
@require_http_methods(["GET", "POST"])
def lead_link(request: MemberRequest) -> HttpResponse:
    """Show the account that is connected and the form for another one; connect it."""
    lead = _lead_elsewhere(request)
    form = _form(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _may_try(request, form):
        exchange = form.cleaned_data["exchange"]
        try:
            linking.connect_account(lead_id=lead.pk, exchange=exchange, key=form.exchange_key, now=timezone.now())
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            said = gettext("Connected. Your portfolio is what %(exchange)s says it is.")
            messages.success(request, said % {"exchange": links.exchange_name(exchange)})
            return redirect("lead_console")
    context = {"section": "lead", "lead": lead, "form": form, "link": links.link_of(lead)}
    return render(request, "copytrading/lead_link.html", context)


@identity_confirmed
@press_at("lead_console")
def lead_unlink(request: MemberRequest) -> HttpResponse:
    """Forget the key."""
    lead = _lead_elsewhere(request)
    try:
        linking.disconnect_account(lead_id=lead.pk, now=timezone.now())
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(
            request, gettext("Disconnected. The key is erased; followers are told that you cannot be seen.")
        )
    return redirect("lead_console")


def _lead_elsewhere(request: MemberRequest) -> Any:
    """Return the lead of whoever asks, if it trades elsewhere; there is no such page for anybody else."""
    lead = leading.lead_of(request.user)
    if lead is None or lead.source != "OBSERVED":
        raise Http404
    return lead


def _may_try(request: MemberRequest, form: LinkForm) -> bool:
    """Count an attempt, and say so on the form when there were too many: each of them asks the exchange."""
    if rate_limits.counted(f"link-attempts:{request.user.pk}", seconds=ATTEMPTS_SECONDS) <= ATTEMPTS_MAX:
        return True
    said = gettext("That were %(attempts)s attempts within an hour. Try again later.")
    form.add_error(None, said % {"attempts": ATTEMPTS_MAX})
    return False


def _form(sent: Any) -> LinkForm:
    return LinkForm(sent, exchanges=links.exchanges(), with_password=links.WITH_PASSWORD)
