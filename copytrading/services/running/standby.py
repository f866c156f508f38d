"""
Looking without the bell: while no worker answers the beat, this does what the timetable says.

Every task is one call that claims its rows, so whoever does it beside a worker does no harm. It is slower, as it does
one thing after the other, and never still: Valkey, beat and workers may all be away.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError

from copytrading.queries.operating.running import has_heard_rings

# Rings come every five seconds; twice that without one, and we look ourselves.
TAKE_OVER_AFTER = timedelta(seconds=10)

log = structlog.get_logger(__name__)


class Standby:
    """
    The timetable, done by hand where it has to be.

    :param timetable: seconds between two calls, by the name of the task. :param call: calls a task by its name.
    """

    def __init__(self, *, timetable: Mapping[str, float], call: Callable[[str], Any]) -> None:
        self._timetable = timetable
        self._call = call
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
        for name in due:
            self._next_at[name] = now + timedelta(seconds=self._timetable[name])
            try:
                self._call(name)
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                # One task that fails keeps nobody from the others, as with workers.
                log.exception("standby_task_failed", task=name)
        return len(due)
