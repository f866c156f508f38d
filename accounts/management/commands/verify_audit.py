"""manage.py verify_audit: count the chain of the audit anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit

SHOWN_MAX = 20


class Command(BaseCommand):
    help = "Check that no entry of the audit was changed, removed or put in between; say which, and end with 1 if so."

    def handle(self, **_: Any) -> None:
        count, faults = audit.verify()
        if faults:
            shown = "\n".join(faults[:SHOWN_MAX])
            raise CommandError(f"The audit of {count} entries is not whole ({len(faults)} findings):\n{shown}")
        self.stdout.write(f"The audit is whole: {count} entries, each follows on the one before.")
