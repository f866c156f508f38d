"""
Many seeds one after the other in one database, emptied in between; and planted bugs, which must be caught.

A planted bug changes the platform in one place for as long as its seeds are played. A simulation that does not notice
is worth nothing, so each bug is played until a rule breaks, or until its seeds are used up.
"""

import gc
import itertools
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from celery import current_app
from django.db import connection

from copytrading.worlds.simulating.deeds.own_accounts import has_own_accounts
from copytrading.worlds.simulating.outcome import Outcome
from copytrading.worlds.simulating.story import CREW_SIZE, play
from copytrading.worlds.simulating.workers import Crew

PREFIXES = ("accounts_", "copytrading_", "paper_")
# The stories make many short-lived objects and hardly a ring of them.
GARBAGE_THRESHOLD = 100_000


class PlantedBug(Protocol):
    """
    A fault put into the platform on purpose: its name, why it is one, and the block in which it is there.

    `is_of_own_accounts`: whether only seeds with own accounts can meet it.
    """

    name: str
    why: str
    is_of_own_accounts: bool

    def planted(self) -> AbstractContextManager[None]: ...


@dataclass(frozen=True, kw_only=True)
class Catch:
    """Whether a planted bug was caught: by which seed (None: by none of them), and by which sentence."""

    name: str
    seed: int | None
    sentence: str
    seeds_played: int
    seconds: float


def seeds_for(bug: PlantedBug, *, first: int, count: int) -> tuple[int, ...]:
    """Return so many seeds from a first one on, of those that can meet a planted bug."""
    fitting = (seed for seed in itertools.count(first) if has_own_accounts(seed) or not bug.is_of_own_accounts)
    return tuple(itertools.islice(fitting, count))


@contextmanager
def crew_at_work() -> Iterator[Crew]:
    """Have workers for the duration of the block."""
    current_app.loader.import_default_modules()
    threshold = gc.get_threshold()
    gc.set_threshold(GARBAGE_THRESHOLD)
    crew = Crew(count=CREW_SIZE)
    try:
        yield crew
    finally:
        crew.close()
        gc.set_threshold(*threshold)


def play_in_empty_database(*, seed: int, crew: Crew, steps: int) -> Outcome:
    """Play one seed in a database whose rows are all given up for it, and return what became of it."""
    empty_database()
    return play(seed=seed, crew=crew, steps=steps)


def try_to_catch(bug: PlantedBug, *, seeds: Iterable[int], crew: Crew, steps: int) -> Catch:
    """Play seeds with a bug planted until a rule breaks."""
    played, seconds = 0, 0.0
    for seed in seeds:
        empty_database()
        with bug.planted():
            outcome = play(seed=seed, crew=crew, steps=steps)
        played, seconds = played + 1, seconds + outcome.seconds
        if outcome.violations:
            sentence = outcome.violations[0]
            return Catch(name=bug.name, seed=seed, sentence=sentence, seeds_played=played, seconds=seconds)
    return Catch(name=bug.name, seed=None, sentence="", seeds_played=played, seconds=seconds)


def empty_database() -> None:
    """Empty every table of the platform and let ids begin at 1, so that the same seed meets the same rows."""
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if name.startswith(PREFIXES)]
        quoted = ", ".join(connection.ops.quote_name(name) for name in sorted(names))
        cursor.execute(f"TRUNCATE {quoted} RESTART IDENTITY CASCADE")
