"""Somebody who does a bit of everything, so that there is something to be packed and to be erased."""

from accounts.models import User
from copytrading.models import Copy, Lead, Market
from copytrading.services.wallet import spot
from tests.cast import World, usdt


def lives(world: World, user: User, lead: Lead) -> Copy:
    """Let somebody copy a lead who trades, trade by hand, take money out, and look at leads; return the copy."""
    copy = world.start(user, lead, "1000")
    world.lead_trades(lead, "BTC", "BUY", "0.05")
    world.settle()
    spot.place_manual_order(
        user=user,
        market_id=Market.objects.get(symbol="ETH-USDT").pk,
        side="BUY",
        units=usdt(100),
        idempotency_key=world.key(),
        now=world.now,
    )
    return copy
