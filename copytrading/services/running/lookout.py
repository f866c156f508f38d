"""
Whether PostgreSQL and Valkey answer, watched from beside: whoever waits for an answer tells nobody that none comes.

    asked every few seconds ──→ no answer for half a minute: told outside ──→ told to more people, then every hour
                                                                         └──→ answers again: that is told, too

No row is written, since the database may be what is away. Every standby tells for itself.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from copytrading.queries.operating.running import SILENT_AFTER
from copytrading.services.running.sirens import AGAIN_AFTER, ESCALATE_AFTER

ASK_AGAIN_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Tell(Protocol):
    """Say something outside, and return whether it reached anybody."""

    def __call__(self, *, title: str, sentence: str, is_escalated: bool = False) -> bool: ...


class Lookout:
    """
    One server that is watched.

    :param ask: returns once the server has answered; it may raise, and it may hang. :param clock: in seconds.
    """

    def __init__(
        self, *, name: str, ask: Callable[[], object], tell: Tell, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._ask, self._tell, self._clock = name, ask, tell, clock
        self._answered_at = clock()
        self._told_at = 0.0
        self._times_told = 0

    def start(self) -> None:
        """Watch from now on for as long as the process lives: one thread asks, the other one never waits for it."""
        for work, seconds in ((self.ask_once, ASK_AGAIN_SECONDS), (self.look, LOOK_AGAIN_SECONDS)):
            name = f"{self._name} {work.__name__}"
            threading.Thread(target=_for_ever, args=(work, seconds), name=name, daemon=True).start()

    def ask_once(self) -> None:
        """Ask the server, and note that it answered."""
        try:
            self._ask()
        except Exception as trouble:
            # Whatever came, it was no answer.
            log.info("server_does_not_answer", server=self._name, reason=type(trouble).__name__)
        else:
            self._answered_at = self._clock()

    def look(self) -> None:
        """Tell what there is to tell; what reached nobody is tried again at the next look."""
        silent_seconds = self._clock() - self._answered_at
        if silent_seconds < SILENT_AFTER.total_seconds():
            if self._times_told and self._tell(
                title=f"Notice: {self._name} answers again", sentence=f"{self._name} answers again."
            ):
                self._times_told = 0
            return
        if not self._is_due():
            return
        is_escalated = self._times_told > 0
        if self._tell(
            title=f"{'STILL OPEN' if is_escalated else 'Alarm'}: {self._name} does not answer",
            sentence=f"{self._name} has not answered for {silent_seconds:.0f} s.",
            is_escalated=is_escalated,
        ):
            self._told_at = self._clock()
            self._times_told += 1

    def _is_due(self) -> bool:
        if not self._times_told:
            return True
        wait = ESCALATE_AFTER if self._times_told == 1 else AGAIN_AFTER
        return self._clock() >= self._told_at + wait.total_seconds()


def _for_ever(work: Callable[[], None], seconds: float) -> None:
    while True:
        work()
        time.sleep(seconds)
