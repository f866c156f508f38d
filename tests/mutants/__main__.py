"""
Run a mutation campaign; the last line written is its figures as JSON. Exit 1 where a mutant survived that is not listed
as one that nobody can notice, or a named one did; and where so many tests fail without any mutant that the figures say
nothing of the others.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.equivalents import REASONS
from tests.mutants.finding import Mutant, drawn, is_a_program, mutants_of
from tests.mutants.named import NAMED
from tests.mutants.rooms import SOURCES, TESTS
from tests.mutants.running import Fate, Trials

# Some tests do not bear to be watched, or to run in one process with all others.
FAILING_MAX = 0.01
PROJECT = Path(__file__).resolve().parents[2]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--mutants", default="100", help="how many, or all; 0: only the named ones")
    parser.add_argument("--seed", type=int, default=1, help="decides which mutant of each site, and their order")
    parser.add_argument("--from", dest="begin", type=int, default=0, help="how many of that order to leave out")
    parser.add_argument("--only", default="", help="only sources whose path begins so")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no mutant after so many")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="which tests may notice")
    parser.add_argument("--tests-max", type=int, default=1_000, help="how many may try at one mutant")
    parser.add_argument("--seconds", type=float, default=180, help="of the processor, then no more are asked")
    parser.add_argument("--map", type=Path, help="a file that keeps which test runs what, for the next run")
    parser.add_argument("--no-named", action="store_true", help="leave the named ones out")
    return parser.parse_args()


def sources(only: str) -> list[str]:
    """Return the paths of what is mutated."""
    found: list[Path] = []
    for source in SOURCES:
        found += [PROJECT / source] if source.endswith(".py") else (PROJECT / source).rglob("*.py")
    names = sorted(str(path.relative_to(PROJECT)) for path in found)
    return [name for name in names if name.startswith(only)]


def say(line: str) -> None:
    sys.__stdout__.write(line + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


class Campaign:
    """What is tried, and what came of it."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.began_at = given, time.monotonic()
        every = [mutant for path in sources(given.only) for mutant in mutants_of(path, root=PROJECT)]
        self.sites = drawn(every, seed=given.seed)
        self.fates: Counter[str] = Counter()
        self.named_alive: list[str] = []
        self.tests = self.failing = 0

    @property
    def is_clean(self) -> bool:
        return not (self.fates[Fate.SURVIVED] or self.named_alive or self.is_blind)

    @property
    def is_blind(self) -> bool:
        """Return whether too many tests fail as they are, and notice nothing."""
        return self.failing > FAILING_MAX * self.tests

    def run(self, trials: Trials) -> None:
        given = self.given
        self.tests, self.failing = len(trials.watch.ran), len(trials.watch.failed)
        say(f"{self.tests} tests were watched in {time.monotonic() - self.began_at:.0f} s; {len(self.sites)} sites")
        for name in sorted(trials.watch.failed):
            say(f"      fails as it is, so it is not asked: {name}")
        if self.is_blind:
            say("Too many tests fail as they are: what follows would say nothing of the others.")
            return
        for named in () if given.no_named else NAMED:
            source = named.source(PROJECT)
            fate, by = trials.fate(named.path, source, tests=named.tests, seconds=given.seconds)
            say(f"{fate:9} {named.what}  {by}")
            self.named_alive += [named.what] if fate is not Fate.KILLED else []
        count = len(self.sites) if given.mutants == "all" else int(given.mutants)
        for number, mutant in enumerate(self.sites[given.begin : given.begin + count], start=given.begin):
            if time.monotonic() - self.began_at > given.minutes * 60:
                break
            self._try(trials, mutant, number)

    def _try(self, trials: Trials, mutant: Mutant, number: int) -> None:
        given, source = self.given, mutant.source(PROJECT)
        if not is_a_program(source):
            return
        before, after = mutant.change(PROJECT)
        reason = REASONS.get((mutant.path, before, after))
        if reason:
            fate, by = "equivalent", reason
        else:
            tests = trials.watch.tests_of(mutant.path, mutant.line)[: given.tests_max]
            fate, by = trials.fate(mutant.path, source, tests=tests, seconds=given.seconds)
        self.fates[fate] += 1
        say(f"{number:5} {fate:10} {mutant}  {by}")
        if fate in (Fate.SURVIVED, Fate.UNREACHED):
            say(f"      - {before}\n      + {after}")

    def figures(self) -> dict[str, object]:
        dead = self.fates[Fate.KILLED] + self.fates[Fate.BROKEN]
        judged = dead + self.fates[Fate.SURVIVED]
        return {
            "sites": len(self.sites),
            "seed": self.given.seed,
            "from": self.given.begin,
            "mutants": sum(self.fates.values()),
            **{fate.value: self.fates[fate] for fate in Fate},
            "equivalent": self.fates["equivalent"],
            "killed_percent": round(100 * dead / judged, 1) if judged else None,
            "named": 0 if self.given.no_named else len(NAMED),
            "named_alive": self.named_alive,
            "tests": self.tests,
            "failing": self.failing,
            "seconds": round(time.monotonic() - self.began_at, 1),
        }


def main() -> int:
    given = arguments()
    os.chdir(PROJECT)
    # A tenth of the random worlds is as good here, and a slow machine is no reason to fail.
    os.environ["WORLDS"] = "3"
    campaign = Campaign(given)
    trials = Trials(root=PROJECT, paths=sources(""), map_file=given.map, run=campaign.run)
    code = pytest.main(
        [
            "-q", "-p", "no:cacheprovider", "--capture=sys", "--no-header", "--no-summary",
            "-m", "not browser and not alone and not slow", *given.tests,
        ],
        plugins=[trials],
    )  # fmt: skip
    say(json.dumps(campaign.figures()))
    return int(code != 0 or not campaign.is_clean)


if __name__ == "__main__":
    sys.exit(main())
