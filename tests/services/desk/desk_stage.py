"""A complaint that was filed, and an announcement that holds."""

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from copytrading.models import Announcement, Complaint
from copytrading.services.desk import announcements, complaints


def complaint_of(user: User, *, now: datetime, key: str = "complaint-0001", **said: Any) -> Complaint:
    """Return a complaint of somebody, the same under the same key."""
    words = {"subject": "A late order", "text": "It took a minute.", **said}
    return complaints.file(user=user, idempotency_key=key, now=now, **words)


def announce(by: User, *, now: datetime, **said: Any) -> Announcement:
    """Return an announcement to everybody for a day, with what was said otherwise."""
    words = {
        "title": "Maintenance",
        "text": "Nothing trades for an hour.",
        "level": "INFORMATION",
        "audience": "EVERYBODY",
        "holds_until": now + timedelta(days=1),
        **said,
    }
    return announcements.write(by=by, now=now, **words)
