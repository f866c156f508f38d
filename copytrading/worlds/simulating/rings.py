"""The bell between the workers: a queue of rings, which get lost, come twice, and come late."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from copytrading.worlds.simulating.swarm import Swarm


@dataclass(frozen=True)
class Ring:
    """One ring: the task that it wakes, for which row, and when it gets there."""

    task: str
    row_id: int
    arrives_at: datetime


@dataclass(kw_only=True)
class RingQueue:
    """The broker: carries what the platform rings (`bell.Carrier`), with this seed's faults."""

    swarm: Swarm
    clock: Callable[[], datetime]
    point: Callable[[str], None]
    waiting: list[Ring] = field(default_factory=list)

    def send(self, task_name: str, *arguments: int) -> None:
        """Carry a ring to the workers."""
        task = task_name.rpartition(".")[2]
        self.point(f"ringing {task}")
        if self.swarm.strikes("ring lost"):
            return
        self.add(task, *arguments)
        if self.swarm.strikes("ring doubled"):
            self.add(task, *arguments)

    def tell(self, messages: Sequence[tuple[str, str]]) -> None:
        """Open pages are told; nobody has one open here."""

    def add(self, task: str, row_id: int = 0) -> None:
        """Put a ring into the queue, possibly a late one."""
        late = self.swarm.between(0.5, 30) if self.swarm.strikes("ring late") else 0.0
        self.waiting.append(Ring(task, row_id, self.clock() + timedelta(seconds=late)))

    def take(self) -> Ring | None:
        """Take the first ring that has arrived; None where nothing has."""
        now = self.clock()
        for place, ring in enumerate(self.waiting):
            if ring.arrives_at <= now:
                return self.waiting.pop(place)
        return None

    def is_waiting(self, task: str) -> bool:
        return any(ring.task == task and not ring.row_id for ring in self.waiting)

    def has_arrived(self) -> bool:
        now = self.clock()
        return any(ring.arrives_at <= now for ring in self.waiting)
