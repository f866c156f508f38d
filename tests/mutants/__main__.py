"""
Run a mutation campaign; the last line written is its figures as JSON. Exit 1 where a mutant survived that is not listed
as one that nobody can notice, or a named one did.
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from tests.mutants.equivalents import REASONS
from tests.mutants.finding import Mutant, drawn, mutants_of
from tests.mutants.named import NAMED
from tests.mutants.rooms import SOURCES, near_and_far
from tests.mutants.running import Fate, Workshop

PROJECT = Path(__file__).resolve().parents[2]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--mutants", default="100", help="how many, or all; 0: only the named ones")
    parser.add_argument("--seed", type=int, default=1, help="decides which mutant of each site, and their order")
    parser.add_argument("--from", dest="begin", type=int, default=0, help="how many of that order to leave out")
    parser.add_argument("--only", default="", help="only sources whose path begins so")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no mutant after so many")
    parser.add_argument("--near-only", action="store_true", help="leave the tests farther away out, which is quicker")
    parser.add_argument("--no-named", action="store_true", help="leave the named ones out")
    parser.add_argument("--seconds", type=float, default=900, help="how long the tests of one mutant may take")
    return parser.parse_args()


def sources(only: str) -> list[str]:
    """Return the paths of what is mutated."""
    found: list[Path] = []
    for source in SOURCES:
        found += [PROJECT / source] if source.endswith(".py") else (PROJECT / source).rglob("*.py")
    names = sorted(str(path.relative_to(PROJECT)) for path in found)
    return [name for name in names if name.startswith(only)]


def try_mutant(workshop: Workshop, mutant: Mutant, given: argparse.Namespace) -> tuple[Fate, str]:
    near, far = near_and_far(mutant.path)
    with workshop.changed(mutant.path, mutant.source(PROJECT)):
        fate, by = workshop.fate(near, seconds=given.seconds)
        if fate is Fate.SURVIVED and not given.near_only:
            fate, by = workshop.fate(far, seconds=given.seconds)
    return fate, by


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(given: argparse.Namespace) -> int:
    began_at = time.monotonic()
    order = drawn(
        [mutant for path in sources(given.only) for mutant in mutants_of(path, root=PROJECT)], seed=given.seed
    )
    count = len(order) if given.mutants == "all" else int(given.mutants)
    chosen = order[given.begin : given.begin + count]
    fates: Counter[str] = Counter()
    named_alive = []
    workshop = Workshop(PROJECT)
    try:
        workshop.open()
        for named in () if given.no_named else NAMED:
            with workshop.changed(named.path, named.source(PROJECT)):
                fate, by = workshop.fate(named.tests, seconds=given.seconds)
            say(f"{fate:9} {named.what}  {by}")
            named_alive += [named.what] if fate is not Fate.KILLED else []
        for number, mutant in enumerate(chosen, start=given.begin):
            if time.monotonic() - began_at > given.minutes * 60:
                break
            before, after = mutant.change(PROJECT)
            reason = REASONS.get((mutant.path, before, after))
            fate, by = (None, reason) if reason else try_mutant(workshop, mutant, given)
            fates[fate or "equivalent"] += 1
            say(f"{number:5} {fate or 'equivalent':10} {mutant}  {by}")
            if fate is Fate.SURVIVED:
                say(f"      - {before}\n      + {after}")
    finally:
        workshop.close()
    dead = fates[Fate.KILLED] + fates[Fate.BROKEN]
    judged = dead + fates[Fate.SURVIVED]
    figures = {
        "sites": len(order),
        "seed": given.seed,
        "from": given.begin,
        "mutants": sum(fates.values()),
        **{fate.value: fates[fate] for fate in Fate},
        "equivalent": fates["equivalent"],
        "killed_percent": round(100 * dead / judged, 1) if judged else None,
        "named": 0 if given.no_named else len(NAMED),
        "named_alive": named_alive,
        "seconds": round(time.monotonic() - began_at, 1),
    }
    say(json.dumps(figures))
    return int(bool(fates[Fate.SURVIVED] or named_alive))


if __name__ == "__main__":
    sys.exit(main(arguments()))
