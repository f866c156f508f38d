"""What a message says: the sentences of its notices, where to read more, and how to be rid of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext

from accounts.identity.places import in_place, place_of
from accounts.models import User
from copytrading.engine.rules import Rules
from copytrading.models import Notice
from copytrading.queries.happened.sentences import Sentence, sentence_of
from copytrading.queries.notices.habits import Habits, habits_of
from copytrading.queries.notices.kinds import Page, Topic, topic_of

UNSUBSCRIBE_SALT = "copytrading.unsubscribe"
EVERYTHING = "*"
TITLE_LENGTH_MAX = 120


@dataclass(frozen=True, kw_only=True)
class Told:
    """One notice as it is read: what happened, when in the reader's own time, and where there is more."""

    sentence: Sentence
    at: datetime
    url: str
    topic: Topic


def page_of(notice: Notice) -> str:
    """Return the path of the page that says more about a notice."""
    page = topic_of(notice.kind).page
    if notice.copy_id and page in (Page.COPY, Page.WALLET):
        return reverse("copy_detail", args=[notice.copy_id])
    names = {
        Page.WALLET: "wallet",
        Page.TOGETHER: "together",
        Page.COCKPIT: "lead_console",
        Page.ACCOUNT: "account_email",
        Page.PROGRAMS: "programs",
        Page.NOTICES: "notices",
        Page.COMPLAINTS: "complaints",
        Page.OWN_DATA: "own_data",
    }
    return reverse(names.get(page, "my_copies"))


def absolute(path: str) -> str:
    """Return the address of a page of this site as one has to write it elsewhere."""
    return urljoin(settings.SITE_URL + "/", path)


def told(notice: Notice, habits: Habits, *, rules: Rules) -> Told:
    """Return what a notice says to its reader."""
    return Told(
        sentence=sentence_of(notice, rules=rules),
        at=notice.noted_at.astimezone(habits.zone),
        url=absolute(page_of(notice)),
        topic=topic_of(notice.kind),
    )


def letter_of(notices: list[Notice], *, message_id: str, rules: Rules) -> EmailMultiAlternatives:
    """Return the e-mail that tells some notices of one person, in their place, under its own Message-ID."""
    user, habits = notices[0].user, habits_of(notices[0].user)
    with in_place(replace(place_of(user), time_zone=habits.zone.key)):
        return _letter_of(notices, user, habits, message_id=message_id, rules=rules)


def _letter_of(
    notices: list[Notice], user: User, habits: Habits, *, message_id: str, rules: Rules
) -> EmailMultiAlternatives:
    lines = [told(notice, habits, rules=rules) for notice in notices]
    first = lines[0]
    is_digest = len(lines) > 1
    subject = first.sentence.headline
    if is_digest:
        said = gettext("%(number)s notices: %(headline)s, …")
        subject = said % {"number": len(lines), "headline": first.sentence.headline}
    topic = EVERYTHING if is_digest else first.topic.name
    is_fixed = first.topic.is_fixed and not is_digest
    unsubscribe = "" if is_fixed else absolute(reverse("unsubscribe", args=[unsubscribe_token(user, topic)]))
    context = {
        "brand": settings.SMARTSYNC_BRAND,
        "lines": lines,
        "is_digest": is_digest,
        "topic": "" if is_digest else first.topic.label,
        "unsubscribe": unsubscribe,
        "switches": absolute(reverse("notice_switches")),
        "site": absolute("/"),
        "zone": habits.zone.key,
    }
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ") or "localhost"
    headers = {"Message-ID": f"<{message_id}@{domain}>", "Auto-Submitted": "auto-generated"}
    if unsubscribe:
        # RFC 8058: the mail program does it with one press, without a page.
        headers |= {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    letter = EmailMultiAlternatives(
        subject=" ".join(subject.split())[:TITLE_LENGTH_MAX],
        body=render_to_string("mail/notices.txt", context),
        to=[address_of(notices[0])],
        headers=headers,
    )
    letter.attach_alternative(render_to_string("mail/notices.html", context), "text/html")
    return letter


def address_of(notice: Notice) -> str:
    """Return where a notice is written to: of a changed address the one before, which alone can still warn."""
    return notice.words if notice.kind == Notice.Kind.EMAIL_CHANGED else notice.user.email


def unsubscribe_token(user: User, topic: str) -> str:
    """Return what stands for "no more mails of this topic to this person"; good without a sign-in and for ever."""
    return signing.dumps([user.pk, topic], salt=UNSUBSCRIBE_SALT)
