"""
What a venue and a source of prices are to us: the calls they take.

A venue is far away. It has its own clock, its own order and trade ids, and it
may answer late, twice or not at all. So the calls here are few, and none of
them may be made while a database transaction is open. They speak in orders
and markets, and fail as `errors` says.
"""

from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from copytrading.exchange.markets import Book, MarketRules, Quote
from copytrading.exchange.orders import Side, VenueOrder, VenueTrade
from copytrading.exchange.transfers import VenueTransfer


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
        broker_tag: str = "",
    ) -> VenueOrder:
        """
        Fill what can be filled at once within the price limit, and cancel the rest.

        Calling twice places two orders: a client order id is no idempotency key. The order is valid for
        `validity_seconds` from `now` on, the moment it was claimed, however late it is sent.

        :param broker_tag: tells the venue who brought the order, where it pays for that.
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


class OwnVenue(Venue, Protocol):
    """
    A spot exchange, seen through somebody's own account there, by their key.

    `can_be_asked_at_once`: whether several threads may use accounts of this exchange side by side.
    """

    can_be_asked_at_once: bool

    def permissions(self) -> frozenset[str]:
        """
        Return what the key may do: "read", "trade", "trade elsewhere", "withdraw".

        :raises KeyRefused: if the exchange does not take the key, or does not tell what it may do.
        :raises VenueUnreachable: if there is no answer to go by.
        """
        ...


@runtime_checkable
class TransferHistory(Protocol):
    """
    What an exchange tells of money that came to our account there and left it.

    It is asked again and again from some days back, so each transfer is known by `reference` and told as it is now.
    """

    def transfers_since(self, *, since: datetime) -> list[VenueTransfer]:
        """
        Return the deposits and withdrawals from a moment on, oldest first.

        :raises VenueUnreachable: if it did not answer.
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
