"""What more money behind a lead would cost now, told by the books of the venue."""

from datetime import datetime

import numpy as np
from django.core.cache import cache

from accounts.transactions import outside_transaction
from copytrading.engine.track_record import capacity
from copytrading.engine.track_record.capacity import BookSide, EntryCost
from copytrading.exchange.errors import VenueError
from copytrading.exchange.markets import Book
from copytrading.exchange.registry import venue
from copytrading.models import Market
from copytrading.queries.leads.pages import Portfolio

# A page that everybody reads must not ask the venue for every reader.
BOOK_SECONDS = 30


@outside_transaction
def entry_costs_of(portfolio: Portfolio, *, now: datetime) -> tuple[EntryCost, ...] | None:
    """
    Return what the next 1,000, 10,000 and 100,000 behind a portfolio would cost; None while the venue cannot be asked.

    The books are asked, or those of the last half minute are used.
    """
    weights = {holding.symbol: holding.weight for holding in portfolio.holdings if holding.colour}
    markets = Market.objects.filter(base__symbol__in=list(weights)).select_related("base")
    try:
        books = {market.base.symbol: _offers_of(market.symbol, now=now) for market in markets}
    except VenueError:
        return None
    return capacity.entry_costs(
        weights=weights, books={symbol: offers for symbol, offers in books.items() if offers is not None}
    )


def _offers_of(symbol: str, *, now: datetime) -> BookSide | None:
    """Return what a buyer meets in a market; None where one side of the book is empty."""
    key = f"offers:{venue().name}:{symbol}"
    offers: BookSide | None = cache.get(key)
    if offers is None:
        offers = _asks(venue().book(symbol, now=now))
        cache.set(key, offers, BOOK_SECONDS)
    return offers


def _asks(book: Book) -> BookSide | None:
    if book.mid is None:
        return None
    return BookSide(
        prices=np.array([float(level.price) for level in book.asks]),
        quantities=np.array([float(level.quantity) for level in book.asks]),
        mid=float(book.mid),
    )
