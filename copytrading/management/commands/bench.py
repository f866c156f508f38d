"""manage.py bench: how fast the platform is, as ratios measured side by side in one run."""

import json
import os
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from copytrading.services.leads.verbs import FOLLOWERS_MAX
from copytrading.worlds.benchmarking import cycles, months, pages, panel, resting, restoring, scaling, streaming
from copytrading.worlds.benchmarking.meters import machine_facts
from copytrading.worlds.own_database import own_database

ROWS_MAX = 100_000_000


def count(text: str) -> int:
    """Return a whole number from one to as many copies as a lead can have."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= FOLLOWERS_MAX:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {FOLLOWERS_MAX:,}")
    return int(text)


def rows(text: str) -> int:
    """Return a whole number from one to as many rows as are written for a benchmark."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:12]) <= ROWS_MAX:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 to {ROWS_MAX:,}")
    return int(text)


class Command(BaseCommand):
    help = (
        "Measure how fast one trade of a lead reaches all copies, in a database of its own that is dropped at the end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what",
            choices=["sync", *OTHERS],
            help="sync: one lead trade to N copies; rest: what N copies cost while nobody trades; month: many trades"
            " in a row, and whether the last cost what the first did; pages: what each page costs after years of use;"
            " scale: many leads at once with 1, 2 and 4 workers; streams: how soon open pages hear of an order;"
            " panel: what the operators' morning page and their search cost; restore: how long a backup takes,"
            " and coming back from one",
        )
        parser.add_argument(
            "--leads", type=count, metavar="N", help="of the copies (default: 200), or with pages (5,000)"
        )
        parser.add_argument(
            "--allocations", type=int, default=1_100_000, metavar="N", help="shares of orders behind the pages"
        )
        parser.add_argument(
            "--orders", type=rows, default=1_000_000, metavar="N", help="behind the panel, or in the backup"
        )
        parser.add_argument("--alarms", type=rows, default=1_000, metavar="N", help="that are open, with panel")
        parser.add_argument("--streams", type=count, default=2_000, metavar="N", help="open pages")
        parser.add_argument("--latency", type=count, default=50, metavar="MS", help="of the venue, with scale")
        parser.add_argument("--minutes", type=count, default=60, metavar="N", help="at rest")
        parser.add_argument("--cycles", type=count, default=1_000, metavar="N", help="of a month")
        parser.add_argument("--copies", type=count, default=10_000, metavar="N")
        parser.add_argument("--repeats", type=count, default=3, metavar="N", help="medians are taken over them")
        parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["what"] in OTHERS:
            with own_database(purpose="bench", durable=True, now=now):
                printed = OTHERS[options["what"]](options, now, self.stderr.write)
                printed["machine"] = machine_facts()
            self.stdout.write(json.dumps(printed) if options["json"] else as_lines(printed))
            return
        with own_database(purpose="bench", durable=True, now=now):
            figures = cycles.measure_sync(
                copies=options["copies"], repeats=options["repeats"], now=now, show=self.stderr.write
            )
            machine = machine_facts()
        self.stdout.write(as_json(figures, machine) if options["json"] else as_text(figures))


def as_lines(printed: dict[str, Any]) -> str:
    """Return figures for people, one a line."""
    return "\n".join(f"{name:<28}{value}" for name, value in printed.items())


def rest(options: dict[str, Any], now: datetime, show: Callable[[str], object]) -> dict[str, Any]:
    """Measure an hour at rest."""
    figures = resting.measure_rest(
        copies=options["copies"], leads=options["leads"] or 200, minutes=options["minutes"], now=now, show=show
    )
    return {
        "copies": figures.copies,
        "leads": figures.leads,
        "minutes": figures.minutes,
        "core_share": round(figures.core_share, 4),
        "wal_mb_per_minute": round(figures.wal_mb_per_minute, 2),
        "stop_loss_look_ms": round(figures.stop_loss_look_ms, 2),
        "stop_loss_sieve_ms": round(figures.stop_loss_sieve_ms, 3),
        "product_ms": round(figures.product_ms, 3),
        "stop_loss_times_product": round(figures.times_product, 2),
        "seconds": round(figures.seconds, 1),
        "processor_seconds_of": {name: round(seconds, 2) for name, seconds in figures.seconds_of.items()},
    }


def month(options: dict[str, Any], now: datetime, show: Callable[[str], object]) -> dict[str, Any]:
    """Measure many cycles in a row."""
    figures = months.measure_month(cycles=options["cycles"], copies=options["copies"], now=now, show=show)
    return {
        "cycles": figures.cycles,
        "copies": figures.copies,
        "postings": figures.postings,
        "first_ms": round(figures.first.seconds * 1000, 1),
        "last_ms": round(figures.last.seconds * 1000, 1),
        "growth": round(figures.growth, 3),
        "first_processor_ms": round(figures.first.processor_seconds * 1000, 1),
        "last_processor_ms": round(figures.last.processor_seconds * 1000, 1),
        "growth_processor": round(figures.growth_processor, 3),
        "queries_per_cycle": [figures.first.statements, figures.last.statements],
        "bloat_of": {table: round(bloat, 3) for table, bloat in figures.bloat_of.items()},
        "ledger_is_clean": figures.is_clean,
        "seconds": round(figures.seconds, 1),
    }


