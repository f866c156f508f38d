"""
Looking without the bell: while no worker answers the beat, this does what the timetable says.

Every task is one call that claims its rows, so whoever does it beside a worker does no harm. It is slower, as it does
one thing after the other, and never still: Valkey, beat and workers may all be away. So what a task would ring for (the
look at each lead that is due is a task of its own) is done here, too: no worker would hear it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError

from copytrading.queries.operating.running import has_heard_rings
from copytrading.services import bell

# Rings come every five seconds; twice that without one, and we look ourselves.
TAKE_OVER_AFTER = timedelta(seconds=10)

log = structlog.get_logger(__name__)


class Rung:
    """Keeps what is rung for whoever stands by, each ring once; pages are told as always."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Any, ...], None] = {}

    def send(self, task_name: str, *arguments: int) -> None:
        self._waiting[task_name, *arguments] = None

    def tell(self, messages: Sequence[tuple[str, str]]) -> None:
        bell.tell_pages(messages)

    def take(self) -> list[tuple[Any, ...]]:
        """Return the rings that wait, as name and arguments; what is rung from now on is for the next time."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting


class Standby:
    """
    The timetable, done by hand where it has to be.

    :param timetable: seconds between two calls, by the name of the task. :param call: calls a task by its name, with
        its arguments.
    """

    def __init__(self, *, timetable: Mapping[str, float], call: Callable[..., Any]) -> None:
        self._timetable = timetable
        self._call = call
        self._rung = Rung()
        self._next_at: dict[str, datetime] = {}
        self.is_needed = False

    def look(self, *, now: datetime) -> int:
        """
        Do what is due if nobody else does it, and return how much that was.

        :raises OperationalError: or InterfaceError, if the database is away: then nobody can do anything.
        """
        is_needed = not has_heard_rings(now=now, within=TAKE_OVER_AFTER)
        if is_needed != self.is_needed:
            self.is_needed = is_needed
            log.warning("standby_takes_over" if is_needed else "standby_steps_back")
        if not is_needed:
            return 0
        due = [name for name in self._timetable if self._next_at.get(name, now) <= now]
        with bell.carried_by(self._rung):
            # What the last look rang for at its end is done first.
            done = self._answer()
            for name in due:
                self._next_at[name] = now + timedelta(seconds=self._timetable[name])
                self._do(name)
                done += 1 + self._answer()
        return done

    def _answer(self) -> int:
        """Do what was rung for by now."""
        rung = self._rung.take()
        for name, *arguments in rung:
            self._do(name, *arguments)
        return len(rung)

    def _do(self, name: str, *arguments: int) -> None:
        try:
            self._call(name, *arguments)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # One task that fails keeps nobody from the others, as with workers.
            log.exception("standby_task_failed", task=name)
