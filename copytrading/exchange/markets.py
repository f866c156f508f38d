"""
What a venue tells about a market: its rules, its book, its price.

All prices and quantities are Decimal, never float. A price is in quote
currency per coin, a quantity in coins.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from enum import StrEnum

from copytrading.exchange.orders import Side


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
        return _steps(quantity, self.lot_size, ROUND_DOWN)

    def price_limit(self, *, side: Side, price: Decimal) -> Decimal:
        """Return a price rounded to a tick on the careful side: a buy never above it, a sell never below."""
        return _steps(price, self.tick_size, ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)


@dataclass(frozen=True, kw_only=True)
class Level:
    """What one price of a book offers."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, kw_only=True)
class Book:
    """The visible offers of a market, best first: bids falling, asks rising."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    as_of: datetime | None

    @property
    def mid(self) -> Decimal | None:
        """Return the price half way between best bid and best ask; None when a side is empty."""
        if not (self.bids and self.asks):
            return None
        return (self.bids[0].price + self.asks[0].price) / 2

    def levels_within(self, *, side: Side, price_limit: Decimal) -> tuple[Level, ...]:
        """Return the levels an order of this side can meet without passing its limit, best first."""
        if side is Side.BUY:
            return tuple(level for level in self.asks if level.price <= price_limit)
        return tuple(level for level in self.bids if level.price >= price_limit)

    def depth_within(self, side: Side, price_limit: Decimal) -> Decimal:
        """Return how many coins an order of this side can meet without passing its limit."""
        levels = self.levels_within(side=side, price_limit=price_limit)
        return sum((level.quantity for level in levels), start=Decimal(0))


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What one source says a pair costs, and when it was so."""

    symbol: str
    price: Decimal
    as_of: datetime
    source: str


def _steps(number: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (number / step).to_integral_value(rounding=rounding) * step
