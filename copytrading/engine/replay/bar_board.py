"""The market of one recorded bar, as a decision sees it."""

from __future__ import annotations

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray
from copytrading.engine.market.board import Board


def board_of_bar(*, unit_prices: FloatArray, tradable: BoolArray) -> Board:
    """
    Return the board of a bar at its unit prices (A,), NaN where a coin has none yet.

    What a recording does not say, such as lots and ticks, nobody asks of it.
    """
    known = ~np.isnan(unit_prices)
    places = np.arange(len(unit_prices))
    nothing, none = np.zeros(len(unit_prices), dtype=np.int64), np.empty(len(unit_prices), dtype=object)
    return Board(
        asset_ids=places,
        market_ids=places,
        unit_prices=unit_prices,
        lot_units=nothing,
        value_min_units=nothing,
        decimals=nothing,
        quote_decimals=nothing,
        tick_sizes=none,
        marks=none,
        fresh=known,
        listed=tradable,
        tradable=tradable & known,
        frozen=~known,
        priced_at=np.zeros(len(unit_prices)),
        doubted_prices=np.full(len(unit_prices), np.nan),
    )
