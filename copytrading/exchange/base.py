"""
What a venue is to us: the values it speaks in, the calls it takes, the ways it fails.

A venue is far away. It has its own clock, its own order and trade ids, and it
may answer late, twice or not at all. So the calls here are few, none of them
may be made while a database transaction is open, and every failure says
whether the order can exist: OrderRejected proves that it does not,
OutcomeUnknown and VenueUnreachable prove nothing and mean "ask, never resend".

All prices and quantities are Decimal, never float. A price is in quote
currency per coin, a quantity in coins, a value and a fee in the asset named.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Protocol


class Side(StrEnum):
    """What we do with the base asset of a market."""

    BUY = "BUY"
    SELL = "SELL"


class VenueStatus(StrEnum):
    """Where an order stands at the venue; an immediate order that fills in part ends CANCELED."""

    OPEN = "OPEN"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


class MarketStatus(StrEnum):
    """Whether a market takes orders."""

    TRADING = "TRADING"
    SUSPENDED = "SUSPENDED"


class RejectionCode(StrEnum):
    """Why a venue refused an order."""

    MARKET_UNKNOWN = "MARKET_UNKNOWN"
    MARKET_SUSPENDED = "MARKET_SUSPENDED"
    LOT_SIZE = "LOT_SIZE"
    TICK_SIZE = "TICK_SIZE"
    VALUE_TOO_SMALL = "VALUE_TOO_SMALL"
    NOT_ENOUGH_BALANCE = "NOT_ENOUGH_BALANCE"
    PRICE_BAND = "PRICE_BAND"
    POSITION_LIMIT = "POSITION_LIMIT"
    RATE_LIMITED = "RATE_LIMITED"
    KEY_REFUSED = "KEY_REFUSED"
    CLOCK_SKEWED = "CLOCK_SKEWED"
    TOO_LATE = "TOO_LATE"
    MALFORMED = "MALFORMED"


@dataclass(frozen=True, kw_only=True)
class MarketRules:
    """
    What a market accepts.

    `lot_size` is the step of a quantity in coins, `tick_size` the step of a
    price, `value_min` the least quantity times price of an order.
    """

    symbol: str
    base: str
    quote: str
    lot_size: Decimal
    tick_size: Decimal
    value_min: Decimal
    status: MarketStatus = MarketStatus.TRADING

    def whole_lots(self, quantity: Decimal) -> Decimal:
        """Return a quantity rounded toward zero to whole lots."""
        return _steps(quantity, self.lot_size, ROUND_DOWN)

    def price_limit(self, *, side: Side, price: Decimal) -> Decimal:
        """Return a price rounded to a tick on the careful side: a buy never above it, a sell never below."""
        return _steps(price, self.tick_size, ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)


@dataclass(frozen=True, kw_only=True)
class Level:
    """What one price of a book offers."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, kw_only=True)
class Book:
    """The visible offers of a market, best first: bids falling, asks rising."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    as_of: datetime | None

    @property
    def mid(self) -> Decimal | None:
        """Return the price half way between best bid and best ask; None when a side is empty."""
        if not (self.bids and self.asks):
            return None
        return (self.bids[0].price + self.asks[0].price) / 2

    def levels_within(self, *, side: Side, price_limit: Decimal) -> tuple[Level, ...]:
        """Return the levels an order of this side can meet without passing its limit, best first."""
        if side is Side.BUY:
            return tuple(level for level in self.asks if level.price <= price_limit)
        return tuple(level for level in self.bids if level.price >= price_limit)

    def depth_within(self, side: Side, price_limit: Decimal) -> Decimal:
        """Return how many coins an order of this side can meet without passing its limit."""
        levels = self.levels_within(side=side, price_limit=price_limit)
        return sum((level.quantity for level in levels), start=Decimal(0))


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


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What one source says a pair costs, and when it was so."""

    symbol: str
    price: Decimal
    as_of: datetime
    source: str


