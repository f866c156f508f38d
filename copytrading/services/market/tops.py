"""
The top of a market's book, for people who look at it beside a ticket.

The venue is asked at most once in two seconds for a market, however many look: what it answers is decided on nowhere.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.cache import cache

from accounts.transactions import outside_transaction
from copytrading.exchange.errors import VenueUnreachable
from copytrading.exchange.markets import Book, Level
from copytrading.models import Market
from copytrading.services.market import listings

RUNGS = 5
KEPT_SECONDS = 2


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One price of a book: what is wanted or offered there in base units, and as a share of the largest shown, 0..1."""

    price: Decimal
    units: int
    share: float


@dataclass(frozen=True, kw_only=True)
class Top:
    """The best prices of a book, best first, `RUNGS` of a side at most."""

    bids: tuple[Rung, ...]
    asks: tuple[Rung, ...]

    @property
    def rows(self) -> list[tuple[Rung | None, Rung | None]]:
        """Return bids and asks side by side, None where a side has no more."""
        count = max(len(self.bids), len(self.asks))
        return [
            (self.bids[place] if place < len(self.bids) else None, self.asks[place] if place < len(self.asks) else None)
            for place in range(count)
        ]

    @property
    def spread(self) -> Decimal | None:
        return self.asks[0].price - self.bids[0].price if self.bids and self.asks else None


@outside_transaction
def top_of_book(market: Market, *, now: datetime) -> Top | None:
    """Return the best prices of a market; None while the venue does not answer, or has no book of it."""
    key = f"top-of-book:{market.pk}"
    book: Book | None = cache.get(key)
    if book is None:
        try:
            book = listings.book_of(market, now=now)
        except VenueUnreachable:
            return None
        cache.set(key, book, KEPT_SECONDS)
    bids, asks = book.bids[:RUNGS], book.asks[:RUNGS]
    if not bids and not asks:
        return None
    largest = max(level.quantity for level in (*bids, *asks))
    decimals = market.base.decimals
    return Top(
        bids=tuple(_rung(level, largest, decimals) for level in bids),
        asks=tuple(_rung(level, largest, decimals) for level in asks),
    )


def _rung(level: Level, largest: Decimal, decimals: int) -> Rung:
    return Rung(
        price=level.price,
        units=int(level.quantity.scaleb(decimals)),
        share=float(level.quantity / largest) if largest else 0.0,
    )
