"""
What strangers do at the venue: money arrives at our account that nobody announced, and now and then is taken back.

Drawn from a randomness of its own, so that a seed to which nothing of this happens stays the story that it was.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from copytrading.worlds.simulating.world import World

# Everybody has their part of it: of the seeds, and of the occasions.
SEEDS, GIFT_CHANCE, TAKEN_BACK_CHANCE = 0.4, 0.08, 0.06
CASH_GIFTS = (Decimal("0.00000001"), Decimal("12.5"), Decimal(700), Decimal(40_000))


@dataclass(kw_only=True)
class Gifts:
    """The gifts of one world; `given` is what of them lies at the venue, by symbol, in coins."""

    world: "World"
    random: Random
    given: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def __post_init__(self) -> None:
        self.chance = GIFT_CHANCE if self.random.random() < SEEDS else 0.0

    def pass_time(self) -> None:
        """Let something arrive, or go again."""
        if not self.chance or self.world.swarm.ended:
            return
        draw = self.random.random()
        if draw < self.chance:
            self._give()
        elif draw > 1 - TAKEN_BACK_CHANCE:
            self._take_back()

    def _give(self) -> None:
        symbol, quantity = "USDT", self.random.choice(CASH_GIFTS)
        # A gift of a coin that is counted anew would be cut like everybody's: then only cash comes.
        if not self.world.fates.recount_chance and self.random.random() < 0.5:
            market = self.random.choice(sorted(self.world.venue.markets))
            symbol = market.partition("-")[0]
            quantity = (quantity / self.world.price(market)).quantize(Decimal("0.00000001")) or CASH_GIFTS[0]
        self._move(symbol, quantity)

    def _take_back(self) -> None:
        given = sorted(symbol for symbol, quantity in self.given.items() if quantity)
        if given:
            symbol = self.random.choice(given)
            self._move(symbol, -self.given[symbol])

    def _move(self, symbol: str, quantity: Decimal) -> None:
        self.given[symbol] += quantity
        self.world.venue.balance[symbol] += quantity
        self.world.crew.committed = True
        self.world.note(f"a stranger {'sends' if quantity > 0 else 'takes back'} {abs(quantity):f} {symbol}")
