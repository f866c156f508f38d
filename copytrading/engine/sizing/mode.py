"""What a sizing mode sees of a decision, and what it answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings.portfolios import CopyTable, LeadPortfolio
from copytrading.engine.market.board import Board


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """
    What a lead ordered at one moment, columns (A,); (N, A) where each copy has its own part to answer.

    `bought_values` in the lead's quote units and 0 where nothing was bought, `orders` how many purchases that is, one
    that is filled in part counting in part; `sold_fractions` of what the lead held before, 1 for all of it.
    """

    bought_values: FloatArray
    orders: FloatArray
    sold_fractions: FloatArray


@dataclass(frozen=True, kw_only=True)
class Sight:
    """
    What N copies of one mode look at.

    `lead_units` (A,) is what the lead will hold once the own orders are filled, `lead_equity` the lead's equity in its
    quote units; `sizing` (N,) is what the copies are sized by, in theirs. `ordered` are the lead's orders in time.
    """

    board: Board
    lead: LeadPortfolio
    lead_units: IntArray
    lead_equity: float
    copies: CopyTable
    sizing: FloatArray
    ordered: tuple[Ordered, ...]


@dataclass(frozen=True, kw_only=True)
class Aim:
    """
    What N copies aim at, (N, A) in units.

    `answers` are the cells that a mode trades because the lead ordered there; None for a mode that holds ratios, whose
    copies trade what was touched and what has drifted. `capped` are the cells that a copy's own cap cut, `cuts` where
    its other terms did, and `asked_values` what was asked for there without them, in quote units.
    """

    target_units: FloatArray
    capped: BoolArray
    answers: BoolArray | None = None
    cuts: dict[Reason, BoolArray] = field(default_factory=dict)
    asked_values: FloatArray | None = None


class SizingMode(ABC):
    """
    A way to size what copies aim at. Stateless.

    `name` is what a stored row and a program say, `label` what people read. `requires` and `allows` name the terms of
    `engine.terms.Terms` that it takes, in the order in which a form asks for them.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    # Where there is little room, as in a table.
    short_label: ClassVar[str]
    # Whether copies are kept at ratios: aligned at once after a start or a change, repaired when they drift.
    holds_ratios: ClassVar[bool]
    requires: ClassVar[tuple[str, ...]] = ()
    allows: ClassVar[tuple[str, ...]] = ()

    @property
    def word(self) -> str:
        """Return the name as it is typed on a command line."""
        return self.name.lower().replace("_", "-")

    def __str__(self) -> str:
        return self.word

    @abstractmethod
    def aim(self, sight: Sight) -> Aim:
        """Return what the copies aim at."""


def nowhere(sight: Sight) -> BoolArray:
    """Return no cell (N, A)."""
    return np.zeros(sight.copies.units.shape, dtype=np.bool_)
