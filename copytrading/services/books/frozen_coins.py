"""
Coins that a stop cannot sell: their market is delisted, or suspended for longer than we wait.

The copy ends all the same. The coins stay the follower's: a journal moves them as they are to the main account, where
they can be sold by hand if the market ever trades again, and a notice says which. Nothing is paid for them.
"""

from datetime import datetime

import numpy as np

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount
from accounts.transactions import in_transaction
from copytrading.engine.arrays import BoolArray
from copytrading.engine.holdings.portfolios import CopyTable
from copytrading.engine.market.board import Board
from copytrading.models import Copy, Notice
from copytrading.services.telling import notices


def frozen_cells(board: Board, copies: CopyTable) -> BoolArray:
    """Return what can be sold nowhere (N, A): coins of frozen markets that no open order has promised."""
    return np.asarray((copies.units > 0) & (copies.held_units == 0) & board.frozen[None, :], dtype=np.bool_)


@in_transaction
def hand_over_frozen(*, board: Board, copies: CopyTable, cells: BoolArray, now: datetime) -> None:
    """Move frozen coins (N, A) from copies to their followers' main accounts, and tell them. The lead is locked."""
    rows, places = np.nonzero(cells)
    if not len(rows):
        return
    followers = dict(Copy.objects.filter(pk__in=copies.ids[rows].tolist()).values_list("pk", "follower_id"))
    mains = dict(
        LedgerAccount.objects.filter(
            kind=LedgerAccount.Kind.MAIN, owner_id__in=set(followers.values())
        ).values_list("owner_id", "pk")
    )  # fmt: skip
    to_accounts = np.array([mains[followers[copy_id]] for copy_id in copies.ids[rows].tolist()], dtype=np.int64)
    units, assets = copies.units[rows, places], board.asset_ids[places]
    ledger.post(
        kind=Journal.Kind.COPY_PAYOUT,
        idempotency_key=f"frozen:{copies.ids[rows[0]]}",
        lines=Lines.join(
            Lines.of(copies.account_ids[rows], assets, -units),
            Lines.of(to_accounts, assets, units),
        ),
        now=now,
    )
    notices.tell_copies(
        copies.ids[rows].tolist(), Notice.Kind.COINS_FROZEN, now, asset_ids=assets.tolist(), units=units.tolist()
    )
