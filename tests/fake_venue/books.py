"""
What is offered: books built around a price, or replayed from a recording.

A level is (price, quantity), best first: bids falling, asks rising. What orders
take from a level stays taken until the book is refilled: by a new price, by the
next snapshot of the recording, or after `refill_seconds`.
"""

import bisect
import csv
import gzip
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Protocol, TypeAlias

Level: TypeAlias = tuple[Decimal, Decimal]
BASIS_POINT = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """The two sides of a book at one moment; `version` names the moment."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    version: int

    @property
    def mid(self) -> Decimal:
        return (self.bids[0][0] + self.asks[0][0]) / 2


class LadderSource(Protocol):
    """Where a book's levels come from."""

    def ladder(self, *, seconds: float) -> Ladder: ...


@dataclass(kw_only=True)
class BuiltLadder:
    """
    Levels at equal distances around a price that is set.

    `level_value` in quote currency is offered at each of `levels` prices a side; the first stands half of
    `spread_points` basis points from the price, the others `step_points` apart.
    """

    price: Decimal
    tick_size: Decimal
    lot_size: Decimal
    level_value: Decimal = Decimal(100_000)
    levels: int = 20
    spread_points: Decimal = Decimal(2)
    step_points: Decimal = Decimal(2)
    version: int = 0

    def set_price(self, price: Decimal) -> None:
        self.price = price
        self.version += 1

    def ladder(self, *, seconds: float) -> Ladder:
        return Ladder(bids=self._side(-1), asks=self._side(1), version=self.version)

    def _side(self, sign: int) -> tuple[Level, ...]:
        prices: dict[Decimal, Decimal] = {}
        for number in range(self.levels):
            distance = (self.spread_points / 2 + self.step_points * number) * BASIS_POINT
            steps = self.price * (1 + sign * distance) / self.tick_size
            price = steps.to_integral_value(rounding=ROUND_CEILING if sign > 0 else ROUND_FLOOR) * self.tick_size
            if price <= 0:
                break
            lots = (self.level_value / price / self.lot_size).to_integral_value(rounding=ROUND_CEILING)
            prices[price] = prices.get(price, Decimal(0)) + lots * self.lot_size
        return tuple(prices.items())


@dataclass(kw_only=True)
class RecordedLadder:
    """Snapshots of a recorded book, played at `speed` from the first one; the last one stays."""

    seconds: list[float]
    snapshots: list[tuple[tuple[Level, ...], tuple[Level, ...]]]
    speed: float = 1

    def ladder(self, *, seconds: float) -> Ladder:
        number = max(0, bisect.bisect_right(self.seconds, seconds * self.speed) - 1)
        bids, asks = self.snapshots[number]
        return Ladder(bids=bids, asks=asks, version=number)


def read_recorded_ladder(path: Path, *, speed: float = 1, snapshots_max: int = 2_000) -> RecordedLadder:
    """
    Read the columns `ts,symbol,side,level,price,qty` of a book recording, one symbol in it.

    :raises ValueError: if a row does not read as one.
    """
    moments: list[float] = []
    snapshots: list[tuple[tuple[Level, ...], tuple[Level, ...]]] = []
    sides: dict[str, list[Level]] = {"bid": [], "ask": []}
    current = ""
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            if row["ts"] != current:
                if sides["bid"] and sides["ask"]:
                    snapshots.append((tuple(sides["bid"]), tuple(sides["ask"])))
                    moments.append(datetime.fromisoformat(current).timestamp())
                if len(snapshots) >= snapshots_max:
                    break
                current, sides = row["ts"], {"bid": [], "ask": []}
            sides[row["side"]].append((Decimal(row["price"]), Decimal(row["qty"])))
    return RecordedLadder(seconds=[moment - moments[0] for moment in moments], snapshots=snapshots, speed=speed)


@dataclass(kw_only=True)
class FakeBook:
    """A ladder and what orders have taken from it."""

    source: LadderSource
    refill_seconds: float = 2
    _taken: dict[Decimal, Decimal] = field(default_factory=dict)
    _version: int = -1
    _refilled_at: float = 0

    def sides(self, *, seconds: float) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Return bids and asks with what is left of them, `seconds` after the venue's start."""
        ladder = self.source.ladder(seconds=seconds)
        if ladder.version != self._version or seconds - self._refilled_at >= self.refill_seconds:
            self._taken.clear()
            self._version, self._refilled_at = ladder.version, seconds
        return self._left(ladder.bids), self._left(ladder.asks)

    def take(self, price: Decimal, quantity: Decimal) -> None:
        self._taken[price] = self._taken.get(price, Decimal(0)) + quantity

    def mid(self, *, seconds: float) -> Decimal:
        return self.source.ladder(seconds=seconds).mid

    def _left(self, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        left = ((price, quantity - self._taken.get(price, Decimal(0))) for price, quantity in levels)
        return tuple(level for level in left if level[1] > 0)
