"""manage.py replay: the whole stack over recorded prices and a recorded lead."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from copytrading.management.commands.whatif import USAGE_ERROR, moment, number
from copytrading.management.own_database import own_database
from copytrading.services import replaying, whatif

SHOW_SECONDS = 0.5


class Command(BaseCommand):
    help = (
        "Replay a lead's recorded trades over recorded prices on the whole platform, with many followers, in a "
        "database of its own, and compare with the what-if. The paper venue fills at the close of each bar, without "
        "spread or end, in lots of 0.00000001 coin, so that what remains is the rounding of whole units."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        files = parser.add_argument_group("files")
        files.add_argument(
            "--prices",
            action="append",
            type=Path,
            required=True,
            metavar="CSV",
            help="bars: ts,symbol,open,high,low,close,volume (.gz too); may be repeated",
        )
        files.add_argument(
            "--lead-trades", type=Path, required=True, metavar="CSV", help="ts,symbol,side,quantity,price"
        )
        files.add_argument("--trader", metavar="NAME", help="which trader, if a file holds several")

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

        run = parser.add_argument_group("run")
        run.add_argument("--start", type=moment, metavar="ISO", help="default: the lead's first trade")
        run.add_argument("--end", type=moment, metavar="ISO", help="default: the last bar")
        run.add_argument("--keep", action="store_true", help="keep the database, and say its name")
        run.add_argument("--json", action="store_true", help="print the outcome as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        question = replaying.Question(
            files=whatif.Question(
                price_paths=options["prices"],
                trades_path=options["lead_trades"],
                trader=options["trader"],
                lead_cash=options["lead_cash"],
                investment=options["investment"],
                fee_rate=options["fee_rate"],
                start=options["start"],
                end=options["end"],
            ),
            followers=options["followers"],
            investment_max=options["investment_max"] or options["investment"],
        )
        try:
            # Refuse before a database is made for nothing.
            script = replaying.read_script(question)
        except whatif.WhatIfRefused as refusal:
            raise CommandError(str(refusal), returncode=USAGE_ERROR) from refusal
        own = own_database(purpose="replay", durable=False, keep=options["keep"], now=timezone.now())
        with own as name, Progress() as progress:
            outcome = replaying.replay(script, show=progress.show)
        self.stdout.write(as_json(outcome) if options["json"] else as_text(outcome))
        if options["keep"]:
            self.stderr.write(f"The database {name} is kept.")


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


def as_json(outcome: replaying.Outcome) -> str:
    """Return the outcome as one JSON object."""
    return json.dumps(
        {
            "followers": outcome.followers,
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
            "whatif_difference": outcome.whatif_difference,
            "seconds": round(outcome.seconds, 3),
            "allocations_per_second": round(outcome.allocations / outcome.seconds, 1),
        }
    )


def as_text(outcome: replaying.Outcome) -> str:
    """Return the outcome as a table for people."""
    returns = outcome.copy_returns
    wrong = {symbol: value for symbol, value in outcome.custody_difference.items() if value}
    rows = [
        ("Followers", f"{outcome.followers:,}"),
        (
            "Traded",
            f"{outcome.cycles:,} cycles, {outcome.orders:,} orders, {outcome.fills:,} fills, "
            f"{outcome.allocations:,} allocations",
        ),
        ("Lead", f"{outcome.lead_return:+.4%}"),
        ("Copies", f"{np.median(returns):+.4%} median, {returns.min():+.4%} to {returns.max():+.4%}"),
        ("What-if", f"differs by {outcome.whatif_difference:.1e} of the investment at most"),
        ("Ledger", "adds up to the last unit" if outcome.ledger_ok else "DOES NOT ADD UP"),
        *(("Custody", f"{value:+f} {symbol} more than is owed") for symbol, value in wrong.items()),
        ("Time", f"{outcome.seconds:,.1f} s, {outcome.allocations / outcome.seconds:,.0f} allocations a second"),
    ]
    return "\n".join(f"{label:<12}{text}" for label, text in rows)
