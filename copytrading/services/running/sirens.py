"""
Alarms leave the box: by mail and by every kind of address that the library knows (webhook, chat, pager).

    raised ──→ told ──→ told to more people after a while ──→ told again every hour, until cleared or silenced

A row is claimed before it is told, so several processes may try at once. Nothing here asks Valkey.
"""

import urllib.request
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from django.conf import settings
from django.core import mail
from django.db.models import F, Q

from accounts.models import User
from copytrading.models import Alarm
from copytrading.queries.operating.running import running
from copytrading.services.refusals import Refusal

ESCALATE_AFTER = timedelta(minutes=15)
AGAIN_AFTER = timedelta(hours=1)
TIMEOUT_SECONDS = 10
# Of the runbook: what is said of a process is said of a server, too.
SILENCE = Alarm.Kind.PROCESS_SILENT

log = structlog.get_logger(__name__)


class AlarmNotOpen(Refusal):
    code = "alarm_not_open"


def sound(*, now: datetime) -> int:
    """
    Tell people what they have not been told of open alarms, and return how many were told.

    Alarms of low grade are told once and to nobody else; what could not be told to anybody is tried again.
    """
    if not settings.SMARTSYNC_ALARM_URLS and not settings.SMARTSYNC_ALARM_MAILS:
        return 0
    told = 0
    waiting = Alarm.objects.filter(cleared_at__isnull=True).filter(Q(silenced_until=None) | Q(silenced_until__lte=now))
    for alarm in waiting.order_by("pk"):
        if not _is_due(alarm, now):
            continue
        claim = Alarm.objects.filter(pk=alarm.pk, told_count=alarm.told_count, cleared_at__isnull=True)
        if not claim.update(told_at=now, told_count=F("told_count") + 1):
            continue
        if _tell(alarm, escalated=alarm.told_count > 0):
            told += 1
        else:
            Alarm.objects.filter(pk=alarm.pk, told_at=now).update(told_at=alarm.told_at, told_count=alarm.told_count)
    return told


def silence(*, alarm_id: int, until: datetime, by: User, now: datetime) -> Alarm:
    """
    Tell nobody of an alarm for a while; it stays open, and the next look still sees it.

    :raises AlarmNotOpen: if it is cleared.
    """
    if not Alarm.objects.filter(pk=alarm_id, cleared_at__isnull=True).update(silenced_until=until, silenced_by=by):
        raise AlarmNotOpen("This alarm is cleared already.")
    return Alarm.objects.get(pk=alarm_id)


def tell_directly(*, title: str, sentence: str, is_escalated: bool = False) -> bool:
    """Tell what can be no row, since the database may be what it is about; return whether it reached anybody."""
    return _say(title, f"{sentence}\n\nWhat to do: docs/runbook.md, section {SILENCE}.\n", is_escalated=is_escalated)


def ping_dead_man(*, now: datetime) -> bool:
    """
    Ask for the dead-man's address while everything that is needed is alive, and return whether it was asked.

    Who watches it elsewhere rings when it is not asked any more: then the whole machine may be gone.
    """
    if not settings.SMARTSYNC_DEAD_MAN_URL or not running(now=now).is_whole:
        return False
    try:
        with urllib.request.urlopen(settings.SMARTSYNC_DEAD_MAN_URL, timeout=TIMEOUT_SECONDS):
            return True
    except OSError as trouble:
        log.warning("dead_man_not_reached", reason=type(trouble).__name__)
        return False


def _is_due(alarm: Alarm, now: datetime) -> bool:
    if alarm.told_at is None:
        return True
    if alarm.is_low:
        return False
    return now >= alarm.told_at + (ESCALATE_AFTER if alarm.told_count == 1 else AGAIN_AFTER)


def _tell(alarm: Alarm, *, escalated: bool) -> bool:
    """Tell one alarm on all ways, and return whether any of them worked."""
    grade = "Notice" if alarm.is_low else "STILL OPEN" if escalated else "Alarm"
    title = f"{grade}: {alarm.get_kind_display()}"
    body = f"{alarm.sentence}\n\nSince {alarm.raised_at:%Y-%m-%d %H:%M:%S} UTC, seen {alarm.times_seen} times."
    # The runbook's sections are called by the kinds.
    body += f"\nWhat to do: docs/runbook.md, section {alarm.kind}.\n"
    return _say(title, body, is_escalated=escalated)


def _say(title: str, body: str, *, is_escalated: bool) -> bool:
    """Say it on all ways, to more people where it was said before; return whether any of them worked."""
    urls, mails = [*settings.SMARTSYNC_ALARM_URLS], [*settings.SMARTSYNC_ALARM_MAILS]
    if is_escalated:
        urls += settings.SMARTSYNC_ALARM_ESCALATION_URLS
    title = f"{settings.SMARTSYNC_BRAND.subject_prefix} {title}".strip()
    worked = [_mail(title, body, mails)] if mails else []
    worked += [_post(url, title, body) for url in urls]
    return any(worked)


def _mail(title: str, body: str, addresses: list[str]) -> bool:
    try:
        with mail.get_connection(timeout=TIMEOUT_SECONDS) as connection:
            return bool(mail.EmailMessage(title, body, None, addresses, connection=connection).send())
    except OSError as trouble:
        log.warning("alarm_not_mailed", reason=type(trouble).__name__)
        return False


def _post(url: str, title: str, body: str) -> bool:
    sender = _sender(url)
    return sender is not None and bool(sender.notify(body=body, title=title))


@lru_cache
def _sender(url: str):  # type: ignore[no-untyped-def]
    """Return who speaks to an address; None where the library knows no such kind."""
    # Hundreds of kinds come with it, and only who tells alarms needs them.
    import apprise  # noqa: PLC0415

    sender = apprise.Apprise()
    if not sender.add(url):
        # The address may hold a password, so only its kind is written down.
        log.error("alarm_address_unknown", kind=url.partition(":")[0])
        return None
    return sender
