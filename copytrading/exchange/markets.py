"""
What a venue tells about a market: its rules, its book, its price.

All prices and quantities are Decimal, never float. A price is in quote
currency per coin, a quantity in coins.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from copytrading.engine.market.books import Book as Book
from copytrading.engine.market.books import Level as Level
from copytrading.engine.market.books import Side, on_tick, steps


class MarketStatus(StrEnum):
    """Whether a market takes orders."""

    TRADING = "TRADING"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, kw_only=True)
class MarketRules:
    """
    What a market accepts.

    `lot_size` is the step of a quantity in coins, `tick_size` the step of a
    price, `value_min` the least quantity times price of an order.
    """

    symbol: str
    base: str
    quote: str
    lot_size: Decimal
    tick_size: Decimal
    value_min: Decimal
    status: MarketStatus = MarketStatus.TRADING

    def whole_lots(self, quantity: Decimal) -> Decimal:
        """Return a quantity rounded toward zero to whole lots."""
        return steps(quantity, self.lot_size, ROUND_DOWN)

    def price_limit(self, *, side: Side, price: Decimal) -> Decimal:
        """Return a price rounded to a tick on the careful side: a buy never above it, a sell never below."""
        return on_tick(side=side, price=price, tick_size=self.tick_size)


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What one source says a pair costs, and when it was so."""

    symbol: str
    price: Decimal
    as_of: datetime
    source: str
