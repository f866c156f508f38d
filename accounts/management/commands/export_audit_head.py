"""manage.py export_audit_head: write today's head of the audit, signed. The beat does so once a day."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts import audit


class Command(BaseCommand):
    help = "Write the number and hash of the last entry of the audit, signed, into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=Path(settings.AUDIT_FOLDER), help="where to (AUDIT_FOLDER)")

    def handle(self, *, folder: Path, **_: Any) -> None:
        self.stdout.write(str(audit.export_head(folder=folder, now=timezone.now())))
