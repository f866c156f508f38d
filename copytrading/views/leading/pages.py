"""
Becoming a lead and being one: the application, the console, and everything a lead can press there.

Orders and money are asked for twice or carry a key that was made with the page, so that pressing often acts once.
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.identity.places import written
from copytrading.forms.leading import ApplyForm, NoticeForm, ShownForm, TermsForm
from copytrading.forms.parts.refusals import refuse
from copytrading.forms.wallet import TransferForm
from copytrading.queries.leading.growth import growth_of
from copytrading.queries.leads import consoles as queries
from copytrading.queries.leads import links
from copytrading.queries.rules import platform_rules
from copytrading.services.admission import entering
from copytrading.services.books import notices
from copytrading.services.leads import own_accounts, showing
from copytrading.services.leads import verbs as leads
from copytrading.services.own.accounts import offered_exchange
from copytrading.services.refusals import Refusal
from copytrading.services.wallet.money_words import money_words
from copytrading.templatetags.figures import money, money_input, whole_percent
from copytrading.views.leading.consoles import console, live_part, own_lead
from copytrading.views.requests import MemberRequest, press_at


@login_required
@require_safe
def lead_console(request: MemberRequest) -> HttpResponse:
    """Show a lead what there is to see and press; somebody who does not lead, how to begin."""
    lead = queries.lead_of(request.user)
    if lead is None:
        return _application(request, ApplyForm())
    if lead.status == "APPLIED":
        waiting = {
            "section": "lead",
            "lead": lead,
            "link": links.link_of(lead),
            "stake_min": platform_rules().stake_min,
        }
        return render(request, "copytrading/lead_apply.html", waiting)
    if request.htmx:
        return render(request, "copytrading/lead_console.html#live", live_part(lead))
    return console(request, lead)


@login_required
@press_at("lead_console")
def lead_apply(request: MemberRequest) -> HttpResponse:
    """Hand in an application; an operator decides."""
    form = ApplyForm(request.POST)
    if form.is_valid():
        terms = form.cleaned_data
        try:
            entering.apply_as_lead(
                user=request.user,
                name=terms["name"],
                bio=terms["bio"],
                tags=terms["tags"],
                profit_share_rate=form.rate,
                followers_max=terms["followers_max"],
                money_max_units=terms["money_max"],
                source=terms["source"],
                now=timezone.now(),
            )
        except leads.AlreadyLeading:
            # Pressed twice, or applied in another window: what there is says more than a refusal.
            return redirect("lead_console")
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, gettext("Your application is in. An operator looks at it."))
            return redirect("lead_link" if terms["source"] == ApplyForm.ELSEWHERE else "lead_console")
    return _application(request, form)


@login_required
@require_safe
def lead_earnings(request: MemberRequest) -> HttpResponse:
    """Show a lead how much has followed day by day, and what the copies paid week by week."""
    lead = own_lead(request)
    context = {
        "section": "lead",
        "lead": lead,
        "growth": growth_of(lead, now=timezone.now()),
        "weeks": queries.earnings_of(lead),
        "earned_units": queries.earned_units_of(lead),
        "rates": queries.rates_of(lead),
        "platform_share": platform_rules().platform_share,
    }
    return render(request, "copytrading/lead_earnings.html", context)


@login_required
@press_at("lead_console")
def lead_money(request: MemberRequest, way: str) -> HttpResponse:
    """Move money between the wallet and the lead account, once however often it is pressed."""
    lead = own_lead(request, trades_here=True)
    form = TransferForm(request.POST)
    if form.is_valid():
        move = leads.deposit_to_lead if way == "in" else leads.withdraw_from_lead
        units = form.cleaned_data["value"]
        key = form.cleaned_data["idempotency_key"]
        try:
            lead = move(lead_id=lead.pk, units=units, idempotency_key=key, now=timezone.now())
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            said = (
                gettext("%(value)s %(cash)s moved in. Followers are told.")
                if way == "in"
                else gettext("%(value)s %(cash)s moved out. Followers are told.")
            )
            messages.success(request, said % {"value": money(units), "cash": money_words().cash})
            return redirect("lead_console")
    return console(request, lead, **{f"{way}_form": form})


@login_required
@require_http_methods(["GET", "POST"])
def lead_terms(request: MemberRequest) -> HttpResponse:
    """Change the profit share of copies to come, and the capacity."""
    lead = own_lead(request)
    form = TermsForm(request.POST) if request.method == "POST" else TermsForm(initial=_terms_now(lead))
    if request.method == "POST" and form.is_valid():
        try:
            leads.change_terms(
                lead_id=lead.pk,
                profit_share_rate=form.rate,
                followers_max=form.cleaned_data["followers_max"],
                money_max_units=form.cleaned_data["money_max"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            said = gettext("Changed. Copies that start from now on pay %(rate)s.")
            messages.success(request, said % {"rate": whole_percent(form.rate)})
            return redirect("lead_console")
    context = {
        "section": "lead",
        "lead": lead,
        "form": form,
        "rates": queries.rates_of(lead),
        "has_own_accounts": bool(offered_exchange()),
    }
    return render(request, "copytrading/lead_terms.html", context)


@login_required
@press_at("lead_terms")
def lead_own_accounts(request: MemberRequest) -> HttpResponse:
    """Agree to copies on followers' own accounts, or take no more of them."""
    lead = own_lead(request)
    if request.POST.get("takes") not in ("yes", "no"):
        return HttpResponseBadRequest(gettext("Say whether to take them or not."))
    takes = request.POST["takes"] == "yes"
    try:
        own_accounts.choose_own_accounts(lead_id=lead.pk, takes=takes, now=timezone.now())
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    else:
        said = (
            gettext("Changed. You can be copied on own accounts now; such copies pay you no profit share.")
            if takes
            else gettext("Changed. No new copies on own accounts; those that run go on as they are.")
        )
        messages.success(request, said)
    return redirect("lead_terms")


