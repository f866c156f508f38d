"""How much memory each process has, over and over, and whether it grows."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from statistics import fmean

import psutil

MEGABYTE = 1_000_000
NAMES = ("beat", "standby", "feed", "tell", "call")


class Memory:
    """Megabytes by process, each with the moment at which it was looked at; children count to who forked them."""

    def __init__(self) -> None:
        self._seen: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def look(self, *, at: float, programs: Sequence[psutil.Process], servers: dict[str, int]) -> None:
        """Look at the programs of a supervisor, and at servers by name and process id."""
        for program in programs:
            with suppress(psutil.NoSuchProcess):
                family = [program, *program.children(recursive=True)]
                self._seen[_name_of(program.cmdline())].append((at, sum(one.memory_info().rss for one in family)))
        for name, process_id in servers.items():
            with suppress(psutil.NoSuchProcess):
                server = psutil.Process(process_id)
                family = [server, *server.children(recursive=True)]
                # Its processes share most of theirs: each has its part of that.
                self._seen[name].append((at, sum(_part_of(one) for one in family)))

    def figures(self, *, since: float, until: float) -> dict[str, tuple[float, float, float]]:
        """Return megabytes in the first and in the last third of a time, and how much that grew, by process."""
        third = (until - since) / 3
        found = {}
        for name, seen in sorted(self._seen.items()):
            first = [size for at, size in seen if since <= at < since + third]
            last = [size for at, size in seen if until - third < at <= until]
            if first and last:
                growth = fmean(last) / fmean(first) - 1
                found[name] = (
                    round(fmean(first) / MEGABYTE, 1),
                    round(fmean(last) / MEGABYTE, 1),
                    round(growth, 4),
                )
        return found


def _part_of(process: psutil.Process) -> int:
    with suppress(psutil.NoSuchProcess):
        return int(process.memory_full_info().pss)
    return 0


def _name_of(command: Sequence[str]) -> str:
    if "uvicorn" in command:
        return f"web {command[command.index('--port') + 1]}"
    if "worker" in command:
        return f"worker {command[command.index('-n') + 1].partition('@')[0]}"
    return next((name for name in NAMES if name in command), "another")
