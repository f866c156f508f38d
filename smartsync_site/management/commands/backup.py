"""manage.py backup: copy the database while everything runs."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from smartsync_site import backups


class Command(BaseCommand):
    help = "Copy the database into a new folder, with what it adds up to and a checksum. Nothing has to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to", type=Path, default=Path("backups"), metavar="FOLDER", help="where (default: backups)"
        )

    def handle(self, *, to: Path, **_: Any) -> None:
        began_at = time.monotonic()
        try:
            made = backups.take_backup(folder=to, now=timezone.now())
        except backups.BackupFailed as failure:
            raise CommandError(str(failure), returncode=2) from None
        size = sum(file.stat().st_size for file in made.iterdir())
        self.stdout.write(f"{made}: {size / 1e6:.1f} MB in {time.monotonic() - began_at:.1f} s.")
