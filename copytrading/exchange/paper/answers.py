"""What the paper venue's rows read like in the words of the protocol."""

from collections.abc import Iterable

from copytrading.exchange.markets import MarketRules, MarketStatus
from copytrading.exchange.orders import Side, VenueOrder, VenueStatus, VenueTrade
from copytrading.exchange.paper.models import PaperMarket, PaperOrder, PaperTrade


def rules_of(market: PaperMarket) -> MarketRules:
    """Return what a market accepts."""
    return MarketRules(
        symbol=market.symbol,
        base=market.base,
        quote=market.quote,
        lot_size=market.lot_size,
        tick_size=market.tick_size,
        value_min=market.value_min,
        status=MarketStatus(market.status),
    )


def order_of(order: PaperOrder, *, trades: Iterable[PaperTrade]) -> VenueOrder:
    """Return an order with these trades of it."""
    return VenueOrder(
        client_order_id=order.client_order_id,
        venue_order_id=str(order.pk),
        symbol=order.symbol,
        side=Side(order.side),
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        price_limit=order.price_limit,
        status=VenueStatus(order.status),
        trades=tuple(trade_of(trade, order=order) for trade in trades),
    )


def trade_of(trade: PaperTrade, *, order: PaperOrder) -> VenueTrade:
    """Return one trade of an order."""
    return VenueTrade(
        trade_id=str(trade.pk),
        client_order_id=order.client_order_id,
        venue_order_id=str(order.pk),
        symbol=trade.symbol,
        side=Side(order.side),
        price=trade.price,
        quantity=trade.quantity,
        value=trade.value,
        fee=trade.fee,
        fee_asset=trade.fee_asset,
        executed_at=trade.executed_at,
    )
