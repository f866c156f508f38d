"""The boards of a recording: one a bar, each of all coins."""

import numpy as np

from copytrading.engine.replay.bar_board import BarBoards


def test_know_every_coin_however_many_bars_there_are() -> None:
    unit_prices = np.array([[2.0, np.nan, 3.0], [2.5, 7.0, 3.5]])

    first, second = (
        BarBoards(unit_prices=unit_prices, tradable=np.ones((2, 3), dtype=np.bool_)).at(bar) for bar in (0, 1)
    )

    for board in (first, second):
        columns = (
            board.asset_ids,
            board.market_ids,
            board.unit_prices,
            board.lot_units,
            board.decimals,
            board.tick_sizes,
        )
        assert {len(column) for column in columns} == {3}
    assert second.unit_prices.tolist() == [2.5, 7.0, 3.5]
