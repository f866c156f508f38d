"""
The visible offers of a market.

All prices and quantities are Decimal, never float. A price is in quote currency per coin, a quantity in coins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum


class Side(StrEnum):
    """What we do with the base asset of a market."""

    BUY = "BUY"
    SELL = "SELL"


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

    def best_for(self, side: Side) -> Decimal | None:
        """Return the best price that an order of this side meets; None where nothing is offered."""
        levels = self.asks if side is Side.BUY else self.bids
        return levels[0].price if levels else None

    def levels_within(self, *, side: Side, price_limit: Decimal) -> tuple[Level, ...]:
        """Return the levels an order of this side can meet without passing its limit, best first."""
        if side is Side.BUY:
            return tuple(level for level in self.asks if level.price <= price_limit)
        return tuple(level for level in self.bids if level.price >= price_limit)

    def depth_within(self, side: Side, price_limit: Decimal) -> Decimal:
        """Return how many coins an order of this side can meet without passing its limit."""
        levels = self.levels_within(side=side, price_limit=price_limit)
        return sum((level.quantity for level in levels), start=Decimal(0))


def on_tick(*, side: Side, price: Decimal, tick_size: Decimal) -> Decimal:
    """Return a price rounded to a tick on the careful side: a buy never above it, a sell never below."""
    return steps(price, tick_size, ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)


def steps(number: Decimal, step: Decimal, rounding: str) -> Decimal:
    """Return a number rounded to whole steps."""
    return (number / step).to_integral_value(rounding=rounding) * step
