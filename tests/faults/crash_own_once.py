"""
Run one look at the own accounts behind a lead in a process of its own, and die by SIGKILL at a named point.

    python -m tests.faults.crash_own_once LEAD_ID SECONDS POINT

Test-only: the points are put in from here, the platform knows nothing of them.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402

from accounts import ledger  # noqa: E402
from copytrading.exchange.paper.keyed import KeyedPaperVenue  # noqa: E402
from copytrading.services.orders import trading  # noqa: E402
from copytrading.services.own import acting, booking, rounds  # noqa: E402

# Where, whether before or after it, and at which time of being there.
POINTS: dict[str, tuple[Any, str, str, int]] = {
    "before the orders are written": (trading, "write_orders", "before", 1),
    "orders written, not committed": (rounds, "_seat", "before", 1),
    "decided": (rounds, "_decide_or_apart", "after", 1),
    "claimed, not sent": (KeyedPaperVenue, "place_limit_ioc", "before", 1),
    "accepted, not recorded": (KeyedPaperVenue, "place_limit_ioc", "after", 1),
    "one of two sent": (KeyedPaperVenue, "place_limit_ioc", "before", 2),
    "recorded, not booked": (booking, "_book", "before", 1),
    "posted, not committed": (ledger, "post_at_once", "after", 1),
    "booked, the copy not moved on": (acting, "_resolve", "before", 2),
    "sold and moved on": (rounds, "_move_on", "after", 2),
}


def die_at(point: str) -> None:
    room, name, moment, time = POINTS[point]
    original: Callable[..., Any] = getattr(room, name)
    times = 0

    def deadly(*arguments: Any, **named: Any) -> Any:
        nonlocal times
        times += 1
        if times < time:
            return original(*arguments, **named)
        if moment == "after":
            original(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return None

    setattr(room, name, deadly)


if __name__ == "__main__":
    settings.SMARTSYNC_BELL = False
    die_at(sys.argv[3])
    now = datetime.fromtimestamp(float(sys.argv[2]), tz=UTC)
    rounds.sync_own(lead_id=int(sys.argv[1]), clock=lambda: now)
