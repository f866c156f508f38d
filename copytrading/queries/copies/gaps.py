"""
A look at the tracking gaps of a lead's copies: what they are now, from what they were at the look before.

Nothing has to report what it trades: orders are found by what was booked since, and valued by the mids they were
decided at. So a look can be taken at any time, and costs a cycle nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from accounts.database import bulk_rows
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings.portfolios import CopyTable, LeadPortfolio
from copytrading.engine.market.board import Board
from copytrading.engine.track_record import tracking_gap
from copytrading.engine.track_record.tracking_gap import Gaps, Part, Prices, Stretch
from copytrading.models import Lead, LeadSnapshot
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries

# The columns of CopyGap, in the order of the engine's parts.
PART_COLUMNS = tuple(f"{part.name.lower()}_units" for part in Part)

GAP_COLUMNS = f"""
    SELECT copy.lead_id, copy.ledger_account_id, gap.accrued_units,
        {", ".join(f"gap.{column}" for column in PART_COLUMNS)},
        gap.ideal_units, gap.ideal_shares
    FROM copytrading_copygap AS gap JOIN copytrading_copy AS copy ON copy.id = gap.copy_id
    WHERE copy.lead_id = ANY(%s) AND copy.status <> 'STOPPED' AND coalesce(copy.id = %s, true)
"""
GAP_TYPES = ["bigint"] * (4 + len(Part)) + ["double precision"]

# A lead's writers hold its lock, so whatever they booked after a look has a higher id.
BOOKED_SINCE = """
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS since(lead_id, cycle_id, allocation_id)
    JOIN copytrading_synccycle AS cycle ON cycle.lead_id = since.lead_id AND cycle.id >= since.cycle_id
    JOIN copytrading_order AS sent ON sent.cycle_id = cycle.id
    JOIN copytrading_allocation AS share ON share.order_id = sent.id AND share.id > since.allocation_id
"""
# A fee that the venue kept of the coins counts at the mid as a fee, and not as a worse price.
BOOKED_COLUMNS = f"""
    SELECT line.lead_id, line.account_id, market.base_id, line.quantity,
        line.value + round(line.kept_at_mid * power(10, quote.decimals - base.decimals))::bigint,
        line.fee + round(line.kept_at_mid * power(10, quote.decimals - base.decimals))::bigint,
        line.at_mid * power(10, quote.decimals - base.decimals)
    FROM (SELECT since.lead_id, share.ledger_account_id AS account_id, sent.market_id,
            sum(share.quantity_units)::bigint AS quantity,
            sum(share.value_units)::bigint AS value, sum(share.fee_units)::bigint AS fee,
            sum(share.quantity_units * sent.price_mid::double precision) AS at_mid,
            sum(share.fee_base_units * sent.price_mid::double precision) AS kept_at_mid
        {BOOKED_SINCE} AND (%s::bigint[] IS NULL OR share.ledger_account_id = ANY(%s)) GROUP BY 1, 2, 3) AS line
    JOIN copytrading_market AS market ON market.id = line.market_id
    JOIN accounts_asset AS base ON base.id = market.base_id
    JOIN accounts_asset AS quote ON quote.id = market.quote_id
"""
BOOKED_TYPES = ["bigint"] * 6 + ["double precision"]

SHARED_COLUMNS = """
    SELECT copy.lead_id, copy.ledger_account_id, sum(share.share_units)::bigint
    FROM unnest(%s::bigint[], %s::bigint[]) AS since(lead_id, share_id)
    JOIN copytrading_copy AS copy ON copy.lead_id = since.lead_id AND copy.status <> 'STOPPED'
    JOIN copytrading_profitshare AS share ON share.copy_id = copy.id AND share.id > since.share_id
    GROUP BY 1, 2
"""


@dataclass(frozen=True, kw_only=True)
class Look:
    """
    The gaps of a lead's copies, columns (N,), and the lead's growth index at that moment.

    `is_new` are copies that had no gap yet: it is counted from here on.
    """

    board: Board
    growth_index: float
    copy_ids: IntArray
    invested_units: IntArray
    gaps: Gaps
    ideal_shares: FloatArray
    accrued_units: IntArray
    is_new: BoolArray


@dataclass(frozen=True, kw_only=True)
class _Before:
    """Columns of what there was before and since, of all leads of a look; the first of each is the lead's id."""

    booked: list[np.ndarray]
    gaps: list[np.ndarray]
    shared: list[np.ndarray]

    def of(self, lead_id: int) -> "_Before":
        """Return the rows of one lead, without the lead."""
        return _Before(
            **{
                name: [column[columns[0] == lead_id] for column in columns[1:]]
                for name, columns in (("booked", self.booked), ("gaps", self.gaps), ("shared", self.shared))
            }
        )


