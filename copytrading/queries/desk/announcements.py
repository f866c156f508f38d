"""
Which announcements hold, for whom, and what they say in a language.

Every page asks for them in one statement. Who belongs to an audience is said once, in SQL: the page asks it of one
person, and the notice that goes out of everybody at once.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import get_language

from accounts.models import User
from copytrading.models import Announcement

GERMAN = "de"
# For rows called `announcement` and `person`; nobody in particular is a person without an id.
IN_AUDIENCE = """(
    announcement.audience = 'EVERYBODY'
    OR announcement.audience = 'FOLLOWERS' AND EXISTS (
        SELECT FROM copytrading_copy AS copy WHERE copy.follower_id = person.id AND copy.status <> 'STOPPED')
    OR announcement.audience = 'LEADS' AND EXISTS (
        SELECT FROM copytrading_lead AS lead WHERE lead.user_id = person.id AND lead.status IN ('ACTIVE', 'PAUSED'))
)"""
HOLDING = f"""
    SELECT announcement.* FROM copytrading_announcement AS announcement,
        (SELECT %(user_id)s::bigint AS id) AS person
    WHERE announcement.ended_at IS NULL AND announcement.holds_until > %(now)s AND announcement.holds_from <= %(now)s
        AND {IN_AUDIENCE}
        AND NOT EXISTS (
            SELECT FROM copytrading_announcementclosing AS closing
            WHERE closing.announcement_id = announcement.id AND closing.user_id = person.id)
    ORDER BY announcement.level = 'WARNING' DESC, announcement.id DESC
"""
LEVELS = Announcement.Level.choices
AUDIENCES = Announcement.Audience.choices


@dataclass(frozen=True, kw_only=True)
class Said:
    """An announcement as one person reads it."""

    pk: int
    level: str
    audience: str
    title: str
    text: str
    holds_from: datetime
    holds_until: datetime

    @property
    def is_warning(self) -> bool:
        return self.level == Announcement.Level.WARNING


def announcements_for(user: User | None, *, now: datetime) -> list[Said]:
    """
    Return what holds now for somebody and was not closed by them, warnings first, then the latest; in one statement.

    :param user: None for somebody who is not signed in, to whom only what is for everybody is said.
    """
    rows = Announcement.objects.raw(HOLDING, {"user_id": user.pk if user else None, "now": now})
    return [_said(row) for row in rows]


def standing(*, now: datetime) -> QuerySet[Announcement]:
    """Return what holds or is to hold."""
    return Announcement.objects.filter(ended_at__isnull=True, holds_until__gt=now)


def words_of(announcement: Announcement) -> tuple[str, str]:
    """Return title and text in the language of the moment; in English where they were written in no other."""
    if announcement.title_de and get_language() == GERMAN:
        return announcement.title_de, announcement.text_de
    return announcement.title, announcement.text


def state_of(announcement: Announcement, *, now: datetime) -> str:
    """Return where an announcement stands, in a word or two, for operators."""
    if announcement.ended_at is not None:
        return "ended"
    if announcement.holds_until <= now:
        return "over"
    return "holds" if announcement.holds_from <= now else "to come"


def _said(row: Announcement) -> Said:
    title, text = words_of(row)
    return Said(
        pk=row.pk,
        level=row.level,
        audience=row.audience,
        title=title,
        text=text,
        holds_from=row.holds_from,
        holds_until=row.holds_until,
    )
