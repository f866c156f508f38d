"""A worker dies between any two steps of a limit order that has its price: nothing is lost, and nothing done twice."""

from typing import Any

import pytest

from accounts import ledger
from accounts.models import Hold, User
from copytrading.exchange.paper.models import PaperOrder
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.models import LimitOrder, Order
from copytrading.services.books import limit_orders
from copytrading.services.cycle import conducting
from copytrading.services.orders import trading
from copytrading.services.wallet import touching
from tests.cast import World
from tests.services.wallet.limit_stage import held, is_clean, look, needed, place

POINTS: dict[str, tuple[Any, str, str]] = {
    "locked, nothing written": (trading, "write_order", "before"),
    "order written, the rest not held": (trading, "write_order", "after"),
    "planned, not committed": (touching, "_plan", "after"),
    "planned, not sent": (trading, "work_off_order", "before"),
    "claimed, not sent": (PaperVenue, "place_limit_ioc", "before"),
    "accepted, not recorded": (PaperVenue, "place_limit_ioc", "after"),
    "recorded, not booked": (trading, "book_order", "before"),
    "posted, the rest not held": (ledger, "post_at_once", "after"),
    "followed up, not committed": (limit_orders, "follow_up", "after"),
    "booked": (trading, "book_order", "after"),
}


class Killed(BaseException):
    """What a kill −9 leaves behind: nothing that was not committed."""


class TestCrash:
    @pytest.mark.parametrize("point", sorted(POINTS))
    def test_the_next_look_goes_on_from_there(
        self, world: World, follower: User, point: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        room, name, moment = POINTS[point]
        original = getattr(room, name)

        def deadly(*arguments: Any, **named: Any) -> Any:
            if moment == "after":
                original(*arguments, **named)
            raise Killed

        with monkeypatch.context() as struck:
            struck.setattr(room, name, deadly)
            with pytest.raises(Killed):
                look(world, BTC="48900")

        # Nobody has looked since: what the order needs is held, or spent.
        assert held(follower) == needed(follower)
        for _ in range(30):
            world.wait(6)
            conducting.work_off_manual_orders(now=world.now)
            touching.look_at_limit_orders(now=world.now)
        done = LimitOrder.objects.get(pk=own.pk)
        assert (done.status, done.filled_units) == ("FILLED", 10**7)
        assert world.main(follower)["BTC"] == 10**7
        sent = Order.objects.filter(claimed_at__isnull=False).exclude(status=Order.Status.NOT_PLACED)
        assert PaperOrder.objects.count() == sent.count() == 1, "an order was sent twice, or one was lost"
        assert not Hold.objects.filter(released_at__isnull=True).exists()
        assert is_clean()
