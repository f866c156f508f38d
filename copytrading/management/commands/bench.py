"""manage.py bench: how fast the platform is, as ratios measured side by side in one run."""

import json
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from copytrading.services.leads.verbs import FOLLOWERS_MAX
from copytrading.worlds.benchmarking import cycles
from copytrading.worlds.own_database import own_database


def count(text: str) -> int:
    """Return a whole number from one to as many copies as a lead can have."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= FOLLOWERS_MAX:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {FOLLOWERS_MAX:,}")
    return int(text)


class Command(BaseCommand):
    help = (
        "Measure how fast one trade of a lead reaches all copies, in a database of its own that is dropped at the end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["sync"], help="sync: one lead trade to N copies")
        parser.add_argument("--copies", type=count, default=10_000, metavar="N")
        parser.add_argument("--repeats", type=count, default=3, metavar="N", help="medians are taken over them")
        parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with own_database(purpose="bench", durable=True, now=now):
            figures = cycles.measure_sync(
                copies=options["copies"], repeats=options["repeats"], now=now, show=self.stderr.write
            )
        self.stdout.write(as_json(figures) if options["json"] else as_text(figures))


def as_json(figures: cycles.SyncFigures) -> str:
    """Return the figures as one JSON object."""
    return json.dumps(
        {
            "copies": figures.copies,
            "repeats": figures.repeats,
            "copies_per_second": round(figures.copies_per_second, 1),
            "times_floor": round(figures.times_floor, 2),
            "times_floor_processor": round(figures.times_floor_processor, 2),
            "processor_us_per_copy": round(figures.processor_us_per_copy, 1),
            "wal_mb": round(figures.wal_mb, 1),
            "times_per_follower_loop": round(figures.times_per_follower_loop, 1),
            "queries_per_cycle": figures.queries,
            "peak_memory_mb": round(figures.peak_memory_mb, 1),
            "seconds": round(figures.seconds, 4),
            "floor_seconds": round(figures.floor_seconds, 4),
            "loop_seconds_per_copy": round(figures.loop_seconds_per_copy, 6),
        }
    )


def as_text(figures: cycles.SyncFigures) -> str:
    """Return the figures as a table for people."""
    rows = [
        ("Copies", f"{figures.copies:,} in {figures.seconds:.3f} s: {figures.copies_per_second:,.0f} a second"),
        (
            "Processor",
            f"{figures.processor_us_per_copy:.1f} µs a copy: {figures.times_floor_processor:.2f} times what the same"
            " rows take in bare SQL",
        ),
        ("Wall", f"{figures.times_floor:.2f} times what the same rows take in bare SQL"),
        ("Loop", f"{figures.times_per_follower_loop:,.0f} times as fast as a transaction for each follower"),
        ("Queries", f"{figures.queries} a cycle"),
        ("Log", f"{figures.wal_mb:.1f} MB written ahead by the server"),
        ("Memory", f"{figures.peak_memory_mb:,.0f} MB at the peak, above the idle process"),
    ]
    return "\n".join(f"{label:<11}{text}" for label, text in rows)
