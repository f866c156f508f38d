"""
Tax lots: what was bought when and for how much, and which of it left when something was sold.

A buy opens a *lot*: so many units that cost so much, fees included. A sale closes lots, or parts of them, and its gain
is what it brought after fees less what they cost. Which lots leave first is the *method*:

    FIFO       the oldest
    HIFO       the dearest by unit when they were bought, the older of two alike
    AVERAGE    the oldest by their dates, and each unit at the average cost of all there are

    buy 10 for 100   buy 10 for 200   sell 10 for 180      FIFO +80     HIFO −20     AVERAGE +30

A part of a lot takes its share of the cost, `cost · units // units of the lot`, cut downwards, and the rest stays with
what is left. So costs are whole units too, and what was ever paid is what left plus what is still there.

Coins that leave without being sold (`HAND_OVER`) take their cost along and bring no gain. A coin that is counted anew
(`RECOUNT`) keeps its lots with dates and costs: the new units are shared out by largest remainder, to the last unit.

Sources: IRS, *Frequently asked questions on virtual currency transactions*, A39 to A41 (specific identification, and
FIFO without it); HMRC, *Cryptoassets Manual*, CRYPTO22200 (pooling: a part takes its share of the pool's cost).
Same-day and thirty-day rules are not in it: what a tax office wants is for the person and the office.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from heapq import heapify, heappop, heappush


class LotMethod(StrEnum):
    """Which lots leave first."""

    FIFO = "fifo"
    HIFO = "hifo"
    AVERAGE = "average"


class LotEventKind(StrEnum):
    """What happened to a coin."""

    ACQUIRE = "ACQUIRE"
    SELL = "SELL"
    HAND_OVER = "HAND_OVER"
    RECOUNT = "RECOUNT"


@dataclass(frozen=True, kw_only=True)
class LotEvent:
    """
    Something that happened to one coin: `units` > 0 of it came or went, for `value_units` of cash after fees.

    Of a RECOUNT `units` is what there is afterwards, 0 included. A HAND_OVER has no value.
    """

    kind: LotEventKind
    at: datetime
    coin: str
    units: int
    value_units: int = 0


@dataclass(frozen=True, kw_only=True)
class Lot:
    """Units of a coin that are still there, with what they cost in quote units."""

    coin: str
    acquired_at: datetime
    units: int
    cost_units: int


@dataclass(frozen=True, kw_only=True)
class Disposal:
    """
    A lot, or a part of one, that left: `proceeds_units` is None where it was handed over and not sold.

    `acquired_at` is None where more left than ever came, which a ledger that may not go below zero cannot have.
    """

    coin: str
    units: int
    acquired_at: datetime | None
    disposed_at: datetime
    cost_units: int
    proceeds_units: int | None

    @property
    def gain_units(self) -> int:
        """Return the gain (negative: loss) in quote units; nothing for what was handed over."""
        return 0 if self.proceeds_units is None else self.proceeds_units - self.cost_units


@dataclass(frozen=True, kw_only=True)
class LotBook:
    """What left, in the order in which it did, and the lots that are still there, by coin and age."""

    disposals: tuple[Disposal, ...]
    lots: tuple[Lot, ...]

    def units_of(self, coin: str) -> int:
        """Return how many units of a coin all its lots are: what is held of it."""
        return sum(lot.units for lot in self.lots if lot.coin == coin)


def book_lots(*, events: Iterable[LotEvent], method: LotMethod) -> LotBook:
    """
    Return the lots and disposals that some events come to, which are given in the order in which they happened.

    For each coin the lots are what came less what left, to the unit. What leaves a moment before it came, as two
    machines may book it, waits for it.
    """
    coins: dict[str, _Coin] = {}
    disposals: list[Disposal] = []
    for event in events:
        if event.coin not in coins:
            coins[event.coin] = _Coin(event.coin, method)
        disposals += coins[event.coin].take(event)
    for name in sorted(coins):
        disposals += coins[name].never_came()
    lots = [lot for name in sorted(coins) for lot in coins[name].lots()]
    return LotBook(disposals=tuple(disposals), lots=tuple(lots))


def shared_out(total: int, weights: Sequence[int]) -> list[int]:
    """
    Return whole shares of a total ≥ 0 in proportion to weights > 0; they sum to it, by largest remainder.

    Of two remainders alike the first in the row gets the unit.
    """
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    nearest = sorted(range(len(weights)), key=lambda place: -(total * weights[place] % whole))
    for place in nearest[: total - sum(shares)]:
        shares[place] += 1
    return shares


@dataclass(frozen=True)
class _Ranked:
    """A lot with what decides when it leaves: the negative unit cost of its day for HIFO, and its number."""

    rank: Fraction
    number: int
    lot: Lot

    def __lt__(self, other: _Ranked) -> bool:
        return (self.rank, self.number) < (other.rank, other.number)


class _Coin:
    """The lots of one coin, in a heap by which of them leaves first, and what all of them cost together."""

    def __init__(self, name: str, method: LotMethod) -> None:
        self._name, self._method = name, method
        self._heap: list[_Ranked] = []
        self._number = 0
        self._units = self._cost_units = 0
        # What left before enough had come.
        self._waiting: list[LotEvent] = []

    def take(self, event: LotEvent) -> list[Disposal]:
        """Let an event happen; return what it closed."""
        if event.kind == LotEventKind.RECOUNT:
            return self._recount(event)
        if event.kind == LotEventKind.ACQUIRE:
            self._open(event)
        else:
            self._waiting.append(event)
        closed: list[Disposal] = []
        while self._waiting and self._units:
            closed += self._close(self._waiting.pop(0))
        return closed

    def never_came(self) -> list[Disposal]:
        """Return what left and never came."""
        return [
            Disposal(
                coin=self._name,
                units=event.units,
                acquired_at=None,
                disposed_at=event.at,
                cost_units=0,
                proceeds_units=event.value_units if event.kind == LotEventKind.SELL else None,
            )
            for event in self._waiting
        ]

    def lots(self) -> list[Lot]:
        """Return the lots, the oldest first; at average cost each has its share of what all cost."""
        lots = [ranked.lot for ranked in sorted(self._heap, key=lambda ranked: ranked.number)]
        if self._method != LotMethod.AVERAGE:
            return lots
        costs = _parts(self._cost_units, [lot.units for lot in lots])
        return [replace(lot, cost_units=cost) for lot, cost in zip(lots, costs, strict=True)]

    def _open(self, event: LotEvent) -> None:
        self._number += 1
        rank = -Fraction(event.value_units, event.units) if self._method == LotMethod.HIFO else Fraction(0)
        lot = Lot(coin=self._name, acquired_at=event.at, units=event.units, cost_units=event.value_units)
        heappush(self._heap, _Ranked(rank, self._number, lot))
        self._units += event.units
        self._cost_units += event.value_units

    def _close(self, event: LotEvent) -> list[Disposal]:
        """Close what leaves first; what of it has not come yet waits on."""
        taken = min(event.units, self._units)
        value = event.value_units * taken // event.units
        if taken < event.units:
            rest = replace(event, units=event.units - taken, value_units=event.value_units - value)
            self._waiting.insert(0, rest)
        pieces = self._pieces(taken)
        if self._method == LotMethod.AVERAGE:
            costs = _parts(self._cost_units * taken // self._units, [lot.units for lot in pieces])
        else:
            costs = [lot.cost_units for lot in pieces]
        values = _parts(value, [lot.units for lot in pieces])
        self._units -= taken
        self._cost_units -= sum(costs)
        return [
            Disposal(
                coin=self._name,
                units=lot.units,
                acquired_at=lot.acquired_at,
                disposed_at=event.at,
                cost_units=cost,
                proceeds_units=part if event.kind == LotEventKind.SELL else None,
            )
            for lot, cost, part in zip(pieces, costs, values, strict=True)
        ]

    def _pieces(self, units: int) -> list[Lot]:
        """Take so many units out of the lots that leave first, as lots and the last of them perhaps as a part."""
        pieces = []
        while units:
            ranked = heappop(self._heap)
            lot = ranked.lot
            taken = min(units, lot.units)
            cost = lot.cost_units * taken // lot.units
            pieces.append(replace(lot, units=taken, cost_units=cost))
            if taken < lot.units:
                rest = replace(lot, units=lot.units - taken, cost_units=lot.cost_units - cost)
                heappush(self._heap, replace(ranked, lot=rest))
            units -= taken
        return pieces

    def _recount(self, event: LotEvent) -> list[Disposal]:
        """Let the lots be so many units together; what comes to less than one leaves its cost to the next lot."""
        held = sorted(self._heap, key=lambda ranked: ranked.number)
        if not held:
            return []
        if not event.units:
            return self._close(LotEvent(kind=LotEventKind.SELL, at=event.at, coin=self._name, units=self._units))
        ratio = Fraction(self._units, event.units)
        kept: list[_Ranked] = []
        carried = 0
        for ranked, units in zip(held, shared_out(event.units, [ranked.lot.units for ranked in held]), strict=True):
            carried += ranked.lot.cost_units
            if units:
                lot = replace(ranked.lot, units=units, cost_units=carried)
                kept.append(replace(ranked, rank=ranked.rank * ratio, lot=lot))
                carried = 0
        last = kept.pop()
        kept.append(replace(last, lot=replace(last.lot, cost_units=last.lot.cost_units + carried)))
        heapify(kept)
        self._heap, self._units = kept, event.units
        return []


def _parts(total: int, weights: Sequence[int]) -> list[int]:
    """Return parts of a total in proportion to weights, each cut downwards of what is left, so that they sum to it."""
    parts, left = [], sum(weights)
    for weight in weights:
        part = total * weight // left
        parts.append(part)
        total, left = total - part, left - weight
    return parts
