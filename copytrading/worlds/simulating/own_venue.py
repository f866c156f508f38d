"""
Accounts of people's own at the simulated exchange: one market for all, and books, orders and ids of their own.

What goes wrong at the exchange goes wrong here too; besides, a key may be dead for a while, and the owner does there
as the owner likes.
"""

from datetime import datetime

from copytrading.exchange.errors import KeyRefused, OrderRejected, RejectionCode
from copytrading.worlds.simulating.venue import SimulatedVenue
from copytrading.worlds.simulating.venue_orders import ArrivedOrder, Sending


class OwnSimulatedAccount(SimulatedVenue):
    """
    The exchange as it is for one person's key; `user_id` is that person's.

    `has_been_dead`: whether the key has ever opened nothing, so that somebody may have given up to ask about an order.
    """

    can_be_asked_at_once = False

    def __init__(self, *, of: SimulatedVenue, user_id: int, key: str, secret: str) -> None:
        super().__init__(swarm=of.swarm, clock=of.clock, point=of.point)
        self.user_id, self.key, self.secret = user_id, key, secret
        self.account = f"of person {user_id}"
        self.markets = of.markets
        # Fills are kept by the trade's id and its account; here the ids are told apart at sight.
        self.ids_before = f"p{user_id}-"
        self.is_dead = self.has_been_dead = False

    def permissions(self) -> frozenset[str]:
        """Return what the key may do."""
        self._ask("what a key may do")
        return frozenset({"read", "trade"})

    def die(self) -> None:
        """Let the key open nothing from now on, as one that its owner deleted."""
        self.is_dead = self.has_been_dead = True

    def _ask(self, what: str) -> None:
        super()._ask(what)
        if self.is_dead:
            raise KeyRefused("The simulated exchange knows no such key.", code=RejectionCode.KEY_UNKNOWN)

    def _accept(self, sending: Sending, *, at: datetime | None = None, is_past_its_time: bool = False) -> ArrivedOrder:
        # Who was let in before is not asked again when the order gets there.
        if at is None and self.is_dead:
            raise OrderRejected(RejectionCode.KEY_UNKNOWN, "The simulated exchange knows no such key.")
        return super()._accept(sending, at=at, is_past_its_time=is_past_its_time)
