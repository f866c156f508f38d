"""
How fast one trade of a lead reaches all copies: decided, sent, allocated, posted, committed.

A bare time says little on a shared machine, so each repeat measures three things right after one another (our cycle,
the floor, the loop; see benchmarking_floor) and the ratios of their medians are what counts. Needs a database of its
own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from time import perf_counter
from typing import Any

from django.db import connection
from django.test.utils import override_settings

from copytrading.models import LeadOrder, Order
from copytrading.worlds.benchmarking.crowd import CROWD_SETTINGS, LEAD_STAKE, Crowd
from copytrading.worlds.benchmarking.floor import prepare_floor, time_floor, time_loop

SYMBOL = "BTC"
TRADE_VALUE = Decimal(LEAD_STAKE) / 50
LOOP_FOLLOWERS = 100
KILOBYTES_A_MEGABYTE = 1024


@dataclass(frozen=True, kw_only=True)
class SyncFigures:
    """
    What one lead trade costs with so many copies; seconds are medians over the repeats.

    `peak_memory_mb` is how far the process grew above what it took before the crowd came; `queries` are statements
    through the cursor (an order's two COPYs not counted).
    """

    copies: int
    repeats: int
    seconds: float
    floor_seconds: float
    loop_seconds_per_copy: float
    queries: int
    peak_memory_mb: float

    @property
    def copies_per_second(self) -> float:
        return self.copies / self.seconds

    @property
    def times_floor(self) -> float:
        return self.seconds / self.floor_seconds

    @property
    def times_per_follower_loop(self) -> float:
        return self.loop_seconds_per_copy * self.copies / self.seconds


def measure_sync(*, copies: int, repeats: int, now: datetime, show: Callable[[str], None]) -> SyncFigures:
    """Gather a crowd and return what a lead's trade costs. Owns its commits."""
    idle_memory_mb = _memory_mb("VmRSS")
    ours, floor, loop, queries, peaks = [], [], [], [], []
    with override_settings(**CROWD_SETTINGS):
        crowd = Crowd(copies=copies, now=now)
        show(f"Bringing in {copies:,} copies ...")
        crowd.gather()
        prepare_floor()
        for repeat in range(repeats):
            show(f"Measuring, {repeat + 1} of {repeats} ...")
            crowd.lead_trades(SYMBOL, LeadOrder.Side.BUY, value=TRADE_VALUE)
            _forget_peak()
            with _counted_queries() as count:
                began_at = perf_counter()
                crowd.sync()
                ours.append(perf_counter() - began_at)
            queries.append(count[0])
            peaks.append(_memory_mb("VmHWM"))
            order = Order.objects.select_related("market").filter(cycle__lead=crowd.lead).latest("pk")
            assert len(order.participant_ids) == copies + 1, "every copy and the lead take part"
            floor.append(time_floor(order=order))
            loop.append(time_loop(order=order, followers=min(LOOP_FOLLOWERS, copies), now=crowd.now))
    return SyncFigures(
        copies=copies,
        repeats=repeats,
        seconds=median(ours),
        floor_seconds=median(floor),
        loop_seconds_per_copy=median(loop),
        queries=max(queries),
        peak_memory_mb=max(peaks) - idle_memory_mb,
    )


@contextmanager
def _counted_queries() -> Iterator[list[int]]:
    """Count the statements of a block, in the one element of the list."""
    count = [0]

    def counting(execute: Callable[..., Any], *call: Any) -> Any:
        count[0] += 1
        return execute(*call)

    with connection.execute_wrapper(counting):
        yield count


def _forget_peak() -> None:
    """Let Linux start to measure the peak anew; elsewhere it is the peak since the start."""
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")


def _memory_mb(name: str) -> float:
    """Return a figure of this process's memory: VmRSS now, VmHWM at its peak."""
    status = Path("/proc/self/status")
    if not status.exists():
        return getrusage(RUSAGE_SELF).ru_maxrss / KILOBYTES_A_MEGABYTE
    line = next(line for line in status.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / KILOBYTES_A_MEGABYTE