@login_required
@require_http_methods(["GET", "POST"])
def lead_visibility(request: MemberRequest) -> HttpResponse:
    """Choose what strangers see of trades and holdings, and how late."""
    lead = own_lead(request)
    now = {"trades_delay_hours": lead.trades_delay_hours, "weights_shown": lead.weights_shown}
    form = ShownForm(
        request.POST if request.method == "POST" else None, initial=now, delay_hours=lead.trades_delay_hours
    )
    if request.method == "POST" and form.is_valid():
        try:
            showing.choose_shown(lead_id=lead.pk, now=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, gettext("Changed. Whoever copies you sees everything at once, as before."))
            return redirect("lead_console")
    return render(request, "copytrading/lead_visibility.html", {"section": "lead", "lead": lead, "form": form})


@login_required
@press_at("lead_console")
def lead_notice(request: MemberRequest) -> HttpResponse:
    """Write to everybody who follows."""
    lead = own_lead(request)
    form = NoticeForm(request.POST)
    if form.is_valid():
        try:
            notices.write_to_followers(lead_id=lead.pk, now=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, gettext("Sent. It stands on the page of every copy."))
            return redirect("lead_console")
    return console(request, lead, notice_form=form)


@login_required
@press_at("lead_console")
def lead_pause(request: MemberRequest) -> HttpResponse:
    """Pause, or go on."""
    lead = own_lead(request)
    try:
        match request.POST.get("change"):
            case "resume":
                leads.resume_lead(lead_id=lead.pk, now=timezone.now())
                messages.success(request, gettext("You take followers and orders again."))
            case "pause":
                leads.pause_lead(lead_id=lead.pk, now=timezone.now())
                messages.success(request, gettext("Paused. Copies keep what they hold; nobody new can follow."))
            case _:
                return HttpResponseBadRequest(gettext("Say whether to pause or to go on."))
    except Refusal as refusal:
        messages.warning(request, str(refusal))
    return redirect("lead_console")


@login_required
@require_http_methods(["GET", "POST"])
def lead_end(request: MemberRequest) -> HttpResponse:
    """Say what ending means; on confirmation, end for good."""
    lead = own_lead(request)
    refusal = None
    if request.method == "POST":
        try:
            leads.end_lead(lead_id=lead.pk, now=timezone.now())
        except Refusal as error:
            refusal = error
        else:
            messages.success(
                request, gettext("You have ended. Every copy is being sold and paid out; your record stays.")
            )
            return redirect("lead_detail", slug=lead.slug)
    context = {
        "section": "lead",
        "lead": lead,
        "following": queries.following_of(lead),
        "open_orders": queries.open_orders_of(lead).count(),
        "account": queries.account_of(lead),
        "refusal": refusal,
    }
    return render(request, "copytrading/lead_end.html", context)


def _application(request: MemberRequest, form: ApplyForm) -> HttpResponse:
    context = {
        "section": "lead",
        "form": form,
        "ended": queries.ended_leads_of(request.user),
        "stake_min": platform_rules().stake_min,
    }
    return render(request, "copytrading/lead_apply.html", context)


def _terms_now(lead: Any) -> dict[str, Any]:
    return {
        "profit_share_rate": written(f"{lead.profit_share_rate * 100:f}".rstrip("0").rstrip(".")),
        "followers_max": lead.followers_max,
        "money_max": money_input(lead.money_max_units),
    }
