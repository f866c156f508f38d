"""
Portfolios as arrays, read from the database: what leads hold (A,), and the live copies of them (N, A), on one board.

The number of statements depends neither on how many leads there are nor on how many copies.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from accounts.database import bulk_rows
from accounts.models import Asset
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.engine.deciding.lead_orders import OpenOrder
from copytrading.engine.holdings.portfolios import STATUS_NUMBERS, CopyTable, LeadPortfolio
from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.holdings.terms import CopyTerms
from copytrading.engine.market.board import Board
from copytrading.engine.market.books import Side
from copytrading.engine.sizing import registry
from copytrading.models import Lead, LeadOrder, LeadPosition
from copytrading.queries.leads import links

# Of the given leads, or of these only those copies that are named, or only the pooled ones, or those on own accounts.
# A mode that is not known here has number −1.
WHICH = (
    "copy.lead_id = ANY(%(leads)s) AND copy.status <> 'STOPPED' AND coalesce(copy.id = ANY(%(copies)s::bigint[]), true)"
    " AND coalesce((copy.own_account_id IS NOT NULL) = %(own)s::boolean, true)"
)

COPY_COLUMNS = f"""
    SELECT copy.id, copy.lead_id, copy.ledger_account_id, copy.invested_units, coalesce(copy.stop_loss_units, -1),
        CASE copy.status WHEN 'STARTING' THEN 0 WHEN 'ACTIVE' THEN 1 WHEN 'PAUSED' THEN 2 ELSE 3 END::bigint,
        coalesce(owed.units, 0)::bigint,
        (copy.align_request IS NOT NULL)::int::bigint,
        copy.issued_units, copy.mark_value_units, (copy.profit_share_rate * 1000000)::bigint,
        coalesce(array_position(%(modes)s::varchar[], copy.mode), 0)::bigint - 1,
        coalesce(copy.order_value_units::double precision, 'NaN'), coalesce(copy.order_ratio, 'NaN'),
        coalesce(copy.order_value_max_units::double precision, 'NaN'),
        coalesce(copy.total_value_max_units::double precision, 'NaN'),
        coalesce(copy.weight_max, 'NaN'),
        coalesce(extract(epoch FROM copy.stopping_at), 'NaN')::double precision
    FROM copytrading_copy AS copy
    LEFT JOIN (SELECT flow.copy_id, -sum(flow.units) AS units FROM copytrading_copyflow AS flow
        WHERE flow.status = 'REQUESTED' GROUP BY 1) AS owed ON owed.copy_id = copy.id
    WHERE {WHICH}
    ORDER BY copy.ledger_account_id
"""
COPY_TYPES = ["bigint"] * 12 + ["double precision"] * 6

BALANCE_COLUMNS = f"""
    SELECT balance.ledger_account_id, balance.asset_id, balance.posted, balance.held
    FROM accounts_balance AS balance
    JOIN copytrading_copy AS copy ON copy.ledger_account_id = balance.ledger_account_id
    WHERE {WHICH} AND balance.posted <> 0
"""
BALANCE_TYPES = ["bigint"] * 4

BASELINE_COLUMNS = f"""
    SELECT copy.ledger_account_id, baseline.asset_id, baseline.units, baseline.epoch::bigint, baseline.survival
    FROM copytrading_copybaseline AS baseline JOIN copytrading_copy AS copy ON copy.id = baseline.copy_id
    WHERE {WHICH}
"""
BASELINE_TYPES = ["bigint"] * 4 + ["double precision"]

CHOSEN_COLUMNS = f"""
    SELECT copy.ledger_account_id, chosen.market_id
    FROM copytrading_copy AS copy, unnest(copy.market_ids) AS chosen(market_id)
    WHERE {WHICH}
