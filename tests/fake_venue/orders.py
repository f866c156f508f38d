"""An order at the fake venue, a trade of it, and the ways an order can be refused."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any


class OrderStatus(StrEnum):
    """ENDED: the rest of an immediate order was dropped; the dialects have their own word for it."""

    OPEN = "OPEN"
    FILLED = "FILLED"
    ENDED = "ENDED"
    CANCELED = "CANCELED"


class Validity(StrEnum):
    """IOC fills at once what it can, FOK all or nothing, GTC waits for the rest."""

    IOC = "IOC"
    FOK = "FOK"
    GTC = "GTC"


class Reason(StrEnum):
    """Why an order is refused."""

    MARKET_UNKNOWN = "MARKET_UNKNOWN"
    MARKET_CLOSED = "MARKET_CLOSED"
    LOT_SIZE = "LOT_SIZE"
    TICK_SIZE = "TICK_SIZE"
    QUANTITY_MIN = "QUANTITY_MIN"
    VALUE_MIN = "VALUE_MIN"
    PRICE_BAND = "PRICE_BAND"
    BALANCE_SHORT = "BALANCE_SHORT"
    DUPLICATE = "DUPLICATE"
    MALFORMED = "MALFORMED"


class Refused(Exception):
    """The exchange does not take this order."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, kw_only=True)
class FakeTrade:
    """
    One match; the fee was taken from the coin received.

    `trade_id` counts in each market, as at the real venues; `number` counts all.
    """

    number: int
    trade_id: int
    order_id: int
    client_order_id: str
    account: str
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal
    value: Decimal
    fee: Decimal
    fee_asset: str
    at_ms: int

    def as_json(self) -> dict[str, Any]:
        return {name: str(value) if isinstance(value, Decimal) else value for name, value in vars(self).items()}


@dataclass(kw_only=True)
class FakeOrder:
    """A limit order; `side` is BUY or SELL."""

    order_id: int
    client_order_id: str
    account: str
    symbol: str
    side: str
    quantity: Decimal
    price_limit: Decimal
    validity: Validity
    created_ms: int
    updated_ms: int
    # Which broker brought it, as this venue was told.
    tag: str = ""
    status: OrderStatus = OrderStatus.OPEN
    trades: list[FakeTrade] = field(default_factory=list)

    @property
    def filled_quantity(self) -> Decimal:
        return sum((trade.quantity for trade in self.trades), start=Decimal(0))

    @property
    def filled_value(self) -> Decimal:
        return sum((trade.value for trade in self.trades), start=Decimal(0))

    @property
    def open_quantity(self) -> Decimal:
        return self.quantity - self.filled_quantity

    def as_json(self) -> dict[str, Any]:
        plain = {name: str(value) if isinstance(value, Decimal) else value for name, value in vars(self).items()}
        plain |= {"filled_quantity": str(self.filled_quantity), "trades": [trade.trade_id for trade in self.trades]}
        return plain
