"""What trading a quantity would cost against a book, before anything is sent."""

from dataclasses import dataclass
from decimal import Decimal

from copytrading.engine.adjustments import Reason
from copytrading.engine.rules import Rules
from copytrading.engine.units import coins, units_of
from copytrading.exchange.markets import Book
from copytrading.exchange.orders import Side
from copytrading.models import Market


@dataclass(frozen=True, kw_only=True)
class PlannedTrade:
    """One market's trade as it would be: units of the coin, its value and cost (fee and spread) in quote units."""

    symbol: str
    asset_symbol: str
    market: Market
    side: str
    quantity_units: int
    value_units: int
    cost_units: int
    price: Decimal
    adjustments: tuple[Reason, ...] = ()


def trade_of(*, market: Market, book: Book, signed_units: int, rules: Rules) -> PlannedTrade:
    """Return what trading a quantity would do to this book: the price it reaches on average, and what it costs."""
    side = Side.BUY if signed_units > 0 else Side.SELL
    quantity = coins(abs(signed_units), market.base.decimals)
    price = _average_price(book, side, quantity) or market.mark.price
    value = quantity * price
    mid = book.mid or market.mark.price
    cost = value * rules.fee_rate + abs(price - mid) * quantity
    reasons = (Reason.BELOW_VENUE_MINIMUM,) if _is_below_minimum(market, value) else ()
    return PlannedTrade(
        symbol=market.symbol,
        asset_symbol=market.base.symbol,
        market=market,
        side=side.value,
        quantity_units=abs(signed_units),
        value_units=units_of(value, market.quote.decimals),
        cost_units=units_of(cost, market.quote.decimals),
        price=price,
        adjustments=reasons,
    )


def _average_price(book: Book, side: Side, quantity: Decimal) -> Decimal | None:
    left, value = quantity, Decimal(0)
    for level in book.asks if side is Side.BUY else book.bids:
        taken = min(left, level.quantity)
        left, value = left - taken, value + taken * level.price
        if not left:
            break
    reached = quantity - left
    return value / reached if reached else None


def _is_below_minimum(market: Market, value: Decimal) -> bool:
    return units_of(value, market.quote.decimals) < market.value_min_units
