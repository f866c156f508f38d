"""
Who holds what, as arrays: the lead's portfolio (A,) and all live copies of it (N, A), on one board.

`posted` is what somebody owns and is what equity counts; `held` of it is promised to open orders and cannot be
traded again. Everything is in whole units.
"""

from dataclasses import dataclass

import numpy as np

from accounts import bulk_rows
from accounts.models import Asset
from copytrading.engine import profit_share, weights
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.profit_share import ShareState
from copytrading.models import Lead
from copytrading.queries.leads import links
from copytrading.queries.market import Board

STATUS_NUMBERS = {"STARTING": 0, "ACTIVE": 1, "PAUSED": 2, "STOPPING": 3}

# What was seen elsewhere, in one statement: the value of what is not traded here stands under no asset.
NOT_TRADED = 0
SEEN_COLUMNS = """
    SELECT asset_id, units, 0::bigint FROM copytrading_leadholding WHERE lead_id = %s AND units <> 0
    UNION ALL SELECT 0, other_value_units, 0::bigint FROM copytrading_lead WHERE id = %s AND other_value_units <> 0
"""

COPY_COLUMNS = """
    SELECT copy.id, copy.ledger_account_id, copy.invested_units, coalesce(copy.stop_loss_units, -1),
        CASE copy.status WHEN 'STARTING' THEN 0 WHEN 'ACTIVE' THEN 1 WHEN 'PAUSED' THEN 2 ELSE 3 END::bigint,
        coalesce((SELECT -sum(flow.units) FROM copytrading_copyflow AS flow
            WHERE flow.copy_id = copy.id AND flow.status = 'REQUESTED'), 0)::bigint,
        (copy.align_request IS NOT NULL)::int::bigint,
        copy.issued_units, copy.mark_value_units, (copy.profit_share_rate * 1000000)::bigint,
        coalesce(copy.order_value_units::double precision, 'NaN'), coalesce(copy.order_ratio, 'NaN'),
        coalesce(copy.order_value_max_units::double precision, 'NaN'),
        coalesce(copy.total_value_max_units::double precision, 'NaN'),
        coalesce(copy.weight_max, 'NaN'),
        coalesce(extract(epoch FROM copy.stopping_at), 'NaN')::double precision
    FROM copytrading_copy AS copy
    WHERE copy.lead_id = %s AND copy.status <> 'STOPPED' AND coalesce(copy.id = %s, true)
    ORDER BY copy.ledger_account_id
"""
COPY_TYPES = ["bigint"] * 10 + ["double precision"] * 6

BALANCE_COLUMNS = """
    SELECT balance.ledger_account_id, balance.asset_id, balance.posted, balance.held
    FROM accounts_balance AS balance
    JOIN copytrading_copy AS copy ON copy.ledger_account_id = balance.ledger_account_id
    WHERE copy.lead_id = %s AND copy.status <> 'STOPPED' AND coalesce(copy.id = %s, true) AND balance.posted <> 0
"""

BASELINE_COLUMNS = """
    SELECT copy.ledger_account_id, baseline.asset_id, baseline.units, baseline.epoch::bigint, baseline.survival
    FROM copytrading_copybaseline AS baseline JOIN copytrading_copy AS copy ON copy.id = baseline.copy_id
    WHERE copy.lead_id = %s AND copy.status <> 'STOPPED' AND coalesce(copy.id = %s, true)
"""


CHOSEN_COLUMNS = """
    SELECT copy.ledger_account_id, chosen.market_id
    FROM copytrading_copy AS copy, unnest(copy.market_ids) AS chosen(market_id)
    WHERE copy.lead_id = %s AND copy.status <> 'STOPPED' AND coalesce(copy.id = %s, true)
"""


