"""Celery's beat with a heart, and without a file that it would have to write somewhere."""

import time
from typing import Any

from celery.beat import Scheduler
from celery.schedules import schedule

from smartsync_site.watching import hearts


class BeatingScheduler(Scheduler):
    """
    The timetable in memory: after a restart every entry that rings by the second rings at once, which does no harm.

    Where the broker is away Celery waits inside a tick, and the heart stops: then there is no beat.
    """

    beaten_at = float("-inf")

    def setup_schedule(self) -> None:
        super().setup_schedule()
        for entry in self.schedule.values():
            # The library counts from the start, so that what rings rarely would wait anew at each of them.
            if isinstance(entry.schedule, schedule):
                entry.last_run_at -= entry.schedule.run_every

    def tick(self, *arguments: Any, **named: Any) -> float:
        if time.monotonic() >= self.beaten_at + hearts.BEAT_SECONDS:
            self.beaten_at = time.monotonic()
            hearts.beat_once("BEAT")
        seconds: float = super().tick(*arguments, **named)
        return min(seconds, hearts.BEAT_SECONDS)

    def close(self) -> None:
        hearts.stop("BEAT")
        super().close()
