"""Seal the keys of linked accounts anew, after another key was put in front in SMARTSYNC_LINK_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from copytrading.services.safety import sealed_keys


class Command(BaseCommand):
    help = "Seals the keys of linked accounts with the first key of SMARTSYNC_LINK_KEYS; the others can then go."

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            sealed = sealed_keys.rotate_link_keys()
        except sealed_keys.KeyDoesNotOpen as trouble:
            raise CommandError(str(trouble)) from trouble
        self.stdout.write(f"{sealed} key{'' if sealed == 1 else 's'} sealed anew.")