@dataclass(frozen=True, kw_only=True)
class LeadPortfolio:
    """
    What a lead holds, (A,) on the board; `touched` says where a trade waits to be followed.

    `pending_units` and `pending_orders` are trades seen elsewhere that Custom copies have still to answer.
    `other_value_units` is what an account elsewhere holds besides and is not traded here: part of equity, never of
    units, so its weight stays cash in the copies. Below zero it is debts.
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
    # False while the account elsewhere cannot be read: then these are old numbers, and nothing is decided by them.
    is_seen: bool = True
    other_value_units: int = 0

    def equity(self, board: Board) -> float:
        """Return all that has a value in quote units; NaN where a coin that is held has no price."""
        return float(
            weights.equity_of(
                # A debt takes from the cash and no more: a copy cannot hold more than all it has.
                cash_units=np.array([max(self.cash_units + self.other_value_units, 0)]),
                held_units=self.units[None, :],
                unit_prices=board.unit_prices,
            )[0]
        )


@dataclass(frozen=True, kw_only=True)
class CustomTerms:
    """
    How Custom copies answer the lead's orders, columns (N,) in quote units, NaN for none; `chosen` markets (N, A).

    `applies` says which rows are Custom copies at all.
    """

    applies: BoolArray
    order_values: FloatArray
    ratios: FloatArray
    order_values_max: FloatArray
    total_values_max: FloatArray
    chosen: BoolArray


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
    custom: CustomTerms
    weight_max: FloatArray
    aligning: BoolArray
    stopping_at: FloatArray
    cash_units: IntArray
    cash_held_units: IntArray
    units: IntArray
    held_units: IntArray
    baseline_units: IntArray
    baseline_survival: FloatArray
    baseline_epoch: IntArray

    def gross(self, board: Board) -> FloatArray:
        """Return each copy's cash and coins (N,) in quote units; NaN where a coin that is held has no price."""
        return weights.equity_of(cash_units=self.cash_units, held_units=self.units, unit_prices=board.unit_prices)

    def equity(self, board: Board) -> FloatArray:
        """Return each copy's equity (N,): gross less what is on its way out and the profit share accrued so far."""
        gross = self.gross(board)
        known = np.nan_to_num(gross).astype(np.int64)
        return gross - self.owed_units - profit_share.accrued_units(state=self.share_state, equity_units=known)

    @property
    def short(self) -> BoolArray:
        """Return which copies (N,) have to pay out more than they have in cash: they sell, however little it is."""
        return np.asarray(self.owed_units > self.cash_units - self.cash_held_units, dtype=np.bool_)

    def has_status(self, *names: str) -> BoolArray:
        return np.isin(self.status, [STATUS_NUMBERS[name] for name in names])


def load_lead(lead: Lead, *, board: Board, cash: Asset) -> LeadPortfolio:
    """Return what a lead holds now: from the ledger where it trades here, else as last seen elsewhere."""
    if lead.ledger_account_id is not None:
        query = "SELECT asset_id, posted, held FROM accounts_balance WHERE ledger_account_id = %s AND posted <> 0"
        asset_ids, posted, held = bulk_rows.read_columns(query, [lead.ledger_account_id], types=["bigint"] * 3)
    else:
        asset_ids, posted, held = bulk_rows.read_columns(SEEN_COLUMNS, [lead.pk] * 2, types=["bigint"] * 3)
    is_other = asset_ids == NOT_TRADED
    other_value_units = int(posted[is_other].sum())
    asset_ids, posted, held = asset_ids[~is_other], posted[~is_other], held[~is_other]
    is_cash = asset_ids == cash.pk
    places = board.places_of(asset_ids[~is_cash])
    units, held_units = np.zeros_like(board.asset_ids), np.zeros_like(board.asset_ids)
    units[places], held_units[places] = posted[~is_cash], held[~is_cash]

    query = (
        "SELECT asset_id, epoch::bigint, pending_units, pending_orders::bigint,"
        " (touch_request IS NOT NULL)::int::bigint, survival"
        " FROM copytrading_leadposition WHERE lead_id = %s"
    )
    types = ["bigint"] * 5 + ["double precision"]
    position_assets, epochs, *pending, touches, survivals = bulk_rows.read_columns(query, [lead.pk], types=types)
    places = board.places_of(position_assets)
    epoch, survival = np.zeros_like(board.asset_ids), np.ones(len(board.asset_ids))
    touched = np.zeros(len(board.asset_ids), dtype=np.bool_)
    epoch[places], survival[places], touched[places] = epochs, survivals, touches > 0
    pending_units, pending_orders = np.zeros_like(board.asset_ids), np.zeros_like(board.asset_ids)
    pending_units[places], pending_orders[places] = pending
    return LeadPortfolio(
        account_id=lead.ledger_account_id,
        cash_units=int(posted[is_cash].sum()),
        cash_held_units=int(held[is_cash].sum()),
        units=units,
        held_units=held_units,
        survival=survival,
        epoch=epoch,
        touched=touched,
        pending_units=pending_units,
        pending_orders=pending_orders,
        is_seen=links.is_seen(lead),
        other_value_units=other_value_units,
    )


