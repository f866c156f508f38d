"""manage.py compare_modes: what replays came to, as one table."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copytrading.engine.sizing import registry
from copytrading.queries.modes import short_label_of

USAGE_ERROR = 2
NAMES = {mode.word: short_label_of(mode) for mode in registry.modes()}


class Command(BaseCommand):
    help = (
        "Print one table of several replays: how closely small and large copies kept to their lead in each mode. "
        "Reads what `replay --mode both --json` prints, one line a replay, and fails if a ledger did not add up."
    )
    # Text in, text out: neither tables nor servers are needed.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            texts = [path.read_text() for path in options["files"]] or [sys.stdin.read()]
        except OSError as refusal:
            raise CommandError(
                f"{refusal.filename} cannot be read: {refusal.strerror}.", returncode=USAGE_ERROR
            ) from None
        except UnicodeDecodeError:
            raise CommandError("This is no text, so no outcome of a replay.", returncode=USAGE_ERROR) from None
        replays = [replay_of(line) for text in texts for line in text.splitlines() if line.strip()]
        if not replays:
            raise CommandError("There is no replay to compare.", returncode=USAGE_ERROR)
        self.stdout.write(as_table(replays))
        broken = [replay["lead"] for replay in replays if not replay["ledger_ok"]]
        if broken:
            raise CommandError(f"The ledger did not add up: {', '.join(broken)}.")


def replay_of(line: str) -> dict[str, Any]:
    """Return one replay's outcome, as `replay --json` wrote it."""
    try:
        replay: dict[str, Any] = json.loads(line)
        # What a table needs is there and of its kind when its rows can be written.
        rows_of(replay)
        ends_of(replay)
    except (ValueError, TypeError, LookupError, AttributeError, StopIteration):
        raise CommandError(f"This is no outcome of a replay: {line[:60]}", returncode=USAGE_ERROR) from None
    return replay


def as_table(replays: list[dict[str, Any]]) -> str:
    """Return a Markdown table, one row for each lead and mode."""
    small, large = ends_of(replays[0])
    rows = [
        f"| lead | bars | mode | copies | tracking error a bar, {small} | {large} | return less the lead’s, {small} "
        f"| {large} | ledger |",
        "|---|---:|---|---:|---:|---:|---:|---:|---|",
    ]
    return "\n".join(rows + [row for replay in replays for row in rows_of(replay)])


def ends_of(replay: dict[str, Any]) -> tuple[str, str]:
    """Return the smallest and the largest investment of a replay."""
    least, most = next(figures for figures in replay["modes"].values())["by_investment"]
    return f"{least['investment']:,.0f} USDT", f"{most['investment']:,.0f} USDT"


def rows_of(replay: dict[str, Any]) -> list[str]:
    """Return one row for each mode of a replay."""
    rows = []
    for mode, figures in replay["modes"].items():
        least, most = figures["by_investment"]
        cells = [
            f"{replay['lead']} ({replay['lead_return']:+.2%})",
            f"{replay['bars']:,}",
            NAMES[mode],
            f"{figures['followers']}",
            f"{least['tracking_error_per_bar']:.4%}",
            f"{most['tracking_error_per_bar']:.4%}",
            f"{least['return_difference']:+.3%}",
            f"{most['return_difference']:+.3%}",
            "clean" if replay["ledger_ok"] else "BROKEN",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows
