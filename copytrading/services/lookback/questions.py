"""
The question that a what-if answers: which files, on which terms, from when to when.

Everything that can be said about it without reading a file is checked here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from copytrading.engine.rules import Rules
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.mode import SizingMode
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.exchange.prices.formats.finding import AUTO, FORMAT_NAMES
from copytrading.queries.modes import label_of

# A custom copy that names no value puts a tenth of its investment into each order.
ORDER_VALUE_FRACTION = Decimal("0.1")

START_COUNT_MAX = 1000

# More than any lead or copy will have, and little enough for a replay to count it in whole units.
CASH_MAX = Decimal(1_000_000_000)


class WhatIfRefused(Exception):
    """The question cannot be answered; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """
    One what-if: which files, and on which terms to copy. Values are in USDT.

    Either `trades_path` or `weights_path` says what the lead did. `order_value` (custom-fixed) and
    `order_ratio` (custom-ratio) may be None: a tenth of the investment, and investment / lead equity at the start.
    `stops_at_low` looks for the stop loss at the lows of each bar and sells at them, else at the close.
    `order_max`, `total_max` and `markets` (symbols, None for all) limit what the custom modes buy. `start_count` asks
    what would have become of it from that many start dates, spread evenly over the run. `uses_recorded_fees` takes the
    lead's own fees from the file of its trades; copies pay `fee_rate` all the same. `format_name` is one of
    `FORMAT_NAMES`, and counts for the files of its kind.
    """

    price_paths: Sequence[Path]
    trades_path: Path | None = None
    weights_path: Path | None = None
    trader: str | None = None
    lead_cash: Decimal = Decimal(10_000)
    investment: Decimal = Decimal(1_000)
    mode: SizingMode = SMART_SYNC
    buys_existing: bool = True
    fee_rate: Decimal = Decimal("0.001")
    uses_recorded_fees: bool = False
    slippage_rate: Decimal = Decimal(0)
    stop_loss: Decimal | None = None
    stops_at_low: bool = False
    order_value: Decimal | None = None
    order_ratio: Decimal | None = None
    order_max: Decimal | None = None
    total_max: Decimal | None = None
    markets: Sequence[str] | None = None
    start_count: int = 0
    start: datetime | None = None
    end: datetime | None = None
    format_name: str = AUTO


def check_question(question: Question, *, rules: Rules) -> None:
    """
    Look at the options alone, before any file is read.

    :raises WhatIfRefused: if one is out of its range.
    """
    _check_files(question)
    _check_terms(question, rules)
    if question.start is not None and question.end is not None and question.end < question.start:
        raise WhatIfRefused("The end lies before the start.")
    if not 0 <= question.start_count <= START_COUNT_MAX:
        raise WhatIfRefused(f"Ask for at most {START_COUNT_MAX} start dates, not {question.start_count}.")


def _check_files(question: Question) -> None:
    if (question.trades_path is None) == (question.weights_path is None):
        raise WhatIfRefused("Give either the lead's trades or its weights: exactly one of the two.")
    if question.uses_recorded_fees and question.trades_path is None:
        raise WhatIfRefused("Weights have no fees of their own; leave out the recorded fees.")
    if not question.price_paths:
        raise WhatIfRefused("Give at least one file of prices.")
    if question.format_name not in FORMAT_NAMES:
        raise WhatIfRefused(f"There is no format {question.format_name!r}. Choose one of {', '.join(FORMAT_NAMES)}.")


def _check_terms(question: Question, rules: Rules) -> None:
    if question.investment < rules.investment_min:
        raise WhatIfRefused(
            f"An investment of {question.investment} USDT is below the minimum of {rules.investment_min} USDT."
        )
    if question.lead_cash <= 0:
        raise WhatIfRefused(f"The lead's cash must be above zero, not {question.lead_cash}.")
    for name, value in (("investment", question.investment), ("lead's cash", question.lead_cash)):
        if value > CASH_MAX:
            raise WhatIfRefused(f"The {name} can be {CASH_MAX:,} USDT at most, not {value}.")
    for name, rate in (("fee rate", question.fee_rate), ("slippage rate", question.slippage_rate)):
        if not 0 <= rate < 1:
            raise WhatIfRefused(f"The {name} must be at least 0 and below 1, not {rate}; 0.001 is 0.1 %.")
    if question.stop_loss is not None and not 0 < question.stop_loss < question.investment:
        raise WhatIfRefused(
            f"The stop loss must be above 0 and below the investment of {question.investment} USDT, "
            f"not {question.stop_loss}."
        )
    if question.stops_at_low and question.stop_loss is None:
        raise WhatIfRefused("There is no stop loss to look for at the lows: give one, or leave that out.")
    for name, size in (
        ("order value", question.order_value),
        ("order ratio", question.order_ratio),
        ("maximum per order", question.order_max),
        ("maximum in total", question.total_max),
    ):
        if size is not None and size <= 0:
            raise WhatIfRefused(f"The {name} must be above zero, not {size}.")
    _check_mode(question)


def _check_mode(question: Question) -> None:
    """Refuse terms that the mode has no use for, so that nobody believes that they counted."""
    limits = question.order_max or question.total_max or question.markets is not None
    if limits and question.mode.holds_ratios:
        raise WhatIfRefused(
            "Maxima and chosen markets are terms of the custom modes;"
            f" {label_of(question.mode)} holds the lead's ratios."
        )
    for name, value, term in (
        ("An order value", question.order_value, "order_value_units"),
        ("An order ratio", question.order_ratio, "order_ratio"),
    ):
        if value is not None and term not in question.mode.requires:
            takers = " or ".join(mode.word for mode in registry.modes() if term in mode.requires)
            raise WhatIfRefused(f"{name} is a term of the mode {takers}, not of {question.mode}.")
