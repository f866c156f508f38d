"""
What people do with the loss at which all their copies stop together: name one, change it, take it back.

Drawn from a randomness of its own, so that a seed to which nothing of this happens stays the story that it was. The
beat that looks at the limits is heard by the same draw.
"""

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from accounts.models import User
from copytrading.services.copies import loss_limits
from copytrading.worlds.simulating.deeds.deed import Clock, Deed
from copytrading.worlds.simulating.rules.snapshot import Snapshot

if TYPE_CHECKING:
    from copytrading.worlds.simulating.world import World

SEEDS, SET_CHANCE, LOOK_CHANCE = 0.3, 0.06, 0.5
LOOK = "check_loss_limits"
ASKED_MAX = 5
RUNNING = ("STARTING", "ACTIVE", "PAUSED")


@dataclass(kw_only=True)
class LossLimitDeeds:
    """The loss limits of the people of one world."""

    world: "World"
    random: Random

    def __post_init__(self) -> None:
        self.is_there = self.random.random() < SEEDS

    def next_deed(self, seen: Snapshot, *, asked: int) -> Deed | None:
        """Return what somebody does next about a loss limit; None most of the time, or where `asked` for too much."""
        if not self.is_there or asked >= ASKED_MAX or self.random.random() >= SET_CHANCE:
            return None
        user_id = self.random.choice(self.world.people)
        running = [one for one in seen["copies"] if one["follower_id"] == user_id and one["status"] in RUNNING]
        invested = sum(one["invested_units"] for one in running)
        # Most limits are close, so that some are reached.
        share = self.random.choice([0.004, 0.01, 0.03, 0.1, 0.4])
        units, fraction = (max(int(invested * share), 1), None) if self.random.random() < 0.5 else (None, share)
        if self.random.random() < 0.1:
            units = fraction = None

        def set_limit(clock: Clock) -> None:
            user = User.objects.get(pk=user_id)
            loss_limits.set_loss_limit(user=user, loss_units=units, loss_fraction=fraction, now=clock())

        return Deed(title=f"person {user_id} sets a loss limit of {units or fraction}", call=set_limit)

    def ring(self, *, is_calm: bool = False) -> None:
        """Let the beat ring that looks at the limits; now and then only, while there is so much else."""
        if not self.is_there or not (is_calm or self.random.random() < LOOK_CHANCE):
            return
        if not self.world.rings.is_waiting(LOOK):
            self.world.rings.add(LOOK)
