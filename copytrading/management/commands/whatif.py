"""manage.py whatif: replay a recorded lead and see what a copy would have become."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copytrading.engine.sizing import registry
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.services.lookback import files as whatif

USAGE_ERROR = 2


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
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a time: write it as 2021-03-15T08:00:00Z") from None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


class Command(BaseCommand):
    help = "Replay a lead's recorded trades or weights over recorded prices, and show what a copy would have become."
    # Files in, text out: neither tables nor servers are needed.
    requires_system_checks: list[str] = []

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
        lead = files.add_mutually_exclusive_group(required=True)
        lead.add_argument("--lead-trades", type=Path, metavar="CSV", help="ts,symbol,side,quantity,price")
        lead.add_argument("--lead-weights", type=Path, metavar="CSV", help="ts,symbol,weight_target; CASH is cash")
        files.add_argument("--trader", metavar="NAME", help="which trader, if a file holds several")

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
            order_value=options["order_value"],
            order_ratio=options["order_ratio"],
            order_max=options["order_max"],
            total_max=options["total_max"],
            markets=options["market"],
            start_count=options["start_dates"],
            start=options["start"],
            end=options["end"],
        )
        try:
            outcome = whatif.answer(question)
        except whatif.WhatIfRefused as refusal:
            raise CommandError(str(refusal), returncode=USAGE_ERROR) from refusal
        self.stdout.write(as_json(outcome) if options["json"] else as_text(outcome, question=question))


def as_json(outcome: whatif.Outcome) -> str:
    """Return the outcome as one JSON object."""
    starts = [
        {"ts": f"{start.at:%Y-%m-%dT%H:%M:%SZ}", "lead_return": start.lead_return, "copy_return": start.copy_return}
        for start in outcome.starts
    ]
    # Only who asked for other start dates gets a key for them.
    return json.dumps(
        ({"start_dates": starts} if starts else {})
        | {
            "lead_return": outcome.lead_return,
            "copy_return": outcome.copy_return,
            "tracking_error_per_bar": outcome.tracking_error_per_bar,
            "final_holdings": outcome.final_holdings,
            "cash": outcome.cash,
            "costs": outcome.costs,
            "adjustments": outcome.adjustments,
            "skipped_rows": outcome.skipped_rows,
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
        rows.append(("Stopped", f"{outcome.stopped_at:%Y-%m-%d %H:%M} UTC, by its stop loss"))
    if outcome.starts:
        returns = sorted(start.copy_return for start in outcome.starts)
        worst, median, best = returns[0], returns[len(returns) // 2], returns[-1]
        dates = f"{len(returns):,} start dates to the same end"
        rows.append(("Start dates", f"{worst:+.2%} at worst, {median:+.2%} median, {best:+.2%} at best, of {dates}"))
    if outcome.skipped_rows:
        rows.append(("Skipped", f"{outcome.skipped_rows:,} rows that were never traded"))
    return "\n".join(f"{label:<16}{text}" for label, text in rows)
