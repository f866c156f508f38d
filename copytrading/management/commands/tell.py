"""manage.py tell: sends what people are to be told, by e-mail and push, until it is asked to stop."""

from django.utils import timezone

from copytrading.management.rounds import Rounds
from copytrading.services.telling.sending import send_round


class Command(Rounds):
    help = "Send notices by e-mail and push as they are due. Several may run: each message is sent by one of them."

    def once(self) -> int:
        return send_round(clock=timezone.now)

    def go_round(self) -> None:
        send_round(clock=timezone.now)
