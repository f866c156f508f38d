"""When a person wants to be told, in their own time: quiet hours and the hour of a digest."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from accounts.identity.places import zone_of
from accounts.models import User
from copytrading.models import NoticeHabits

DIGEST_HOUR = time(8)
DAYS_A_WEEK = 7
Rhythm = NoticeHabits.Rhythm


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How somebody wants to be told; quiet hours have both ends or none, and may pass midnight."""

    time_zone: str = "UTC"
    mail_rhythm: str = Rhythm.AT_ONCE
    quiet_from: time | None = None
    quiet_until: time | None = None

    @property
    def zone(self) -> ZoneInfo:
        """Their zone; UTC where this machine has none of that name, so that nobody goes untold for it."""
        return zone_of(self.time_zone) or ZoneInfo("UTC")

    def quiet_until_when(self, now: datetime) -> datetime | None:
        """Return when the quiet hours end that it is in now; None outside them."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        local = now.astimezone(self.zone)
        clock = local.time().replace(tzinfo=None)
        if self.quiet_from < self.quiet_until:
            is_quiet, days = self.quiet_from <= clock < self.quiet_until, 0
        else:
            is_quiet, days = clock >= self.quiet_from or clock < self.quiet_until, int(clock >= self.quiet_from)
        return self._at(local, self.quiet_until, days=days) if is_quiet else None

    def digest_when(self, now: datetime) -> datetime | None:
        """Return when the next digest goes out; None for somebody who is written to at once."""
        if self.mail_rhythm == Rhythm.AT_ONCE:
            return None
        local = now.astimezone(self.zone)
        days = 0 if local.time() < DIGEST_HOUR else 1
        if self.mail_rhythm == Rhythm.WEEKLY:
            days += -(local.weekday() + days) % DAYS_A_WEEK
        return self._at(local, DIGEST_HOUR, days=days)

    def _at(self, local: datetime, clock: time, *, days: int) -> datetime:
        day = local.date() + timedelta(days=days)
        return datetime.combine(day, clock, tzinfo=self.zone).astimezone(UTC)


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Return the names that people choose from: regions and cities, and UTC."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def habits_of(user: User) -> Habits:
    """Return what somebody has said of when to be told; nothing said is at once and UTC."""
    row = NoticeHabits.objects.filter(user=user).first()
    return habits_in(row) if row else Habits()


def habits_in(row: NoticeHabits) -> Habits:
    """Return a row as a value."""
    return Habits(
        time_zone=row.time_zone, mail_rhythm=row.mail_rhythm, quiet_from=row.quiet_from, quiet_until=row.quiet_until
    )
