"""Which processes of the platform are alive."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from copytrading.models import Heartbeat

# Beaten every few seconds; a process that is silent for so long is taken for dead.
SILENT_AFTER = timedelta(seconds=30)
# Without one of each of these nothing moves.
NEEDED = (Heartbeat.Kind.WORKER, Heartbeat.Kind.BEAT, Heartbeat.Kind.RINGS, Heartbeat.Kind.FEED)


@dataclass(frozen=True, kw_only=True)
class Running:
    """What is alive: the state of each kind that is needed ("ok", "silent" or "missing"), and the silent rows."""

    states: dict[str, str]
    silent: tuple[Heartbeat, ...]

    @property
    def is_whole(self) -> bool:
        return all(state == "ok" for state in self.states.values())


def running(*, now: datetime) -> Running:
    """Return what is alive at this moment, in one statement."""
    rows = list(Heartbeat.objects.order_by("name"))
    alive = {row.kind for row in rows if row.beaten_at >= now - SILENT_AFTER}
    known = {row.kind for row in rows}
    return Running(
        states={
            kind.value.lower(): "ok" if kind in alive else "silent" if kind in known else "missing" for kind in NEEDED
        },
        silent=tuple(row for row in rows if row.beaten_at < now - SILENT_AFTER),
    )


def alive_names(*, now: datetime) -> list[str]:
    """Return the processes that are alive, by name."""
    alive = Heartbeat.objects.filter(beaten_at__gte=now - SILENT_AFTER).exclude(kind=Heartbeat.Kind.RINGS)
    return list(alive.order_by("name").values_list("name", flat=True))


def has_heard_rings(*, now: datetime, within: timedelta) -> bool:
    """Return whether a worker has answered a ring of the beat lately."""
    return Heartbeat.objects.filter(kind=Heartbeat.Kind.RINGS, beaten_at__gte=now - within).exists()
