"""manage.py drill: try whether a backup could be restored, in a database of its own."""

import time
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from copytrading.services.safety import reconciling
from smartsync_site import backups


class Command(BaseCommand):
    help = (
        "Restore a backup into a database of its own, add everything up again, compare with what it said, and drop it. "
        "Ends with 1 if a single unit differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, metavar="FOLDER", help="a folder that manage.py backup made")

    def handle(self, *, backup: Path, **_: Any) -> None:
        began_at = time.monotonic()
        try:
            manifest = backups.read_manifest(backup)
            with backups.scratch_database(now=timezone.now()):
                backups.load(backup)
                loaded_after = time.monotonic() - began_at
                found = backups.figures()
                call_command("migrate", interactive=False, verbosity=0)
                report = reconciling.check_ledger()
        except (backups.BackupFailed, reconciling.CustodyNotCompared) as failure:
            raise CommandError(str(failure), returncode=2) from None
        wrong = [finding.sentence for finding in report.findings]
        if found != manifest.figures:
            wrong.append(f"It adds up to {found}, and said {manifest.figures}.")
        self.stdout.write(
            f"Restored in {loaded_after:.1f} s, looked at after {time.monotonic() - began_at:.1f} s:"
            f" {found.journals:,} journals, {found.postings:,} postings, {found.orders:,} orders."
        )
        for symbol, difference in report.differences.items():
            if difference:
                self.stdout.write(f"{symbol}: the venue keeps {difference.normalize():+f} beside it by now.")
        if wrong:
            raise CommandError(" ".join(wrong), returncode=1)
        self.stdout.write("Every sum is what it was, and the ledger adds up.")
