"""The demo's mailbox: every mail that the platform wrote to a file, so that it can be seen. Never on a server."""

import email
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from functools import wraps
from pathlib import Path
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

MAILS_A_PAGE = 30
# How Django's backend writes a file of mails.
SEPARATOR = b"\n" + b"-" * 79 + b"\n"
FILES_MAX = 200


def only_in_the_demo(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let nobody in where mails are other people's: on anything but somebody's own machine there is no such page."""

    @wraps(view)
    def shown(request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        if not settings.DEVELOPMENT:
            raise Http404
        return view(request, *arguments, **options)

    return shown


@only_in_the_demo
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """Show all mails, latest first."""
    page = Paginator(list(_mails().items()), MAILS_A_PAGE).get_page(request.GET.get("page"))
    rows = [{"name": name, "mail": mail} for name, mail in page]
    return render(request, "copytrading/mailbox.html", {"page": page, "rows": rows})


@only_in_the_demo
@csp_update({"frame-src": [SELF]})
@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """Show one mail with its headers, as text and as it looks."""
    found = _mail(name)
    text, html = found.get_body(["plain"]), found.get_body(["html"])
    context = {
        "name": name,
        "mail": found,
        "headers": [(key, value) for key, value in found.items() if key not in ("MIME-Version", "Content-Type")],
        "text": text.get_content() if text else "",
        "has_html": html is not None,
    }
    return render(request, "copytrading/mail.html", context)


@only_in_the_demo
@csp_replace({"style-src": [UNSAFE_INLINE], "frame-ancestors": [SELF], "script-src": None})
@xframe_options_sameorigin
@require_safe
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """Show a mail as a mail program does: its own style, and no script."""
    html = _mail(name).get_body(["html"])
    if html is None:
        raise Http404
    return HttpResponse(html.get_content())


def _mails() -> dict[str, EmailMessage]:
    """Return the mails in the latest files by a name that is theirs alone, latest first."""
    folder = Path(settings.MAILBOX_FOLDER)
    files = sorted(folder.glob("*.log"), reverse=True)[:FILES_MAX] if folder.is_dir() else []
    return {
        f"{file.stem}.{place}": email.message_from_bytes(content.strip(), _class=EmailMessage, policy=policy.default)
        for file in files
        # One connection, one file; the last of its mails is the latest.
        for place, content in reversed(list(enumerate(file.read_bytes().split(SEPARATOR)[:-1])))
    }


def _mail(name: str) -> EmailMessage:
    """Return a mail by its name."""
    found = _mails().get(name)
    if found is None:
        raise Http404
    return found
