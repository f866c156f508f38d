"""The copies that a stop loss guards, of all leads at once, with their equity at the present marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from accounts.database import bulk_rows
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.holdings.valuation import value_gross, values_of
from copytrading.engine.rules import Rules
from copytrading.queries.market.board import cash_asset, load_board

RUNNING = "copy.status IN ('STARTING', 'ACTIVE', 'PAUSED')"
GUARDED = f"{RUNNING} AND copy.stop_loss_units IS NOT NULL"
ALL = "true"
NAMED = "copy.id = ANY(%(copies)s)"
OF_LEADS_OR_ACCOUNTS = "(copy.lead_id = ANY(%(leads)s) OR copy.ledger_account_id = ANY(%(accounts)s))"


def columns_of(which: str, *, guard: str = GUARDED) -> str:
    """Return the statement for the columns of guarded copies, in the order of their accounts; −1 is no stop loss."""
    return f"""
    SELECT copy.id, copy.lead_id, copy.ledger_account_id, copy.invested_units,
        coalesce(copy.stop_loss_units, -1),
        coalesce(owed.units, 0)::bigint,
        copy.issued_units, copy.mark_value_units, (copy.profit_share_rate * 1000000)::bigint,
        coalesce(extract(epoch FROM copy.breached_at), 'NaN')::double precision
    FROM copytrading_copy AS copy
    LEFT JOIN (SELECT flow.copy_id, -sum(flow.units) AS units FROM copytrading_copyflow AS flow
        WHERE flow.status = 'REQUESTED' GROUP BY 1) AS owed ON owed.copy_id = copy.id
    WHERE {guard} AND {which}
    ORDER BY copy.ledger_account_id
    """


def balances_of(which: str, *, guard: str = GUARDED) -> str:
    """Return the statement for what guarded copies hold: account, asset and units posted."""
    return f"""
    SELECT balance.ledger_account_id, balance.asset_id, balance.posted
    FROM accounts_balance AS balance
    JOIN copytrading_copy AS copy ON copy.ledger_account_id = balance.ledger_account_id
    WHERE {guard} AND {which} AND balance.posted <> 0
    """


@dataclass(frozen=True, kw_only=True)
class GuardedCopies:
    """
    Columns (N,). Equity in quote units is what copies are sized by: net of what is on its way out and of the share.

    `fresh`: every coin that is held has a mark that may be acted on; those marks were made between `oldest_price_at`
    and `newest_price_at`. `equity_hoped` is what the copy is worth if every price in doubt is the higher one.
    """

    ids: IntArray
    lead_ids: IntArray
    invested_units: IntArray
    stop_loss_units: FloatArray
    breached_at: FloatArray
    equity: FloatArray
    equity_hoped: FloatArray
    fresh: BoolArray
    oldest_price_at: FloatArray
    newest_price_at: FloatArray


def load_guarded(*, now: datetime, rules: Rules, copy_ids: Sequence[int] | None = None) -> GuardedCopies:
    """Return the copies that have a stop loss and are not stopping, all or those that are named, valued now."""
    which, named = (ALL, {}) if copy_ids is None else (NAMED, {"copies": list(copy_ids)})
    return load_valued(which, named, guard=GUARDED, now=now, rules=rules)


def load_valued(
    which: str, named: Mapping[str, Sequence[int]], *, guard: str, now: datetime, rules: Rules
) -> GuardedCopies:
    """Return some copies that are guarded, or run at least, as `guard` says, valued now; a stop loss of NaN is none."""
    board, cash = load_board(now=now, rules=rules), cash_asset()
    types = ["bigint"] * 9 + ["double precision"]
    columns = bulk_rows.read_columns(columns_of(which, guard=guard), named, types=types)
    ids, leads, accounts, invested, limits, owed, issued, mark_value, rate, breached_at = columns
    balance_accounts, assets, posted = bulk_rows.read_columns(
        balances_of(which, guard=guard), named, types=["bigint"] * 3
    )
    # A copy that was started between the two reads has balances and no row yet: it waits for the next look.
    has_row = np.isin(balance_accounts, accounts)
    balance_accounts, assets, posted = balance_accounts[has_row], assets[has_row], posted[has_row]
    rows = np.searchsorted(accounts, balance_accounts)
    is_cash = assets == cash.pk
    places = board.places_of(assets[~is_cash])
    coin_rows, coin_units = rows[~is_cash], posted[~is_cash]
    gross = np.zeros(len(ids), dtype=np.int64)
    np.add.at(gross, rows[is_cash], posted[is_cash])
    hoped = gross.copy()
    hoped_prices = np.fmax(board.unit_prices, board.doubted_prices)
    np.add.at(gross, coin_rows, values_of(held_units=coin_units, unit_prices=board.unit_prices[places]))
    np.add.at(hoped, coin_rows, values_of(held_units=coin_units, unit_prices=hoped_prices[places]))
    known = np.ones(len(ids), dtype=np.bool_)
    known[coin_rows[np.isnan(board.unit_prices[places])]] = False
    state = ShareState(issued_units=issued, mark_value_units=mark_value, rate_millionths=rate)
    fresh = np.ones(len(ids), dtype=np.bool_)
    fresh[coin_rows[~board.fresh[places]]] = False
    # What is frozen counts at its last mark for good: it says nothing about when the others were priced.
    moving = ~board.frozen[places]
    oldest, newest = np.full(len(ids), np.inf), np.full(len(ids), -np.inf)
    np.minimum.at(oldest, coin_rows[moving], board.priced_at[places][moving])
    np.maximum.at(newest, coin_rows[moving], board.priced_at[places][moving])
    priced = np.isfinite(newest)
    return GuardedCopies(
        ids=ids,
        lead_ids=leads,
        invested_units=invested,
        stop_loss_units=np.where(limits < 0, np.nan, limits.astype(np.float64)),
        breached_at=breached_at,
        equity=_sizing(gross, owed, state, known),
        equity_hoped=_sizing(hoped, owed, state, known),
        fresh=fresh,
        oldest_price_at=np.where(priced, oldest, now.timestamp()),
        newest_price_at=np.where(priced, newest, now.timestamp()),
    )


def _sizing(gross: IntArray, owed: IntArray, state: ShareState, known: BoolArray) -> FloatArray:
    """Return what stays of each copy (N,) once everything is paid that is on its way or due; NaN where not known."""
    valuation = value_gross(gross_units=gross, share_state=state, owed_units=owed)
    return np.where(known, valuation.sizing.astype(np.float64), np.nan)
