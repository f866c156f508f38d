"""manage.py check_ledger: does everything add up, to the last unit?"""

import json
import math
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copytrading.services.safety import reconciling

NOT_CLEAN = 1
# The venue did not answer: nothing is known.
USAGE_ERROR = 2


def seconds(text: str) -> float:
    """Return a length of time that is not negative."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ArgumentTypeError(f"{text!r} is no length of time in seconds")
    return value


class Command(BaseCommand):
    help = (
        "Recompute every balance from the first journal on and compare what people own with what the venue keeps. "
        "Ends with 1 if a single unit differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
        parser.add_argument(
            "--patience",
            type=seconds,
            default=20,
            metavar="SECONDS",
            help="how long to look again at what differs while money is on its way (default: 20)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = reconciling.check_ledger(patience_seconds=options["patience"])
        except reconciling.CustodyNotCompared as trouble:
            raise CommandError(str(trouble), returncode=USAGE_ERROR) from None
        self.stdout.write(as_json(report) if options["json"] else as_text(report))
        if not report.is_clean:
            raise CommandError("The ledger does not add up.", returncode=NOT_CLEAN)


def as_json(report: reconciling.LedgerReport) -> str:
    """Return the report as one JSON object; quantities are decimal text."""
    return json.dumps(
        {
            "ledger_ok": report.is_clean,
            "custody_difference": {
                symbol: f"{difference.normalize():f}" for symbol, difference in report.differences.items()
            },
            "findings": [finding.sentence for finding in report.findings],
            "journals": report.journals,
            "postings": report.postings,
        }
    )


def as_text(report: reconciling.LedgerReport) -> str:
    """Return the report as sentences, one a line."""
    lines = [f"{report.journals:,} journals with {report.postings:,} postings were added up again."]
    lines += [finding.sentence for finding in report.findings]
    for symbol, difference in report.differences.items():
        if difference:
            relation = "more" if difference > 0 else "less"
            lines.append(f"{symbol:<8}The venue keeps {abs(difference).normalize():f} {relation} than people own.")
        else:
            lines.append(f"{symbol:<8}The venue keeps what people own, to the last unit.")
    if report.is_clean:
        lines.append("Everything adds up.")
    return "\n".join(lines)
