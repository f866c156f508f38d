"""
Why a look back did not come to what the lead made: the difference, taken apart by asking again with one thing less.

    as asked  →  without stop loss  →  without fees  →  without maxima  →  ratios instead of orders  →  with what the
    lead held at the start  →  the lead

Each step is one part, so the parts sum to the difference exactly. What is left between the last run and the lead is
the lead's own trades (fees, and prices beside the close of the hour at which a copy trades here) and what a copy leaves
alone because it is small.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts.identity.places import written
from copytrading.engine.replay.lead_path import LeadPath
from copytrading.engine.rounding import rounded_parts
from copytrading.engine.sizing.mode import SizingMode
from copytrading.engine.sizing.smart_sync import SMART_SYNC

# A hundredth of a point: what is shown of a part.
SHOWN = 1e-4
COINS_NAMED = 3
# Terms (of one copy) without what is no question of what was held.
NO_STOP_LOSS = np.full(1, np.nan)
PLAIN: dict[str, Any] = {"stop_losses": NO_STOP_LOSS, "fee_rate": 0.0}
UNLIMITED: dict[str, Any] = {"order_values_max": None, "total_values_max": None, "chosen": None}


class Part(StrEnum):
    """What a difference is made of, in the order in which it is taken apart."""

    STOP_LOSS = "STOP_LOSS"
    FEES = "FEES"
    LIMITS = "LIMITS"
    ORDERS = "ORDERS"
    START = "START"
    LEAD_TRADES = "LEAD_TRADES"
    SMALL = "SMALL"


LABELS = {
    Part.STOP_LOSS: _("Its stop loss"),
    Part.FEES: _("Its fees"),
    Part.LIMITS: _("Your maxima and chosen coins"),
    Part.ORDERS: _("Orders instead of ratios"),
    Part.START: _("Where it started"),
    Part.LEAD_TRADES: _("{lead}’s own trades"),
    Part.SMALL: _("Small differences"),
}
# The same inside of a sentence.
INSIDE = {
    Part.STOP_LOSS: _("its stop loss"),
    Part.FEES: _("its fees"),
    Part.LIMITS: _("your maxima and chosen coins"),
    Part.ORDERS: _("orders instead of ratios"),
    Part.START: _("where it started"),
    Part.LEAD_TRADES: _("{lead}’s own trades"),
    Part.SMALL: _("small differences"),
}
DETAILS = {
    Part.STOP_LOSS: _("the copy sold everything and missed what came after, for better or worse"),
    Part.FEES: _("{fees} on its own trades, and what that money would have made"),
    Part.LIMITS: _("they cut or left out some orders"),
    Part.ORDERS: _(
        "each order is answered by itself; at the end {cash} of the copy lay in cash, of {lead} {lead_cash}"
    ),
    Part.START: _("it began without what {lead} held then: {held}"),
    Part.LEAD_TRADES: _("{lead} paid fees and got prices of its own; a copy trades at the close of the hour here"),
    Part.SMALL: _("what is below {band} of the copy in a coin is left alone until it grows"),
}


@dataclass(frozen=True, kw_only=True)
class DifferenceLine:
    """One part of a difference, as a fraction of the investment; `shown` is cut so that what is shown sums too."""

    part: Part
    label: str
    detail: str
    fraction: float
    shown: float


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The return of a copy less the lead's, as a fraction, its parts, and what they come to in a sentence."""

    fraction: float
    lines: tuple[DifferenceLine, ...]
    sentence: str

    @property
    def shown(self) -> float:
        return sum(line.shown for line in self.lines)


@dataclass(frozen=True, kw_only=True)
class Differences:
    smart_sync: Difference
    custom: Difference


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What of a question can be left out, and whether the lead held anything at its start."""

    has_stop_loss: bool
    buys_existing: bool
    has_limits: bool
    lead_held_something: bool


class Steps:
    """The runs that do without one thing after the other; those at ratios serve both modes."""

    def __init__(self, *, asked: Asked, return_of: Callable[..., float]) -> None:
        """`return_of(mode, **changes)` runs the question again on changed terms and returns the copy's return."""
        self._asked, self._return_of = asked, return_of
        self._with_existing = return_of(SMART_SYNC, **PLAIN, buys_existing=True)
        self._without_existing = self._with_existing
        if asked.lead_held_something:
            self._without_existing = return_of(SMART_SYNC, **PLAIN, buys_existing=False)

    def of(self, mode: SizingMode) -> list[tuple[Part, float]]:
        """Return the parts of a mode in order, each with the return of the run that does without it."""
        steps = []
        if self._asked.has_stop_loss:
            steps.append((Part.STOP_LOSS, self._return_of(mode, stop_losses=NO_STOP_LOSS)))
        if mode is SMART_SYNC:
            ratios = self._with_existing if self._asked.buys_existing else self._without_existing
            return [*steps, (Part.FEES, ratios), (Part.START, self._with_existing)]
        steps.append((Part.FEES, self._return_of(mode, **PLAIN)))
        if self._asked.has_limits:
            steps.append((Part.LIMITS, self._return_of(mode, **PLAIN, **UNLIMITED)))
        return [*steps, (Part.ORDERS, self._without_existing), (Part.START, self._with_existing)]


