"""
The book of stop losses: what every guarded copy holds, and the worth at which it has lost too much, kept in memory.

At a price that moved, one product of holdings and prices says which copies may be at their stop loss; nearly always
none is. What the book names is looked at again in the rows and decided there, so a book can be wrong in one way only:
by not naming a copy. Therefore it follows the rows by what the database itself counts,

    the requests of a lead     whatever a follower or a lead changes is one, and that lead's copies are read again
    the journals               a trade moves what copies hold; whom anything else moved is read again

and it may be thrown away at any time.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime

import numpy as np

from accounts.database import bulk_rows
from accounts.journals import ledger_news
from accounts.journals.ledger_news import Place
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings import stop_loss
from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.market.board import Board
from copytrading.engine.rules import Rules
from copytrading.queries.copies import guarded
from copytrading.queries.market.board import cash_asset, load_board

REQUESTS = "SELECT id, request_count FROM copytrading_lead"
# What was seen at its stop loss is looked at until it stops or recovers, whatever the book says.
BREACHED = (
    "SELECT id FROM copytrading_copy WHERE breached_at IS NOT NULL AND status IN ('STARTING', 'ACTIVE', 'PAUSED')"
)


@dataclass(frozen=True, kw_only=True)
class GuardedRows:
    """
    Copies (N,) in the order of their ledger accounts; `units` (N, A + 1) is what they hold, the last column cash.

    `gross_at_stop` is the gross worth in quote units at which a copy may have lost its stop loss.
    """

    account_ids: IntArray
    ids: IntArray
    lead_ids: IntArray
    gross_at_stop: FloatArray
    units: FloatArray

    def where(self, which: BoolArray) -> "GuardedRows":
        """Return some of the rows."""
        return GuardedRows(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def joined(self, other: "GuardedRows") -> "GuardedRows":
        """Return both, in the order of their accounts."""
        order = np.argsort(np.concatenate([self.account_ids, other.account_ids]))
        return GuardedRows(
            **{
                field.name: np.concatenate([getattr(self, field.name), getattr(other, field.name)])[order]
                for field in fields(self)
            }
        )

    def suspects(self, unit_prices: FloatArray) -> IntArray:
        """Return the ids of the copies that may have lost their stop loss at these prices (A,), NaN where unknown."""
        prices = np.append(np.where(np.isnan(unit_prices), 0.0, unit_prices), 1.0)
        return self.ids[~(self.units @ prices > self.gross_at_stop)]


@dataclass(frozen=True, kw_only=True)
class _State:
    """The rows, and as of when: the assets of their columns, the place in the ledger, each lead's requests."""

    rows: GuardedRows
    asset_ids: IntArray
    cash_id: int
    place: Place
    requests: dict[int, int]

    def cells(self, account_ids: IntArray, asset_ids: IntArray) -> tuple[IntArray, IntArray, BoolArray]:
        """Return the rows and columns of accounts and assets (lines,), and which of the lines have a place here."""
        own, coins = self.rows.account_ids, self.asset_ids
        is_cash = asset_ids == self.cash_id
        if not (len(own) and len(coins)):
            return account_ids, asset_ids, np.zeros(len(account_ids), dtype=np.bool_)
        rows = np.minimum(np.searchsorted(own, account_ids), len(own) - 1)
        columns = np.minimum(np.searchsorted(coins, asset_ids), len(coins) - 1)
        known = (own[rows] == account_ids) & (is_cash | (coins[columns] == asset_ids))
        return rows, np.where(is_cash, len(coins), columns), known


class StopBook:
    """A resident book of stop losses. Belongs to one process, and is empty in the beginning."""

    def __init__(self) -> None:
        self._state: _State | None = None

    def forget(self) -> None:
        """Throw the book away: the next look loads it anew."""
        self._state = None

    def suspect_ids(self, *, now: datetime, rules: Rules) -> list[int]:
        """Bring the book up to date, and return the copies that may be at their stop loss, or were seen there."""
        with ledger_news.one_moment():
            board = load_board(now=now, rules=rules)
            rows = self.follow(board)
            (breached,) = bulk_rows.read_columns(BREACHED, types=["bigint"])
        return np.union1d(rows.suspects(board.unit_prices), breached).tolist()

    def follow(self, board: Board) -> GuardedRows:
        """Bring the book up to date with the rows, all read at one moment; where that fails it is thrown away."""
        state, self._state = self._state, None
        if state is None or not np.array_equal(state.asset_ids, board.asset_ids):
            state = _load(board)
        else:
            state = _follow(state)
        self._state = state
        return state.rows


