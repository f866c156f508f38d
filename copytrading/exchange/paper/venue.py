"""
The paper venue's counter: what it does when asked, and how its world moves.

PaperVenue speaks the protocol. Every one of its calls opens a transaction of
its own and refuses to run inside the caller's, because a real venue cannot
take part in our transactions either. Rows are locked in one order everywhere:
the market, then the balances by asset.

The functions below it are the world outside: markets are listed, prices move,
money arrives and leaves.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from copytrading.exchange.base import (
    Book,
    MarketRules,
    MarketStatus,
    MarketUnknown,
    OrderRejected,
    RejectionCode,
    Side,
    VenueError,
    VenueOrder,
    VenueStatus,
    VenueTrade,
)
from copytrading.exchange.paper.answers import order_of, rules_of, trade_of
from copytrading.exchange.paper.balances import NotEnoughBalance, change_balances
from copytrading.exchange.paper.matching import Match, book_of, matches_of
from copytrading.exchange.paper.models import PaperBalance, PaperMarket, PaperOrder, PaperTrade, PaperTransfer

# One statement for all markets. The rows are locked by symbol first, so that two feeds cannot deadlock.
SET_PRICES = """
    WITH locked AS (
        SELECT symbol FROM paper_papermarket WHERE symbol = ANY(%(symbols)s) ORDER BY symbol FOR UPDATE
    )
    UPDATE paper_papermarket AS market
    SET price = news.price, priced_at = %(now)s, taken_bid_quantity = 0, taken_ask_quantity = 0
    FROM unnest(%(symbols)s::text[], %(prices)s::numeric[]) AS news (symbol, price), locked
    WHERE market.symbol = news.symbol AND locked.symbol = news.symbol
"""


class TransferChanged(VenueError):
    """The reference was used for another transfer before."""


class PaperVenue:
    """The protocol of exchange.base over the tables of this app, for one account."""

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


def open_market(
    *,
    symbol: str,
    lot_size: Decimal,
    tick_size: Decimal,
    value_min: Decimal,
    fee_rate: Decimal = Decimal("0.001"),
    spread_rate: Decimal = Decimal("0.0002"),
    level_gap_rate: Decimal = Decimal("0.0002"),
    level_value: Decimal = Decimal(5000),
    level_count: int = 20,
    status: MarketStatus = MarketStatus.TRADING,
) -> None:
    """
    List a market, `BASE-QUOTE`, or give a listed one these rules; its price stays.

    `level_count=0` gives no spread and endless depth, so that orders fill exactly at the price.
    """
    base, _, quote = symbol.partition("-")
    if not (base and quote):
        raise ValueError(f"{symbol!r} is not a pair such as BTC-USDT.")
    PaperMarket.objects.update_or_create(
        symbol=symbol,
        defaults={
            "base": base,
            "quote": quote,
            "lot_size": lot_size,
            "tick_size": tick_size,
            "value_min": value_min,
            "fee_rate": fee_rate,
            "spread_rate": spread_rate,
            "level_gap_rate": level_gap_rate,
            "level_value": level_value,
            "level_count": level_count,
            "status": status,
        },
    )


def close_market(symbol: str) -> bool:
    """Take a market off the list, as a venue that delists it; return whether it was there. Balances stay."""
    deleted, _ = PaperMarket.objects.filter(symbol=symbol).delete()
    return bool(deleted)


def set_prices(prices: Mapping[str, Decimal], now: datetime) -> int:
    """
    Give markets a new price and a fresh book, in one statement; return how many are listed.

    A price of a market that is not listed here is nobody's business and left out.

    :raises IntegrityError: if a price is not above zero; none is set then.
    """
    with connection.cursor() as cursor:
        cursor.execute(SET_PRICES, {"symbols": list(prices), "prices": list(prices.values()), "now": now})
        return cursor.rowcount


def credit(account: str, asset: str, quantity: Decimal, reference: str) -> bool:
    """
    Let money arrive at the venue, once per reference; return False if it had arrived before.

    :raises TransferChanged: if the reference was used for another transfer.
    """
    return _transfer(account=account, asset=asset, quantity=quantity, sign=1, reference=reference)


def debit(account: str, asset: str, quantity: Decimal, reference: str) -> bool:
    """
    Let money leave the venue, once per reference; return False if it had left before.

    :raises NotEnoughBalance: if the account holds less; nothing was written.
    :raises TransferChanged: if the reference was used for another transfer.
    """
    return _transfer(account=account, asset=asset, quantity=quantity, sign=-1, reference=reference)


def has_money() -> bool:
    """Return whether money ever arrived at this venue."""
    return PaperTransfer.objects.exists()


def _transfer(*, account: str, asset: str, quantity: Decimal, sign: int, reference: str) -> bool:
    if not isinstance(quantity, Decimal) or quantity <= 0:
        raise ValueError(f"A transfer needs a Decimal above zero, not {quantity!r}.")
    wanted = {"account": account, "asset": asset, "quantity": sign * quantity}
    with transaction.atomic(durable=True):
        transfer, is_new = PaperTransfer.objects.get_or_create(reference=reference, defaults=wanted)
        if is_new:
            change_balances(account=account, changes={asset: sign * quantity})
        elif any(getattr(transfer, name) != value for name, value in wanted.items()):
            raise TransferChanged(f"The reference {reference} was used for {transfer.quantity} {transfer.asset}.")
    return is_new


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
