"""One's own data: an archive of everything that is kept, and to be erased."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.identity.step_up import address_to_confirm, ask_to_confirm, identity_confirmed
from copytrading.queries.personal import pages
from copytrading.services.personal import archives, erasures
from copytrading.services.refusals import Refusal
from copytrading.views.requests import MemberRequest, press_at


@login_required
@require_safe
@never_cache
def own_data(request: MemberRequest) -> HttpResponse:
    """Show how it stands with the person's archive and erasure."""
    context = {
        "own": pages.own_data_of(request.user, now=timezone.now()),
        "archive_days": settings.KEEP_ARCHIVES_DAYS,
        "erasure_days": settings.ERASURE_DAYS,
    }
    return render(request, "copytrading/own_data.html", context)


@identity_confirmed(back_to=reverse_lazy("own_data"))
@press_at("own_data")
def archive_ask(request: MemberRequest) -> HttpResponse:
    """Have everything packed that is kept."""
    try:
        archives.ask_for_archive(user=request.user, by=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, gettext("Your archive is being packed. You are told when it is ready."))
    return redirect("own_data")


@login_required
@never_cache
@require_safe
def archive_file(request: MemberRequest, archive_id: int) -> HttpResponse:
    """Hand the file of an archive to whose data it is, after a proof."""
    archive = get_object_or_404(pages.ready_archives_of(request.user, now=timezone.now()), pk=archive_id)
    if (address := address_to_confirm(request)) is not None:
        return ask_to_confirm(request, address, back_to=request.get_full_path())
    name = f"data-{archive.made_at:%Y-%m-%d}.zip"
    return HttpResponse(
        pages.content_of(archive),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@identity_confirmed(back_to=reverse_lazy("own_data"))
@press_at("own_data")
def erasure_ask(request: MemberRequest) -> HttpResponse:
    """Ask to be erased, once the person has said that they know what that means."""
    if request.POST.get("understood") != "yes":
        messages.error(request, gettext("Say first that you know what erasing means."))
        return redirect("own_data")
    try:
        erasures.request_erasure(user=request.user, by=request.user, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, gettext("Your account is to be erased. Until then you can take that back here."))
    return redirect("own_data")


@login_required
@press_at("own_data")
def erasure_withdraw(request: MemberRequest) -> HttpResponse:
    """Take back that one is to be erased."""
    own = pages.open_erasures().filter(user=request.user).first()
    try:
        if own is not None:
            erasures.withdraw_erasure(erasure_id=own.pk, now=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, gettext("Nothing is erased: your account stays as it is."))
    return redirect("own_data")
