"""What the tests of leads do again and again."""

from decimal import Decimal

from copytrading.models import Lead, LeadOrder, Market
from copytrading.services.leads import orders as lead_orders
from tests.cast import World


def give(
    world: World, lead: Lead, side: str, quantity: int, limit: str | None = None, symbol: str = "BTC"
) -> LeadOrder:
    """Submit an order of a lead, in whole units; with a limit it waits for its price."""
    return lead_orders.submit_lead_order(
        lead_id=lead.pk,
        market_id=Market.objects.get(symbol=f"{symbol}-USDT").pk,
        side=LeadOrder.Side(side),
        quantity_units=quantity,
        price_limit=Decimal(limit) if limit else None,
        idempotency_key=world.key(),
        now=world.now,
    )
