"""manage.py createsuperuser: there is another way here."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Use create_operator: operators here sign in with a second factor, and whoever made them is kept."

    def handle(self, **_: Any) -> None:
        raise CommandError("Use manage.py create_operator: operators sign in with a second factor.", returncode=2)
