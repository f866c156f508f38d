"""manage.py feed: the market, second by second, until it is asked to stop."""

import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from copytrading.services.demo.feeding import MarketFeed
from copytrading.services.refusals import Refusal

BACK_OFF_SECONDS_MAX = 30.0


class Command(BaseCommand):
    help = "Feed prices into the market about once a second, check the stop losses, and let the demo's leads trade."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=int, default=0, help="end after this many ticks; 0 goes on for ever")

    def handle(self, *, seconds: int, **_: Any) -> None:
        self.asked_to_stop = threading.Event()
        previous = {number: signal.signal(number, self.stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self.run(ticks_max=seconds)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        self.say("The market feed has stopped.")

    def stop(self, *_: Any) -> None:
        self.asked_to_stop.set()

    def run(self, *, ticks_max: int) -> None:
        """Tick until asked to stop. A database that is away is waited for, longer each time."""
        feed: MarketFeed | None = None
        ticks, back_off_seconds, was_over = 0, 1.0, False
        while not self.asked_to_stop.is_set() and (not ticks_max or ticks < ticks_max):
            began_at = time.monotonic()
            try:
                if feed is None:
                    feed = MarketFeed(now=timezone.now())
                    self.say(f"Prices are {feed.name}.")
                feed.tick(now=timezone.now())
                if feed.is_over(now=timezone.now()) and not was_over:
                    was_over = True
                    self.say("The recording is over; its last prices stay and grow stale.")
            except DatabaseError as trouble:
                self.recover(trouble, back_off_seconds=back_off_seconds)
                back_off_seconds = min(back_off_seconds * 2, BACK_OFF_SECONDS_MAX)
                continue
            ticks, back_off_seconds = ticks + 1, 1.0
            # To the next full second, so that a slow tick does not push the others back.
            self.asked_to_stop.wait(max(0.05, 1.0 - (time.monotonic() - began_at)))

    def recover(self, trouble: DatabaseError, *, back_off_seconds: float) -> None:
        """
        Wait after a database error, with a new connection.

        :raises DatabaseError: the trouble itself, if it is not about the connection: then we are wrong, not the server.
        """
        if not isinstance(trouble, OperationalError | InterfaceError):
            raise trouble
        connection.close()
        self.say(f"The database does not answer ({str(trouble).splitlines()[0]}); again in {back_off_seconds:g} s.")
        self.asked_to_stop.wait(back_off_seconds)

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
