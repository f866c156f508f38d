"""
On which terms a what-if copies: the mode, the money, and the limits that a follower may set.

Values are in quote currency. A replay counts each copy in units of its own (its investment is `START_UNITS` of
cash, see lead_path), and `OrderSizes` speaks those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.lead_path import START_UNITS, LeadOrder
from copytrading.engine.sizing import custom as custom_sizing


class Mode(StrEnum):
    SMART_SYNC = "smart-sync"
    CUSTOM_FIXED = "custom-fixed"
    CUSTOM_RATIO = "custom-ratio"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """
    The terms on which K investments copy; values are in quote currency, one for each investment (K,).

    `stop_losses` is NaN for none. `order_values` is what custom-fixed pays for each buy of the lead, `order_ratios`
    the multiple of the lead's own order that custom-ratio buys; `order_values_max` and `total_values_max` limit both,
    NaN or None for none, and `chosen` (A,) says which pairs they buy, None for all. Custom copies follow orders only:
    they never buy existing assets and their drift is not repaired.
    """

    investments: FloatArray
    mode: Mode
    buys_existing: bool
    fee_rate: float
    slippage_rate: float
    stop_losses: FloatArray
    order_values: FloatArray
    order_ratios: FloatArray
    drift_band: float = 0.01
    order_values_max: FloatArray | None = None
    total_values_max: FloatArray | None = None
    chosen: BoolArray | None = None

    @property
    def follows_orders(self) -> bool:
        return self.mode is not Mode.SMART_SYNC


class OrderSizes:
    """The custom terms of K copies, each in its own cash units, as the sizing policy takes them."""

    def __init__(self, *, terms: Terms, lead_cash: float, assets: int) -> None:
        copies = len(terms.investments)
        none = np.full(copies, np.nan)
        units_per_value = START_UNITS / terms.investments
        fixed = terms.mode is Mode.CUSTOM_FIXED
        self._fixed_values = terms.order_values * units_per_value if fixed else none
        # The lead's orders count in its own units.
        self._ratios = none if fixed else terms.order_ratios * lead_cash / terms.investments
        self._order_values_max = none if terms.order_values_max is None else terms.order_values_max * units_per_value
        self._total_values_max = none if terms.total_values_max is None else terms.total_values_max * units_per_value
        self._chosen = np.ones(assets, dtype=np.bool_) if terms.chosen is None else terms.chosen

    def buy_values(
        self, orders: Sequence[LeadOrder], *, rows: IntArray, takes: BoolArray, coin_values: FloatArray
    ) -> custom_sizing.BuyValues:
        """
        Return what R copies put into B buys of the lead in different coins, (R, B).

        `takes` (R, B) says which copies follow which buy; `coin_values` (R,) is what they have in coins already.
        """
        chosen = self._chosen[[order.asset for order in orders]]
        buys = custom_sizing.buy_values(
            lead_values=np.array([order.bought_value for order in orders]),
            fixed_values=self._fixed_values[rows],
            ratios=self._ratios[rows],
            order_values_max=self._order_values_max[rows],
            total_values_max=self._total_values_max[rows],
            coin_values=coin_values,
            chosen=chosen & takes,
        )
        return replace(buys, market_not_chosen=takes & ~chosen)
