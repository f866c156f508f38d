"""Many seeds one after the other in one database, emptied in between."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from celery import current_app
from django.db import connection

from copytrading.services.simulating.story import CREW_SIZE, STEPS, Outcome, play
from copytrading.services.simulating.workers import Crew

PREFIXES = ("accounts_", "copytrading_", "paper_")


@contextmanager
def crew_at_work() -> Iterator[Crew]:
    """Have workers for the duration of the block."""
    current_app.loader.import_default_modules()
    crew = Crew(count=CREW_SIZE)
    try:
        yield crew
    finally:
        crew.close()


def play_seeds(seeds: Iterable[int], *, crew: Crew, steps: int = STEPS, show: Callable[[Outcome], None]) -> None:
    """Play seeds in a database of their own, whose rows are all given up; each outcome is shown as it comes."""
    for seed in seeds:
        empty_database()
        show(play(seed=seed, crew=crew, steps=steps))


def empty_database() -> None:
    """Empty every table of the platform and let ids begin at 1, so that the same seed meets the same rows."""
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if name.startswith(PREFIXES)]
        quoted = ", ".join(connection.ops.quote_name(name) for name in sorted(names))
        cursor.execute(f"TRUNCATE {quoted} RESTART IDENTITY CASCADE")
