"""What a person, and whoever helps them, sees of their archives and their erasure."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import Archive, ArchiveFile, Erasure, User
from copytrading.queries.personal.obstacles import obstacles_of


@dataclass(frozen=True, kw_only=True)
class OwnData:
    """An archive that is being made or can be fetched, the erasure that waits, and what stands in its way."""

    making: Archive | None
    ready: Archive | None
    erasure: Erasure | None
    obstacles: tuple[str, ...]


def own_data_of(user: User, *, now: datetime) -> OwnData:
    """Return how it stands with a person's own data."""
    kept = list(archives_of(user, now=now)[:20])
    return OwnData(
        making=next((archive for archive in kept if archive.made_at is None), None),
        ready=next((archive for archive in kept if archive.made_at is not None), None),
        erasure=open_erasures().filter(user=user).first(),
        obstacles=tuple(obstacles_of(user)),
    )


def archives_of(user: User, *, now: datetime) -> QuerySet[Archive]:
    """Return the archives of a person that are being made or can be fetched, the latest first."""
    over = Archive.objects.filter(kept_until__lte=now).values("pk")
    return Archive.objects.filter(user=user, removed_at__isnull=True).exclude(pk__in=over).order_by("-pk")


def ready_archives_of(user: User, *, now: datetime) -> QuerySet[Archive]:
    """Return the archives that a person can fetch."""
    return Archive.objects.filter(user=user, removed_at__isnull=True, kept_until__gt=now)


def content_of(archive: Archive) -> bytes:
    """Return the bytes of an archive that can be fetched."""
    return bytes(ArchiveFile.objects.values_list("content", flat=True).get(pk=archive.pk))


def open_erasures() -> QuerySet[Erasure]:
    """Return the erasures that are neither done nor withdrawn."""
    return Erasure.objects.filter(done_at__isnull=True, withdrawn_at__isnull=True)