"""
CHOSEN_TYPES = ["bigint"] * 2

# Whose row comes first in each: a copy's.
COPY_QUERIES = [
    (COPY_COLUMNS, COPY_TYPES),
    (BALANCE_COLUMNS, BALANCE_TYPES),
    (BASELINE_COLUMNS, BASELINE_TYPES),
    (CHOSEN_COLUMNS, CHOSEN_TYPES),
]

LEAD_BALANCES = """
    SELECT lead.id, balance.asset_id, balance.posted, balance.held
    FROM accounts_balance AS balance JOIN copytrading_lead AS lead ON lead.ledger_account_id = balance.ledger_account_id
    WHERE lead.id = ANY(%(leads)s) AND balance.posted <> 0
    UNION ALL
    SELECT lead.id, holding.asset_id, holding.units, 0::bigint
    FROM copytrading_leadholding AS holding JOIN copytrading_lead AS lead ON lead.id = holding.lead_id
    WHERE lead.id = ANY(%(leads)s) AND lead.ledger_account_id IS NULL AND holding.units <> 0
    UNION ALL
    SELECT id, 0, other_value_units, 0::bigint FROM copytrading_lead
    WHERE id = ANY(%(leads)s) AND other_value_units <> 0
"""
LEAD_BALANCE_TYPES = ["bigint"] * 4
# The value of what is not traded here comes with the balances, under no asset.
NOT_TRADED = 0

LEAD_POSITIONS = """
    SELECT lead_id, asset_id, epoch::bigint, pending_units, pending_orders::bigint,
        coalesce(touch_request, -1)::bigint, traded_version, survival
    FROM copytrading_leadposition WHERE lead_id = ANY(%(leads)s)
"""
LEAD_POSITION_TYPES = ["bigint"] * 7 + ["double precision"]
LEAD_QUERIES = [(LEAD_BALANCES, LEAD_BALANCE_TYPES), (LEAD_POSITIONS, LEAD_POSITION_TYPES)]


def load_book(
    lead: Lead, *, board: Board, cash: Asset, own: bool = False, copy_ids: Sequence[int] | None = None
) -> tuple[LeadPortfolio, CopyTable]:
    """
    Return what a lead holds now, and the copies of it that are not stopped, as of one moment: in one statement.

    :param own: those on their followers' own accounts instead of the pooled ones.
    """
    asked = {**_of_copies([lead.pk], copy_ids, own=own), "leads": [lead.pk]}
    balances, positions, *copies = bulk_rows.read_together([*LEAD_QUERIES, *COPY_QUERIES], asked)
    portfolios = _portfolios([lead], balances, positions, board=board, cash=cash)
    _, table = _table(copies, board=board, cash=cash)
    return portfolios[lead.pk], table


def load_lead(lead: Lead, *, board: Board, cash: Asset) -> LeadPortfolio:
    """Return what a lead holds now: from the ledger where it trades here, else as last seen elsewhere."""
    return load_leads([lead], board=board, cash=cash)[lead.pk]


def load_leads(leads: Sequence[Lead], *, board: Board, cash: Asset) -> dict[int, LeadPortfolio]:
    """Return what leads hold now, by the lead's id."""
    balances, positions = bulk_rows.read_together(LEAD_QUERIES, {"leads": [lead.pk for lead in leads]})
    return _portfolios(leads, balances, positions, board=board, cash=cash)


