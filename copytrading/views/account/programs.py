"""Where somebody is signed in with a program, the keys that programs use, and the webhooks that are called."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import devices, program_keys
from accounts.identity.step_up import identity_confirmed
from accounts.models import Device
from copytrading.forms.programs import ProgramKeyForm
from copytrading.queries.hooks.listing import webhooks_of
from copytrading.views.requests import MemberRequest, press_at


@login_required
@require_safe
@never_cache
def programs(request: MemberRequest) -> HttpResponse:
    """Show the devices, the keys and the webhooks of whoever asks."""
    return render(request, "copytrading/programs.html", _context(request))


@never_cache
@identity_confirmed
@require_http_methods(["GET", "POST"])
def program_key_make(request: MemberRequest) -> HttpResponse:
    """Ask what a key may do; make it, and show it this once."""
    form = ProgramKeyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        now, wanted = timezone.now(), form.cleaned_data
        try:
            key, secret = program_keys.make_key(
                user=request.user,
                name=wanted["name"],
                scopes=wanted["scopes"],
                addresses=wanted["addresses"],
                expires_at=form.expires_at(now),
                requests_per_minute=wanted["requests_per_minute"],
                now=now,
            )
        except program_keys.KeyNotPossible as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return render(request, "copytrading/program_key.html", {"key": key, "secret": secret})
    return render(request, "copytrading/program_key.html", {"form": form})


@login_required
@press_at("programs")
def program_key_revoke(request: MemberRequest, key_id: int) -> HttpResponse:
    """Put a key out."""
    if not program_keys.revoke_key(user=request.user, key_id=key_id, now=timezone.now()):
        raise Http404
    messages.success(request, gettext("The key is revoked. Programs that used it are out from this moment on."))
    return redirect("programs")


@login_required
@press_at("programs")
def device_revoke(request: MemberRequest, device_id: int) -> HttpResponse:
    """Put a device out."""
    own = devices.devices_of(request.user).filter(pk=device_id)
    if not devices.revoke(own, reason=Device.RevokedFor.PERSON, now=timezone.now()):
        raise Http404
    messages.success(request, gettext("The device is signed out."))
    return redirect("programs")


def _context(request: MemberRequest) -> dict[str, object]:
    return {
        "devices": devices.devices_of(request.user).order_by("-last_used_at", "-pk"),
        "keys": program_keys.keys_of(request.user),
        "webhooks": webhooks_of(request.user),
    }
