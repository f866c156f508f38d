"""
What one decision looks at, loaded together: the lead, its copies and open orders, the board, what may be traded now.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Q

from accounts.models import Asset
from accounts.transactions import in_transaction, outside_transaction
from copytrading.engine.arrays import BoolArray
from copytrading.engine.deciding import decision
from copytrading.engine.deciding.decision import Decision, Phase
from copytrading.engine.deciding.lead_orders import OpenOrder
from copytrading.engine.holdings.portfolios import CopyTable, LeadPortfolio
from copytrading.engine.market.board import Board
from copytrading.engine.market.books import Book
from copytrading.engine.rules import Rules
from copytrading.exchange.registry import venue
from copytrading.models import Lead, Market, Order
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.operating import halts
from copytrading.services.market import listings

# A market whose venue, or whose limits, refused an order is left alone for so long: asking again at once is no use.
AFTER_REFUSAL_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Everything that one decision looks at; `lead_orders` are the lead's open orders, oldest first."""

    lead: Lead
    cash: Asset
    board: Board
    portfolio: LeadPortfolio
    copies: CopyTable
    lead_orders: tuple[OpenOrder, ...]
    rules: Rules
    now: datetime

    def decide(
        self, *, books: dict[int, Book] | None = None, phase: Phase | None = None, traded: BoolArray | None = None
    ) -> Decision:
        """Return what is decided here and now, see engine/deciding/decision."""
        return decision.decide(
            board=self.board,
            lead=self.portfolio,
            copies=self.copies,
            lead_orders=self.lead_orders,
            books=books,
            phase=phase,
            rules=self.rules,
            now=self.now.timestamp(),
            traded=traded,
        )

    def of_copies(self, copies: CopyTable) -> "Scene":
        """Return the scene as it would be for other copies, and with no order of the lead on its way."""
        nothing = np.zeros_like(self.portfolio.pending_units)
        portfolio = replace(self.portfolio, pending_units=nothing, pending_orders=nothing)
        return replace(self, copies=copies, portfolio=portfolio, lead_orders=())

    def whenever(self, tradable: BoolArray) -> "Scene":
        """Return the scene as it would be if these markets (A,) took orders, at the marks that are known."""
        return replace(self, board=replace(self.board, tradable=tradable))


def load_scene(lead: Lead, *, now: datetime, rules: Rules) -> Scene:
    """Return what a decision for this lead looks at now."""
    board, cash = _load_board(lead, now, rules)
    portfolio, copies = holdings.load_book(lead, board=board, cash=cash)
    return Scene(
        lead=lead,
        cash=cash,
        board=board,
        portfolio=portfolio,
        copies=copies,
        lead_orders=holdings.load_open_orders([lead.pk], board=board, now=now).get(lead.pk, ()),
        rules=rules,
        now=now,
    )


@in_transaction
def load_again(seen: Scene, lead: Lead) -> Scene:
    """
    Return what a decision for this lead looks at now, the lead having been locked since `seen` was loaded.

    The markets are looked at again. The lead's book (portfolio, copies and open orders) is loaded anew only where
    somebody else had the lead in between.
    """
    if not has_same_book(seen, lead):
        return load_scene(lead, now=seen.now, rules=seen.rules)
    board, _ = _load_board(lead, seen.now, seen.rules)
    if not np.array_equal(board.market_ids, seen.board.market_ids):
        return load_scene(lead, now=seen.now, rules=seen.rules)
    return replace(seen, lead=lead, board=board)


def has_same_book(seen: Scene, lead: Lead) -> bool:
    """
    Return whether a lead's book is still as it was seen; the lead is locked, for the first time since.

    Whoever changes a copy, an order, a position or a balance of the lead locks the lead, and every lock counts up its
    version: ours is the only one since. What was locked while the book was read had counted it up already, or does.
    """
    return lead.book_version == seen.lead.book_version + 1


def _load_board(lead: Lead, now: datetime, rules: Rules) -> tuple[Board, Asset]:
    """Return the cash, and the board with what may be traded for this lead: neither waiting nor halted."""
    return market_queries.load_board_and_cash(
        now=now, rules=rules, closed=_is_waiting(now) | halts.markets_halted(lead_id=lead.pk)
    )


def markets_at(scene: Scene, places: Iterable[int]) -> dict[int, Market]:
    """Return the markets at some places on the board, by place, with their assets."""
    market_ids = {int(place): int(scene.board.market_ids[place]) for place in places}
    markets = Market.objects.select_related("base", "quote").in_bulk(market_ids.values())
    return {place: markets[market_id] for place, market_id in market_ids.items()}


@outside_transaction
def books_at(
    scene: Scene, markets: Mapping[int, Market], *, ask: Callable[..., Book] = listings.book_of
) -> dict[int, Book]:
    """Ask the venue for the books of some markets, by their place on the board."""
    return {place: ask(market, now=scene.now) for place, market in markets.items()}


def _is_waiting(now: datetime) -> Q:
    """Return the condition on markets with an order on its way, or with one that was refused a moment ago."""
    orders = Order.objects.filter(venue_account=venue().account, quantity_units__gt=0)
    waiting = orders.filter(
        Q(status__in=Order.OPEN, booked_at__isnull=True)
        | Q(answered_at__gt=now - timedelta(seconds=AFTER_REFUSAL_SECONDS), status=Order.Status.REJECTED)
        | Q(answered_at__gt=now - timedelta(seconds=AFTER_REFUSAL_SECONDS), status=Order.Status.CANCELED)
        & ~Q(refusal="")
    )
    return Q(pk__in=waiting.values("market_id"))