def look_at(lead: Lead, *, board: Board, copy_id: int | None = None) -> Look | None:
    """
    Return the gaps of a lead's live copies at the marks of a board, or of one copy.

    With the lead locked it is exact; without, somebody may book in the middle of it: see `Gaps.unexplained_units`.

    :returns: None where a coin that is held has no price: it is looked at again when there is one.
    """
    return look_at_all([lead], board=board, copy_id=copy_id).get(lead.pk)


def look_at_all(
    leads: Sequence[Lead], *, board: Board, copy_id: int | None = None, is_news: Callable[[Lead], bool] | None = None
) -> dict[int, Look]:
    """
    Return the same of many leads, by the lead's id, in as many statements as of one.

    :param is_news: whether a lead is looked at too that would be seen as it was at the last look; all are when None.
    """
    cash = market_queries.cash_asset()
    lead_ids = [lead.pk for lead in leads]
    snapshots = {row.lead_id: row for row in LeadSnapshot.objects.filter(lead__in=lead_ids)}
    portfolios = holdings.load_leads(leads, board=board, cash=cash)
    tables = holdings.load_tables(lead_ids, board=board, cash=cash, copy_ids=None if copy_id is None else [copy_id])
    before = _load_before(snapshots, lead_ids, copy_id, tables, portfolios)
    looks: dict[int, Look] = {}
    for lead in leads:
        snapshot, own = snapshots.get(lead.pk), before.of(lead.pk)
        is_same = (
            snapshot is not None
            and not len(own.booked[0])
            and np.array_equal(_prices_before(snapshot, board), board.unit_prices, equal_nan=True)
        )
        if is_same and is_news is not None and not is_news(lead):
            continue
        look = _look(snapshot, board, portfolios[lead.pk], tables[lead.pk], own)
        if look is not None:
            looks[lead.pk] = look
    return looks


def _load_before(
    snapshots: dict[int, LeadSnapshot],
    lead_ids: list[int],
    copy_id: int | None,
    tables: dict[int, CopyTable],
    portfolios: dict[int, LeadPortfolio],
) -> _Before:
    rows = list(snapshots.values())
    seen = [row.lead_id for row in rows]
    chosen = None
    if copy_id is not None:
        # One copy's bookings are few and found by its account, a crowd's by the cycles.
        chosen = [account for table in tables.values() for account in table.account_ids.tolist()]
        chosen += [portfolio.account_id or 0 for portfolio in portfolios.values()]
    since = [seen, [row.cycle_id_last for row in rows], [row.allocation_id_last for row in rows], chosen, chosen]
    shared_since = [seen, [row.profit_share_id_last for row in rows]]
    return _Before(
        booked=bulk_rows.read_columns(BOOKED_COLUMNS, since, types=BOOKED_TYPES),
        gaps=bulk_rows.read_columns(GAP_COLUMNS, [lead_ids, copy_id], types=GAP_TYPES),
        shared=bulk_rows.read_columns(SHARED_COLUMNS, shared_since, types=["bigint"] * 3),
    )


def _look(
    snapshot: LeadSnapshot | None, board: Board, portfolio: LeadPortfolio, copies: CopyTable, before: _Before
) -> Look | None:
    equity, valuation = portfolio.equity(board), copies.valued(board)
    if not (np.isfinite(equity) and valuation.known.all()):
        return None
    net, accrued = valuation.worth, valuation.accrued
    if snapshot is None:
        return _first_look(board, copies, net, accrued)
    prices = Prices(before=_prices_before(snapshot, board), after=board.unit_prices)
    lead_stretch, stretch = _stretches(snapshot, board, portfolio, copies, before, equity=equity, net=net)
    growth_index = snapshot.growth_index * tracking_gap.lead_growth(lead=lead_stretch, prices=prices)

    accrued_before, parts, ideal, shares, is_new = _gaps_before(copies, before)
    ideal_after = np.rint(shares * growth_index).astype(np.int64)
    grown = tracking_gap.grow_gaps(
        parts=parts,
        ideal_units=ideal,
        ideal_after_units=ideal_after,
        lead=lead_stretch,
        copies=stretch,
        prices=prices,
        followed=tracking_gap.followed_parts(
            followed_shares=np.where(
                copies.terms.chosen, copies.followed_shares(portfolio, lead_units=portfolio.units), 0.0
            ),
            lead=lead_stretch,
            prices=prices,
            weight_max=copies.terms.weight_max,
        ),
        lot_units=board.lot_units,
        waiting=~copies.has_status("ACTIVE") | copies.aligning,
        share_units=accrued - accrued_before + _shared_since(copies, before),
    )
    gaps = Gaps(
        equity_units=net,
        ideal_units=np.where(is_new, net, ideal_after),
        parts=np.where(is_new[:, None], 0, grown.parts),
        unexplained_units=np.where(is_new, 0, grown.unexplained_units),
    )
    return Look(
        board=board,
        growth_index=growth_index,
        copy_ids=copies.ids,
        invested_units=copies.invested_units,
        gaps=gaps,
        ideal_shares=np.where(is_new, net / growth_index, shares),
        accrued_units=accrued,
        is_new=is_new,
    )


