"""
The archive of everything that is kept of a person.

    1. It is asked for: a row, and a ring. While one is made, asking again comes to the same one.
    2. A worker claims the row and packs it, from one snapshot, so that its figures fit each other.
    3. File, row and notice are written together. An older file goes; this one goes after the days that are set.

A worker that dies between 2 and 3 leaves a row whose claim is old: the beat has another one pack it.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext

from accounts.models import Archive, ArchiveFile, User
from accounts.transactions import in_transaction, outside_transaction, owns_transaction
from copytrading.models import Notice
from copytrading.services import bell
from copytrading.services.personal.packing import packed
from copytrading.services.refusals import Refusal
from copytrading.services.telling import notices

log = structlog.get_logger()

CLAIM = timedelta(minutes=10)
ATTEMPTS_MAX = 5
AGAIN_AFTER = timedelta(hours=1)


class ArchiveTooSoon(Refusal, code="archive_too_soon"):
    """An archive was made within the last hour."""


@owns_transaction
def ask_for_archive(*, user: User, by: User, now: datetime, reason: str = "") -> Archive:
    """
    Have everything packed that is kept of a person; return the archive, which is there a little later.

    :param by: the person, or the operator who asks on their behalf: then `reason` says why.
    :raises ArchiveTooSoon: if one was made within the last hour.
    """
    User.objects.select_for_update().get(pk=user.pk)
    kept = Archive.objects.filter(user=user, removed_at__isnull=True)
    making = kept.filter(made_at__isnull=True).first()
    if making is not None:
        return making
    if kept.filter(asked_at__gt=now - AGAIN_AFTER).exists():
        raise ArchiveTooSoon(gettext("An archive was made within the last hour: fetch that one, or ask again later."))
    archive = Archive.objects.create(user=user, asked_by=by, reason=reason.strip()[:200], asked_at=now)
    bell.ring_for_archive(archive.pk)
    return archive


@outside_transaction
def make_archive(*, archive_id: int, now: datetime) -> Archive | None:
    """Pack an archive that was asked for, unless somebody else does; return it once it is ready."""
    open_ones = Archive.objects.filter(pk=archive_id, made_at__isnull=True, removed_at__isnull=True)
    free = open_ones.filter(Q(begun_at__isnull=True) | Q(begun_at__lte=now - CLAIM))
    if not free.update(begun_at=now, attempts=F("attempts") + 1):
        return None
    content = packed(user=User.objects.get(archives=archive_id), now=now)
    with transaction.atomic():
        archive = open_ones.select_for_update().filter(begun_at=now).first()
        return None if archive is None else _keep(archive, content, now)


def make_waiting_archives(*, now: datetime) -> int:
    """Pack what nobody packs: its ring was lost, or its worker died. What failed too often is given up."""
    waiting = Archive.objects.filter(
        Q(begun_at__isnull=True, asked_at__lte=now - timedelta(seconds=20)) | Q(begun_at__lte=now - CLAIM),
        made_at__isnull=True,
        removed_at__isnull=True,
    )
    given_up = waiting.filter(attempts__gte=ATTEMPTS_MAX).update(removed_at=now)
    if given_up:
        log.error("archives could not be packed and were given up", archives=given_up)
    return sum(make_archive(archive_id=each, now=now) is not None for each in waiting.values_list("pk", flat=True))


@in_transaction
def remove_archives(*, kept_until: datetime, user: User | None = None, now: datetime) -> int:
    """Remove the files of archives that were to be kept until then at the latest, and return how many."""
    over = Archive.objects.filter(Q(kept_until__lte=kept_until), removed_at__isnull=True)
    if user is not None:
        over = Archive.objects.filter(user=user, removed_at__isnull=True)
    ids = list(over.select_for_update().order_by("pk").values_list("pk", flat=True))
    ArchiveFile.objects.filter(pk__in=ids).delete()
    return Archive.objects.filter(pk__in=ids).update(removed_at=now)


@in_transaction
def _keep(archive: Archive, content: bytes, now: datetime) -> Archive:
    older = Archive.objects.filter(user=archive.user_id, made_at__isnull=False, removed_at__isnull=True)
    ids = list(older.values_list("pk", flat=True))
    ArchiveFile.objects.filter(pk__in=ids).delete()
    Archive.objects.filter(pk__in=ids).update(removed_at=now)
    ArchiveFile.objects.create(archive=archive, content=content)
    archive.made_at, archive.byte_count = now, len(content)
    archive.kept_until = now + timedelta(days=settings.KEEP_ARCHIVES_DAYS)
    archive.save(update_fields=["made_at", "byte_count", "kept_until"])
    notices.tell_person(
        archive.user_id,
        Notice.Kind.ARCHIVE_READY,
        now,
        number=settings.KEEP_ARCHIVES_DAYS,
        once=f"archive:{archive.pk}",
    )
    return archive