def _portfolios(
    leads: Sequence[Lead], balances: list[np.ndarray], positions: list[np.ndarray], *, board: Board, cash: Asset
) -> dict[int, LeadPortfolio]:
    """Return what leads hold by their id, of what the queries of leads found."""
    unseen = links.unseen_of(leads)
    row_of = {lead.pk: row for row, lead in enumerate(leads)}
    shape = (len(leads), len(board.asset_ids))

    lead_ids, asset_ids, posted, held = balances
    rows = np.array([row_of[lead_id] for lead_id in lead_ids.tolist()], dtype=np.int64)
    other_value_units, cash_units, cash_held_units = (np.zeros(len(leads), dtype=np.int64) for _ in range(3))
    is_other, is_cash = asset_ids == NOT_TRADED, asset_ids == cash.pk
    other_value_units[rows[is_other]] = posted[is_other]
    cash_units[rows[is_cash]], cash_held_units[rows[is_cash]] = posted[is_cash], held[is_cash]
    is_coin = ~is_other & ~is_cash
    units, held_units = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    cells = rows[is_coin], board.places_of(asset_ids[is_coin])
    units[cells], held_units[cells] = posted[is_coin], held[is_coin]

    lead_ids, asset_ids, epochs, pending, pending_counts, touches, versions, survivals = positions
    cells = np.array([row_of[lead_id] for lead_id in lead_ids.tolist()], dtype=np.int64), board.places_of(asset_ids)
    epoch, pending_units, pending_orders, traded = (np.zeros(shape, dtype=np.int64) for _ in range(4))
    touched, told = (np.zeros(shape, dtype=np.bool_) for _ in range(2))
    survival = np.ones(shape)
    epoch[cells], survival[cells] = epochs, survivals
    touched[cells], told[cells] = touches >= 0, touches == LeadPosition.WAITS_FOR_MARKET
    pending_units[cells], pending_orders[cells], traded[cells] = pending, pending_counts, versions
    return {
        lead.pk: LeadPortfolio(
            account_id=lead.ledger_account_id,
            cash_units=int(cash_units[row]),
            cash_held_units=int(cash_held_units[row]),
            units=units[row],
            held_units=held_units[row],
            survival=survival[row],
            epoch=epoch[row],
            touched=touched[row],
            told=told[row],
            pending_units=pending_units[row],
            pending_orders=pending_orders[row],
            traded_versions=traded[row],
            settling_until=lead.settling_until.timestamp() if lead.settling_until else np.nan,
            is_seen=lead.pk not in unseen,
            other_value_units=int(other_value_units[row]),
        )
        for row, lead in enumerate(leads)
    }


def load_open_orders(lead_ids: Iterable[int], *, board: Board, now: datetime) -> dict[int, tuple[OpenOrder, ...]]:
    """Return the open orders of leads by the lead's id, oldest first in each market; a lead without has no entry."""
    places = {market_id: place for place, market_id in enumerate(board.market_ids.tolist())}
    waiting = LeadOrder.objects.filter(
        lead_id__in=list(lead_ids), status=LeadOrder.Status.SUBMITTED, expires_at__gt=now
    )
    found: dict[int, tuple[OpenOrder, ...]] = {}
    for order in waiting.order_by("lead_id", "market_id", "pk"):
        own = OpenOrder(
            id=order.pk,
            place=places[order.market_id],
            side=Side(order.side),
            left_units=order.quantity_units - order.filled_units,
            quantity_units=order.quantity_units,
            price_limit=order.price_limit,
        )
        found[order.lead_id] = (*found.get(order.lead_id, ()), own)
    return found


def load_copies(
    lead: Lead, *, board: Board, cash: Asset, copy_id: int | None = None, own: bool | None = None
) -> CopyTable:
    """
    Return all copies of a lead that are not stopped, or one of them, in the order of their ledger accounts.

    :param own: only those on own accounts, or only the pooled ones; all where it is None.
    """
    copy_ids = None if copy_id is None else [copy_id]
    return load_together([lead.pk], board=board, cash=cash, copy_ids=copy_ids, own=own)[1]


def load_tables(
    lead_ids: Iterable[int], *, board: Board, cash: Asset, copy_ids: Sequence[int] | None = None
) -> dict[int, CopyTable]:
    """Return the copies of leads that are not stopped, or those that are named, by the lead's id."""
    wanted = sorted(set(lead_ids))
    leads, table = load_together(wanted, board=board, cash=cash, copy_ids=copy_ids)
    if len(wanted) == 1:
        return {wanted[0]: table}
    return {lead_id: table.narrow(leads == lead_id) for lead_id in wanted}


