"""
Announcements: written, ended, closed by a person, and told as a notice once they hold.

What one person closes is a row and not a mark in the session: it stays closed on every device and after every sign-in,
and the API says the same as the page. Who is not signed in closes nothing.
"""

from datetime import datetime, timedelta

from accounts.models import User
from accounts.transactions import in_transaction, owns_transaction
from copytrading.models import Announcement, AnnouncementClosing
from copytrading.queries.desk import announcements as queries
from copytrading.services.desk.words import text_of
from copytrading.services.refusals import Refusal
from copytrading.services.telling import notices

TITLE_LENGTH_MAX = 120
TEXT_LENGTH_MAX = 1000
# All of them stand on top of every page.
STANDING_MAX = 5
LASTS_AT_MOST = timedelta(days=366)


class AnnouncementNotPossible(Refusal, code="announcement_not_possible"):
    """It would hold for no time or too long, is written in half a language, or too many hold already."""


class AnnouncementOver(Refusal, code="announcement_over"):
    """The announcement was ended or is over, so there is nothing to end."""


@owns_transaction
def write(
    *,
    title: str,
    text: str,
    level: str,
    audience: str,
    holds_until: datetime,
    by: User,
    now: datetime,
    holds_from: datetime | None = None,
    title_de: str = "",
    text_de: str = "",
    is_told: bool = False,
) -> Announcement:
    """
    Let an announcement stand on every page of its audience while it holds, and tell it as a notice where wanted.

    :param holds_from: None is from now on.
    :raises TextNotPossible: if title or text are empty, too long or no text.
    :raises AnnouncementNotPossible: if its times or languages do not fit, or five hold or are to hold already.
    """
    begins = max(holds_from or now, now)
    _require_time(begins, holds_until, now)
    if bool(title_de.strip()) != bool(text_de.strip()):
        missing = "text_de" if title_de.strip() else "title_de"
        raise AnnouncementNotPossible("In German it takes both a title and a text, or neither.", field=missing)
    if queries.standing(now=now).count() >= STANDING_MAX:
        raise AnnouncementNotPossible(
            f"{STANDING_MAX} hold or are to hold already, and all stand on every page: end one."
        )
    written = Announcement.objects.create(
        title=text_of(title, most=TITLE_LENGTH_MAX, field="title", is_line=True),
        text=text_of(text, most=TEXT_LENGTH_MAX),
        title_de=text_of(title_de, most=TITLE_LENGTH_MAX, field="title_de", is_line=True) if title_de.strip() else "",
        text_de=text_of(text_de, most=TEXT_LENGTH_MAX, field="text_de") if text_de.strip() else "",
        level=level,
        audience=audience,
        holds_from=begins,
        holds_until=holds_until,
        is_told=is_told,
        written_by=by,
        written_at=now,
    )
    _tell(written, now)
    return written


@owns_transaction
def end(*, announcement_id: int, by: User, now: datetime) -> Announcement:
    """
    Take an announcement off all pages. What was told as a notice was told.

    :raises AnnouncementOver: if it was ended, or is over.
    """
    announcement = Announcement.objects.select_for_update().get(pk=announcement_id)
    if announcement.ended_at is not None or announcement.holds_until <= now:
        raise AnnouncementOver("This was ended, or is over by itself.")
    announcement.ended_at, announcement.ended_by = now, by
    announcement.save(update_fields=["ended_at", "ended_by"])
    return announcement


def close(*, announcement_id: int, user: User, now: datetime) -> bool:
    """Take an announcement off one person's pages, and return whether it stood there."""
    if announcement_id not in {said.pk for said in queries.announcements_for(user, now=now)}:
        return False
    closing = AnnouncementClosing(announcement_id=announcement_id, user=user, closed_at=now)
    # Pressed twice at once it is closed once.
    AnnouncementClosing.objects.bulk_create([closing], ignore_conflicts=True)
    return True


@owns_transaction
def tell_due(*, now: datetime) -> int:
    """Tell what holds by now, is to be told and was not, and return how many announcements that were."""
    due = queries.standing(now=now).filter(is_told=True, told_at__isnull=True, holds_from__lte=now)
    found = list(due.select_for_update(skip_locked=True).order_by("pk"))
    for announcement in found:
        _tell(announcement, now)
    return len(found)


@in_transaction
def _tell(announcement: Announcement, now: datetime) -> None:
    if not announcement.is_told or announcement.holds_from > now:
        return
    notices.tell_audience(announcement, now=now)
    announcement.told_at = now
    announcement.save(update_fields=["told_at"])


def _require_time(begins: datetime, ends: datetime, now: datetime) -> None:
    if ends <= begins:
        raise AnnouncementNotPossible("It would be over before it holds.", field="holds_until")
    if ends > now + LASTS_AT_MOST:
        raise AnnouncementNotPossible("It can hold for a year at most.", field="holds_until")
