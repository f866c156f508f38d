"""What the followers of replayed copies put in, want to have out and got, beside what the copies do with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray

# Some copies: their places among the K, or all of them, which are looked at without being gathered first.
Rows = IntArray | slice


@dataclass(frozen=True, kw_only=True)
class FollowersMoney:
    """
    Columns (K,) in each copy's own units; what is in them changes, they do not.

    The stop loss counts on what is in. What is `owed` was asked for and is still to be paid.
    """

    invested: FloatArray
    paid_in: FloatArray
    paid_out: FloatArray
    owed: IntArray
    stop_losses: FloatArray

    @staticmethod
    def at_start(units: int, *, stop_losses: FloatArray) -> FollowersMoney:
        """Return the money of copies that each begin with so many units; a stop loss (K,) of NaN is none."""
        copies = len(stop_losses)
        return FollowersMoney(
            invested=np.full(copies, float(units)),
            paid_in=np.full(copies, float(units)),
            paid_out=np.zeros(copies),
            owed=np.zeros(copies, dtype=np.int64),
            stop_losses=stop_losses,
        )

    def put_in(self, row: int, *, units: float) -> None:
        """Note what a follower adds to a copy."""
        self.invested[row] += units
        self.paid_in[row] += units

    def ask_for(self, row: int, *, units: float, equity: float) -> None:
        """
        Note what a follower wants out of a copy whose equity, less what is owed, is this.

        What counts as invested falls in proportion, and the stop loss with it.
        """
        self.owed[row] += round(units)
        left = max(1 - units / equity, 0.0)
        self.invested[row] *= left
        self.stop_losses[row] *= left

    def pay(self, rows: Rows, *, cash: IntArray, waits: BoolArray) -> IntArray:
        """
        Pay what some copies (R,) owe out of their cash (R,), and return what each paid.

        Who `waits` for a market still has something to sell for it, and pays all or nothing; the others pay as far as
        the cash goes, and owe nothing then.
        """
        owed = self.owed[rows]
        paid = np.where((cash >= owed) | ~waits, np.minimum(cash, owed), 0)
        self.paid_out[rows] += paid
        self.owed[rows] = np.where(paid > 0, 0, owed)
        return np.asarray(paid, dtype=np.int64)
