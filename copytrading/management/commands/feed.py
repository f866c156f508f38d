"""manage.py feed: the market, second by second, until it is asked to stop."""

import contextlib
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from copytrading.services.feed import source as price_feed
from copytrading.services.feed.live import LiveFeed
from copytrading.services.market import listings
from copytrading.services.refusals import Refusal
from copytrading.services.running import heartbeats
from copytrading.worlds.demo.acting import DemoLeads
from copytrading.worlds.demo.feeding import MarketFeed

BACK_OFF_SECONDS_MAX = 5.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Command(BaseCommand):
    help = "Feed prices into the market about once a second, check the stop losses, and let the demo's leads trade."

    def handle(self, **_: Any) -> None:
        # A plain flag: an Event set by a signal handler can lock up when the signal arrives inside its wait.
        self.asked_to_stop = False
        for number in STOP_SIGNALS:
            signal.signal(number, self.stop)
        try:
            self.run()
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.say("The market feed has stopped.")

    def stop(self, *_: Any) -> None:
        self.asked_to_stop = True

    def run(self) -> None:
        """Tick until asked to stop. A database that is away is waited for, longer each time."""
        feed: MarketFeed | LiveFeed | None = None
        back_off_seconds, was_over, beaten_at = 1.0, False, float("-inf")
        while not self.asked_to_stop:
            began_at = time.monotonic()
            try:
                if feed is None:
                    feed = self.open_feed()
                    self.say(f"The market is {feed.name}.")
                    listings.watch_listings(now=timezone.now())
                feed.tick(now=timezone.now())
                if time.monotonic() >= beaten_at + heartbeats.BEAT_SECONDS:
                    beaten_at = time.monotonic()
                    heartbeats.beat(kind=heartbeats.Kind.FEED, now=timezone.now())
                if feed.is_over(now=timezone.now()) and not was_over:
                    was_over = True
                    self.say("The recording is over; its last prices stay and grow stale.")
            except DatabaseError as trouble:
                self.recover(trouble, back_off_seconds=back_off_seconds)
                back_off_seconds = min(back_off_seconds * 2, BACK_OFF_SECONDS_MAX)
                continue
            back_off_seconds = 1.0
            self.wait_until(began_at + 1.0)
        if isinstance(feed, LiveFeed):
            feed.close()
        with contextlib.suppress(DatabaseError):
            heartbeats.stop(kind=heartbeats.Kind.FEED)

    def open_feed(self) -> MarketFeed | LiveFeed:
        """Open the feed that the settings name; with paper money the demo's leads trade beside live prices too."""
        if not price_feed.is_live():
            return MarketFeed(now=timezone.now())
        return LiveFeed(now=timezone.now(), leads=DemoLeads() if price_feed.is_paper() else None)

    def recover(self, trouble: DatabaseError, *, back_off_seconds: float) -> None:
        """
        Wait after a database error, with a new connection.

        :raises DatabaseError: the trouble itself, if it is not about the connection: then we are wrong, not the server.
        """
        if not isinstance(trouble, OperationalError | InterfaceError):
            raise trouble
        connection.close()
        self.say(f"The database does not answer ({str(trouble).splitlines()[0]}); again in {back_off_seconds:g} s.")
        self.wait_until(time.monotonic() + back_off_seconds)

    def wait_until(self, moment: float) -> None:
        """Sleep in short pieces, so that a signal is heeded at once."""
        while not self.asked_to_stop and (seconds := moment - time.monotonic()) > 0:
            time.sleep(min(seconds, 0.1))

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
