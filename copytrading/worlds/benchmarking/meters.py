"""
What a piece of work costs: seconds by the wall and by the processor, statements, and what the server writes ahead.

On a machine that others use too, the wall says little; the processor's seconds repeat. They are this process's and
those of its own server process, which the operating system tells where both run on one machine (Linux:
/proc/<id>/schedstat, nanoseconds on the processor first). Elsewhere this process's alone are told.
"""

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time
from typing import Any

from django.db import connection

BYTES_A_MEGABYTE = 10**6
KILOBYTES_A_MEGABYTE = 1024
NANOSECONDS = 10**9


@dataclass(kw_only=True)
class Cost:
    """`statements` are those through the cursor (a COPY is none); `wal_mb` is the whole server's."""

    seconds: float = 0.0
    processor_seconds: float = 0.0
    statements: int = 0
    wal_mb: float = 0.0


class ProcessorClock:
    """Tells the processor seconds of this process and of its own server process, as far as that can be told."""

    def __init__(self) -> None:
        self._server = _server_process()

    def seconds(self) -> float:
        return process_time() + _seconds_of(self._server)


@contextmanager
def metered() -> Iterator[Cost]:
    """Measure a block; the figures are in the cost that is yielded, once the block has ended."""
    cost = Cost()

    def counting(execute: Callable[..., Any], *call: Any) -> Any:
        cost.statements += 1
        return execute(*call)

    clock = ProcessorClock()
    logged_before = _logged_bytes()
    processor_before = clock.seconds()
    began_at = perf_counter()
    with connection.execute_wrapper(counting):
        yield cost
    cost.seconds = perf_counter() - began_at
    cost.processor_seconds = clock.seconds() - processor_before
    cost.wal_mb = (_logged_bytes() - logged_before) / BYTES_A_MEGABYTE


def forget_peak_memory() -> None:
    """Let Linux start to measure the peak anew; elsewhere it is the peak since the start."""
    reset = Path("/proc/self/clear_refs")
    if reset.exists():
        reset.write_text("5")


def memory_mb(name: str) -> float:
    """Return a figure of this process's memory: VmRSS now, VmHWM at its peak."""
    status = Path("/proc/self/status")
    if not status.exists():
        return getrusage(RUSAGE_SELF).ru_maxrss / KILOBYTES_A_MEGABYTE
    line = next(line for line in status.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / KILOBYTES_A_MEGABYTE


def machine_facts() -> dict[str, str | int]:
    """Return what the figures were measured on: they say little without it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('shared_buffers')")
        server, buffers = cursor.fetchone()
    return {
        "processors": os.cpu_count() or 0,
        "processor": _line_of(Path("/proc/cpuinfo"), "model name") or platform.processor() or platform.machine(),
        "memory": _line_of(Path("/proc/meminfo"), "MemTotal"),
        "system": platform.system(),
        "python": platform.python_version(),
        "postgresql": server,
        "shared_buffers": buffers,
    }


def _line_of(path: Path, name: str) -> str:
    """Return what a file of the system says of a name; nothing where there is no such file."""
    if not path.exists():
        return ""
    lines = (line.partition(":") for line in path.read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")


def _server_process() -> Path | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr()")
        number, is_here = cursor.fetchone()
    figures = Path(f"/proc/{number}/schedstat")
    return figures if is_here and figures.exists() else None


def _seconds_of(server: Path | None) -> float:
    return int(server.read_text().split()[0]) / NANOSECONDS if server else 0.0


def _logged_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])
