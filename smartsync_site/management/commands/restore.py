"""manage.py restore: put the database back to a backup, and halt everything until it agrees with the venue."""

import time
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, connection
from django.utils import timezone

from copytrading.queries.operating.running import alive_names
from copytrading.services.safety import restores
from smartsync_site import backups


class Command(BaseCommand):
    help = (
        "Replace everything in the database by a backup. Afterwards nothing is sent to the venue until ledger and venue"
        " agree once, and client order ids are new ones."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, metavar="FOLDER", help="a folder that manage.py backup made")
        parser.add_argument("--replace", action="store_true", help="yes, what is in the database now is given up")

    def handle(self, *, backup: Path, replace: bool, **_: Any) -> None:
        began_at = time.monotonic()
        if not replace:
            raise CommandError(
                "This gives up what is in the database now. Take a backup of it, then say --replace.", returncode=2
            )
        if running := self.running():
            raise CommandError(f"Stop these first: {', '.join(running)}.", returncode=2)
        try:
            manifest = backups.read_manifest(backup)
            backups.load(backup)
            found = backups.figures()
        except backups.BackupFailed as failure:
            raise CommandError(str(failure), returncode=2) from None
        if found != manifest.figures:
            raise CommandError(f"It adds up to {found}, and said {manifest.figures}.", returncode=1)
        call_command("migrate", interactive=False, verbosity=0)
        restores.note_restore(taken_at=manifest.taken_at, now=timezone.now())
        self.stdout.write(
            f"Restored to {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC in {time.monotonic() - began_at:.1f} s. Everything"
            " is halted until ledger and venue agree; the operators' first page says what is missing."
        )

    def running(self) -> list[str]:
        """Return what still runs, as far as there are tables that say so."""
        try:
            return alive_names(now=timezone.now())
        except ProgrammingError:
            connection.close()
            return []
