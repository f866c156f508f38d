"""
What more money behind a lead would cost, at the depth there is now.

Money that joins is spread over the lead's weights and buys its way up each book. The cost of a market is
how far the average price paid lies above the mid, in basis points; that of the portfolio is
their mean by value, where cash costs nothing:

    asks  5 at 100, 5 at 101      mid 99.9      1,005 buys 10 at 100.5 on average → 60 bp
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import FloatArray

# What a lead's page asks about, in quote currency.
STEP_VALUES = (1_000.0, 10_000.0, 100_000.0)

BASIS_POINTS = 10_000.0


@dataclass(frozen=True, kw_only=True)
class BookSide:
    """The offers of one market that a buyer meets, best first: `prices` and `quantities` (L,), and the mid."""

    prices: FloatArray
    quantities: FloatArray
    mid: float


@dataclass(frozen=True, kw_only=True)
class EntryCost:
    """
    What it costs to put `value` into the lead's portfolio now.

    `cost_bp` is of the part that the visible books could fill; `filled_fraction` is that part of what was to be bought,
    1 when the books are deep enough. `costs_bp` tells the same by asset, NaN where nothing could be bought.
    """

    value: float
    cost_bp: float
    filled_fraction: float
    costs_bp: dict[str, float]

    @property
    def cost_in_1000(self) -> float:
        """Return the cost of each 1,000 that is bought: ten basis points are 1 in 1,000."""
        return self.cost_bp / BASIS_POINTS * 1_000


def entry_costs(
    *, weights: Mapping[str, float], books: Mapping[str, BookSide], values: Sequence[float] = STEP_VALUES
) -> tuple[EntryCost, ...]:
    """
    Return what each of some values would cost, spread over `weights` (asset → share of equity, the rest is cash).

    An asset without a book can't be bought: its part is left unfilled. A portfolio of cash costs nothing.
    """
    assert all(weight >= 0 for weight in weights.values()), "a spot portfolio weighs nothing negatively"
    assert sum(weights.values()) <= 1 + 1e-9, "weights are shares of one equity"
    return tuple(_entry_cost(weights=weights, books=books, value=value) for value in values)


def cost_of_buying(*, book: BookSide, value: float) -> tuple[float, float]:
    """Return the value that the book fills of `value`, and what it costs above the mid in basis points."""
    assert (np.diff(book.prices) >= 0).all(), "offers come best first"
    assert book.mid > 0, "a cost needs a price to be measured from"
    level_values = book.prices * book.quantities
    spent_before = np.concatenate([[0.0], np.cumsum(level_values)[:-1]]) if len(level_values) else level_values
    spent = np.clip(value - spent_before, 0.0, level_values)
    filled = float(spent.sum())
    if filled == 0.0:
        return 0.0, float("nan")
    bought = float((spent / book.prices).sum())
    return filled, (filled / (bought * book.mid) - 1.0) * BASIS_POINTS


def _entry_cost(*, weights: Mapping[str, float], books: Mapping[str, BookSide], value: float) -> EntryCost:
    wanted = {asset: weight * value for asset, weight in weights.items() if weight > 0}
    fills = {
        asset: cost_of_buying(book=books[asset], value=part) if asset in books else (0.0, float("nan"))
        for asset, part in wanted.items()
    }
    filled = sum(part for part, _ in fills.values())
    # Cash is put in at no cost, so it counts in what the costs are spread over.
    cash = value - sum(wanted.values())
    cost = sum(part * cost_bp for part, cost_bp in fills.values() if part > 0)
    return EntryCost(
        value=value,
        cost_bp=cost / (filled + cash) if filled > 0 else 0.0,
        filled_fraction=filled / sum(wanted.values()) if wanted else 1.0,
        costs_bp={asset: cost_bp for asset, (_, cost_bp) in fills.items()},
    )
