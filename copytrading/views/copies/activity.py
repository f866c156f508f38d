"""Everything that happened to a person's copies, as receipts."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from copytrading.queries.copies import own as copies
from copytrading.queries.happened import activity as queries
from copytrading.queries.happened.activity import Cursor, CursorUnreadable
from copytrading.views.requests import MemberRequest, row_number

KIND_NAMES = {
    "": gettext_lazy("Everything"),
    "trade": gettext_lazy("Trades"),
    "adjustment": gettext_lazy("Adjustments"),
    "notice": gettext_lazy("Notices"),
}
RECEIPTS_A_PAGE = 25


@login_required
@require_safe
def activity(request: MemberRequest) -> HttpResponse:
    """Show what happened, latest first; of one copy or one kind when that is asked for."""
    own = copies.copies_of(request.user)
    asked_copy, kind = request.GET.get("copy", ""), request.GET.get("kind", "")
    number = row_number(asked_copy)
    if kind not in KIND_NAMES or (asked_copy and number is None):
        raise Http404
    copy = get_object_or_404(own, pk=number) if asked_copy else None
    try:
        cursor = Cursor.parse(request.GET.get("after", ""))
    except CursorUnreadable as error:
        raise Http404(str(error)) from error
    page = queries.receipts_of(
        request.user,
        copy_id=copy.pk if copy else None,
        kinds=(kind,) if kind else queries.KINDS,
        cursor=cursor,
        count=RECEIPTS_A_PAGE,
    )
    context = {
        "section": "copies",
        "page": page,
        "copies": own,
        "copy": copy,
        "kind": kind,
        "kinds": KIND_NAMES.items(),
        "is_first": not request.GET.get("after"),
    }
    return render(request, "copytrading/activity.html", context)