class Venue(Protocol):
    """
    A spot exchange, seen through one of our accounts there.

    `validity_seconds`: an order that was sent longer ago than this and has not arrived never will.
    """

    name: str
    account: str
    validity_seconds: float

    def market_rules(self) -> list[MarketRules]:
        """
        Return the rules of every market, by symbol.

        :raises VenueUnreachable: if the venue did not answer.
        """
        ...

    def book(self, symbol: str, *, now: datetime) -> Book:
        """
        Return the visible book; both sides are empty where nothing is offered.

        :raises MarketUnknown: if the venue lists no such market.
        :raises VenueUnreachable: if the venue did not answer.
        """
        ...

    def place_limit_ioc(
        self,
        *,
        client_order_id: str,
        symbol: str,
        side: Side,
        quantity: Decimal,
        price_limit: Decimal,
        now: datetime,
    ) -> VenueOrder:
        """
        Fill what can be filled at once within the price limit, and cancel the rest.

        Calling twice places two orders: a client order id is no idempotency key. The order is valid for
        `validity_seconds` from `now` on, the moment it was claimed, however late it is sent.

        :raises OrderRejected: if the venue refused it; it does not exist.
        :raises DuplicateOrder: if the venue has one under this id already; ask with find_order.
        :raises OutcomeUnknown: if it may exist or not; ask with find_order.
        """
        ...

    def find_order(self, *, client_order_id: str, symbol: str) -> VenueOrder | None:
        """
        Return the latest order placed under this id, or None.

        :raises VenueUnreachable: if the venue did not answer.
        """
        ...

    def open_orders(self, *, symbol: str) -> list[VenueOrder]:
        """
        Return our orders in a market that are not finished.

        :raises VenueUnreachable: if the venue did not answer.
        """
        ...

    def trades_since(self, *, symbol: str, since: datetime) -> list[VenueTrade]:
        """
        Return our trades in a market executed at or after a moment, oldest first.

        :raises VenueUnreachable: if the venue did not answer.
        """
        ...

    def balances(self) -> dict[str, Decimal]:
        """
        Return what our account holds, by asset.

        :raises VenueUnreachable: if the venue did not answer.
        """
        ...


class PriceSource(Protocol):
    """Somewhere prices come from."""

    name: str
    symbols: tuple[str, ...]

    def quotes(self, now: datetime) -> list[Quote]:
        """Return the latest quote of every pair that has one, each with the moment it was true."""
        ...

    def market_time(self, now: datetime) -> datetime:
        """Return the time in the market's own world: now, or the time of the recording."""
        ...

    def finished(self, now: datetime) -> bool:
        """Return whether no further price will ever come."""
        ...


class VenueError(Exception):
    """The venue did not do what we asked; each kind says what is known about it."""


class OrderRejected(VenueError):
    """The venue refused the order, and so proved that it does not exist."""

    def __init__(self, code: RejectionCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class OutcomeUnknown(VenueError):
    """The order may exist or not."""


class DuplicateOrder(OutcomeUnknown):
    """The venue has an order under this id already: an earlier attempt arrived, and is to be adopted."""


class VenueUnreachable(VenueError):
    """A question got no answer, so nothing is known."""


class VenueBusy(VenueUnreachable):
    """The venue or our own budget asks us to be slower: it makes sense to ask again after `wait_seconds`."""

    def __init__(self, sentence: str, *, wait_seconds: float) -> None:
        super().__init__(sentence)
        self.wait_seconds = wait_seconds


class KeyRefused(VenueUnreachable):
    """The venue does not take our key: wrong, revoked, or without the right to do this. An operator has to look."""


class ClockSkewed(VenueUnreachable):
    """The venue says that our clock is off by more than it allows."""


class AnswerNotUnderstood(VenueUnreachable):
    """The venue answered something that is no answer: an HTML page, a truncated body, a number that is none."""


class MarketUnknown(VenueError):
    """The venue lists no such market."""


def _steps(number: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (number / step).to_integral_value(rounding=rounding) * step
