"""The market of recorded bars, as a decision sees it."""

from __future__ import annotations

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray
from copytrading.engine.market.board import Board


class BarBoards:
    """The boards of T bars at their unit prices (T, A), NaN where a coin has none yet."""

    def __init__(self, *, unit_prices: FloatArray, tradable: BoolArray) -> None:
        self._unit_prices, self._listed = unit_prices, tradable
        self._known = ~np.isnan(unit_prices)
        self._tradable, self._frozen = tradable & self._known, ~self._known
        assets = unit_prices.shape[1]
        places, nothing = np.arange(assets), np.zeros(assets, dtype=np.int64)
        none = np.empty(assets, dtype=object)
        # What a recording does not say, such as lots and ticks, nobody asks of it.
        self._blank = Board(
            asset_ids=places,
            market_ids=places,
            unit_prices=np.full(assets, np.nan),
            lot_units=nothing,
            value_min_units=nothing,
            decimals=nothing,
            quote_decimals=nothing,
            tick_sizes=none,
            marks=none,
            fresh=np.zeros(assets, dtype=np.bool_),
            listed=np.zeros(assets, dtype=np.bool_),
            tradable=np.zeros(assets, dtype=np.bool_),
            frozen=np.ones(assets, dtype=np.bool_),
            priced_at=np.zeros(assets),
            doubted_prices=np.full(assets, np.nan),
        )

    def at(self, bar: int) -> Board:
        """Return the board of one bar."""
        blank = self._blank
        return Board(
            asset_ids=blank.asset_ids,
            market_ids=blank.market_ids,
            unit_prices=self._unit_prices[bar],
            lot_units=blank.lot_units,
            value_min_units=blank.value_min_units,
            decimals=blank.decimals,
            quote_decimals=blank.quote_decimals,
            tick_sizes=blank.tick_sizes,
            marks=blank.marks,
            fresh=self._known[bar],
            listed=self._listed[bar],
            tradable=self._tradable[bar],
            frozen=self._frozen[bar],
            priced_at=blank.priced_at,
            doubted_prices=blank.doubted_prices,
        )
