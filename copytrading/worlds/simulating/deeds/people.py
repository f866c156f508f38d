"""
What people do: leads trade and move money, followers start, change and stop copies, operators stop them.

A `Deed` is one press of a button: a title for the log and a call into the services, which may be made again with the
same key, by a double click or a retry. What people know when they choose is the last snapshot.
"""

from collections.abc import Callable
from dataclasses import replace

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.sizing.custom import custom_terms
from copytrading.models import Copy
from copytrading.services.copies import verbs as copies
from copytrading.services.wallet import spot, transfers
from copytrading.worlds.simulating.deeds.deed import Clock, Deed
from copytrading.worlds.simulating.deeds.lead_deeds import LeadDeeds
from copytrading.worlds.simulating.rules.snapshot import Row, Snapshot
from copytrading.worlds.simulating.world import UNIT, World

LIVE = ("STARTING", "ACTIVE", "PAUSED")
# How often somebody presses a button on a page that was loaded long ago.
OLD_PAGE_CHANCE = 0.25


class People(LeadDeeds):
    """Everybody in a world, and what they feel like doing next."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.choices: list[tuple[int, Callable[[Snapshot], Deed | None]]] = [
            (40, self.lead_trades),
            (8, self.lead_bursts),
            (3, self.lead_limits),
            (2, self.lead_cancels),
            (5, self.lead_moves_money),
            (2, self.lead_pauses),
            (1, self.lead_ends),
            (14, self.follower_starts),
            (7, self.follower_increases),
            (7, self.follower_reduces),
            (4, self.follower_sets_stop_loss),
            (5, self.follower_pauses),
            (9, self.follower_stops),
            (5, self.follower_transfers),
            (5, self.follower_trades),
            (2, self.operator_stops),
        ]
        # Each seed has people of its own temper.
        self.weights = [weight * self.random.choice([0, 1, 1, 3]) for weight, _ in self.choices]
        self.weights[0] = max(self.weights[0], 40)

    def next_deed(self, seen: Snapshot) -> Deed | None:
        """Return what somebody does next; None where nobody can do what came to mind."""
        choose = self.random.choices([choose for _, choose in self.choices], weights=self.weights)[0]
        return choose(seen)

    def follower_starts(self, seen: Snapshot) -> Deed | None:
        lead = self._lead(seen, "ACTIVE")
        if lead is None:
            return None
        user_id = self.random.choice(self.world.people)
        units = self.random.choice([100, 101, 137, 500, 1_000, 7_777]) * UNIT
        terms = None
        if self.random.random() < 0.25:
            # Some have spent their cash after an order or two.
            share, by_value = self.random.choice([0.1, 0.6]), self.random.random() < 0.5
            terms = custom_terms(
                order_value_units=int(units * share) if by_value else None,
                order_ratio=None if by_value else share / 2,
            )
        buy_existing = self.random.random() < 0.75
        stop_loss_units = units // 5 if self.random.random() < 0.4 else None
        weight_max = 0.3 if terms is None and self.random.random() < 0.1 else None
        kind = "Custom" if terms else "Smart Sync"
        if terms is None:
            terms = Terms(buy_existing=buy_existing, weight_max=weight_max)
        chosen = replace(terms, stop_loss_units=stop_loss_units)
        key = self.world.press("copies", units)

        def start(clock: Clock) -> Copy:
            return copies.start_copy(
                follower=User.objects.get(pk=user_id),
                lead_id=lead["id"],
                investment_units=units,
                idempotency_key=key,
                now=clock(),
                terms=chosen,
            )

        return Deed(
            title=f"person {user_id} starts to copy lead {lead['id']} with {units / UNIT:,.0f} ({kind}), {key}",
            call=start,
            has_key=True,
        )

    def follower_increases(self, seen: Snapshot) -> Deed | None:
        copy = self._live_copy(seen)
        if copy is None:
            return None
        units = self.random.choice([10, 250, 3_000]) * UNIT + self.random.randrange(1_000)
        key = self.world.press("copy_flows", units)
        return Deed(
            title=f"copy {copy['id']} gets {units / UNIT:,.2f} more, {key}",
            call=lambda clock: copies.increase_copy(copy_id=copy["id"], units=units, idempotency_key=key, now=clock()),
            has_key=True,
        )

    def follower_reduces(self, seen: Snapshot) -> Deed | None:
        copy = self._live_copy(seen)
        if copy is None:
            return None
        units = int(copy["invested_units"] * self.random.uniform(0.05, 0.8))
        key = self.world.press("copy_flows", units)
        return Deed(
            title=f"copy {copy['id']} gives back {units / UNIT:,.2f}, {key}",
            call=lambda clock: copies.reduce_copy(copy_id=copy["id"], units=units, idempotency_key=key, now=clock()),
            has_key=True,
        )

    def follower_sets_stop_loss(self, seen: Snapshot) -> Deed | None:
        copy = self._live_copy(seen)
        if copy is None:
            return None
        units = int(copy["invested_units"] * self.random.uniform(0.02, 0.5)) or None
        return Deed(
            title=f"copy {copy['id']} gets a stop loss of {(units or 0) / UNIT:,.2f}",
            call=lambda clock: copies.change_stop_loss(copy_id=copy["id"], stop_loss_units=units, now=clock()),
        )

    def follower_pauses(self, seen: Snapshot) -> Deed | None:
        copy = self._live_copy(seen)
        if copy is None:
            return None
        verb = copies.resume_copy if copy["status"] == "PAUSED" else copies.pause_copy
        return Deed(
            title=f"copy {copy['id']}: {verb.__name__}", call=lambda clock: verb(copy_id=copy["id"], now=clock())
        )

    def follower_stops(self, seen: Snapshot) -> Deed | None:
        return self._stop(seen, Copy.StopReason.FOLLOWER)

    def operator_stops(self, seen: Snapshot) -> Deed | None:
        return self._stop(seen, Copy.StopReason.OPERATOR)

    def follower_transfers(self, seen: Snapshot) -> Deed | None:
        user_id = self.random.choice(self.world.people)
        units = self.random.choice([50, 500, 5_000]) * UNIT
        is_deposit = self.random.random() < 0.4
        key = self.world.press("transfers", units)
        verb = transfers.deposit if is_deposit else transfers.withdraw
        return Deed(
            title=f"person {user_id}: {verb.__name__} of {units / UNIT:,.0f}, {key}",
            call=lambda clock: verb(user=User.objects.get(pk=user_id), units=units, idempotency_key=key, now=clock()),
            has_key=True,
        )

    def follower_trades(self, seen: Snapshot) -> Deed | None:
        user_id = self.random.choice(self.world.people)
        market = self.random.choice(seen["markets"])
        is_buy = self.random.random() < 0.65
        units = self.random.choice([20, 300]) * UNIT
        if not is_buy:
            mains = [one["id"] for one in seen["accounts"] if (one["kind"], one["owner_id"]) == ("MAIN", user_id)]
            units = sum(seen.available_units(main, market["base_id"]) for main in mains)
            if not units:
                return None
        key = self.world.press("manual_orders")
        return Deed(
            title=f"person {user_id} {'buys' if is_buy else 'sells'} by hand in {market['symbol']}, {key}",
            call=lambda clock: spot.place_manual_order(
                user=User.objects.get(pk=user_id),
                market_id=market["id"],
                side="BUY" if is_buy else "SELL",
                units=units,
                idempotency_key=key,
                now=clock(),
            ),
            has_key=True,
        )

    def _stop(self, seen: Snapshot, reason: Copy.StopReason) -> Deed | None:
        copy = self._live_copy(seen)
        if copy is None:
            return None
        return Deed(
            title=f"copy {copy['id']} is stopped ({reason})",
            call=lambda clock: copies.stop_copy(copy_id=copy["id"], now=clock(), reason=reason),
        )

    def _live_copy(self, seen: Snapshot) -> Row | None:
        """Return a copy that somebody takes for a live one: now and then the page is old, and it has ended since."""
        is_old = self.random.random() < OLD_PAGE_CHANCE
        return self._one([copy for copy in seen["copies"] if (copy["status"] in LIVE) != is_old])
