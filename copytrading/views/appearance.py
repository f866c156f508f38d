"""What every page carries: its light, its language, the visitor's cash, halts, announcements, a passkey offered."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from accounts.identity.adapters import OFFERS_PASSKEY
from accounts.identity.places import is_language
from copytrading.services.desk import announcements
from copytrading.templatetags.portal import THEMES
from copytrading.views.requests import MemberRequest, press_at, visitor

YEAR = 365 * 24 * 3600
LEAD_ID_DIGITS_MAX = 18


@press_at("discover")
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or as the system has it, and go back to where it was chosen."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponseBadRequest(gettext("Choose system, light or dark."))
    response = HttpResponseRedirect(_back(request))
    response.set_cookie("theme", chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure())
    return response


@press_at("discover")
def choose_language(request: HttpRequest) -> HttpResponse:
    """Remember a language, of this browser and of the person who is signed in, and go back to where it was chosen."""
    chosen = request.POST.get("language", "")
    if not is_language(chosen):
        codes = ", ".join(code for code, _ in settings.LANGUAGES)
        return HttpResponseBadRequest(gettext("There is no such language; choose one of %(codes)s.") % {"codes": codes})
    user = visitor(request)
    if user is not None and user.language != chosen:
        user.language = chosen
        user.save(update_fields=["language"])
    response = HttpResponseRedirect(_back(request))
    name = settings.LANGUAGE_COOKIE_NAME
    response.set_cookie(name, chosen, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure())
    return response


@login_required
@require_GET
def balance(request: HttpRequest) -> HttpResponse:
    """Show what the visitor's wallet has available, for the corner of the page."""
    return render(request, "parts/balance.html")


@require_GET
def halt_notice(request: HttpRequest) -> HttpResponse:
    """Say whether all trading, or that of the lead asked for, is halted: for the top of a page."""
    lead_id = request.GET.get("lead", "")
    is_number = lead_id.isdecimal() and len(lead_id) < LEAD_ID_DIGITS_MAX
    return render(request, "parts/halt_sentence.html", {"halted_lead": int(lead_id) if is_number else None})


@login_required
@press_at("discover")
def close_announcement(request: MemberRequest, announcement_id: int) -> HttpResponse:
    """Take an announcement off this person's pages; what does not stand there is not there."""
    if not announcements.close(announcement_id=announcement_id, user=request.user, now=timezone.now()):
        raise Http404
    if request.htmx:
        return render(request, "parts/announcements.html")
    return HttpResponseRedirect(_back(request))


@login_required
@press_at("mfa_index")
def passkey_offer(request: MemberRequest) -> HttpResponse:
    """Lead to where a passkey is made, or back to the page; either way nobody is offered one again on this visit."""
    request.session.pop(OFFERS_PASSKEY, None)
    if request.POST.get("choice") == "add":
        return redirect("mfa_add_webauthn")
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    """Return the page the choice was made on; never one of another site."""
    address = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else "/"
