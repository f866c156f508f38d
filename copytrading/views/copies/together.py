"""All copies of a person as one portfolio, and what they may lose together."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.identity.places import written
from copytrading.forms.copies import LossLimitForm
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.copies.loss_limits import LossStanding
from copytrading.queries.copies.together import together_of
from copytrading.services.copies import loss_limits
from copytrading.services.refusals import Refusal
from copytrading.templatetags.figures import money_input
from copytrading.views.requests import MemberRequest


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def together(request: MemberRequest) -> HttpResponse:
    """
    Show what all copies of a person were worth together over time, what they made, and what they are spread over.

    What is posted is the loss at which all of them stop.
    """
    form = None
    if request.method == "POST":
        form = LossLimitForm(request.POST)
        if form.is_valid() and _is_set(request, form):
            messages.success(request, gettext("Done. The loss limit holds from this moment on."))
            return redirect("together")
    found = together_of(request.user, now=timezone.now())
    context = {
        "section": "copies",
        "together": found,
        "loss_limit": form or LossLimitForm(initial=_limit_now(found.loss)),
    }
    live = request.htmx and request.method != "POST"
    return render(request, "copytrading/together.html" + ("#live" if live else ""), context)


def _is_set(request: MemberRequest, form: LossLimitForm) -> bool:
    try:
        loss_limits.set_loss_limit(
            user=request.user, loss_units=form.loss_units, loss_fraction=form.loss_fraction, now=timezone.now()
        )
    except Refusal as refusal:
        refuse(form, refusal)
        return False
    return True


def _limit_now(standing: LossStanding | None) -> dict[str, str]:
    if standing is None:
        return {"kind": LossLimitForm.NONE}
    if standing.loss_fraction is not None:
        return {"kind": LossLimitForm.PERCENT, "loss": written(f"{standing.loss_fraction * 100:g}")}
    return {"kind": LossLimitForm.CASH, "loss": money_input(standing.limit_units)}
