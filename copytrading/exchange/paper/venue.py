"""
The paper venue's counter: what it does when asked.

PaperVenue speaks the protocol. Every one of its calls opens a transaction of
its own and refuses to run inside the caller's, because a real venue cannot
take part in our transactions either. Rows are locked in one order everywhere:
the market, then the balances by asset.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from copytrading.exchange.errors import MarketUnknown, OrderRejected, RejectionCode
from copytrading.exchange.markets import Book, MarketRules, MarketStatus
from copytrading.exchange.orders import Side, VenueOrder, VenueStatus, VenueTrade
from copytrading.exchange.paper.answers import order_of, rules_of, trade_of
from copytrading.exchange.paper.balances import NotEnoughBalance, change_balances
from copytrading.exchange.paper.matching import Match, book_of, matches_of
from copytrading.exchange.paper.models import PaperBalance, PaperMarket, PaperOrder, PaperTrade


class PaperVenue:
    """The protocol of a venue over the tables of this app, for one account."""

    name = "paper"
    validity_seconds = 5.0

    def __init__(self, account: str) -> None:
        self.account = account

    def market_rules(self) -> list[MarketRules]:
        """Return the rules of every market, by symbol."""
        with transaction.atomic(durable=True):
            return [rules_of(market) for market in PaperMarket.objects.order_by("symbol")]

    def book(self, symbol: str, *, now: datetime) -> Book:
        """
        Return the visible book, as of the last price; empty before the first.

        :raises MarketUnknown: if there is no such market.
        """
        with transaction.atomic(durable=True):
            market = PaperMarket.objects.filter(symbol=symbol).first()
        if market is None:
            raise MarketUnknown(f"The venue lists no market {symbol}.")
        return book_of(market)

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
        Fill what the book gives within the limit, cancel the rest.

        1. Lock the market and check the order against its rules.
        2. Meet the book level by level: one trade each.
        3. Lock the balances and move the money; what is paid is checked, not what the limit allows.
        4. Write the order and its trades, and what the book lost.

        :raises OrderRejected: with a RejectionCode; nothing was written.
        :raises RuntimeError: if the caller has a transaction open.
        """
        side = Side(side)
        with transaction.atomic(durable=True):
            market = PaperMarket.objects.select_for_update().filter(symbol=symbol).first()
            if market is None:
                raise OrderRejected(RejectionCode.MARKET_UNKNOWN, f"The venue lists no market {symbol}.")
            self._refuse_late(market, now)
            _refuse_against_rules(market, quantity=quantity, price_limit=price_limit)
            matches = matches_of(market, side=side, quantity=quantity, price_limit=price_limit)
            filled_quantity = sum((match.quantity for match in matches), start=Decimal(0))
            if matches:
                self._move_money(market, side=side, matches=matches)
                _take_from_book(market, side=side, quantity=filled_quantity)
            order = PaperOrder.objects.create(
                account=self.account,
                client_order_id=client_order_id,
                symbol=symbol,
                side=side,
                quantity=quantity,
                filled_quantity=filled_quantity,
                price_limit=price_limit,
                status=VenueStatus.FILLED if filled_quantity == quantity else VenueStatus.CANCELED,
                placed_at=now,
            )
            trades = PaperTrade.objects.bulk_create(
                [
                    PaperTrade(
                        order=order,
                        account=self.account,
                        symbol=symbol,
                        price=match.price,
                        quantity=match.quantity,
                        value=match.value,
                        fee=match.fee,
                        fee_asset=market.quote,
                        executed_at=now,
                    )
                    for match in matches
                ]
            )
        return order_of(order, trades=trades)

    def find_order(self, *, client_order_id: str, symbol: str) -> VenueOrder | None:
        """Return the latest order placed under this id in a market, or None."""
        with transaction.atomic(durable=True):
            order = (
                PaperOrder.objects.filter(account=self.account, client_order_id=client_order_id, symbol=symbol)
                .order_by("-id")
                .first()
            )
            return None if order is None else order_of(order, trades=order.trades.order_by("id"))

    def open_orders(self, *, symbol: str) -> list[VenueOrder]:
        """Return our unfinished orders: none, since every order here is finished when its call returns."""
        return []

    def trades_since(self, *, symbol: str, since: datetime) -> list[VenueTrade]:
        """Return this account's trades in a market executed at or after a moment, oldest first."""
        with transaction.atomic(durable=True):
            trades = PaperTrade.objects.filter(account=self.account, symbol=symbol, executed_at__gte=since)
            return [trade_of(trade, order=trade.order) for trade in trades.select_related("order").order_by("id")]

    def balances(self) -> dict[str, Decimal]:
        """Return what this account holds, by asset."""
        with transaction.atomic(durable=True):
            return dict(PaperBalance.objects.filter(account=self.account).values_list("asset", "quantity"))

    def _refuse_late(self, market: PaperMarket, sent_at: datetime) -> None:
        # The venue's clock is its last price: an order of before that was held up on the way.
        if market.priced_at and market.priced_at > sent_at + timedelta(seconds=self.validity_seconds):
            raise OrderRejected(RejectionCode.TOO_LATE, "The order came later than it was valid.")

    def _move_money(self, market: PaperMarket, *, side: Side, matches: list[Match]) -> None:
        quantity = sum((match.quantity for match in matches), start=Decimal(0))
        value = sum((match.value for match in matches), start=Decimal(0))
        fee = sum((match.fee for match in matches), start=Decimal(0))
        if side is Side.BUY:
            changes = {market.base: quantity, market.quote: -value - fee}
        else:
            changes = {market.base: -quantity, market.quote: value - fee}
        try:
            change_balances(account=self.account, changes=changes)
        except NotEnoughBalance as refusal:
            raise OrderRejected(RejectionCode.NOT_ENOUGH_BALANCE, str(refusal)) from None


def _take_from_book(market: PaperMarket, *, side: Side, quantity: Decimal) -> None:
    if side is Side.BUY:
        market.taken_ask_quantity += quantity
    else:
        market.taken_bid_quantity += quantity
    market.save(update_fields=["taken_bid_quantity", "taken_ask_quantity"])


def _refuse_against_rules(market: PaperMarket, *, quantity: Decimal, price_limit: Decimal) -> None:
    if market.status != MarketStatus.TRADING:
        raise OrderRejected(RejectionCode.MARKET_SUSPENDED, f"{market.symbol} does not trade at the moment.")
    if quantity <= 0 or quantity % market.lot_size:
        raise OrderRejected(
            RejectionCode.LOT_SIZE, f"{quantity:f} is not a whole number of lots of {market.lot_size:f} {market.base}."
        )
    if price_limit <= 0 or price_limit % market.tick_size:
        raise OrderRejected(
            RejectionCode.TICK_SIZE, f"{price_limit:f} is not a whole number of ticks of {market.tick_size:f}."
        )
    if quantity * price_limit < market.value_min:
        raise OrderRejected(
            RejectionCode.VALUE_TOO_SMALL,
            f"The order is worth {quantity * price_limit:f} {market.quote}, less than {market.value_min:f}.",
        )
