"""A lead's invitations: make one, hand out its link, see who came by it, take it back."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.identity.places import written
from copytrading.forms.leading import InviteForm
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.leading import invitations as queries
from copytrading.services.leads import invitations
from copytrading.services.refusals import Refusal
from copytrading.views.leading.consoles import own_lead
from copytrading.views.requests import MemberRequest, press_at

ARRIVALS_SHOWN = 50
INVITATIONS_SHOWN = 200


@login_required
@require_http_methods(["GET", "POST"])
def lead_invitations(request: MemberRequest) -> HttpResponse:
    """Show what was made and who came; make one more, once however often it is pressed."""
    lead = own_lead(request)
    form = InviteForm(request.POST) if request.method == "POST" else _empty(lead)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            invitations.invite(
                lead_id=lead.pk,
                label=wanted["label"],
                copies_max=wanted["copies_max"],
                profit_share_rate=form.rate,
                days=wanted["days"],
                idempotency_key=wanted["idempotency_key"],
                now=timezone.now(),
            )
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, gettext("Your invitation is ready. Send its link to whom you mean."))
            return redirect("lead_invitations")
    return _page(request, lead, form)


@login_required
@press_at("lead_invitations")
def invitation_withdraw(request: MemberRequest, invitation_id: int) -> HttpResponse:
    """Let nobody in by it from now on; pressed again, it stays so."""
    made = get_object_or_404(queries.own_invitation(request.user, invitation_id))
    invitations.withdraw(invitation_id=made.pk, now=timezone.now())
    messages.success(request, gettext("Withdrawn. Copies that came by it keep their rate."))
    return redirect("lead_invitations")


def _page(request: MemberRequest, lead: Any, form: InviteForm) -> HttpResponse:
    made = queries.summed_up(queries.invitations_of(lead)[:INVITATIONS_SHOWN], lead, now=timezone.now())
    address = request.build_absolute_uri(reverse("lead_detail", args=[lead.slug]))
    context = {
        "section": "lead",
        "lead": lead,
        "form": form,
        "invited": [(one, f"{address}?invitation={one.invitation.token}") for one in made],
        "arrivals": queries.arrivals_of(lead, count=ARRIVALS_SHOWN),
    }
    return render(request, "copytrading/lead_invitations.html", context)


def _empty(lead: Any) -> InviteForm:
    usual = written(f"{lead.profit_share_rate * 100:f}".rstrip("0").rstrip("."))
    return InviteForm(initial={"profit_share_rate": usual, "idempotency_key": uuid4().hex})
