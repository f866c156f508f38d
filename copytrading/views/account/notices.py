"""What somebody was told: the bell, the list of it, and the page of switches."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from copytrading.forms.parts.refusals import refuse
from copytrading.forms.telling import HabitsForm
from copytrading.queries.happened.sentences import sentence_of
from copytrading.queries.notices import listing
from copytrading.queries.notices.habits import habits_of
from copytrading.queries.notices.kinds import TOPICS, Channel, topic_of
from copytrading.queries.rules import platform_rules
from copytrading.services.refusals import Refusal
from copytrading.services.telling import habits as telling
from copytrading.services.telling import push_keys
from copytrading.services.telling.letters import page_of
from copytrading.views.requests import MemberRequest

NOTICES_A_PAGE = 25
SECTIONS = {topic.about.lower().replace(" ", "-"): topic.about for topic in TOPICS.values()}


@login_required
@require_safe
def notices(request: MemberRequest) -> HttpResponse:
    """Show what somebody was told, latest first; of one section, or what is unread, when that is asked for."""
    section, unread = request.GET.get("about", ""), request.GET.get("unread", "")
    if section not in {"", *SECTIONS} or unread not in ("", "1"):
        raise Http404
    rows = listing.notices_of(request.user, section=SECTIONS.get(section, ""), unread_only=unread == "1")
    page = Paginator(rows, NOTICES_A_PAGE).get_page(request.GET.get("page"))
    rules = platform_rules()
    context = {
        "page": page,
        "lines": [
            {"notice": row, "sentence": sentence_of(row, rules=rules), "topic": topic_of(row.kind)} for row in page
        ],
        "about": section,
        "unread": unread,
        "sections": [(value, gettext(name)) for value, name in SECTIONS.items()],
        "unread_count": listing.unread_of(request.user),
    }
    return render(request, "copytrading/notices.html", context)


@login_required
@never_cache
@require_safe
def bell(request: MemberRequest) -> HttpResponse:
    """Show how many notices are unread, for the corner of the page."""
    return render(request, "parts/bell.html")


@login_required
@never_cache
@require_safe
def notice(request: MemberRequest, notice_id: int) -> HttpResponse:
    """Lead to what a notice is about; whoever goes there has read it."""
    row = get_object_or_404(listing.notices_of(request.user), pk=notice_id)
    telling.read_notices(user=request.user, notice_ids=[row.pk], now=timezone.now())
    return HttpResponseRedirect(page_of(row))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notices_read(request: MemberRequest) -> HttpResponse:
    """Mark everything as read."""
    if request.method == "POST":
        telling.read_notices(user=request.user, now=timezone.now())
    return redirect("notices")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notice_switches(request: MemberRequest) -> HttpResponse:
    """Show and change what somebody is told of, where and when."""
    before = habits_of(request.user)
    form = HabitsForm(request.POST or None, initial=HabitsForm.said_before(before))
    if request.method == "POST" and form.is_valid():
        try:
            telling.set_habits(user=request.user, **form.cleaned_data)
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            wanted = {
                (topic, channel): f"{topic}:{channel}" in request.POST for topic in TOPICS for channel in Channel.values
            }
            telling.set_switches(user=request.user, wanted=wanted)
            messages.success(request, gettext("Saved. It holds for what happens from now on."))
            return redirect("notice_switches")
    context = {
        "form": form,
        "sections": listing.switches_of(request.user).items(),
        "devices": listing.devices_of(request.user),
        "mail_trouble": listing.mail_trouble_of(request.user),
        "push_key": push_keys.public_key() if push_keys.is_possible() else "",
    }
    return render(request, "copytrading/notice_switches.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def devices(request: MemberRequest) -> HttpResponse:
    """Take a browser that wants to be told by push; by script, so the answer is for a script."""
    if request.method != "POST":
        return redirect("notice_switches")
    try:
        device = telling.subscribe(
            user=request.user,
            endpoint=request.POST.get("endpoint", ""),
            key=request.POST.get("key", ""),
            secret=request.POST.get("secret", ""),
            device=request.POST.get("device", ""),
            now=timezone.now(),
        )
    except Refusal as refusal:
        return JsonResponse({"code": refusal.code, "detail": str(refusal)}, status=409)
    return JsonResponse({"device": device.device}, status=201)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove_device(request: MemberRequest, subscription_id: int) -> HttpResponse:
    """Tell somebody no more on one device."""
    if request.method == "POST":
        if not telling.remove_device(user=request.user, subscription_id=subscription_id, now=timezone.now()):
            raise Http404
        messages.success(request, gettext("That device is told nothing more."))
    return redirect("notice_switches")


# The mail program that posts here has no session and no token; the link is the proof.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to end the mails of a topic, and end them; without a sign-in, as the link came to that mailbox."""
    context = {"token": token, "is_done": False, "topic": "", "error": ""}
    try:
        if request.method == "POST":
            context |= {"topic": telling.unsubscribe(token=token), "is_done": True}
        else:
            _, topic = telling.unsubscribed_by(token)
            context["topic"] = TOPICS[topic].label if topic in TOPICS else ""
    except Refusal as refusal:
        context["error"] = str(refusal)
    return render(request, "copytrading/unsubscribe.html", context, status=404 if context["error"] else 200)
