"""The texts to accept, the questions to answer, and where somebody lives, a page each for the first two."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from copytrading.engine.suitability.packs import RISK_MOST, Pack
from copytrading.engine.suitability.scoring import band_of
from copytrading.forms.admission.questions import JurisdictionForm, QuestionsForm
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.admission import answers as answer_queries
from copytrading.queries.admission.consents import texts_for
from copytrading.queries.admission.packs import pack_of, packs
from copytrading.services.admission import consents as consent_verbs
from copytrading.services.admission import jurisdictions
from copytrading.services.admission import suitability as suitability_verbs
from copytrading.services.refusals import Refusal
from copytrading.views.requests import MemberRequest, press_at


@login_required
@require_http_methods(["GET", "POST"])
def consents(request: MemberRequest) -> HttpResponse:
    """Show the texts that somebody is to accept; on a press, accept those that were shown, in their versions."""
    pack = _pack(request)
    refusal: Refusal | None = None
    if request.method == "POST":
        versions = {name: request.POST.get(f"version-{name}", "")[:40] for name in request.POST.getlist("text")[:40]}
        try:
            consent_verbs.accept_all(user=request.user, versions=versions, now=timezone.now())
        except Refusal as error:
            refusal = error
        else:
            messages.success(
                request, gettext("Accepted.") if versions else gettext("Nothing was chosen, so nothing was accepted.")
            )
            return redirect("consents")
    texts = texts_for(request.user)
    context = {
        "pack": pack,
        "texts": texts,
        "is_any_missing": any(text.given_at is None for text in texts),
        "refusal": refusal,
        "asks_questions": pack.questionnaire is not None,
    }
    status = 200 if refusal is None else 409
    return render(request, "copytrading/consents.html", _with_jurisdiction(request, context), status=status)


@login_required
@require_http_methods(["GET", "POST"])
def suitability(request: MemberRequest) -> HttpResponse:
    """Ask the questions of somebody's jurisdiction, or show what their answers came to."""
    pack = _pack(request)
    answer = answer_queries.answer_of(request.user, pack)
    form = None
    if pack.questionnaire is not None:
        form = QuestionsForm(
            request.POST if request.method == "POST" else None, questionnaire=pack.questionnaire, auto_id="id_%s"
        )
    if form is not None and form.is_bound and form.is_valid():
        try:
            suitability_verbs.answer(user=request.user, answers=form.answers(), now=timezone.now())
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, gettext("Your answers are kept. What they come to stands here."))
            return redirect("suitability")
    is_current = answer_queries.is_current(answer, pack)
    context = {
        "pack": pack,
        "form": form,
        "answer": answer,
        "is_current": is_current,
        "band": band_of(pack.questionnaire, answer.points) if pack.questionnaire and answer and is_current else None,
        "risk_most": RISK_MOST,
    }
    return render(request, "copytrading/suitability.html", _with_jurisdiction(request, context))


@login_required
@press_at("suitability")
def jurisdiction(request: MemberRequest) -> HttpResponse:
    """Note where somebody lives, once."""
    _pack(request)
    form = JurisdictionForm(request.POST)
    if form.is_valid():
        try:
            jurisdictions.choose(user=request.user, jurisdiction=form.cleaned_data["jurisdiction"], now=timezone.now())
        except Refusal as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, gettext("Noted. Those rules count for you from now on."))
    else:
        messages.warning(request, gettext("Choose one of those that are offered."))
    return redirect("suitability")


def _pack(request: MemberRequest) -> Pack:
    """Return the pack that counts; where the installation has none there are no such pages."""
    pack = pack_of(request.user)
    if pack is None:
        raise Http404
    return pack


def _with_jurisdiction(request: MemberRequest, context: dict[str, Any]) -> dict[str, Any]:
    is_open = not request.user.jurisdiction and len(packs()) > 1
    form = JurisdictionForm(initial={"jurisdiction": context["pack"].name}) if is_open else None
    return {"section": "copies", "jurisdiction_form": form, **context}
