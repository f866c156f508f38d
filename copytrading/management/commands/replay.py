"""manage.py replay: the whole stack over recorded prices and a recorded lead."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from accounts.journals import ledger_export
from copytrading.engine.arrays import BoolArray
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.mode import SizingMode
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.management.commands.whatif import (
    LOW,
    USAGE_ERROR,
    add_file_arguments,
    add_stop_at_argument,
    moment,
    number,
)
from copytrading.services.lookback import files as whatif
from copytrading.services.refusals import Refusal
from copytrading.worlds.own_database import own_database
from copytrading.worlds.replaying import replay

SHOW_SECONDS = 0.5


class Command(BaseCommand):
    help = (
        "Replay a lead's recorded trades over recorded prices on the whole platform, with many followers, in a "
        "database of its own, and compare with the what-if. The paper venue fills at the close of each bar, without "
        "spread or end, in lots of 0.00000001 coin, so that what remains is the rounding of whole units. A stop loss "
        "is the platform's own; where it looks at the lows, the low of each bar comes as a price half a second before "
        "its close, and only those trade there who stop."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_file_arguments(parser, "--trader", "--portfolio")

        terms = parser.add_argument_group("terms")
        terms.add_argument("--lead-cash", type=number, default=Decimal(10_000), metavar="USDT")
        terms.add_argument("--followers", type=int, default=10, metavar="N")
        terms.add_argument("--investment", type=number, default=Decimal(1_000), metavar="USDT")
        terms.add_argument(
            "--investment-max",
            type=number,
            metavar="USDT",
            help="investments lie between the two, each the same factor above the one before (default: all alike)",
        )
        terms.add_argument(
            "--fee-rate", type=number, default=Decimal("0.001"), help="of lead and copies; 0.001 is 0.1 %%"
        )
        terms.add_argument(
            "--lead-fees",
            action="store_true",
            help="the lead paid what its trades say (fee,fee_asset; a third coin is taken as cash at its price)",
        )
        terms.add_argument(
            "--stop-loss",
            type=number,
            metavar="USDT",
            help="sell everything at this loss of the smallest investment; larger ones stop at the same share",
        )
        add_stop_at_argument(terms)
        terms.add_argument(
            "--mode",
            choices=[*(mode.word for mode in registry.modes()), replay.BOTH],
            default=SMART_SYNC.word,
            help="how all copy; both: half at the lead's ratios, a quarter each by the two custom modes",
        )

        run = parser.add_argument_group("run")
        run.add_argument("--start", type=moment, metavar="ISO", help="default: the lead's first trade")
        run.add_argument("--end", type=moment, metavar="ISO", help="default: the last bar")
        run.add_argument("--keep", action="store_true", help="keep the database, and say its name")
        run.add_argument(
            "--export", type=Path, metavar="FILE", help="write the ledger of the replay as a beancount file"
        )
        run.add_argument("--name", help="what the lead is called in the outcome (default: the trader)")
        run.add_argument("--json", action="store_true", help="print the outcome as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        question = replay.Question(
            files=whatif.Question(
                price_paths=options["prices"],
                trades_path=options["lead_trades"],
                weights_path=options["lead_weights"],
                uses_recorded_fees=options["lead_fees"],
                trader=options["trader"],
                lead_cash=options["lead_cash"],
                investment=options["investment"],
                fee_rate=options["fee_rate"],
                stop_loss=options["stop_loss"],
                stops_at_low=options["stop_at"] == LOW,
                start=options["start"],
                end=options["end"],
                format_name=options["format"],
            ),
            followers=options["followers"],
            investment_max=options["investment"] if options["investment_max"] is None else options["investment_max"],
            modes=options["mode"],
        )
        name_of_lead = options["name"] or options["trader"] or (options["lead_trades"] or options["lead_weights"]).stem
        try:
            # Refuse before a database is made for nothing.
            script = replay.read_script(question)
        except whatif.WhatIfRefused as refusal:
            raise CommandError(str(refusal), returncode=USAGE_ERROR) from refusal
        if options["export"]:
            refuse_unwritable(options["export"])
        own = own_database(purpose="replay", durable=False, keep=options["keep"], now=timezone.now())
        with own as name, Progress() as progress:
            try:
                outcome = replay.replay(script, show=progress.show)
            except (Refusal, replay.ReplayNeverSettled) as refusal:
                raise CommandError(f"The platform did not replay this: {refusal}", returncode=USAGE_ERROR) from refusal
            if options["export"]:
                ledger_export.write_beancount(options["export"])
        self.stdout.write(as_json(outcome, lead=name_of_lead) if options["json"] else as_text(outcome))
        if options["keep"]:
            self.stderr.write(f"The database {name} is kept.")


def refuse_unwritable(path: Path) -> None:
    """Find out before the work that its outcome cannot be written; what is in the file stays there until then."""
    try:
        path.open("a").close()
    except OSError as refusal:
        raise CommandError(f"{path} cannot be written: {refusal.strerror}.", returncode=USAGE_ERROR) from refusal


class Progress:
    """A bar on the error stream for each kind of work, one after the other."""

    def __init__(self) -> None:
        self.work = ""
        self.bar: tqdm | None = None

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, work: str, done: int, total: int) -> None:
        if self.bar is None or self.work != work:
            if self.bar is not None:
                self.bar.close()
            self.work, self.bar = work, tqdm(desc=work, total=total, mininterval=SHOW_SECONDS, unit="")
        self.bar.update(done - self.bar.n)


def as_json(outcome: replay.Outcome, *, lead: str) -> str:
    """Return the outcome as one JSON object; `whatif_difference` is that at ratios wherever somebody uses it."""
    checked = outcome.copied_in(outcome.modes[0])
    return json.dumps(
        {
            "lead": lead,
            "followers": len(outcome.crowd),
            "bars": outcome.bars,
            "cycles": outcome.cycles,
            "orders": outcome.orders,
            "fills": outcome.fills,
            "allocations": outcome.allocations,
            "ledger_ok": outcome.ledger_ok,
            "custody_difference": {
                symbol: f"{difference.normalize():f}" for symbol, difference in outcome.custody_difference.items()
            },
            "lead_return": outcome.lead_return,
            "copy_return_min": float(outcome.copy_returns.min()),
            "copy_return_median": float(np.median(outcome.copy_returns)),
            "copy_return_max": float(outcome.copy_returns.max()),
            "whatif_difference": float(outcome.whatif_differences[checked].max()),
            "modes": {mode.word: _mode_figures(outcome, mode) for mode in outcome.modes},
            "warnings": list(outcome.warnings),
            "seconds": round(outcome.seconds, 3),
            "allocations_per_second": round(outcome.allocations / outcome.seconds, 1),
        }
        # Of the smallest investment in the first mode, which is the one that a what-if of these terms is about.
        | _stop_figures(outcome, 0)
    )


def _mode_figures(outcome: replay.Outcome, mode: SizingMode) -> dict[str, Any]:
    """Return what copying in one mode brought: in the median, and to the smallest and the largest investment."""
    places = np.flatnonzero(outcome.copied_in(mode))
    errors, returns = outcome.tracking_errors_per_bar[places], outcome.copy_returns[places]
    return {
        "followers": len(places),
        "tracking_error_per_bar": float(np.median(errors)),
        "return_difference": float(np.median(returns)) - outcome.lead_return,
        "whatif_difference": float(outcome.whatif_differences[places].max()),
        "by_investment": [
            {
                "investment": outcome.crowd[places[end]].value,
                "tracking_error_per_bar": float(errors[end]),
                "return_difference": float(returns[end]) - outcome.lead_return,
            }
            | _stop_figures(outcome, int(places[end]))
            for end in (0, -1)
        ],
    }


def _stop_figures(outcome: replay.Outcome, place: int) -> dict[str, Any]:
    """Return when a copy stopped and how near it kept until then, where it had a stop loss at all."""
    if outcome.crowd[place].stop_loss_units is None:
        return {}
    at = outcome.stopped_at[place]
    return {
        "stopped_at": None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "tracking_error_until_stop": float(outcome.tracking_errors_until_stop[place]),
    }


def as_text(outcome: replay.Outcome) -> str:
    """Return the outcome as a table for people."""
    wrong = {symbol: value for symbol, value in outcome.custody_difference.items() if value}
    rows = [
        ("Followers", f"{len(outcome.crowd):,}"),
        (
            "Traded",
            f"{outcome.cycles:,} cycles, {outcome.orders:,} orders, {outcome.fills:,} fills, "
            f"{outcome.allocations:,} allocations",
        ),
        ("Lead", f"{outcome.lead_return:+.4%}"),
        *(row for mode in outcome.modes for row in _mode_rows(outcome, mode)),
        ("Ledger", "adds up to the last unit" if outcome.ledger_ok else "DOES NOT ADD UP"),
        *(("Custody", f"{value:+f} {symbol} more than is owed") for symbol, value in wrong.items()),
        *(("Warning", sentence) for sentence in outcome.warnings),
        ("Time", f"{outcome.seconds:,.1f} s, {outcome.allocations / outcome.seconds:,.0f} allocations a second"),
    ]
    return "\n".join(f"{label:<14}{text}" for label, text in rows)


def _mode_rows(outcome: replay.Outcome, mode: SizingMode) -> list[tuple[str, str]]:
    places = outcome.copied_in(mode)
    returns, errors = outcome.copy_returns[places], outcome.tracking_errors_per_bar[places]
    return [
        (
            mode.word,
            f"{np.median(returns):+.4%} median, {returns.min():+.4%} to {returns.max():+.4%}; "
            f"tracking error {np.median(errors):.4%} a bar",
        ),
        *_stop_rows(outcome, places),
        ("  what-if", f"differs by {outcome.whatif_differences[places].max():.1e} of the investment at most"),
    ]


def _stop_rows(outcome: replay.Outcome, places: BoolArray) -> list[tuple[str, str]]:
    """Return how many of these (K,) their stop loss stopped, and from when to when; no row where none did."""
    stopped = [place for place in np.flatnonzero(places).tolist() if outcome.stopped_at[place] is not None]
    if not stopped:
        return []
    moments = sorted(at for place in stopped if (at := outcome.stopped_at[place]) is not None)
    first, last = (f"{at:%Y-%m-%d %H:%M}" for at in (moments[0], moments[-1]))
    when = first if first == last else f"{first} to {last}"
    until = f"tracking error {np.median(outcome.tracking_errors_until_stop[stopped]):.4%} a bar until then"
    return [("  stopped", f"{len(stopped):,} by their stop loss, {when} UTC; {until}")]
