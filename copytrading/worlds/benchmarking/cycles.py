"""
How fast one trade of a lead reaches all copies: decided, sent, allocated, posted, committed.

A bare time says little on a shared machine, so each repeat measures three things right after one another (our cycle,
the floor, the loop; see floor) and the ratios of their medians are what counts: by the wall, and by the processor,
which repeats best. Needs a database of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median

from django.test.utils import override_settings

from copytrading.models import LeadOrder, Order
from copytrading.worlds.benchmarking.crowd import CROWD_SETTINGS, LEAD_STAKE, Crowd
from copytrading.worlds.benchmarking.floor import prepare_floor, time_loop, write_floor
from copytrading.worlds.benchmarking.meters import Cost, forget_peak_memory, memory_mb, metered

SYMBOL = "BTC"
TRADE_VALUE = Decimal(LEAD_STAKE) / 50
LOOP_FOLLOWERS = 100
MICROSECONDS = 10**6


@dataclass(frozen=True, kw_only=True)
class SyncFigures:
    """
    What one lead trade costs with so many copies; all figures are medians over the repeats.

    `peak_memory_mb` is how far the process grew above what it took before the crowd came; `queries` are statements
    through the cursor (an order's two COPYs not counted). Processor seconds are those of this process and its server's.
    """

    copies: int
    repeats: int
    seconds: float
    processor_seconds: float
    wal_mb: float
    floor_seconds: float
    floor_processor_seconds: float
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
    def processor_us_per_copy(self) -> float:
        return self.processor_seconds / self.copies * MICROSECONDS

    @property
    def times_floor_processor(self) -> float:
        return self.processor_seconds / self.floor_processor_seconds

    @property
    def times_per_follower_loop(self) -> float:
        return self.loop_seconds_per_copy * self.copies / self.seconds


def measure_sync(*, copies: int, repeats: int, now: datetime, show: Callable[[str], None]) -> SyncFigures:
    """Gather a crowd and return what a lead's trade costs. Owns its commits."""
    idle_memory_mb = memory_mb("VmRSS")
    ours: list[Cost] = []
    floor: list[Cost] = []
    loop, peaks = [], []
    with override_settings(**CROWD_SETTINGS):
        crowd = Crowd(copies=copies, now=now)
        show(f"Bringing in {copies:,} copies ...")
        crowd.gather()
        prepare_floor()
        for repeat in range(repeats):
            show(f"Measuring, {repeat + 1} of {repeats} ...")
            crowd.lead_trades(SYMBOL, LeadOrder.Side.BUY, value=TRADE_VALUE)
            forget_peak_memory()
            with metered() as cost:
                crowd.sync()
            ours.append(cost)
            peaks.append(memory_mb("VmHWM"))
            order = Order.objects.select_related("market", "cycle").filter(cycle__lead=crowd.lead).latest("pk")
            assert len(order.participant_ids) == copies + 1, "every copy and the lead take part"
            floor.append(write_floor(order=order))
            loop.append(time_loop(order=order, followers=LOOP_FOLLOWERS, now=crowd.now))
    return SyncFigures(
        copies=copies,
        repeats=repeats,
        seconds=median(cost.seconds for cost in ours),
        processor_seconds=median(cost.processor_seconds for cost in ours),
        wal_mb=median(cost.wal_mb for cost in ours),
        floor_seconds=median(cost.seconds for cost in floor),
        floor_processor_seconds=median(cost.processor_seconds for cost in floor),
        loop_seconds_per_copy=median(loop),
        queries=max(cost.statements for cost in ours),
        peak_memory_mb=max(peaks) - idle_memory_mb,
    )
