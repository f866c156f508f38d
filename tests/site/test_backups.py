"""A backup comes back to the unit, and one that is broken is refused before anything is given up."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from accounts.models import Journal
from copytrading.models import Lead, Order, Restore
from copytrading.queries.operating.halts import standing_halts
from copytrading.services.running import heartbeats
from smartsync_site import backups
from tests.cast import World


@pytest.mark.django_db(transaction=True)
def test_what_is_backed_up_is_drilled_and_restored(world: World, lead: Lead, tmp_path: Path) -> None:
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.settle()
    call_command("backup", to=tmp_path, stdout=StringIO())
    (made,) = tmp_path.iterdir()
    before, said = Journal.objects.count(), StringIO()
    call_command("drill", made, stdout=said)
    assert "Every sum is what it was" in said.getvalue()
    world.lead_trades(lead, "ETH", "BUY", "1")
    world.settle()
    assert (Journal.objects.count() > before, Order.objects.count()) == (True, 2)
    with pytest.raises(CommandError, match="--replace"):
        call_command("restore", made)
    heartbeats.beat(kind=heartbeats.Kind.WORKER, now=timezone.now())
    with pytest.raises(CommandError, match="Stop these first: worker@"):
        call_command("restore", made, replace=True)
    heartbeats.stop(kind=heartbeats.Kind.WORKER)

    call_command("restore", made, replace=True, stdout=StringIO())

    assert (Journal.objects.count(), Order.objects.count()) == (before, 1)
    assert standing_halts().platform
    assert Restore.objects.get().clean_at is None


class TestBrokenBackup:
    def test_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(backups.BackupFailed, match="is no backup"):
            backups.read_manifest(tmp_path)
        figures = {"journals": 1, "postings": 2, "liabilities": {}, "people": 1, "orders": 0, "migrations": {}}
        manifest = {"taken_at": "2026-01-05T12:00:00+00:00", "sha256": "", "bytes": 9, "figures": figures}
        (tmp_path / backups.DUMP).write_bytes(b"half of it")
        (tmp_path / backups.MANIFEST).write_text(json.dumps(manifest))
        with pytest.raises(backups.BackupFailed, match="its checksum differs"):
            backups.read_manifest(tmp_path)
