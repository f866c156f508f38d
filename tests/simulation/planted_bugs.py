"""
Bugs that are planted into the platform one at a time, each of which the simulation has to catch.

A `PlantedBug` is a name, the reason why it is one, and patches that are in place for the duration of a block. Nothing
here is known to the platform.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.simulation import (
    bugs_of_coins,
    bugs_of_copies,
    bugs_of_limit_orders,
    bugs_of_loss_limits,
    bugs_of_money,
    bugs_of_orders,
    bugs_of_own_accounts,
)

Patches = Callable[[], list[Any]]


@dataclass(frozen=True)
class PlantedBug:
    """
    A fault on purpose. `patches` makes what is in place while it is planted.

    `is_of_own_accounts`: only where people have accounts of their own it can be met.
    """

    name: str
    why: str
    patches: Patches
    is_of_own_accounts: bool = False

    @contextmanager
    def planted(self) -> Iterator[None]:
        with ExitStack() as stack:
            for one in self.patches():
                stack.enter_context(one)
            yield


PLANTED_BUGS = [
    PlantedBug(name, why, patches, is_of_own_accounts=room is bugs_of_own_accounts)
    for room in (
        bugs_of_orders,
        bugs_of_limit_orders,
        bugs_of_loss_limits,
        bugs_of_money,
        bugs_of_copies,
        bugs_of_coins,
        bugs_of_own_accounts,
    )
    for name, (why, patches) in room.BUGS.items()
]
