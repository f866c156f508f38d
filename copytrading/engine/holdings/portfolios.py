"""
Who holds what, as arrays: the lead's portfolio (A,) and copies of it (N, A), on one board.

`units` is what somebody owns and is what worth counts; `held` of it is promised to open orders and cannot be traded
again. Everything is in whole units.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings import baseline, weights
from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.holdings.terms import CopyTerms
from copytrading.engine.holdings.valuation import Valuation, value_portfolios
from copytrading.engine.market.board import Board

STATUS_NUMBERS = {"STARTING": 0, "ACTIVE": 1, "PAUSED": 2, "STOPPING": 3}


@dataclass(frozen=True, kw_only=True)
class LeadPortfolio:
    """
    What a lead holds, (A,) on the board; `touched` says where a trade waits to be followed, `told` where it does so for
    a market that was closed at the look before, which followers know.

    `pending_units` and `pending_orders` are trades seen elsewhere that copies which answer orders have still to answer.
    `other_value_units` is what the lead has elsewhere of things that are not traded here, in quote units. A replay of
    many starts knows for each copy what it has to follow: there `touched` and the pending trades are (N, A).
    """

    account_id: int | None
    cash_units: int
    cash_held_units: int
    units: IntArray
    held_units: IntArray
    survival: FloatArray
    epoch: IntArray
    touched: BoolArray
    pending_units: IntArray
    pending_orders: IntArray
    told: BoolArray | None = None
    # The version of the lead's book at the last trade in each coin (A,), which copies on own accounts go by.
    traded_versions: IntArray | None = None
    other_value_units: int = 0
    # Drift repair waits until then, in seconds, since the lead's own money moved; NaN where it did not.
    settling_until: float = np.nan
    # False while the account elsewhere cannot be read: then these are old numbers, and nothing is decided by them.
    is_seen: bool = True

    def due(self, board: Board) -> BoolArray:
        """Return where a trade is to be followed now: what waits for a closed market is due again once it opens."""
        return self.touched if self.told is None else np.asarray(self.touched & (board.listed | ~self.told))

    def equity(self, board: Board) -> float:
        """Return the lead's equity in quote units; NaN where a coin that is held has no price."""
        return float(
            weights.equity_of(
                cash_units=np.array([self.cash_units + self.other_value_units]),
                held_units=self.units[None, :],
                unit_prices=board.unit_prices,
            )[0]
        )


@dataclass(frozen=True, kw_only=True)
class CopyTable:
    """The live copies of a lead: columns (N,) and grids (N, A). Times are seconds, NaN for never."""

    ids: IntArray
    account_ids: IntArray
    invested_units: IntArray
    stop_loss_units: FloatArray
    status: IntArray
    owed_units: IntArray
    share_state: ShareState
    terms: CopyTerms
    aligning: BoolArray
    stopping_at: FloatArray
    cash_units: IntArray
    cash_held_units: IntArray
    units: IntArray
    held_units: IntArray
    baseline_units: IntArray
    baseline_survival: FloatArray
    baseline_epoch: IntArray

    def valued(self, board: Board) -> Valuation:
        """Return what each copy (N,) is worth at the marks of a board."""
        return value_portfolios(
            cash_units=self.cash_units,
            held_units=self.units,
            unit_prices=board.unit_prices,
            share_state=self.share_state,
            owed_units=self.owed_units,
        )

    @property
    def short(self) -> BoolArray:
        """Return which copies (N,) have to pay out more than they have in cash: they sell, however little it is."""
        return np.asarray(self.owed_units > self.cash_units - self.cash_held_units, dtype=np.bool_)

    def followed_shares(self, lead: LeadPortfolio, *, lead_units: IntArray) -> FloatArray:
        """Return the share of each lead position of `lead_units` (A,) that each copy follows, (N, A), 0 to 1."""
        if not self.baseline_units.any():
            return np.ones(self.units.shape)
        return baseline.followed_shares(
            lead_units=lead_units,
            survival=lead.survival,
            epoch=lead.epoch,
            baseline_units=self.baseline_units,
            baseline_survival=self.baseline_survival,
            baseline_epoch=self.baseline_epoch,
        )

    def has_status(self, *names: str) -> BoolArray:
        """Return which copies (N,) have one of these statuses."""
        found = self.status == STATUS_NUMBERS[names[0]]
        for name in names[1:]:
            found = found | (self.status == STATUS_NUMBERS[name])
        return np.asarray(found, dtype=np.bool_)

    def narrow(self, rows: BoolArray | IntArray) -> CopyTable:
        """Return the table with some of its copies only, as a mask (N,) or as their places."""
        columns = {column.name: getattr(self, column.name) for column in fields(self)}
        state, terms = columns.pop("share_state"), columns.pop("terms")
        return CopyTable(
            share_state=ShareState(
                issued_units=state.issued_units[rows],
                mark_value_units=state.mark_value_units[rows],
                rate_millionths=state.rate_millionths[rows],
            ),
            terms=terms.narrow(rows),
            **{name: column[rows] for name, column in columns.items()},
        )
