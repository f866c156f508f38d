"""manage.py call: posts what happened to the webhooks of those who want it, until it is asked to stop."""

from django.utils import timezone

from copytrading.api.telling.events import describe
from copytrading.management.rounds import Rounds
from copytrading.services.hooks.calling import Caller, call_all


class Command(Rounds):
    help = "Post events to webhooks as they are due. Several may run: each attempt is made by one of them."
    look_seconds = 0.2

    def once(self) -> int:
        return call_all(describe=describe, clock=timezone.now)

    def run(self) -> None:
        with Caller(describe=describe, clock=timezone.now) as self.caller:
            super().run()

    def go_round(self) -> None:
        self.caller.go_round()
