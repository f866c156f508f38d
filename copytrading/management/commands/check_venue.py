"""manage.py check_venue: may this installation trade where its settings say? Ends with 2 where it may not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from copytrading.services.market import opening
from copytrading.services.market.opening import VenueNotUsable


class Command(BaseCommand):
    help = "Check the venue, its key and our clock, read its markets, and say where orders go."

    def handle(self, **_: Any) -> None:
        try:
            self.stdout.write(opening.open_venue())
        except VenueNotUsable as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
