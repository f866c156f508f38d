"""
The terms of a copy: what a follower chooses, and nothing that the market does to it.

`Terms` is what one follower names, in quote units; `CopyTerms` are those of many copies as columns. A model, a form and
a program's request are each turned into `Terms` in one place, and a sizing mode names which of them it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Terms:
    """
    What one follower chooses. Values in quote units; None is no limit, no market named is all of them.

    `mode` is the name of a sizing mode. `weight_max` is the most of the copy that one coin may be. The rest is for
    modes that answer orders: a fixed value for each, or a ratio of the lead's own, the most of an order and in total.
    """

    mode: str = "SMART_SYNC"
    buy_existing: bool = True
    stop_loss_units: int | None = None
    weight_max: float | None = None
    order_value_units: int | None = None
    order_ratio: float | None = None
    order_value_max_units: int | None = None
    total_value_max_units: int | None = None
    market_ids: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CopyTerms:
    """
    The terms of N copies that sizing looks at: columns (N,) in quote units, NaN for none; `chosen` markets (N, A).

    `modes` are numbers of the registry of sizing modes.
    """

    modes: IntArray
    weight_max: FloatArray
    order_values: FloatArray
    order_ratios: FloatArray
    order_values_max: FloatArray
    total_values_max: FloatArray
    chosen: BoolArray

    @classmethod
    def one(cls, terms: Terms, *, mode_number: int, market_ids: IntArray) -> CopyTerms:
        """Return the terms of one copy as columns, on a board with these markets (A,)."""
        return cls.of([terms], mode_numbers=[mode_number], market_ids=market_ids)

    @classmethod
    def of(cls, many: Sequence[Terms], *, mode_numbers: Sequence[int], market_ids: IntArray) -> CopyTerms:
        """Return the terms of some copies as columns, on a board with these markets (A,)."""

        def column(values: Sequence[float | None]) -> FloatArray:
            return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

        everything = np.ones(len(market_ids), dtype=np.bool_)
        return cls(
            modes=np.array(mode_numbers, dtype=np.int64),
            weight_max=column([terms.weight_max for terms in many]),
            order_values=column([terms.order_value_units for terms in many]),
            order_ratios=column([terms.order_ratio for terms in many]),
            order_values_max=column([terms.order_value_max_units for terms in many]),
            total_values_max=column([terms.total_value_max_units for terms in many]),
            chosen=np.array(
                [np.isin(market_ids, terms.market_ids) if terms.market_ids else everything for terms in many],
                dtype=np.bool_,
            ).reshape(len(many), len(market_ids)),
        )

    def narrow(self, rows: BoolArray | IntArray) -> CopyTerms:
        """Return the terms of some of the copies, as a mask (N,) or as their places."""
        return CopyTerms(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})
