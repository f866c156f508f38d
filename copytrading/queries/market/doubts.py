"""
Coins that no money moves by: their price waits for a verdict of people, or they are halted.

A price in doubt does not only keep orders back. Whoever starts, changes, is paid out or shares profit at it pays or
gets what may be a thousand times wrong, so every verb that moves money by value asks here first. What was asked for
before stays asked for, and is carried out when the doubt is over; exits in other coins go on.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from django.db import connection

from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.models import Copy, Lead
from copytrading.queries.market.board import Board

# A verdict that is approved and not carried out yet is a doubt as well: half of it may be done.
IN_DOUBT = """
    SELECT market.id, market.base_id, base.symbol,
        coalesce(mark.doubt IN ('REDENOMINATION', 'SUSPENSION'), false) OR EXISTS (
            SELECT FROM copytrading_coinverdict AS verdict WHERE verdict.market_id = market.id
                AND verdict.approved_at IS NOT NULL AND verdict.done_at IS NULL) AS unjudged,
        EXISTS (
            SELECT FROM copytrading_halt AS halt WHERE halt.lifted_at IS NULL AND (
                halt.scope = 'PLATFORM'
                OR halt.scope = 'ASSET' AND halt.target_id IN (market.base_id, market.quote_id))) AS halted,
        EXISTS (
            SELECT FROM copytrading_halt AS halt WHERE halt.lifted_at IS NULL
                AND halt.scope = 'MARKET' AND halt.target_id = market.id) AS market_halted
    FROM copytrading_market AS market
    JOIN accounts_asset AS base ON base.id = market.base_id
    LEFT JOIN copytrading_mark AS mark ON mark.market_id = market.id
"""
WHICH = f"""
    SELECT base_id, symbol, CASE WHEN unjudged THEN 'UNJUDGED' WHEN halted THEN 'HALTED' ELSE 'MARKET_HALTED' END
    FROM ({IN_DOUBT}) AS coin WHERE unjudged OR halted OR market_halted ORDER BY symbol
"""

HELD_BY_ACCOUNTS = (
    "SELECT DISTINCT asset_id FROM accounts_balance"
    " WHERE ledger_account_id = ANY(%s) AND posted <> 0 AND asset_id = ANY(%s)"
)
SEEN_WITH_LEAD = (
    "SELECT DISTINCT asset_id FROM copytrading_leadholding WHERE lead_id = %s AND units <> 0 AND asset_id = ANY(%s)"
)
COPIES_WITH = """
    SELECT DISTINCT copy.id FROM copytrading_copy AS copy
    JOIN accounts_balance AS balance ON balance.ledger_account_id = copy.ledger_account_id
    WHERE copy.status <> 'STOPPED' AND balance.posted <> 0 AND balance.asset_id = ANY(%s)
"""


class Why(StrEnum):
    UNJUDGED = "UNJUDGED"
    # The coin itself, or everything.
    HALTED = "HALTED"
    # Its trading alone. Whoever takes money out of a copy is still paid from its cash.
    MARKET_HALTED = "MARKET_HALTED"


# What holds back money that is taken out.
HOLDING_BACK = (Why.UNJUDGED, Why.HALTED)


@dataclass(frozen=True, kw_only=True)
class DoubtedCoin:
    """A coin that no money moves by, and why."""

    asset_id: int
    symbol: str
    why: Why


def coins_in_doubt() -> dict[int, DoubtedCoin]:
    """Return the coins that no money moves by at this moment, by asset id, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(WHICH)
        return {
            asset_id: DoubtedCoin(asset_id=asset_id, symbol=symbol, why=Why(why))
            for asset_id, symbol, why in cursor.fetchall()
        }


def held_in_doubt(*, lead: Lead, copy: Copy | None = None) -> list[DoubtedCoin]:
    """Return the coins in doubt that a lead holds, or one of its copies, by symbol."""
    doubted = coins_in_doubt()
    if not doubted:
        return []
    asset_ids = list(doubted)
    accounts = [account for account in (lead.ledger_account_id, copy and copy.ledger_account_id) if account]
    with connection.cursor() as cursor:
        cursor.execute(HELD_BY_ACCOUNTS, [accounts, asset_ids])
        held = {asset_id for (asset_id,) in cursor.fetchall()}
        cursor.execute(SEEN_WITH_LEAD, [lead.pk, asset_ids])
        held |= {asset_id for (asset_id,) in cursor.fetchall()}
    return [coin for asset_id, coin in doubted.items() if asset_id in held]


def holders_in_doubt(*, board: Board, units: IntArray, whys: Collection[Why] = tuple(Why)) -> BoolArray:
    """
    Return who (N,) holds a coin in doubt, of what everybody holds (N, A) on a board.

    :param whys: the doubts that count.
    """
    which = [asset_id for asset_id, coin in coins_in_doubt().items() if coin.why in whys]
    doubted = np.isin(board.asset_ids, which)
    return np.asarray((units != 0)[:, doubted].any(axis=1), dtype=np.bool_)


def copy_ids_in_doubt() -> list[int]:
    """Return the live copies, of all leads, that hold a coin in doubt."""
    asset_ids = list(coins_in_doubt())
    if not asset_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(COPIES_WITH, [asset_ids])
        return [copy_id for (copy_id,) in cursor.fetchall()]
