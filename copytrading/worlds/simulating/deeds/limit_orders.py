"""
What people do with limit orders of their own wallets: place them around the price, some for a while only, and cancel.

Drawn from a randomness of its own, so that a seed to which nothing of this happens stays the story that it was.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from accounts.models import User
from copytrading.services.wallet import limits
from copytrading.worlds.simulating.deeds.deed import Clock, Deed
from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot

if TYPE_CHECKING:
    from copytrading.worlds.simulating.world import World

# Everybody has their part of it: of the seeds, and of the occasions.
SEEDS, PLACE_CHANCE, CANCEL_CHANCE = 0.4, 0.15, 0.03
ASKED_MAX = 5


@dataclass(kw_only=True)
class LimitDeeds:
    """The limit orders of the people of one world."""

    world: "World"
    random: Random

    def __post_init__(self) -> None:
        self.is_there = self.random.random() < SEEDS

    def next_deed(self, seen: Snapshot, *, asked: int) -> Deed | None:
        """Return what somebody does next about a limit order; None most of the time, or where `asked` for too much."""
        if not self.is_there or asked >= ASKED_MAX:
            return None
        draw = self.random.random()
        if draw < PLACE_CHANCE:
            return self._place(seen)
        return self._cancel(seen) if draw > 1 - CANCEL_CHANCE else None

    def _place(self, seen: Snapshot) -> Deed | None:
        user_id = self.random.choice(self.world.people)
        market = self.random.choice(seen["markets"])
        is_buy = self.random.random() < 0.6
        tick = self.world.venue.markets[market["symbol"]].paper.tick_size
        # Some are about what the book asks just now, others wait for the price to come.
        away = self.random.choice([self.random.uniform(-0.0005, 0.0005), self.random.uniform(-0.01, 0.03)])
        factor = Decimal(str(round(1 - away if is_buy else 1 + away, 5)))
        price_limit = self.world.price(market["symbol"]) * factor // tick * tick
        if price_limit <= 0:
            return None
        counted = self._counted(seen, market, user_id, price_limit, is_buy=is_buy)
        if counted is None:
            return None
        seconds = self.random.choice([None, None, 5.0, 60.0, 900.0])
        expires_at = None if seconds is None else self.world.now + timedelta(seconds=seconds)
        key = self.world.press("limit_orders", counted.get("quantity_units"))
        words = " ".join(f"{units} {name}" for name, units in counted.items())

        def place(clock: Clock) -> object:
            return limits.place_limit_order(
                user=User.objects.get(pk=user_id),
                market_id=market["id"],
                side="BUY" if is_buy else "SELL",
                price_limit=price_limit,
                expires_at=expires_at,
                idempotency_key=key,
                now=clock(),
                **counted,
            )

        verb = "buys" if is_buy else "sells"
        until = f" for {seconds:.0f} s" if seconds else ""
        title = f"person {user_id} {verb} {words} in {market['symbol']} at {price_limit:f}{until}, {key}"
        return Deed(title=title, call=place, has_key=True)

    def _counted(
        self, seen: Snapshot, market: Row, user_id: int, price_limit: Decimal, *, is_buy: bool
    ) -> dict[str, int] | None:
        """Return how much, counted in one way; None where there is nothing to trade with."""
        mains = [one["id"] for one in seen["accounts"] if (one["kind"], one["owner_id"]) == ("MAIN", user_id)]
        if is_buy:
            cash = sum(seen.available_units(main, market["quote_id"]) for main in mains)
            # Some want to spend all that there is, to the last unit.
            value = int(cash * self.random.choice([0.01, 0.1, 0.5, 1.0]))
            if self.random.random() < 0.5:
                return {"value_units": value} if value else None
            units = int(value / price_limit / Decimal("1.002"))
        else:
            coins = sum(seen.available_units(main, market["base_id"]) for main in mains)
            units = int(coins * self.random.choice([0.3, 1.0]))
        lots = units // market["lot_units"] * market["lot_units"]
        return {"quantity_units": lots} if lots else None

    def _cancel(self, seen: Snapshot) -> Deed | None:
        waiting = [row for row in seen["limit_orders"] if not row["finished"]]
        if not waiting:
            return None
        order = self.random.choice(waiting)
        return Deed(
            title=f"limit order {order['id']} is canceled",
            call=lambda clock: limits.cancel_limit_order(order_id=order["id"], now=clock()),
        )
