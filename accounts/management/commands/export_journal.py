"""manage.py export_journal: the ledger as a beancount file."""

from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.journals import ledger_export

USAGE_ERROR = 2


def day(text: str) -> date:
    """Return the day of an ISO 8601 text; the first and the last of the calendar have no day beside them."""
    try:
        value = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day: write it as 2021-03-15") from None
    if not date.min < value < date.max:
        raise ArgumentTypeError(f"{text!r} is no day that anything could be booked on")
    return value


class Command(BaseCommand):
    help = (
        "Write the ledger as a beancount file, with a balance assertion for every account and asset, so that "
        "bean-check can add it up again: bean-check --no-cache FILE."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
        parser.add_argument("--from", dest="first_day", type=day, metavar="DAY", help="the first day, UTC")
        parser.add_argument("--to", dest="last_day", type=day, metavar="DAY", help="the last day, UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        first_day, last_day = options["first_day"], options["last_day"]
        if first_day and last_day and last_day < first_day:
            raise CommandError("The last day lies before the first.", returncode=USAGE_ERROR)
        if options["output"] is None:
            for line in ledger_export.beancount_lines(first_day=first_day, last_day=last_day):
                self.stdout.write(line)
            return
        try:
            ledger_export.write_beancount(options["output"], first_day=first_day, last_day=last_day)
        except OSError as refusal:
            raise CommandError(
                f"{options['output']} cannot be written: {refusal.strerror}.", returncode=USAGE_ERROR
            ) from refusal