def load_copies(lead: Lead, *, board: Board, cash: Asset, copy_id: int | None = None) -> CopyTable:
    """Return all copies of a lead that are not stopped, or one of them, in the order of their ledger accounts."""
    which = [lead.pk, copy_id]
    columns = bulk_rows.read_columns(COPY_COLUMNS, which, types=COPY_TYPES)
    ids, account_ids, invested, stop_loss, status, owed, aligning, issued, mark_value, rate, *moments = columns
    order_values, ratios, order_values_max, total_values_max, weight_max, stopping_at = moments
    shape = (len(ids), len(board.asset_ids))

    balances = bulk_rows.read_columns(BALANCE_COLUMNS, which, types=["bigint"] * 4)
    accounts, assets, posted, held = _of_these(account_ids, balances)
    is_cash = assets == cash.pk
    cash_units, cash_held_units = np.zeros_like(ids), np.zeros_like(ids)
    rows = np.searchsorted(account_ids, accounts[is_cash])
    cash_units[rows], cash_held_units[rows] = posted[is_cash], held[is_cash]
    units, held_units = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    cells = np.searchsorted(account_ids, accounts[~is_cash]), board.places_of(assets[~is_cash])
    units[cells], held_units[cells] = posted[~is_cash], held[~is_cash]

    types = ["bigint"] * 4 + ["double precision"]
    baselines = bulk_rows.read_columns(BASELINE_COLUMNS, which, types=types)
    accounts, assets, base_units, base_epochs, base_survivals = _of_these(account_ids, baselines)
    baseline_units, baseline_epoch = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    baseline_survival = np.ones(shape)
    cells = np.searchsorted(account_ids, accounts), board.places_of(assets)
    baseline_units[cells], baseline_epoch[cells], baseline_survival[cells] = base_units, base_epochs, base_survivals
    return CopyTable(
        ids=ids,
        account_ids=account_ids,
        invested_units=invested,
        stop_loss_units=np.where(stop_loss < 0, np.nan, stop_loss),
        status=status,
        owed_units=owed,
        share_state=ShareState(issued_units=issued, mark_value_units=mark_value, rate_millionths=rate),
        custom=CustomTerms(
            applies=~np.isnan(order_values) | ~np.isnan(ratios),
            order_values=order_values,
            ratios=ratios,
            order_values_max=order_values_max,
            total_values_max=total_values_max,
            chosen=_chosen_markets(which, account_ids, board),
        ),
        weight_max=weight_max,
        aligning=aligning > 0,
        stopping_at=stopping_at,
        cash_units=cash_units,
        cash_held_units=cash_held_units,
        units=units,
        held_units=held_units,
        baseline_units=baseline_units,
        baseline_survival=baseline_survival,
        baseline_epoch=baseline_epoch,
    )


def _of_these(account_ids: IntArray, columns: list[np.ndarray]) -> list[np.ndarray]:
    """
    Return the rows of columns, an account first, that belong to these accounts.

    Without a lock a copy may be started between two reads: it has balances then and no row, and waits for the next
    look.
    """
    belongs = np.isin(columns[0], account_ids)
    return [column[belongs] for column in columns]


def _chosen_markets(which: list[int | None], account_ids: IntArray, board: Board) -> BoolArray:
    """Return which markets each copy follows (N, A): those it names, or all where it names none."""
    chosen = bulk_rows.read_columns(CHOSEN_COLUMNS, which, types=["bigint"] * 2)
    accounts, market_ids = _of_these(account_ids, chosen)
    named = np.zeros((len(account_ids), len(board.market_ids)), dtype=np.bool_)
    # The board is sorted by asset, not by market.
    order = np.argsort(board.market_ids)
    places = order[np.searchsorted(board.market_ids[order], market_ids)]
    named[np.searchsorted(account_ids, accounts), places] = True
    names_none = ~named.any(axis=1, keepdims=True)
    return np.asarray(named | names_none, dtype=np.bool_)
