"""
The market as a decision sees it: parallel columns (A,), one place for each coin that has a market.

Prices on the board are *unit prices*: quote units for one base unit, so that units times unit price is a value in
quote units whatever the decimals of the coin are.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from copytrading.engine import units
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class MarketTerms:
    """
    What one market accepts, and its mark.

    `lot_units` is the step of a quantity and `value_min_units` the least value of an order, in units of base and quote;
    `tick_size` is the step of a price, `mark` the price itself, both in quote currency per coin.
    """

    market_id: int
    base_decimals: int
    quote_decimals: int
    lot_units: int
    value_min_units: int
    tick_size: Decimal
    mark: Decimal

    def unit_price(self, price: Decimal) -> float:
        """Return quote units for one base unit, for a price in quote currency per coin."""
        return units.unit_price(price, base_decimals=self.base_decimals, quote_decimals=self.quote_decimals)


@dataclass(frozen=True, kw_only=True)
class Board:
    """
    Columns (A,), sorted by asset id.

    `unit_prices` is NaN where no price was ever seen; `fresh` says whether the mark may be acted on: young enough and
    not in doubt; `listed` whether the market trades, `tradable` whether it takes an order of ours this moment. What is
    `frozen` can be sold nowhere for long: it counts at its last mark, so that everything else goes on. `priced_at` is
    when the price was made, in seconds; `doubted_prices` what the coin may be worth instead, NaN where nothing is in
    doubt. `tick_sizes` and `marks` are Decimal, a mark None where there is none.
    """

    asset_ids: IntArray
    market_ids: IntArray
    unit_prices: FloatArray
    lot_units: IntArray
    value_min_units: IntArray
    decimals: IntArray
    quote_decimals: IntArray
    tick_sizes: np.ndarray[Any, Any]
    marks: np.ndarray[Any, Any]
    fresh: BoolArray
    listed: BoolArray
    tradable: BoolArray
    frozen: BoolArray
    priced_at: FloatArray
    doubted_prices: FloatArray

    @property
    def awaited(self) -> BoolArray:
        """Return the markets (A,) that do not trade but may do so again."""
        return np.asarray(~self.listed & ~self.frozen, dtype=np.bool_)

    def places_of(self, asset_ids: IntArray) -> IntArray:
        """Return the place of each asset on the board; all of them must be on it."""
        places = np.searchsorted(self.asset_ids, asset_ids)
        assert (self.asset_ids[np.minimum(places, len(self.asset_ids) - 1)] == asset_ids).all(), (
            "an asset has no market"
        )
        return places.astype(np.int64)

    def market(self, place: int) -> MarketTerms:
        """Return what the market at one place accepts; it must have a mark."""
        assert self.marks[place] is not None, "a market without a mark is not traded"
        return MarketTerms(
            market_id=int(self.market_ids[place]),
            base_decimals=int(self.decimals[place]),
            quote_decimals=int(self.quote_decimals[place]),
            lot_units=int(self.lot_units[place]),
            value_min_units=int(self.value_min_units[place]),
            tick_size=self.tick_sizes[place],
            mark=self.marks[place],
        )
