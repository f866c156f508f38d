"""
What something would trade and cost, before it is done: the same decision as in earnest, priced against the same books.
"""

from dataclasses import dataclass, replace

import numpy as np

from accounts.transactions import outside_transaction
from copytrading.engine.arrays import IntArray
from copytrading.engine.deciding.decision import Phase
from copytrading.engine.holdings.portfolios import STATUS_NUMBERS, CopyTable
from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.market.books import Book
from copytrading.engine.rules import Rules
from copytrading.engine.sizing import registry
from copytrading.exchange.orders import Side
from copytrading.queries.market import board as market_queries
from copytrading.services.cycle.scene import Scene, books_at, markets_at
from copytrading.services.market import listings
from copytrading.services.orders.pricing import PlannedTrade, trade_of


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What a change would trade, what that costs, and the cash it leaves; all values in quote units."""

    trades: tuple[PlannedTrade, ...]
    cost_units: int
    cash_after_units: int
    equity_units: int


@outside_transaction
def quote_copy(scene: Scene, copies: CopyTable) -> Quote:
    """
    Return what one copy (a table of one row) would trade now in this scene: what it sells, then what it buys on that.

    The books are asked.
    """
    assert len(copies.ids) == 1, "a quote is for one copy"
    scene = scene.of_copies(copies).whenever(scene.board.listed & scene.board.fresh)
    scene = replace(scene, portfolio=replace(scene.portfolio, settling_until=np.nan))
    books: dict[int, Book] = {}
    sold = _ask(scene, books, phase=Phase.SELLING)
    sells = np.minimum(sold, 0)
    proceeds = (-sells * np.nan_to_num(scene.board.unit_prices)).sum(axis=1) * (1 - float(scene.rules.fee_rate))
    richer = replace(
        copies, cash_units=copies.cash_units + np.floor(proceeds).astype(np.int64), units=copies.units + sells
    )
    units = (sells + np.maximum(_ask(scene.of_copies(richer), books, phase=Phase.BUYING), 0))[0]
    markets = market_queries.markets().in_bulk([int(scene.board.market_ids[place]) for place in books])
    trades = tuple(
        trade_of(
            market=markets[int(scene.board.market_ids[place])],
            book=books[place],
            signed_units=int(units[place]),
            rules=scene.rules,
        )
        for place in np.flatnonzero(units).tolist()
    )
    valuation = copies.valued(scene.board)
    return summarise(
        trades,
        cash_units=int(copies.cash_units[0]),
        equity_units=int(valuation.sizing[0]) if valuation.known[0] else 0,
        rules=scene.rules,
    )


def _ask(scene: Scene, books: dict[int, Book], *, phase: Phase) -> IntArray:
    """Return what the copies of a scene wish to trade in a phase (N, A), having asked for the books it takes."""
    glance = scene.decide()
    missing = [place for place in glance.places.tolist() if place not in books]
    books.update(books_at(scene, markets_at(scene, missing), ask=listings.offers_of))
    return scene.decide(books=books, phase=phase).wishes.copies


def summarise(trades: tuple[PlannedTrade, ...], *, cash_units: int, equity_units: int, rules: Rules) -> Quote:
    """Return the quote of some trades on some cash."""
    cash = cash_units
    for trade in trades:
        fees = int(trade.value_units * rules.fee_rate)
        cash += -trade.value_units - fees if trade.side == Side.BUY else trade.value_units - fees
    return Quote(
        trades=trades,
        cost_units=sum(trade.cost_units for trade in trades),
        cash_after_units=cash,
        equity_units=equity_units,
    )


def one_copy(
    scene: Scene,
    *,
    cash_units: int,
    terms: Terms,
    stopping: bool = False,
    units: IntArray | None = None,
    baseline_units: IntArray | None = None,
    owed_units: int = 0,
    share_state: ShareState | None = None,
) -> CopyTable:
    """Return a table with one copy as it might be on these terms: aligning to the lead, or stopping."""
    nothing = np.zeros((1, len(scene.board.asset_ids)), dtype=np.int64)
    cash = np.array([cash_units], dtype=np.int64)
    return CopyTable(
        ids=np.zeros(1, dtype=np.int64),
        account_ids=np.zeros(1, dtype=np.int64),
        invested_units=cash,
        stop_loss_units=np.full(1, np.nan),
        status=np.array([STATUS_NUMBERS["STOPPING" if stopping else "ACTIVE"]]),
        owed_units=np.array([owed_units]),
        share_state=share_state or ShareState(issued_units=cash, mark_value_units=cash, rate_millionths=0 * cash),
        terms=registry.columns_of([terms], market_ids=scene.board.market_ids),
        aligning=np.ones(1, dtype=np.bool_),
        stopping_at=np.full(1, np.nan),
        cash_units=cash,
        cash_held_units=np.zeros(1, dtype=np.int64),
        units=nothing if units is None else units[None, :],
        held_units=nothing,
        baseline_units=nothing if baseline_units is None else baseline_units[None, :],
        baseline_survival=scene.portfolio.survival[None, :].copy(),
        baseline_epoch=scene.portfolio.epoch[None, :].copy(),
    )
