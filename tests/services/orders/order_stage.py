"""What the tests of answers begin with: an order that is on its way, and nobody knows what became of it."""

from unittest.mock import patch

from accounts.models import User
from copytrading.models import Lead, Order
from copytrading.services.cycle import syncing
from copytrading.services.orders import trading
from tests.cast import World


def send(world: World, lead: Lead, follower: User) -> Order:
    """Return a purchase of a tenth of a coin for a lead, and a little more for a copy, that was claimed just now."""
    world.start(follower, lead, "1000")
    world.settle()
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    with patch.object(trading, "work_off", return_value=False):
        world.wait(1)
        syncing.sync_lead(lead_id=lead.pk, now=world.now)
    Order.objects.update(status=Order.Status.SUBMITTING, claimed_at=world.now)
    return Order.objects.select_related("cycle", "market__base", "market__quote").get()
