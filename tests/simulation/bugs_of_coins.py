"""Bugs about coins: a leap is believed, a coin in doubt or halted moves money, a new unit turns not everything."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount
from copytrading.engine.arrays import BoolArray
from copytrading.engine.market import marks
from copytrading.queries.market import doubts as doubt_queries
from copytrading.services.market import doubts
from copytrading.services.orders import resolving


def leap_is_believed() -> list[Any]:
    """A factor is a jump like another: whoever says it twice is believed."""

    def judge_none(*, marks: Any, prices: Any, was_suspended: Any, jump_max: float, leap_max: float) -> Any:
        nothing = np.zeros(len(prices), dtype=np.bool_)
        return Leaps(factor=nothing, moved=nothing)

    Leaps = marks.Leaps  # noqa: N806 — the name is the class's own
    return [patch.object(marks, "judge_leaps", judge_none)]


def doubted_coin_is_settled() -> list[Any]:
    """Settlements, reductions and payouts do not ask whether a coin is in doubt."""

    def nobody(*, board: Any, units: Any, whys: Any = ()) -> BoolArray:
        return np.zeros(len(units), dtype=np.bool_)

    return [patch.object(doubt_queries, "holders_in_doubt", nobody)]


def doubted_coin_takes_money() -> list[Any]:
    """Starts and increases do not ask whether a coin is in doubt."""
    return [patch.object(doubts, "refuse_held", lambda *, lead, copy=None, whys=(): None)]


def copies_are_left_in_the_old_unit() -> list[Any]:
    """What copies hold is not counted anew, and what everybody else has makes up for it at the venue's account."""
    post = ledger.post

    def leave_copies(*, kind: Any, lines: Lines, **named: Any) -> Journal:
        if kind == Journal.Kind.REDENOMINATION:
            copies = LedgerAccount.objects.filter(kind=LedgerAccount.Kind.COPY).values_list("pk", flat=True)
            turned = ~np.isin(lines.ledger_account_ids, list(copies))
            units = np.where(turned, lines.units, 0)
            units[-1] -= units.sum()
            lines = Lines.of(lines.ledger_account_ids, lines.asset_ids, units)
        return post(kind=kind, lines=lines, **named)

    return [patch.object(ledger, "post", leave_copies)]


def left_over_is_dropped() -> list[Any]:
    """What cutting to whole units leaves over is nobody's."""
    post = ledger.post

    def drop(*, kind: Any, lines: Lines, **named: Any) -> Journal:
        if kind == Journal.Kind.REDENOMINATION:
            units = lines.units.copy()
            units[-1], units[-2] = units[-1] + units[-2], 0
            lines = Lines.of(lines.ledger_account_ids, lines.asset_ids, units)
        return post(kind=kind, lines=lines, **named)

    return [patch.object(ledger, "post", drop)]


def unknown_order_is_told_by_turned_coins() -> list[Any]:
    """Whether an order arrived is told by the number of coins, whatever unit they are counted in."""
    return [patch.object(resolving, "counted_assets", lambda market: (market.base,))]


BUGS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "leap believed when said twice": ("A thousand coins for one make a fortune.", leap_is_believed),
    "coin in doubt settled": ("Money is paid out by a price that nobody believes.", doubted_coin_is_settled),
    "coin in doubt takes money": ("Somebody buys in at a price that nobody believes.", doubted_coin_takes_money),
    "copies left in the old unit": ("A copy has a thousand times its coins.", copies_are_left_in_the_old_unit),
    "unknown order told by turned coins": (
        "The order waits for the verdict and the verdict for the order.",
        unknown_order_is_told_by_turned_coins,
    ),
    "left over of a new unit dropped": ("Custody keeps units that are nobody's.", left_over_is_dropped),
}
