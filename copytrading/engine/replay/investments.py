"""
On which terms a what-if copies: the mode, the money, a follower's own limits, and what the follower changes later.

Values are in quote currency. A replay counts each copy in units of its own (its investment is `START_UNITS` of cash,
see lead_path), and `columns` speaks those.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray
from copytrading.engine.holdings.terms import CopyTerms
from copytrading.engine.replay.lead_path import START_UNITS
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.mode import SizingMode


class ChangeKind(StrEnum):
    """What a follower does to a running copy."""

    INCREASE = "INCREASE"
    REDUCE = "REDUCE"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    STOP_LOSS = "STOP_LOSS"


@dataclass(frozen=True, kw_only=True)
class Change:
    """
    What the follower of one copy (its place among the K) changes at a time, at the first bar at or after it.

    `value` is the money that goes in or out, or the new stop loss, NaN for none; it says nothing of a pause.
    """

    time: int
    copy: int
    kind: ChangeKind
    value: float = np.nan


@dataclass(frozen=True, kw_only=True)
class Investments:
    """
    The terms on which K investments copy; values are in quote currency, one for each investment (K,).

    `stop_losses` is NaN for none; a breach is looked for at the close of each bar or, where it `stops_at_low`, at its
    lows, at which the copy then sells: the worst that the bar allows. `order_values` is what a fixed value pays for
    each buy of the lead, `order_ratios` the multiple of the lead's own order that a ratio buys; `order_values_max` and
    `total_values_max` limit both, `weight_max` is the most of a copy that one coin may be; NaN or None for none.
    `chosen` (A,) says which pairs are bought, None for all. Copies that answer orders never buy existing assets, and
    their drift is not repaired.
    """

    investments: FloatArray
    mode: SizingMode
    buys_existing: bool
    fee_rate: float
    slippage_rate: float
    stop_losses: FloatArray
    order_values: FloatArray
    order_ratios: FloatArray
    drift_band: float = 0.01
    order_values_max: FloatArray | None = None
    total_values_max: FloatArray | None = None
    weight_max: FloatArray | None = None
    chosen: BoolArray | None = None
    changes: tuple[Change, ...] = ()
    stops_at_low: bool = False

    @property
    def follows_orders(self) -> bool:
        return not self.mode.holds_ratios

    def columns(self, *, lead_cash: float, assets: int) -> CopyTerms:
        """Return the terms of the K copies, each in its own cash units."""
        count = len(self.investments)
        none = np.full(count, np.nan)
        units_per_value = START_UNITS / self.investments
        everything = np.ones(assets, dtype=np.bool_)
        return CopyTerms(
            modes=np.full(count, registry.number_of(self.mode.name)),
            weight_max=none if self.weight_max is None else self.weight_max,
            order_values=self.order_values * units_per_value if "order_value_units" in self.mode.requires else none,
            # The lead's orders count in its own units.
            order_ratios=self.order_ratios * lead_cash / self.investments
            if "order_ratio" in self.mode.requires
            else none,
            order_values_max=none if self.order_values_max is None else self.order_values_max * units_per_value,
            total_values_max=none if self.total_values_max is None else self.total_values_max * units_per_value,
            chosen=np.tile(everything if self.chosen is None else self.chosen, (count, 1)),
        )
