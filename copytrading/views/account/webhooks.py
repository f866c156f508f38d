"""A person's webhooks: added after a proof, tried, read about, changed, given a new secret, removed."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.identity.step_up import address_to_confirm, ask_to_confirm, identity_confirmed
from copytrading.forms.parts.refusals import refuse
from copytrading.forms.webhooks import WebhookForm
from copytrading.queries.hooks.listing import deliveries_of, webhooks_of
from copytrading.services.hooks import webhooks
from copytrading.services.refusals import Refusal
from copytrading.views.requests import MemberRequest, press_at

DELIVERIES_A_PAGE = 25


@never_cache
@identity_confirmed
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_add(request: MemberRequest) -> HttpResponse:
    """Ask where to and what of; add the webhook, and show its secret this once."""
    form = WebhookForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            webhook, secret = webhooks.add_webhook(user=request.user, now=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            return render(request, "copytrading/webhook_secret.html", {"webhook": webhook, "secret": secret})
    return render(request, "copytrading/webhook_form.html", {"form": form})


@login_required
@never_cache
@require_safe
def webhook(request: MemberRequest, webhook_id: int) -> HttpResponse:
    """Show a webhook with what was sent to it, every attempt, latest first."""
    found = _own(request, webhook_id)
    page = Paginator(deliveries_of(found), DELIVERIES_A_PAGE).get_page(request.GET.get("page"))
    context = {"webhook": found, "page": page, "days": settings.WEBHOOK_LOG_DAYS}
    return render(request, "copytrading/webhook.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_change(request: MemberRequest, webhook_id: int) -> HttpResponse:
    """Change where to and what of, after a proof: a new address would hear everything from then on."""
    found = _own(request, webhook_id)
    if (address := address_to_confirm(request)) is not None:
        return ask_to_confirm(request, address, back_to=request.get_full_path())
    form = WebhookForm(request.POST if request.method == "POST" else None, initial=WebhookForm.said_before(found))
    if form.is_bound and form.is_valid():
        try:
            webhooks.change_webhook(webhook=found, now=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, gettext("Saved. It holds for what happens from now on."))
            return redirect("webhook", webhook_id=found.pk)
    return render(request, "copytrading/webhook_form.html", {"form": form, "webhook": found})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_rotate(request: MemberRequest, webhook_id: int) -> HttpResponse:
    """Make a new secret, after a proof, and show it this once."""
    found = _own(request, webhook_id)
    if (address := address_to_confirm(request)) is not None:
        return ask_to_confirm(request, address, back_to=request.get_full_path())
    if request.method != "POST":
        return render(request, "copytrading/webhook_secret.html", {"webhook": found})
    try:
        rotated, secret = webhooks.rotate_secret(webhook=found, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("programs")
    return render(request, "copytrading/webhook_secret.html", {"webhook": rotated, "secret": secret})


@login_required
@press_at("webhook", "webhook_id")
def webhook_test(request: MemberRequest, webhook_id: int) -> HttpResponse:
    """Send an event that says nothing."""
    try:
        webhooks.send_test(webhook=_own(request, webhook_id), now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, gettext("A test is on its way; what came of it stands here in a moment."))
    return redirect("webhook", webhook_id=webhook_id)


@login_required
@press_at("webhook", "webhook_id")
def webhook_switch(request: MemberRequest, webhook_id: int) -> HttpResponse:
    """Let a webhook rest, or go on."""
    found, is_active = _own(request, webhook_id), request.POST.get("to") == "active"
    try:
        webhooks.change_webhook(webhook=found, is_active=is_active, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        sentence = (
            gettext("It goes on, with what happens from now on.")
            if is_active
            else gettext("It rests: nothing is sent to it.")
        )
        messages.success(request, sentence)
    return redirect("webhook", webhook_id=webhook_id)


@login_required
@press_at("webhook", "webhook_id")
def webhook_send_again(request: MemberRequest, webhook_id: int, delivery_id: int) -> HttpResponse:
    """Send an event once more."""
    found = _own(request, webhook_id)
    delivery = get_object_or_404(deliveries_of(found), pk=delivery_id)
    try:
        webhooks.send_again(webhook=found, delivery=delivery, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, gettext("It is on its way once more, under the same id."))
    return redirect("webhook", webhook_id=webhook_id)


@login_required
@press_at("programs")
def webhook_remove(request: MemberRequest, webhook_id: int) -> HttpResponse:
    """Remove a webhook."""
    try:
        webhooks.remove_webhook(webhook=_own(request, webhook_id), now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, gettext("The webhook is removed. Nothing more is sent to it."))
    return redirect("programs")


def _own(request: MemberRequest, webhook_id: int) -> Any:
    return get_object_or_404(webhooks_of(request.user), pk=webhook_id)
