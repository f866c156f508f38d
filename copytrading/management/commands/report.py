"""manage.py report: what operators read, for a terminal or a file."""

from argparse import ArgumentTypeError
from collections.abc import Iterable
from datetime import UTC, date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.csv_lines import csv_lines
from copytrading.queries.reports import conduct, daily_close, execution, rebates
from copytrading.queries.reports.execution import ExecutionQuestion
from copytrading.queries.reports.rebates import RebateQuestion
from copytrading.queries.reports.tables import Table, json_lines, plain_rows

USAGE_ERROR = 2
CLOSE, EXECUTION, REBATES, SUSPICIONS = "close", "execution", "rebates", "suspicions"
DAYS_LOOKED_BACK = 30


def day(text: str) -> date:
    """Return the day of an ISO 8601 text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day: write it as 2026-01-31") from None


class Command(BaseCommand):
    help = (
        "Print a report: the close of a day (close), how the orders of a day were executed (execution), what exchanges"
        " pay back of its fees (rebates), or which leads are suspicious (suspicions)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=(CLOSE, EXECUTION, REBATES, SUSPICIONS))
        parser.add_argument("--day", type=day, metavar="DAY", help="the day, UTC; default: yesterday")
        parser.add_argument(
            "--until", type=day, metavar="DAY", help="of execution and rebates, the last day; default: that day"
        )
        parser.add_argument(
            "--days", type=int, default=DAYS_LOOKED_BACK, help="of suspicions, how far back; default: %(default)s"
        )
        parser.add_argument("--table", metavar="NAME", help="only this table; with --csv the first one is the default")
        parser.add_argument("--csv", action="store_true", help="one table as CSV")
        parser.add_argument("--json", action="store_true", help="all tables as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["csv"] and options["json"]:
            raise CommandError("Choose either --csv or --json.", returncode=USAGE_ERROR)
        tables = list(_tables(options))
        wanted = options["table"]
        if wanted is not None:
            names = [table.name for table in tables]
            if wanted not in names:
                raise CommandError(f"--table is one of {', '.join(names)}.", returncode=USAGE_ERROR)
            tables = [table for table in tables if table.name == wanted]
        if options["json"]:
            self.stdout.write("".join(json_lines(tables)), ending="")
        elif options["csv"]:
            for line in csv_lines(tables[0].columns, plain_rows(tables[0])):
                self.stdout.write(line, ending="")
        else:
            for table in tables:
                self._show(table)

    def _show(self, table: Table) -> None:
        rows = [table.columns, *plain_rows(table)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(table.columns))]
        self.stdout.write(table.title)
        if table.note:
            self.stdout.write(table.note)
        for row in rows:
            self.stdout.write("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
        self.stdout.write("")


def _tables(options: dict[str, Any]) -> Iterable[Table]:
    """Return the tables that are asked for, or say what is wrong with what is asked."""
    now = timezone.now()
    today = now.astimezone(UTC).date()
    first = options["day"] or today - timedelta(days=1)
    if options["name"] == CLOSE:
        if not daily_close.is_over(first, now=now):
            raise CommandError(f"{first} is not over yet: choose an earlier day.", returncode=USAGE_ERROR)
        return daily_close.daily_close(first)
    if options["name"] in (EXECUTION, REBATES):
        last = options["until"] or first
        days_max = execution.DAYS_MAX if options["name"] == EXECUTION else rebates.DAYS_MAX
        if last < first or (last - first).days >= days_max:
            raise CommandError(f"The days go forward, and at most {days_max} at once.", returncode=USAGE_ERROR)
        if last > today:
            raise CommandError(f"{last} has not begun yet.", returncode=USAGE_ERROR)
        if options["name"] == REBATES:
            return rebates.rebates(RebateQuestion(first_day=first, last_day=last))
        question = ExecutionQuestion(first_day=first, last_day=last)
        return execution.totals(question), execution.all_orders(question)
    if not 1 <= options["days"] <= conduct.LOOKED_AT.days:
        raise CommandError(f"--days is from 1 to {conduct.LOOKED_AT.days}.", returncode=USAGE_ERROR)
    return conduct.suspicions(now=now, days=options["days"]), conduct.rules_table()