def load_rows(board: Board) -> GuardedRows:
    """Return what a book says that was loaded this moment."""
    return _load(board).rows


def _load(board: Board) -> _State:
    place = ledger_news.place_now()
    rows = _read_rows(guarded.ALL, {}, width=len(board.asset_ids) + 1)
    state = _State(rows=rows, asset_ids=board.asset_ids, cash_id=cash_asset().pk, place=place, requests=_requests())
    _fill(state, guarded.ALL, {})
    return state


def _follow(state: _State) -> _State:
    news, place = ledger_news.news_since(state.place)
    rows, columns, known = state.cells(news.account_ids, news.asset_ids)
    state.rows.units[rows[known], columns[known]] += news.units[known]
    requests = _requests()
    return _read_again(
        replace(state, place=place, requests=requests),
        lead_ids=[lead_id for lead_id, count in requests.items() if state.requests.get(lead_id) != count],
        account_ids=np.intersect1d(news.changed_account_ids, state.rows.account_ids),
    )


def _requests() -> dict[int, int]:
    """Return how many requests each lead has had."""
    lead_ids, counts = bulk_rows.read_columns(REQUESTS, types=["bigint"] * 2)
    return dict(zip(lead_ids.tolist(), counts.tolist(), strict=True))


def _read_again(state: _State, *, lead_ids: list[int], account_ids: IntArray) -> _State:
    """Return the book with the copies of some leads, and those of some accounts, read anew."""
    if not lead_ids and not len(account_ids):
        return state
    rows, which = state.rows, {"leads": lead_ids, "accounts": account_ids.tolist()}
    fresh = _read_rows(guarded.OF_LEADS_OR_ACCOUNTS, which, width=rows.units.shape[1])
    gone = np.isin(rows.lead_ids, lead_ids) | np.isin(rows.account_ids, account_ids)
    before = rows.where(gone)
    # What was there holds what the journals say; only who came has to be read.
    stays = np.isin(fresh.account_ids, before.account_ids)
    fresh.units[stays] = before.units[np.isin(before.account_ids, fresh.account_ids)]
    if stays.all() and len(stays) == len(before.ids):
        rows.gross_at_stop[gone] = fresh.gross_at_stop
        return state
    new = {"leads": [], "accounts": fresh.account_ids[~stays].tolist()}
    state = replace(state, rows=rows.where(~gone).joined(fresh))
    _fill(state, guarded.OF_LEADS_OR_ACCOUNTS, new)
    return state


def _read_rows(which: str, parameters: dict[str, list[int]], *, width: int) -> GuardedRows:
    """Return the rows of some copies, with nothing held yet."""
    types = ["bigint"] * 9 + ["double precision"]
    columns = bulk_rows.read_columns(guarded.columns_of(which), parameters, types=types)
    ids, leads, accounts, invested, limits, owed, issued, mark_value, rate, _ = columns
    return GuardedRows(
        account_ids=accounts,
        ids=ids,
        lead_ids=leads,
        gross_at_stop=stop_loss.gross_at_stop(
            invested_units=invested,
            stop_loss_units=limits,
            owed_units=owed,
            share_state=ShareState(issued_units=issued, mark_value_units=mark_value, rate_millionths=rate),
        ),
        units=np.zeros((len(ids), width)),
    )


def _fill(state: _State, which: str, parameters: dict[str, list[int]]) -> None:
    """Write what some copies hold into their rows."""
    accounts, assets, posted = bulk_rows.read_columns(guarded.balances_of(which), parameters, types=["bigint"] * 3)
    rows, columns, known = state.cells(accounts, assets)
    state.rows.units[rows[known], columns[known]] = posted[known]
