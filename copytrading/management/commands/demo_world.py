"""manage.py demo_world: set up the demo world once, and say who can sign in."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from copytrading.services.refusals import Refusal
from copytrading.worlds.demo import world


class Command(BaseCommand):
    help = "Set up the demo world: a market, leads who trade, people who copy. A second run changes nothing."

    def handle(self, **_: Any) -> None:
        try:
            demo = world.set_up_world(now=timezone.now())
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Demo world: {demo.leads} leads, {demo.copies} running copies, paper money only.")
        for login in demo.logins:
            self.stdout.write(f"Sign in as {login.role:8}  {login.email}  with the password: {login.password}")
        self.stdout.write("Operators are asked for a code besides: manage.py operator_code EMAIL tells it.")
