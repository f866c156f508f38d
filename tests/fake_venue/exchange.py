"""
The matching engine: accounts, markets, orders and trades of one venue, the same under every dialect.

Nothing here knows of wires. `now_ms` is the venue's own time and is passed in. Whoever calls holds `lock`.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from threading import RLock

from tests.fake_venue.accounts import ApiKey, FakeAccount
from tests.fake_venue.books import BuiltLadder, FakeBook, Level
from tests.fake_venue.markets import FakeMarket, MarketState
from tests.fake_venue.orders import FakeOrder, FakeTrade, OrderStatus, Reason, Refused, Validity

FEE_UNIT = Decimal("0.00000001")
PRICE_BAND = (Decimal("0.2"), Decimal(5))
FIRST_TRADE_ID = 1001


@dataclass(frozen=True, kw_only=True)
class Habits:
    """
    Where venues differ.

    `ids_reusable`: a client order id is taken again once the earlier order is finished. `client_id_pattern`: what one
    looks like. `order_ids_per_market`: order ids count in each market, as trade ids always do. `has_value_min`: the
    least value of an order is a filter here.
    """

    ids_reusable: bool
    client_id_pattern: str
    order_ids_per_market: bool
    has_value_min: bool
    first_order_id: int = 1001


class FakeExchange:
    """One venue."""

    def __init__(self, *, habits: Habits, start_ms: int, fee_rate: Decimal) -> None:
        self.habits = habits
        self.start_ms = start_ms
        self.fee_rate = fee_rate
        self.lock = RLock()
        self.accounts: dict[str, FakeAccount] = {}
        self.keys: dict[str, ApiKey] = {}
        self.markets: dict[str, FakeMarket] = {}
        self.books: dict[str, FakeBook] = {}
        self.orders: list[FakeOrder] = []
        self.trades: list[FakeTrade] = []
        self._orders_in: dict[tuple[str, str], list[FakeOrder]] = defaultdict(list)
        self._trades_in: dict[tuple[str, str], list[FakeTrade]] = defaultdict(list)
        self._latest: dict[tuple[str, str], FakeOrder] = {}
        self._orders_counted: Counter[str] = Counter()
        self._trades_counted: Counter[str] = Counter()

    # -- what there is -------------------------------------------------------------------------------------------------

    def listed(self) -> list[FakeMarket]:
        return [market for market in self.markets.values() if market.state is not MarketState.VANISHED]

    def market(self, symbol: str) -> FakeMarket:
        """
        Return a listed market.

        :raises Refused: MARKET_UNKNOWN, if there is none.
        """
        market = self.markets.get(symbol)
        if market is None or market.state is MarketState.VANISHED:
            raise Refused(Reason.MARKET_UNKNOWN)
        return market

    def sides(self, symbol: str, *, now_ms: int) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """Return bids and asks of a market."""
        return self.books[symbol].sides(seconds=self._seconds(now_ms))

    def mid(self, symbol: str, *, now_ms: int) -> Decimal:
        return self.books[symbol].mid(seconds=self._seconds(now_ms))

    def orders_of(self, account: str, symbol: str) -> list[FakeOrder]:
        """Return the orders of an account in a market, oldest first."""
        return self._orders_in[account, symbol]

    def trades_of(self, account: str, symbol: str) -> list[FakeTrade]:
        """Return the trades of an account in a market, oldest first."""
        return self._trades_in[account, symbol]

    def find(
        self, *, account: str, symbol: str, client_order_id: str = "", order_id: int | None = None
    ) -> FakeOrder | None:
        """Return the latest order under either id."""
        for order in reversed(self._orders_in[account, symbol]):
            if order.order_id == order_id or (order_id is None and order.client_order_id == client_order_id):
                return order
        return None

    # -- what can be done ----------------------------------------------------------------------------------------------

    def set_price(self, symbol: str, price: Decimal, *, now_ms: int) -> None:
        """Move a built book, and match the orders that wait in it."""
        ladder = self.books[symbol].source
        assert isinstance(ladder, BuiltLadder), f"{symbol} plays a recording"
        ladder.set_price(price)
        for (_, market), orders in self._orders_in.items():
            if market == symbol:
                for order in orders:
                    if order.status is OrderStatus.OPEN:
                        self._match(order, quantity_max=order.open_quantity, now_ms=now_ms)
                        self._finish(order, now_ms=now_ms)

    def place(
        self,
        *,
        account: str,
        client_order_id: str,
        symbol: str,
        side: str,
        quantity: Decimal,
        price_limit: Decimal,
        validity: Validity,
        now_ms: int,
        fill_fraction: Decimal = Decimal(1),
        tag: str = "",
    ) -> FakeOrder:
        """
        Take a limit order and match it.

        :param fill_fraction: the share of it that is matched at most; a fault.
        :raises Refused: if it breaks a rule of the market, of the ids or of the balance.
        """
        market = self.market(symbol)
        self._check_filters(market, side=side, quantity=quantity, price_limit=price_limit, now_ms=now_ms)
        self._check_client_id(account, client_order_id)
        holder = self.accounts[account]
        asset, promised = (market.quote, quantity * price_limit) if side == "BUY" else (market.base, quantity)
        if holder.free.get(asset, Decimal(0)) < promised:
            raise Refused(Reason.BALANCE_SHORT)
        order = FakeOrder(
            order_id=self._next_order_id(symbol),
            client_order_id=client_order_id,
            account=account,
            symbol=symbol,
            side=side,
            quantity=quantity,
            price_limit=price_limit,
            validity=validity,
            created_ms=now_ms,
            updated_ms=now_ms,
            tag=tag,
        )
        holder.lock(asset, promised)
        self.orders.append(order)
        self._orders_in[account, symbol].append(order)
        self._latest[account, client_order_id] = order
        if validity is not Validity.FOK or self._depth(order, now_ms=now_ms) >= quantity:
            steps = (quantity * fill_fraction / market.lot_size).to_integral_value(rounding=ROUND_DOWN)
            self._match(order, quantity_max=min(quantity, steps * market.lot_size), now_ms=now_ms)
        self._finish(order, now_ms=now_ms)
        return order

    def trade_elsewhere(
        self,
        *,
        account: str,
        symbol: str,
        side: str,
        quantity: Decimal,
        price: Decimal,
        fee: Decimal,
        fee_asset: str,
        now_ms: int,
    ) -> FakeTrade:
        """Book a trade that somebody made by hand at some price, whatever the book says."""
        market, holder = self.markets[symbol], self.accounts[account]
        sign = 1 if side == "BUY" else -1
        holder.add(market.quote, -sign * quantity * price)
        holder.add(market.base, sign * quantity)
        holder.add(fee_asset, -fee)
        trade = FakeTrade(
            trade_id=self._next_trade_id(symbol),
            number=len(self.trades),
            order_id=self._next_order_id(symbol),
            client_order_id="",
            account=account,
            symbol=symbol,
            side=side,
            price=price,
            quantity=quantity,
            value=price * quantity,
            fee=fee,
            fee_asset=fee_asset,
            at_ms=now_ms,
        )
        self.trades.append(trade)
        self._trades_in[account, symbol].append(trade)
        return trade

    def cancel(self, order: FakeOrder, *, now_ms: int) -> None:
        """End an open order."""
        assert order.status is OrderStatus.OPEN
        self._unlock(order)
        order.status, order.updated_ms = OrderStatus.CANCELED, now_ms

    # -- rules ---------------------------------------------------------------------------------------------------------

    def _check_filters(
        self, market: FakeMarket, *, side: str, quantity: Decimal, price_limit: Decimal, now_ms: int
    ) -> None:
        if market.state is MarketState.SUSPENDED:
            raise Refused(Reason.MARKET_CLOSED)
        if side not in {"BUY", "SELL"} or not quantity.is_finite() or not price_limit.is_finite():
            raise Refused(Reason.MALFORMED)
        if price_limit <= 0 or price_limit % market.tick_size:
            raise Refused(Reason.TICK_SIZE)
        if quantity <= 0 or quantity % market.lot_size or quantity > market.quantity_max:
            raise Refused(Reason.LOT_SIZE)
        if quantity < market.quantity_min:
            raise Refused(Reason.QUANTITY_MIN)
        if self.habits.has_value_min and quantity * price_limit < market.value_min:
            raise Refused(Reason.VALUE_MIN)
        low, high = PRICE_BAND
        if not low <= price_limit / self.mid(market.symbol, now_ms=now_ms) <= high:
            raise Refused(Reason.PRICE_BAND)

    def _check_client_id(self, account: str, client_order_id: str) -> None:
        if not re.fullmatch(self.habits.client_id_pattern, client_order_id):
            raise Refused(Reason.MALFORMED)
        earlier = self._latest.get((account, client_order_id))
        if earlier and (earlier.status is OrderStatus.OPEN or not self.habits.ids_reusable):
            raise Refused(Reason.DUPLICATE)

    # -- matching ------------------------------------------------------------------------------------------------------

    def _matching_levels(self, order: FakeOrder, *, now_ms: int) -> list[Level]:
        bids, asks = self.sides(order.symbol, now_ms=now_ms)
        if order.side == "BUY":
            return [level for level in asks if level[0] <= order.price_limit]
        return [level for level in bids if level[0] >= order.price_limit]

    def _depth(self, order: FakeOrder, *, now_ms: int) -> Decimal:
        return sum((quantity for _, quantity in self._matching_levels(order, now_ms=now_ms)), start=Decimal(0))

    def _match(self, order: FakeOrder, *, quantity_max: Decimal, now_ms: int) -> None:
        left = quantity_max
        lot_size = self.markets[order.symbol].lot_size
        for price, offered in self._matching_levels(order, now_ms=now_ms):
            steps = (min(left, offered) / lot_size).to_integral_value(rounding=ROUND_DOWN)
            if quantity := steps * lot_size:
                self.books[order.symbol].take(price, quantity)
                self._trade(order, price=price, quantity=quantity, now_ms=now_ms)
                left -= quantity

    def _trade(self, order: FakeOrder, *, price: Decimal, quantity: Decimal, now_ms: int) -> None:
        market, holder = self.markets[order.symbol], self.accounts[order.account]
        value = price * quantity
        if order.side == "BUY":
            holder.lock(market.quote, -quantity * order.price_limit)
            paid, paid_asset, received, received_asset = value, market.quote, quantity, market.base
        else:
            holder.lock(market.base, -quantity)
            paid, paid_asset, received, received_asset = quantity, market.base, value, market.quote
        fee = (received * self.fee_rate).quantize(FEE_UNIT, rounding=ROUND_DOWN)
        holder.add(paid_asset, -paid)
        holder.add(received_asset, received - fee)
        trade = FakeTrade(
            trade_id=self._next_trade_id(order.symbol),
            number=len(self.trades),
            order_id=order.order_id,
            client_order_id=order.client_order_id,
            account=order.account,
            symbol=order.symbol,
            side=order.side,
            price=price,
            quantity=quantity,
            value=value,
            fee=fee,
            fee_asset=received_asset,
            at_ms=now_ms,
        )
        order.trades.append(trade)
        order.updated_ms = now_ms
        self.trades.append(trade)
        self._trades_in[order.account, order.symbol].append(trade)

    def _finish(self, order: FakeOrder, *, now_ms: int) -> None:
        if not order.open_quantity:
            order.status = OrderStatus.FILLED
        elif order.validity is not Validity.GTC:
            self._unlock(order)
            order.status, order.updated_ms = OrderStatus.ENDED, now_ms

    def _unlock(self, order: FakeOrder) -> None:
        market, holder = self.markets[order.symbol], self.accounts[order.account]
        if order.side == "BUY":
            holder.lock(market.quote, -order.open_quantity * order.price_limit)
        else:
            holder.lock(market.base, -order.open_quantity)

    def _next_order_id(self, symbol: str) -> int:
        counter = symbol if self.habits.order_ids_per_market else ""
        self._orders_counted[counter] += 1
        return self.habits.first_order_id + self._orders_counted[counter]

    def _next_trade_id(self, symbol: str) -> int:
        self._trades_counted[symbol] += 1
        return FIRST_TRADE_ID + self._trades_counted[symbol]

    def _seconds(self, now_ms: int) -> float:
        return (now_ms - self.start_ms) / 1000
