"""
The heart of each process: beaten by itself, listened to by all the others.

A dead process raises no alarm about itself, so every beat also looks at the hearts of the others, and it is one alarm
however many look.
"""

import os
import socket
from datetime import datetime, timedelta

from copytrading.models import Alarm, Heartbeat
from copytrading.queries.operating.running import SILENT_AFTER
from copytrading.services.safety import alarms

BEAT_SECONDS = 5.0
# For those who beat, and do not know the tables.
Kind = Heartbeat.Kind
# What was silent for so long is not coming back: its host is gone. Its alarm stands until an operator has looked.
FORGOTTEN_AFTER = timedelta(days=1)
# Whoever was kept from beating, by a database that was away, knows of the others only once they had time to beat, too.
SETTLED_AFTER = timedelta(seconds=15)


def name_of(kind: Heartbeat.Kind) -> str:
    """Return the name of this process: the same after a restart, another one for each of several at a host."""
    # Any worker answers a ring, so that heart is one for all of them.
    if kind == Heartbeat.Kind.RINGS:
        return "rings"
    return f"{os.environ.get('SMARTSYNC_PROCESS') or kind.value.lower()}@{socket.gethostname()}"[:120]


def beat(*, kind: Heartbeat.Kind, now: datetime) -> None:
    """Say that this process is alive, and look whether the others are."""
    name = name_of(kind)
    last = Heartbeat.objects.filter(name=name, beaten_at__gte=now - SILENT_AFTER).first()
    # Since when it beats without a gap.
    started_at = now if last is None else last.started_at
    Heartbeat.objects.update_or_create(name=name, defaults={"beaten_at": now, "kind": kind, "started_at": started_at})
    listen(now=now, is_settled=now >= started_at + SETTLED_AFTER)


def stop(*, kind: Heartbeat.Kind) -> None:
    """Take this process off the list: it ends because it was asked to."""
    Heartbeat.objects.filter(name=name_of(kind)).delete()


def listen(*, now: datetime, is_settled: bool = True) -> None:
    """
    Raise an alarm for every process that is silent, and clear those of processes that are back.

    :param is_settled: whether we beat for long enough to judge: after a database that was away everybody's last beat is
        old, and whoever beats first would miss all the others.
    """
    silent_keys = set()
    for row in Heartbeat.objects.filter(beaten_at__lt=now - SILENT_AFTER).order_by("name"):
        silent_keys.add(silence_key(row.name))
        if not is_settled:
            continue
        alarms.raise_alarm(
            kind=Alarm.Kind.PROCESS_SILENT,
            key=silence_key(row.name),
            sentence=f"The {row.get_kind_display()} {row.name} is silent since {row.beaten_at:%H:%M:%S} UTC.",
            now=now,
        )
    open_keys = Alarm.objects.filter(kind=Alarm.Kind.PROCESS_SILENT, cleared_at__isnull=True)
    for key in set(open_keys.values_list("key", flat=True)) - silent_keys:
        alarms.clear_alarm(key=key, now=now)
    Heartbeat.objects.filter(beaten_at__lt=now - FORGOTTEN_AFTER).delete()


def silence_key(name: str) -> str:
    """Return the key of the alarm about a process that is silent."""
    return f"silent:{name}"[:80]
