"""
How long a platform with a million orders is gone when its database is, and how much of the past goes with it.

    taken ──backup──→ whole ──┄ the interval of backups ┄──→ gone ──restore──→ loaded and compared ──look──→ agrees

What was committed after `taken` is not in the backup, so a platform that takes one after the other loses at least as
much as one takes, and the interval on top where it waits in between. It is back when ledger and venue agreed once,
since nothing is sent before. Needs a database of its own, which it gives up; the backup goes into a temporary folder.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from time import perf_counter

from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from accounts.models import Journal
from copytrading.models import Halt, Heartbeat, Order, Restore
from copytrading.services.safety import reconciling
from copytrading.worlds.benchmarking.pages import PAGE_SETTINGS
from copytrading.worlds.benchmarking.panel import Yard

BYTES_A_MEGABYTE = 10**6


@dataclass(frozen=True, kw_only=True)
class RestoreFigures:
    """What a backup and a restore took, in seconds by the wall, and how much there was."""

    orders: int
    journals: int
    database_mb: float
    backup_mb: float
    backup_seconds: float
    restore_seconds: float
    agreement_seconds: float

    @property
    def rpo_seconds_least(self) -> float:
        """Return how old the past is that comes back, where one backup follows the other without a pause."""
        return self.backup_seconds

    @property
    def rto_seconds(self) -> float:
        """Return how long it takes from the loss until orders may be sent again."""
        return self.restore_seconds + self.agreement_seconds


def measure_restore(*, orders: int, now: datetime, show: Callable[[str], object]) -> RestoreFigures:
    """Write a platform with so many orders, back it up, give it up, and bring it back. Owns its commits."""
    with override_settings(**PAGE_SETTINGS), tempfile.TemporaryDirectory() as folder:
        Yard(now=now).fill(orders=orders, alarms=1, show=show)
        # Nobody runs, and nothing is on its way: what is open would be asked about first.
        Order.objects.filter(booked_at__isnull=True).delete()
        Heartbeat.objects.all().delete()
        counted, journals, size = Order.objects.count(), Journal.objects.count(), _database_bytes()
        show(f"Backing up {size / BYTES_A_MEGABYTE:,.0f} MB ...")
        began_at = perf_counter()
        call_command("backup", to=Path(folder), stdout=StringIO())
        backup_seconds = perf_counter() - began_at
        (backup,) = Path(folder).iterdir()
        show("Giving it up and bringing it back ...")
        began_at = perf_counter()
        call_command("restore", backup, replace=True, stdout=StringIO())
        restore_seconds = perf_counter() - began_at
        began_at = perf_counter()
        reconciling.reconcile(now=timezone.now())
        agreement_seconds = perf_counter() - began_at
        assert Order.objects.count() == counted, "every order is back"
        assert not Restore.objects.filter(clean_at__isnull=True).exists(), "ledger and venue agree"
        assert not Halt.objects.filter(lifted_at__isnull=True).exists(), "orders may be sent"
        return RestoreFigures(
            orders=counted,
            journals=journals,
            database_mb=size / BYTES_A_MEGABYTE,
            backup_mb=sum(file.stat().st_size for file in backup.iterdir()) / BYTES_A_MEGABYTE,
            backup_seconds=backup_seconds,
            restore_seconds=restore_seconds,
            agreement_seconds=agreement_seconds,
        )


def _database_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])
