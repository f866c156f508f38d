"""manage.py whatif: replay a recorded lead and see what a copy would have become."""

from __future__ import annotations

import json
import re
from argparse import ArgumentTypeError
from argparse import _ArgumentGroup as ArgumentGroup
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copytrading.engine.sizing import registry
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.services.lookback import files as whatif

USAGE_ERROR = 2
CLOSE, LOW = "close", "low"
# Python takes the digits of a stamp for a day, and what follows a dash for an offset.
DAY_OR_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$", re.ASCII)


def number(text: str) -> Decimal:
    """Return a finite decimal number as written."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise ArgumentTypeError(f"{text!r} is not a number")
    return value


def moment(text: str) -> datetime:
    """Return the moment of an ISO 8601 text; without an offset it is UTC."""
    try:
        value = datetime.fromisoformat(text) if DAY_OR_MINUTE.match(text) else None
    except ValueError:
        value = None
    if value is None:
        raise ArgumentTypeError(f"{text!r} is not a time: write it as 2021-03-15T08:00:00Z")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def add_file_arguments(parser: CommandParser, *names_of_trader: str) -> None:
    """Add the arguments that say which files to read, in which format, and whose trades, under these names."""
    files = parser.add_argument_group("files")
    files.add_argument(
        "--prices",
        action="append",
        type=Path,
        required=True,
        metavar="CSV",
        help="bars: ts,symbol,open,high,low,close,volume (.gz too), or an export; may be repeated",
    )
    lead = files.add_mutually_exclusive_group(required=True)
    lead.add_argument("--lead-trades", type=Path, metavar="CSV", help="ts,symbol,side,quantity,price, or an export")
    lead.add_argument("--lead-weights", type=Path, metavar="CSV", help="ts,symbol,weight_target; CASH is cash")
    exports = ", ".join(f"{name} ({export.kind}: {export.where})" for name, export in whatif.FORMATS.items())
    files.add_argument(
        "--format",
        choices=whatif.FORMAT_NAMES,
        default=whatif.FORMAT_NAMES[0],
        help=f"of trades or prices (default: found by the header). smartsync are the columns above; {exports}",
    )
    files.add_argument(*names_of_trader, metavar="NAME", help="which trader or portfolio, if a file holds several")


def add_stop_at_argument(group: ArgumentGroup) -> None:
    """Add the argument that says by which price of a bar a stop loss is looked for."""
    group.add_argument(
        "--stop-at",
        choices=[CLOSE, LOW],
        default=CLOSE,
        help="which price of a bar the stop loss looks at and sells at: its close, or its low, the worst of it",
    )


class Command(BaseCommand):
    help = "Replay a lead's recorded trades or weights over recorded prices, and show what a copy would have become."
    # Files in, text out: neither tables nor servers are needed.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_file_arguments(parser, "--trader")

        terms = parser.add_argument_group("terms")
        terms.add_argument("--lead-cash", type=number, default=Decimal(10_000), metavar="USDT")
        terms.add_argument("--investment", type=number, default=Decimal(1_000), metavar="USDT")
        terms.add_argument("--mode", choices=[mode.word for mode in registry.modes()], default=SMART_SYNC.word)
        terms.add_argument(
            "--no-buy-existing",
            action="store_true",
            help="do not buy what the lead already holds (custom modes never do)",
        )
        terms.add_argument(
            "--fee-rate", type=number, default=Decimal("0.001"), help="of lead and copy; 0.001 is 0.1 %%"
        )
        terms.add_argument("--slippage-rate", type=number, default=Decimal(0), help="of the copy's own trades")
        terms.add_argument("--stop-loss", type=number, metavar="USDT", help="sell everything at this loss")
        add_stop_at_argument(terms)
        terms.add_argument(
            "--order-value",
            type=number,
            metavar="USDT",
            help="custom-fixed: for each buy of the lead (default: a tenth of the investment)",
        )
        terms.add_argument(
            "--order-ratio",
            type=number,
            help="custom-ratio: of the lead's order value (default: investment / lead equity)",
        )
        terms.add_argument("--order-max", type=number, metavar="USDT", help="custom: the most one buy may be")
        terms.add_argument("--total-max", type=number, metavar="USDT", help="custom: the most to have in coins")
        terms.add_argument(
            "--market", action="append", metavar="SYMBOL", help="custom: buy only this pair; may be repeated"
        )

        run = parser.add_argument_group("run")
        run.add_argument("--start", type=moment, metavar="ISO", help="default: the lead's first trade")
        run.add_argument("--end", type=moment, metavar="ISO", help="default: the last bar")
        run.add_argument(
            "--start-dates", type=int, default=0, metavar="COUNT", help="also from so many other start dates"
        )
        run.add_argument("--json", action="store_true", help="print everything, with the equity curve")

    def handle(self, *args: Any, **options: Any) -> None:
        question = whatif.Question(
            price_paths=options["prices"],
            trades_path=options["lead_trades"],
            weights_path=options["lead_weights"],
            trader=options["trader"],
            lead_cash=options["lead_cash"],
            investment=options["investment"],
            mode=registry.mode_of(options["mode"]),
            buys_existing=not options["no_buy_existing"],
            fee_rate=options["fee_rate"],
            slippage_rate=options["slippage_rate"],
            stop_loss=options["stop_loss"],
            stops_at_low=options["stop_at"] == LOW,
            order_value=options["order_value"],
            order_ratio=options["order_ratio"],
            order_max=options["order_max"],
            total_max=options["total_max"],
            markets=options["market"],
            start_count=options["start_dates"],
            start=options["start"],
            end=options["end"],
            format_name=options["format"],
        )
        try:
            outcome = whatif.answer(question)
        except whatif.WhatIfRefused as refusal:
            raise CommandError(str(refusal), returncode=USAGE_ERROR) from refusal
        self.stdout.write(
            as_json(outcome, question=question) if options["json"] else as_text(outcome, question=question)
        )


def as_json(outcome: whatif.Outcome, *, question: whatif.Question) -> str:
    """Return the outcome as one JSON object."""
    starts = [
        {"ts": f"{start.at:%Y-%m-%dT%H:%M:%SZ}", "lead_return": start.lead_return, "copy_return": start.copy_return}
        for start in outcome.starts
    ]
    stop = {
        "stopped_at": None if outcome.stopped_at is None else f"{outcome.stopped_at:%Y-%m-%dT%H:%M:%SZ}",
        "tracking_error_until_stop": outcome.tracking_error_until_stop,
    }
    # Only who asked for other start dates, or for a stop loss, gets keys for them.
    return json.dumps(
        ({"start_dates": starts} if starts else {})
        | ({} if question.stop_loss is None else stop)
        | {
            "lead_return": outcome.lead_return,
            "copy_return": outcome.copy_return,
            "tracking_error_per_bar": outcome.tracking_error_per_bar,
            "final_holdings": outcome.final_holdings,
            "cash": outcome.cash,
            "costs": outcome.costs,
            "adjustments": outcome.adjustments,
            "skipped_rows": outcome.skipped_rows,
            "warnings": list(outcome.warnings),
            "bars": outcome.bars,
            "equity_curve": [
                {"ts": f"{point.at:%Y-%m-%dT%H:%M:%SZ}", "lead": point.lead, "copy": point.copy}
                for point in outcome.equity_curve
            ],
        }
    )


def as_text(outcome: whatif.Outcome, *, question: whatif.Question) -> str:
    """Return the outcome as a table for people."""
    first, last = outcome.equity_curve[0], outcome.equity_curve[-1]
    rows = [
        ("Period", f"{first.at:%Y-%m-%d %H:%M} to {last.at:%Y-%m-%d %H:%M} UTC, {outcome.bars:,} bars"),
        ("Lead", f"{first.lead:,.2f} USDT to {last.lead:,.2f} USDT ({outcome.lead_return:+.2%})"),
        ("Copy", f"{question.investment:,.2f} USDT to {last.copy:,.2f} USDT ({outcome.copy_return:+.2%})"),
        ("Tracking error", f"{outcome.tracking_error_per_bar:.6%} a bar"),
        ("Costs", f"{outcome.fee_costs:,.2f} USDT fees, {outcome.slippage_costs:,.2f} USDT slippage"),
        ("Cash", f"{outcome.cash:,.2f} USDT"),
        *(("Holding", f"{quantity:,.8f} {symbol}") for symbol, quantity in outcome.final_holdings.items()),
        *(("Adjusted", f"{reason} {count:,} times") for reason, count in outcome.adjustments.items()),
    ]
    if outcome.stopped_at is not None:
        until = f"tracking error {outcome.tracking_error_until_stop:.6%} a bar until then"
        rows.append(("Stopped", f"{outcome.stopped_at:%Y-%m-%d %H:%M} UTC, by its stop loss; {until}"))
    if outcome.starts:
        returns = sorted(start.copy_return for start in outcome.starts)
        worst, median, best = returns[0], returns[len(returns) // 2], returns[-1]
        dates = f"{len(returns):,} start dates to the same end"
        rows.append(("Start dates", f"{worst:+.2%} at worst, {median:+.2%} median, {best:+.2%} at best, of {dates}"))
    if outcome.skipped_rows:
        rows.append(("Skipped", f"{outcome.skipped_rows:,} rows that were never traded"))
    rows += [("Warning", sentence) for sentence in outcome.warnings]
    return "\n".join(f"{label:<16}{text}" for label, text in rows)
