"""Seal keys of linked accounts and secrets of webhooks anew, after another key was put in front."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.sealing import SealDoesNotOpen
from copytrading.services.hooks import hook_secrets
from copytrading.services.safety import sealed_keys


class Command(BaseCommand):
    help = "Seals what is kept sealed with the first key of SMARTSYNC_LINK_KEYS; the others can then go."

    def handle(self, *_: Any, **__: Any) -> None:
        try:
            sealed = sealed_keys.rotate_link_keys()
            webhooks = hook_secrets.rotate_seals()
        except (sealed_keys.KeyDoesNotOpen, SealDoesNotOpen) as trouble:
            raise CommandError(str(trouble)) from trouble
        self.stdout.write(f"{sealed} key{'' if sealed == 1 else 's'} sealed anew.")
        if webhooks:
            self.stdout.write(f"{webhooks} webhook{'' if webhooks == 1 else 's'} sealed anew.")
