"""What a limit price has to be, and how much it pays for: the same for a lead's order and for a person's own."""

from decimal import Decimal

from django.utils.translation import gettext

from accounts.identity.places import written
from copytrading.models import Market
from copytrading.services.refusals import LimitNotPossible


def refuse_off_tick(market: Market, price_limit: Decimal) -> None:
    """:raises LimitNotPossible: if a price is not above zero, or no multiple of the market's step."""
    if price_limit <= 0 or price_limit % market.tick_size:
        step = written(f"{market.tick_size.normalize():f}")
        raise LimitNotPossible(gettext("The price must be above zero and a multiple of %(step)s.") % {"step": step})


def lots_for(market: Market, value_units: int, price: Decimal) -> int:
    """Return the whole lots, in base units, that a value in quote units comes to at a price, its fee not counted."""
    quantity = Decimal(value_units).scaleb(-market.quote.decimals) / price
    return int(quantity.scaleb(market.base.decimals) // market.lot_units) * market.lot_units