def load_together(
    lead_ids: Iterable[int], *, board: Board, cash: Asset, copy_ids: Sequence[int] | None = None,
    own: bool | None = None,
) -> tuple[IntArray, CopyTable]:  # fmt: skip
    """Return the same copies of all leads as one table, and the lead's id of each (N,)."""
    # Of one moment: a copy that is started meanwhile has all of its rows or none.
    copies = bulk_rows.read_together(COPY_QUERIES, _of_copies(sorted(set(lead_ids)), copy_ids, own=own))
    return _table(copies, board=board, cash=cash)


def _of_copies(lead_ids: Sequence[int], copy_ids: Sequence[int] | None, *, own: bool | None) -> dict[str, Any]:
    """Return what the queries of copies are asked with."""
    return {
        "leads": lead_ids,
        "copies": None if copy_ids is None else list(copy_ids),
        "own": own,
        "modes": [mode.name for mode in registry.modes()],
    }


def _table(found: list[list[np.ndarray]], *, board: Board, cash: Asset) -> tuple[IntArray, CopyTable]:
    """Return copies as a table, and the lead's id of each (N,), of what the queries of copies found."""
    columns, balances, baselines, chosen = found
    ids, leads, account_ids, invested, stop_loss, status, owed, aligning, issued, mark_value, rate, modes = columns[:12]
    order_values, ratios, order_values_max, total_values_max, weight_max, stopping_at = columns[12:]
    shape = (len(ids), len(board.asset_ids))

    accounts, assets, posted, held = balances
    is_cash = assets == cash.pk
    cash_units, cash_held_units = np.zeros_like(ids), np.zeros_like(ids)
    rows = np.searchsorted(account_ids, accounts[is_cash])
    cash_units[rows], cash_held_units[rows] = posted[is_cash], held[is_cash]
    units, held_units = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    cells = np.searchsorted(account_ids, accounts[~is_cash]), board.places_of(assets[~is_cash])
    units[cells], held_units[cells] = posted[~is_cash], held[~is_cash]

    accounts, assets, base_units, base_epochs, base_survivals = baselines
    baseline_units, baseline_epoch = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    baseline_survival = np.ones(shape)
    cells = np.searchsorted(account_ids, accounts), board.places_of(assets)
    baseline_units[cells], baseline_epoch[cells], baseline_survival[cells] = base_units, base_epochs, base_survivals
    unknown = modes < 0
    table = CopyTable(
        ids=ids,
        account_ids=account_ids,
        invested_units=invested,
        stop_loss_units=np.where(stop_loss < 0, np.nan, stop_loss),
        # A copy of a mode that is not known here is left as it is, until it stops.
        status=np.where(unknown & (status < STATUS_NUMBERS["PAUSED"]), STATUS_NUMBERS["PAUSED"], status),
        owed_units=owed,
        share_state=ShareState(issued_units=issued, mark_value_units=mark_value, rate_millionths=rate),
        terms=CopyTerms(
            modes=np.where(unknown, 0, modes),
            weight_max=weight_max,
            order_values=order_values,
            order_ratios=ratios,
            order_values_max=order_values_max,
            total_values_max=total_values_max,
            chosen=_chosen_markets(account_ids, *chosen, board=board),
        ),
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
    return leads, table


def _chosen_markets(account_ids: IntArray, accounts: IntArray, market_ids: IntArray, *, board: Board) -> BoolArray:
    """
    Return which markets each copy (N,) follows (N, A): those it names, or all where it names none.

    :param accounts: whose choices these are (C,), `market_ids` (C,) what they name.
    """
    named = np.zeros((len(account_ids), len(board.market_ids)), dtype=np.bool_)
    # The board is sorted by asset, not by market.
    order = np.argsort(board.market_ids)
    places = order[np.searchsorted(board.market_ids[order], market_ids)]
    named[np.searchsorted(account_ids, accounts), places] = True
    names_none = ~named.any(axis=1, keepdims=True)
    return np.asarray(named | names_none, dtype=np.bool_)
