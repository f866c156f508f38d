"""
An order as a venue knows it, and the trades that came of it.

All prices and quantities are Decimal, never float. A price is in quote
currency per coin, a quantity in coins, a value and a fee in the asset named.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from copytrading.engine.market.books import Side as Side


class VenueStatus(StrEnum):
    """Where an order stands at the venue; an immediate order that fills in part ends CANCELED."""

    OPEN = "OPEN"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, kw_only=True)
class VenueTrade:
    """
    One match of one of our orders; `trade_id` is the venue's and names it for ever.

    Some venues tell trades without our client order id, which then is empty: `venue_order_id` leads to it. The fee is
    in `fee_asset`: the quote, the coin that was bought, or a third one.
    """

    trade_id: str
    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    value: Decimal
    fee: Decimal
    fee_asset: str
    executed_at: datetime


@dataclass(frozen=True, kw_only=True)
class VenueOrder:
    """
    An order as the venue knows it, with its trades so far.

    A venue may tell that an order is filled before it tells all its trades: it `is_complete` once they sum to it.
    """

    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    filled_quantity: Decimal
    price_limit: Decimal
    status: VenueStatus
    trades: tuple[VenueTrade, ...]

    @property
    def is_complete(self) -> bool:
        """Return whether nothing more will come of it, and every trade of it is here."""
        traded = sum((trade.quantity for trade in self.trades), start=Decimal(0))
        return self.status is not VenueStatus.OPEN and traded == self.filled_quantity