def _first_look(board: Board, copies: CopyTable, net: IntArray, accrued: IntArray) -> Look:
    nothing = np.zeros(len(net), dtype=np.int64)
    return Look(
        board=board,
        growth_index=1.0,
        copy_ids=copies.ids,
        invested_units=copies.invested_units,
        gaps=Gaps(
            equity_units=net,
            ideal_units=net,
            parts=np.zeros((len(net), len(Part)), dtype=np.int64),
            unexplained_units=nothing,
        ),
        ideal_shares=net.astype(np.float64),
        accrued_units=accrued,
        is_new=np.ones(len(net), dtype=np.bool_),
    )


def _prices_before(snapshot: LeadSnapshot, board: Board) -> FloatArray:
    """Return the marks (A,) of the last look; a coin that had none is counted from the present one."""
    prices = board.unit_prices.copy()
    asset_ids = np.array(snapshot.asset_ids, dtype=np.int64)
    prices[board.places_of(asset_ids)] = snapshot.unit_prices
    return prices


def _stretches(
    snapshot: LeadSnapshot, board: Board, portfolio: LeadPortfolio, copies: CopyTable, before: _Before, *,
    equity: float, net: IntArray,
) -> tuple[Stretch, Stretch]:  # fmt: skip
    """Return what the lead and its copies did since the last look."""
    accounts = np.append(copies.account_ids, portfolio.account_id or 0)
    ids, assets, quantities, values, fees, at_mids = before.booked
    order = np.argsort(accounts)
    places = np.searchsorted(accounts[order], ids)
    # Copies that have stopped since are no longer among them.
    known = accounts[order][np.minimum(places, len(accounts) - 1)] == ids
    rows, columns = order[np.minimum(places, len(accounts) - 1)][known], board.places_of(assets[known])
    shape = (len(accounts), len(board.asset_ids))
    traded, at_mid = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    traded[rows, columns], at_mid[rows, columns] = quantities[known], at_mids[known]
    value, fee = np.zeros(len(accounts), dtype=np.int64), np.zeros(len(accounts), dtype=np.int64)
    np.add.at(value, rows, values[known])
    np.add.at(fee, rows, fees[known])
    lead_stretch = Stretch(
        equity_units=np.array([round(equity)]),
        units=portfolio.units[None, :],
        traded_units=traded[-1:],
        traded_at_mid=at_mid[-1:],
        # An observed lead's trades are in the portfolio when it is looked at, and this is what they brought and cost.
        value_units=value[-1:] + snapshot.traded_units,
        fee_units=fee[-1:] + snapshot.traded_fee_units,
        untraded_units=snapshot.untraded_units,
    )
    return lead_stretch, Stretch(
        equity_units=net,
        units=copies.units,
        traded_units=traded[:-1],
        traded_at_mid=at_mid[:-1],
        value_units=value[:-1],
        fee_units=fee[:-1],
    )


def _gaps_before(copies: CopyTable, before: _Before) -> tuple[IntArray, IntArray, FloatArray, FloatArray, BoolArray]:
    """Return what was accrued, parts, ideals and ideal shares at the last look, and which copies had none."""
    there = np.isin(before.gaps[0], copies.account_ids)
    accounts, accrued, *columns, shares = (column[there] for column in before.gaps)
    rows = np.searchsorted(copies.account_ids, accounts)
    count = len(copies.ids)
    accrued_before, parts = np.zeros(count, dtype=np.int64), np.zeros((count, len(Part)), dtype=np.int64)
    ideal, ideal_shares, is_new = np.zeros(count), np.zeros(count), np.ones(count, dtype=np.bool_)
    accrued_before[rows], ideal[rows], ideal_shares[rows], is_new[rows] = accrued, columns[-1], shares, False
    parts[rows] = np.stack(columns[:-1], axis=1)
    return accrued_before, parts, ideal, ideal_shares, is_new


def _shared_since(copies: CopyTable, before: _Before) -> IntArray:
    """Return the profit share (N,) that was paid since the last look."""
    accounts, units = before.shared
    paid = dict(zip(accounts.tolist(), units.tolist(), strict=True))
    return np.array([paid.get(account, 0) for account in copies.account_ids.tolist()], dtype=np.int64)
