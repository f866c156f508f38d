"""
Seeds and planted bugs on several processes, each with a database of its own copied from one that is migrated.

The processes are forked before anything has a thread or a connection, and take one piece of work after the other.
"""

import importlib
import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.queues import Queue
from typing import Any

from django.db import connections

from copytrading.worlds.own_database import copied_databases, own_database, use_database
from copytrading.worlds.simulating import campaign
from copytrading.worlds.simulating.campaign import Catch, PlantedBug
from copytrading.worlds.simulating.outcome import Outcome
from copytrading.worlds.simulating.workers import Crew


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One piece of work: a seed, or a planted bug with the seeds that have to catch it."""

    seeds: tuple[int, ...]
    steps: int
    bugs_module: str = ""
    bug: str = ""


class NoBugsPlanted(Exception):
    """The module has no list of planted bugs."""


_crew: list[Crew] = []
_at_work = ExitStack()


def planted_bugs_of(module: str) -> Sequence[PlantedBug]:
    """
    Return the planted bugs of a module, which names them PLANTED_BUGS.

    :raises NoBugsPlanted: if there is no such module, or no such list in it.
    """
    try:
        bugs: Sequence[PlantedBug] = importlib.import_module(module).PLANTED_BUGS
    except (ModuleNotFoundError, AttributeError) as trouble:
        raise NoBugsPlanted(f"There are no planted bugs in {module}: {trouble}.") from trouble
    return bugs


@contextmanager
def results_of(pieces: Sequence[Piece], *, jobs: int, now: datetime) -> Iterator[Iterator[Outcome | Catch]]:
    """Work on all pieces and give their results as they come, in no order that could be relied on."""
    context = multiprocessing.get_context("fork")
    with (
        own_database(purpose="simulation", durable=False, now=now) as template,
        copied_databases(template, count=jobs) as names,
    ):
        connections.close_all()
        free: Queue[str] = context.Queue()
        for name in names:
            free.put(name)
        with context.Pool(jobs, initializer=_move_in, initargs=[free]) as pool:
            yield pool.imap_unordered(_work_on, pieces, chunksize=1)
            pool.close()
            pool.join()


def _move_in(free: Any) -> None:
    use_database(free.get())
    # It is left when the process ends, and its threads with it.
    _crew.append(_at_work.enter_context(campaign.crew_at_work()))


def _work_on(piece: Piece) -> Outcome | Catch:
    crew = _crew[0]
    if not piece.bug:
        return campaign.play_in_empty_database(seed=piece.seeds[0], crew=crew, steps=piece.steps)
    bug = next(one for one in planted_bugs_of(piece.bugs_module) if one.name == piece.bug)
    return campaign.try_to_catch(bug, seeds=piece.seeds, crew=crew, steps=piece.steps)
