"""
What the rules of conduct look at: trades as anybody could see them, and what a rule found in them.

All figures are floats to look at and never to pay by: quantities in coins of today's unit, values in cash.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby


@dataclass(frozen=True, kw_only=True)
class Trade:
    """One trade: a positive `quantity` was bought, a negative one sold, at `price` for one coin."""

    at: datetime
    coin: str
    quantity: float
    price: float

    @property
    def is_buy(self) -> bool:
        return self.quantity > 0

    @property
    def value(self) -> float:
        return abs(self.quantity) * self.price


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a rule found: since when until when it went on, in which coin (none where it is about all), and how much."""

    rule: str
    first_at: datetime
    last_at: datetime
    coin: str
    figures: str


def by_coin(trades: Iterable[Trade]) -> dict[str, list[Trade]]:
    """Return trades by coin, each in the order of time."""
    ordered = sorted(trades, key=lambda trade: (trade.coin, trade.at))
    return {coin: list(of_coin) for coin, of_coin in groupby(ordered, key=lambda trade: trade.coin)}