def look_at_pages(options: dict[str, Any], now: datetime, show: Callable[[str], object]) -> dict[str, Any]:
    """Measure every page of a platform with a past."""
    visited = pages.measure_pages(
        leads=options["leads"] or 5_000, allocations=options["allocations"], now=now, show=show
    )
    return {
        "leads": visited.leads,
        "copies": visited.copies,
        "allocations": visited.allocations,
        "postings": visited.postings,
        "p95_ms": round(max(page.p95_ms for page in visited.pages), 1),
        "ledger_is_clean": visited.is_clean,
        "pages": {
            page.name: {
                "p50_ms": round(page.p50_ms, 1),
                "p95_ms": round(page.p95_ms, 1),
                "processor_ms": round(page.processor_ms, 1),
                "queries": page.statements,
                "kilobytes": round(page.kilobytes, 1),
            }
            for page in visited.pages
        },
    }


def scale(options: dict[str, Any], now: datetime, show: Callable[[str], object]) -> dict[str, Any]:
    """Measure what more workers bring."""
    figures = scaling.measure_scale(
        leads=options["leads"] or 200,
        copies=options["copies"],
        latency_ms=options["latency"],
        now=now,
        show=show,
    )
    return {
        "leads": figures.leads,
        "copies": figures.copies,
        "latency_ms": figures.latency_ms,
        "leads_per_second": {one.workers: round(one.leads_per_second, 2) for one in figures.rounds},
        "lookings_per_lead": {one.workers: round(one.lookings / one.leads, 2) for one in figures.rounds},
        "two_workers_times_one": round(figures.times_one(2), 2),
        "four_workers_times_one": round(figures.times_one(4), 2),
        "one_market_times_ten": round(figures.times_ten_markets, 2),
        "one_market_lookings_per_lead": round(figures.one_market.lookings / figures.leads, 2),
        "ledger_is_clean": figures.is_clean,
    }


def streams(options: dict[str, Any], now: datetime, show: Callable[[str], object]) -> dict[str, Any]:
    """Measure how soon open pages hear."""
    figures = streaming.measure_streams(streams=options["streams"], repeats=options["repeats"], show=show)
    return {
        "streams": figures.streams,
        "repeats": figures.repeats,
        "order_last_ms": round(figures.order_last_ms, 1),
        "order_half_ms": round(figures.order_half_ms, 1),
        "price_last_ms": round(figures.price_last_ms, 1),
        "price_half_ms": round(figures.price_half_ms, 1),
        "kilobytes_a_stream": round(figures.kilobytes_a_stream, 1),
        "connections_held": figures.connections_held,
    }


def look_at_panel(options: dict[str, Any], now: datetime, show: Callable[[str], object]) -> dict[str, Any]:
    """Measure the operators' morning page and their search."""
    figures = panel.measure_panel(orders=options["orders"], alarms=options["alarms"], now=now, show=show)
    return {
        "orders": figures.orders,
        "alarms": figures.alarms,
        "copies": figures.copies,
        "people": figures.people,
        "morning_p95_ms": round(max(look.p95_ms for look in figures.pages), 1),
        "search_p95_ms": round(max(look.p95_ms for look in figures.searches), 1),
        "looks": {
            look.name: {
                "p50_ms": round(look.p50_ms, 1),
                "p95_ms": round(look.p95_ms, 1),
                "processor_ms": round(look.processor_ms, 1),
                "queries": look.statements,
                "kilobytes": round(look.kilobytes, 1),
            }
            for look in (*figures.pages, *figures.searches)
        },
    }


def restore(options: dict[str, Any], now: datetime, show: Callable[[str], object]) -> dict[str, Any]:
    """Measure a backup and a restore."""
    figures = restoring.measure_restore(orders=options["orders"], now=now, show=show)
    return {
        "orders": figures.orders,
        "journals": figures.journals,
        "database_mb": round(figures.database_mb, 1),
        "backup_mb": round(figures.backup_mb, 1),
        "backup_seconds": round(figures.backup_seconds, 1),
        "restore_seconds": round(figures.restore_seconds, 1),
        "agreement_seconds": round(figures.agreement_seconds, 1),
        "rpo_seconds_least": round(figures.rpo_seconds_least, 1),
        "rto_seconds": round(figures.rto_seconds, 1),
        "load": os.getloadavg()[0],
    }


# What is measured besides the cycle: a function of the options, the time, and who is told how far it is.
OTHERS = {
    "rest": rest,
    "month": month,
    "pages": look_at_pages,
    "scale": scale,
    "streams": streams,
    "panel": look_at_panel,
    "restore": restore,
}


def as_json(figures: cycles.SyncFigures, machine: dict[str, str | int]) -> str:
    """Return the figures as one JSON object, with what they were measured on."""
    return json.dumps(
        {
            "copies": figures.copies,
            "repeats": figures.repeats,
            "copies_per_second": round(figures.copies_per_second, 1),
            "times_floor": round(figures.times_floor, 2),
            "times_floor_processor": round(figures.times_floor_processor, 2),
            "processor_us_per_copy": round(figures.processor_us_per_copy, 1),
            "wal_mb": round(figures.wal_mb, 3),
            "times_per_follower_loop": round(figures.times_per_follower_loop, 1),
            "queries_per_cycle": figures.queries,
            "peak_memory_mb": round(figures.peak_memory_mb, 1),
            "seconds": round(figures.seconds, 4),
            "floor_seconds": round(figures.floor_seconds, 4),
            "loop_seconds_per_copy": round(figures.loop_seconds_per_copy, 6),
            "machine": machine,
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