def difference_of(
    *,
    copy_return: float,
    lead_return: float,
    steps: Sequence[tuple[Part, float]],
    lead_trades: float,
    words: dict[str, str],
) -> Difference:
    """
    Return a difference with its parts.

    :param steps: the parts in order, each with the return of the run that does without it.
    :param lead_trades: what the lead's own trades added to the lead's return; a copy is without it.
    :param words: what the sentences name: mode, lead, fees, cash, lead_cash, held, band.
    """
    fractions: dict[Part, float] = {}
    before = copy_return
    for part, without in steps:
        fractions[part] = before - without
        before = without
    fractions[Part.LEAD_TRADES] = -lead_trades
    fractions[Part.SMALL] = before - lead_return + lead_trades
    told = _told(fractions)
    lines = tuple(
        DifferenceLine(
            part=part,
            label=gettext(LABELS[part]).format(**words),
            detail=gettext(DETAILS[part]).format(**words),
            fraction=fraction,
            shown=shown,
        )
        for (part, fraction), shown in zip(told.items(), rounded_parts(list(told.values()), step=SHOWN), strict=True)
    )
    return Difference(
        fraction=copy_return - lead_return, lines=lines, sentence=_sentence(words["mode"], words["lead"], lines)
    )


def lead_trades_of(path: LeadPath, *, start_bar: int, last_bar: int) -> float:
    """
    Return what a lead's own trades after the start added to the lead's return (fees take, good prices give).

    At each bar with a change: the equity after it, less what was held before it is worth there.
    """
    equity, states = path.equity(), path.state_of_bar
    bars = np.flatnonzero(np.diff(states[start_bar : last_bar + 1])) + start_bar + 1
    held = path.held_units[states[bars - 1]]
    kept = path.cash_units[states[bars - 1]] + np.where(held == 0, 0.0, held * path.bars.unit_prices[bars]).sum(axis=1)
    return float((equity[bars] - kept).sum() / equity[start_bar])


def held_in_words(path: LeadPath, *, symbols: Sequence[str], start_bar: int, last_bar: int) -> str:
    """Return what a lead held at the close of a bar and what prices did since: 45 % BTC (+12.0 % since), 10 % ETH."""
    prices = path.bars.unit_prices
    held = path.held_units[path.state_of_bar[start_bar]]
    weights = np.where(held == 0, 0.0, held * prices[start_bar]) / path.equity()[start_bar]
    largest = [asset for asset in np.argsort(-weights).tolist() if weights[asset] > 0]
    named = []
    for asset in largest[:COINS_NAMED]:
        change = _signed(prices[last_bar, asset] / prices[start_bar, asset] - 1, 1)
        said = gettext("{weight} % {symbol} ({change} % since)")
        named.append(said.format(weight=f"{weights[asset] * 100:.0f}", symbol=symbols[asset], change=change))
    return ", ".join(named + ([gettext("and less of others")] if len(largest) > COINS_NAMED else []))


def lead_cash_fraction(path: LeadPath, *, bar: int) -> float:
    """Return which part of a lead lay in cash at the close of a bar."""
    return float(path.cash_units[path.state_of_bar[bar]] / path.equity()[bar])


def _told(fractions: dict[Part, float]) -> dict[Part, float]:
    """Return the parts that can be seen at all; what cannot is small, and counted there."""
    told: dict[Part, float] = {
        part: fraction for part, fraction in fractions.items() if part is not Part.SMALL and abs(fraction) >= SHOWN / 2
    }
    told[Part.SMALL] = sum(fractions.values()) - sum(told.values())
    return told


def _sentence(mode_name: str, lead_name: str, lines: Sequence[DifferenceLine]) -> str:
    whole = sum(line.shown for line in lines)
    if abs(whole) < SHOWN / 2:
        said = gettext("{mode} made as much as {lead}, to a hundredth of a point.")
        return said.format(mode=mode_name, lead=lead_name)
    said = gettext("{mode} ended {points} points above {lead}.")
    if whole < 0:
        said = gettext("{mode} ended {points} points below {lead}.")
    most = max(lines, key=lambda line: line.shown if whole > 0 else -line.shown)
    why = gettext("Most of that, {points}, is {label}: {detail}.")
    return " ".join(
        (
            said.format(mode=mode_name, lead=lead_name, points=written(f"{abs(whole) * 100:.2f}")),
            why.format(
                points=_signed(most.shown, 2),
                label=gettext(INSIDE[most.part]).format(lead=lead_name),
                detail=most.detail,
            ),
        )
    )


def _signed(fraction: float, decimals: int) -> str:
    points = round(fraction * 100, decimals) + 0.0
    return written(f"{points:+.{decimals}f}" if points else f"{0:.{decimals}f}").replace("-", "−")
