"""A command that goes round and round until it is asked to stop, and waits for a database that is away."""

import signal
import time
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection

BACK_OFF_SECONDS_MAX = 5.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger()


class Rounds(BaseCommand):
    """What differs says `go_round`, `once` and how long it waits between two rounds."""

    look_seconds = 0.5

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due now, and end")

    def handle(self, *, once: bool, **_: Any) -> None:
        # A plain flag: an Event set by a signal handler can lock up when the signal arrives inside its wait.
        self.asked_to_stop = False
        if once:
            self.stdout.write(f"{self.once()} sent.")
            return
        for number in STOP_SIGNALS:
            signal.signal(number, self.stop)
        self.run()

    def once(self) -> int:
        """Do all there is to do, and return how much that was."""
        raise NotImplementedError

    def go_round(self) -> None:
        """Do what is due now."""
        raise NotImplementedError

    def stop(self, *_: Any) -> None:
        self.asked_to_stop = True

    def run(self) -> None:
        """Go round until asked to stop. A database that is away is waited for, longer each time."""
        back_off_seconds = 1.0
        while not self.asked_to_stop:
            try:
                self.go_round()
            except DatabaseError as trouble:
                if not isinstance(trouble, OperationalError | InterfaceError):
                    raise
                connection.close()
                sentence = str(trouble).splitlines()[0]
                log.warning("the database does not answer", trouble=sentence, again_in_seconds=back_off_seconds)
                self.wait(back_off_seconds)
                back_off_seconds = min(back_off_seconds * 2, BACK_OFF_SECONDS_MAX)
                continue
            back_off_seconds = 1.0
            self.wait(self.look_seconds)

    def wait(self, seconds: float) -> None:
        """Sleep in short pieces, so that a signal is heeded at once."""
        ends_at = time.monotonic() + seconds
        while not self.asked_to_stop and (left := ends_at - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
