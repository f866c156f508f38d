"""
Run one look at a lead in a process of its own, and die by SIGKILL at a named point.

    python -m tests.faults.crash_once LEAD_ID SECONDS POINT

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
from copytrading.exchange.paper.venue import PaperVenue  # noqa: E402
from copytrading.services.books import positions  # noqa: E402
from copytrading.services.cycle import settling, syncing  # noqa: E402
from copytrading.services.orders import trading  # noqa: E402

POINTS: dict[str, tuple[Any, str, str]] = {
    "before the orders are written": (trading, "write_orders", "before"),
    "orders written, not committed": (positions, "answer_pending", "before"),
    "claimed, not sent": (PaperVenue, "place_limit_ioc", "before"),
    "accepted, not recorded": (PaperVenue, "place_limit_ioc", "after"),
    "recorded, not booked": (trading, "book_order", "before"),
    "posted, not committed": (ledger, "post_at_once", "after"),
    "booked, cycle not settled": (settling, "settle_lead", "before"),
    "settled": (settling, "settle_lead", "after"),
}


def die_at(point: str) -> None:
    room, name, moment = POINTS[point]
    original: Callable[..., Any] = getattr(room, name)

    def deadly(*arguments: Any, **named: Any) -> Any:
        if moment == "after":
            original(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(room, name, deadly)


if __name__ == "__main__":
    settings.SMARTSYNC_BELL = False
    die_at(sys.argv[3])
    syncing.sync_lead(lead_id=int(sys.argv[1]), now=datetime.fromtimestamp(float(sys.argv[2]), tz=UTC))
