"""manage.py simulate: the platform in worlds that a seed decides, with faults, crashes and planted bugs."""

import json
from collections import Counter
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from copytrading.management.commands.whatif import USAGE_ERROR
from copytrading.worlds.simulating.campaign import Catch, seeds_for
from copytrading.worlds.simulating.outcome import Outcome
from copytrading.worlds.simulating.story import STEPS
from copytrading.worlds.simulation_jobs import NoBugsPlanted, Piece, planted_bugs_of, results_of

JOBS_MAX = 64
# With a bug planted, so many seeds at most have to notice.
BUG_SEEDS = 400


@dataclass
class Report:
    """What became of all seeds and all planted bugs."""

    outcomes: list[Outcome] = field(default_factory=list)
    catches: list[Catch] = field(default_factory=list)

    @property
    def broken(self) -> list[Outcome]:
        return sorted((one for one in self.outcomes if one.violations), key=lambda one: one.seed)

    @property
    def missed(self) -> list[str]:
        return sorted(catch.name for catch in self.catches if catch.seed is None)

    def figures(self, seconds: float) -> dict[str, Any]:
        """Return the figures that `--json` prints."""
        return {
            "seeds": len(self.outcomes),
            "events": sum(one.events for one in self.outcomes),
            "violations": sum(len(one.violations) for one in self.outcomes),
            "faults_injected": sum(one.faults for one in self.outcomes),
            "crashes": sum(one.crashes for one in self.outcomes),
            "planted_bugs": len(self.catches),
            "planted_bugs_caught": len(self.catches) - len(self.missed),
            "seconds": round(seconds, 1),
        }


class Command(BaseCommand):
    help = (
        "Play seeds: the real engine and services on a real PostgreSQL, with clock, randomness, venue, bell and "
        "crashes decided by the seed, in databases of their own. After every step every rule must hold, and in the end "
        "everything must be finished. With --planted-bugs, bugs are then planted one by one, and each must be caught."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seeds", type=int, default=200, metavar="N", help="how many seeds (default: 200)")
        parser.add_argument("--from", type=int, default=1, dest="first", metavar="K", help="the first seed")
        parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"events a seed (default: {STEPS})")
        parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default: 2)")
        bugs = parser.add_mutually_exclusive_group()
        bugs.add_argument(
            "--planted-bugs", metavar="MODULE", help="where planted bugs are; none are planted without it"
        )
        bugs.add_argument(
            "--no-planted-bugs", action="store_true", help="play the seeds only, as without --planted-bugs"
        )
        parser.add_argument("--bug", action="append", default=[], metavar="NAME", help="only this bug; may be repeated")
        parser.add_argument("--log", action="store_true", help="print the log of every seed, not only of a broken one")
        parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        for name, least, most in (
            ("seeds", 0, 10**7),
            ("first", 0, 10**12),
            ("steps", 1, 10**5),
            ("jobs", 1, JOBS_MAX),
        ):
            if not least <= options[name] <= most:
                flag = "from" if name == "first" else name
                raise CommandError(f"--{flag} can be {least} to {most}, not {options[name]}.", returncode=USAGE_ERROR)
        pieces = [
            Piece(seeds=(seed,), steps=options["steps"])
            for seed in range(options["first"], options["first"] + options["seeds"])
        ] + self._bug_pieces(options)
        began_at, report = perf_counter(), Report()
        with (
            results_of(pieces, jobs=min(options["jobs"], max(len(pieces), 1)), now=timezone.now()) as results,
            tqdm(desc="simulate", total=len(pieces), mininterval=0.5, unit="", disable=None) as bar,
        ):
            for result in results:
                bar.update()
                if isinstance(result, Catch):
                    report.catches.append(result)
                    self.stderr.write(_caught(result))
                    continue
                report.outcomes.append(result)
                if options["log"] or result.violations:
                    self._tell_story(result, options["steps"])
        seconds = perf_counter() - began_at
        figures = report.figures(seconds)
        self.stdout.write(json.dumps(figures) if options["json"] else _as_text(report, figures))
        if report.broken or report.missed:
            raise CommandError(_why(report), returncode=1)

    def _bug_pieces(self, options: dict[str, Any]) -> list[Piece]:
        module = options["planted_bugs"]
        if module is None:
            if options["bug"]:
                raise CommandError("--bug plants a bug: say where with --planted-bugs MODULE.", returncode=USAGE_ERROR)
            return []
        try:
            bugs = planted_bugs_of(module)
        except NoBugsPlanted as trouble:
            raise CommandError(str(trouble), returncode=USAGE_ERROR) from trouble
        unknown = set(options["bug"]) - {bug.name for bug in bugs}
        if unknown:
            raise CommandError(f"There is no planted bug {min(unknown)!r} in {module}.", returncode=USAGE_ERROR)
        return [
            Piece(
                seeds=seeds_for(bug, first=options["first"], count=BUG_SEEDS),
                steps=options["steps"],
                bugs_module=module,
                bug=bug.name,
            )
            for bug in bugs
            if not options["bug"] or bug.name in options["bug"]
        ]

    def _tell_story(self, outcome: Outcome, steps: int) -> None:
        self.stderr.write("\n".join([f"--- seed {outcome.seed} ---", *outcome.log]))
        if outcome.violations:
            self.stderr.write(
                f"Again, line by line: manage.py simulate --from {outcome.seed} --seeds 1 --steps {steps} --jobs 1"
            )


def _as_text(report: Report, figures: dict[str, Any]) -> str:
    struck: Counter[str] = Counter()
    for outcome in report.outcomes:
        struck.update(outcome.struck)
    faults = ", ".join(f"{count} × {name}" for name, count in struck.most_common())
    rows = [
        ("Played", f"{figures['seeds']:,} seeds, {figures['events']:,} events, {figures['crashes']:,} crashes"),
        ("Faults", f"{figures['faults_injected']:,}: {faults}"),
        ("Broken", f"{figures['violations']} rules in {len(report.broken)} seeds"),
        ("Planted", f"{figures['planted_bugs_caught']} of {figures['planted_bugs']} bugs caught"),
        ("Time", f"{figures['seconds']:,.1f} s"),
    ]
    return "\n".join(f"{label:<10}{text}" for label, text in rows)


def _caught(catch: Catch) -> str:
    if catch.seed is None:
        return f"The planted bug {catch.name!r} was NOT CAUGHT by {catch.seeds_played} seeds."
    return f"The planted bug {catch.name!r} was caught by seed {catch.seed}: {catch.sentence}"


def _why(report: Report) -> str:
    sentences = [f"seed {one.seed}: {one.violations[0]}" for one in report.broken]
    sentences += [f"the planted bug {name!r} was not caught" for name in report.missed]
    return "; ".join(sentences[:5])
