"""
An exchange in memory that fails as real ones do: `exchange.protocols.Venue` over its own books, balances and ids.

What it says may be late, twice, nonsense or nothing; what it did is the truth, which only the rules of the simulation
look at. A client order id is no idempotency key here: sent again, it is another order.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import connection

from copytrading.exchange.errors import (
    AnswerNotUnderstood,
    DuplicateOrder,
    KeyRefused,
    MarketUnknown,
    OrderRejected,
    OutcomeUnknown,
    RejectionCode,
    VenueBusy,
    VenueUnreachable,
)
from copytrading.exchange.markets import Book, MarketRules, MarketStatus
from copytrading.exchange.orders import Side, VenueOrder, VenueTrade
from copytrading.exchange.paper.answers import rules_of
from copytrading.exchange.paper.matching import book_of
from copytrading.worlds.simulating.swarm import Swarm
from copytrading.worlds.simulating.venue_orders import (
    ArrivedOrder,
    Sending,
    SimulatedMarket,
    Underway,
    effects_of,
    trade_of,
)

if TYPE_CHECKING:
    from copytrading.worlds.simulating.own_venue import OwnSimulatedAccount

VALIDITY_SECONDS = 10.0
# As real ones do, it refuses an order that seems to come from the future.
CLOCK_AHEAD_MAX = timedelta(seconds=1)
REFUSALS = (
    RejectionCode.NOT_ENOUGH_BALANCE,
    RejectionCode.PRICE_BAND,
    RejectionCode.RATE_LIMITED,
    RejectionCode.POSITION_LIMIT,
)


class TransactionLeftOpen(Exception):
    """The venue was called with a database transaction open."""


class SimulatedVenue:
    """
    The venue of one seed, for one account; `own_venue` is the same for somebody's own.

    :param clock: the true time. :param point: where a worker may wait or die.
    :param calls_per_minute_max: more than that are refused, and counted in `refused_calls`.
    """

    name = "simulated"
    account = "platform"
    validity_seconds = VALIDITY_SECONDS
    # Of an account that is somebody's own, whose it is.
    user_id: int | None = None

    def __init__(
        self,
        *,
        swarm: Swarm,
        clock: Callable[[], datetime],
        point: Callable[[str], None],
        calls_per_minute_max: int | None = None,
    ) -> None:
        self.calls_per_minute_max = calls_per_minute_max
        self.refused_calls = 0
        self.swarm = swarm
        self.clock = clock
        self.point = point
        self.markets: dict[str, SimulatedMarket] = {}
        self.balance: dict[str, Decimal] = defaultdict(Decimal)
        self.transfers: dict[str, tuple[str, Decimal]] = {}
        self.orders: list[ArrivedOrder] = []
        self.underway: list[Underway] = []
        self.sent: list[Sending] = []
        self.calls: list[datetime] = []
        self.trade_count = 0
        self.ids_before = ""
        # Accounts of people's own here, by their keys.
        self.own_accounts: dict[str, OwnSimulatedAccount] = {}
        # Markets whose coin was counted anew: so many became so many.
        self.recounted: dict[str, tuple[int, int]] = {}

    # -- What the platform may ask -------------------------------------------------------------------------------------

    def market_rules(self) -> list[MarketRules]:
        """Return the rules of every market, by symbol."""
        self._ask("rules")
        return [rules_of(self.markets[symbol].paper) for symbol in sorted(self.markets)]

    def book(self, symbol: str, *, now: datetime) -> Book:
        """Return the visible book."""
        self._ask(f"the book of {symbol}")
        return book_of(self._market(symbol).paper)

    def place_limit_ioc(
        self, *, client_order_id: str, symbol: str, side: Side, quantity: Decimal, price_limit: Decimal, now: datetime,
        broker_tag: str = "",
    ) -> VenueOrder:  # fmt: skip
        """Take an order, or lose it, or lose the answer."""
        sending = Sending(
            client_order_id=client_order_id,
            symbol=symbol,
            side=Side(side),
            quantity=quantity,
            price_limit=price_limit,
            sent_at=now,
        )
        self._arrive_at_our_door("before an order is sent")
        self.sent.append(sending)
        if self.swarm.strikes("order never arrived"):
            raise OutcomeUnknown("The connection was reset.")
        if self.swarm.strikes("order accepted late"):
            # Either soon, or just before it is too late.
            share = self.swarm.random.choice([self.swarm.between(0.01, 1.0), self.swarm.between(0.8, 1.0)])
            later = self.clock() + timedelta(seconds=share * VALIDITY_SECONDS)
            self.underway.append(Underway(sending, min(later, sending.sent_at + timedelta(seconds=VALIDITY_SECONDS))))
            raise OutcomeUnknown("The answer did not come in time.")
        if self.swarm.strikes("order accepted past its time"):
            later = self.clock() + timedelta(seconds=self.swarm.between(2, 4.5) * VALIDITY_SECONDS)
            self.underway.append(Underway(sending, later, is_past_its_time=True))
            raise OutcomeUnknown("The answer did not come in time.")
        order = self._accept(sending)
        self.point("after an order was accepted")
        if self.swarm.strikes("order accepted, answer lost"):
            raise OutcomeUnknown("The answer did not come in time.")
        if self.swarm.strikes("order accepted, duplicate error"):
            raise DuplicateOrder("There is an order under this id.")
        if self.swarm.strikes("order answered with nonsense"):
            raise AnswerNotUnderstood("<html>Bad gateway</html>")
        return order.as_told(self.clock())

    def find_order(self, *, client_order_id: str, symbol: str) -> VenueOrder | None:
        """Return the latest order placed under this id that can be seen by now, or None."""
        self._ask(f"order {client_order_id}")
        now = self.clock()
        for order in reversed(self.orders):
            if order.sending.client_order_id == client_order_id and order.sending.symbol == symbol:
                return order.as_told(now) if now >= order.visible_at else None
        return None

    def open_orders(self, *, symbol: str) -> list[VenueOrder]:
        """Return our orders in a market that are not finished."""
        self._ask(f"open orders of {symbol}")
        now = self.clock()
        return [
            order.as_told(now)
            for order in self.orders
            if order.sending.symbol == symbol and order.visible_at <= now < order.final_at
        ]

    def trades_since(self, *, symbol: str, since: datetime) -> list[VenueTrade]:
        """Return our trades in a market from a moment on, as far as they are told by now."""
        self._ask(f"trades of {symbol}")
        now = self.clock()
        return [
            trade
            for order in self.orders
            if order.sending.symbol == symbol and order.visible_at <= now
            for trade in order.as_told(now).trades
            if trade.executed_at >= since
        ]

    def balances(self) -> dict[str, Decimal]:
        """Return what our account holds, by asset."""
        self._ask("balances")
        return dict(self.balance)

    def own_account(self, *, key: str, secret: str) -> "OwnSimulatedAccount":
        """
        Return somebody's own account here, by the key to it.

        :raises KeyRefused: if there is no such key.
        """
        account = self.own_accounts.get(key)
        if account is None or account.secret != secret:
            raise KeyRefused("The simulated exchange knows no such key.", code=RejectionCode.KEY_UNKNOWN)
        return account

    @property
    def every_order(self) -> list[ArrivedOrder]:
        """Return what arrived on our account, and after it what did on people's own."""
        return [*self.orders, *(order for own in self.own_accounts.values() for order in own.orders)]

    @property
    def every_underway(self) -> list[Underway]:
        """Return what has not arrived yet, on our account and on people's own."""
        return [*self.underway, *(one for own in self.own_accounts.values() for one in own.underway)]

    # -- The world outside ---------------------------------------------------------------------------------------------

    def transfer(self, *, asset: str, quantity: Decimal, is_deposit: bool, reference: str) -> None:
        """Let money arrive or leave, once for each reference."""
        self._arrive_at_our_door(f"before {reference} is told")
        signed = quantity if is_deposit else -quantity
        if reference not in self.transfers:
            self.transfers[reference] = (asset, signed)
            self.balance[asset] += signed
        self.point(f"after {reference} was told")

    def let_arrive(self) -> list[ArrivedOrder]:
        """Let the orders arrive whose time has come, and return them; one that is refused then leaves no trace."""
        now = self.clock()
        due = [one for one in self.underway if one.arrives_at <= now]
        self.underway = [one for one in self.underway if one.arrives_at > now]
        arrived = []
        for one in due:
            try:
                arrived.append(self._accept(one.sending, at=one.arrives_at, is_past_its_time=one.is_past_its_time))
            except OrderRejected:
                continue
        for own in self.own_accounts.values():
            arrived += own.let_arrive()
        return arrived

    # -- How it does it ------------------------------------------------------------------------------------------------

    def _accept(self, sending: Sending, *, at: datetime | None = None, is_past_its_time: bool = False) -> ArrivedOrder:
        now = at or self.clock()
        if not is_past_its_time and not -CLOCK_AHEAD_MAX <= now - sending.sent_at <= timedelta(
            seconds=VALIDITY_SECONDS
        ):
            raise OrderRejected(RejectionCode.CLOCK_SKEWED, "The time of the order is too far from ours.")
        market = self._market(sending.symbol)
        self._refuse(sending, market)
        fee_in_coins = self.swarm.strikes("fee in coins") if sending.side is Side.BUY else False
        matches = market.match(sending)
        venue_order_id = f"{self.ids_before}v{len(self.orders) + 1}"
        trades = []
        for match in matches:
            self.trade_count += 1
            trades.append(
                trade_of(
                    match,
                    market=market.paper,
                    sending=sending,
                    trade_id=f"{self.ids_before}t{self.trade_count}",
                    venue_order_id=venue_order_id,
                    fee_in_coins=fee_in_coins,
                    now=now,
                )
            )
        for trade in trades:
            coins, cash = effects_of(trade)
            self.balance[market.paper.base] += coins
            self.balance[market.paper.quote] += cash
        visible_at, final_at, told_at = self._delays(now)
        order = ArrivedOrder(
            venue_order_id=venue_order_id,
            sending=sending,
            trades=trades,
            visible_at=visible_at,
            final_at=final_at,
            told_at=told_at,
            is_past_its_time=is_past_its_time,
        )
        self.orders.append(order)
        return order

    def _delays(self, now: datetime) -> tuple[datetime, datetime, datetime]:
        visible_at = final_at = told_at = now
        if self.swarm.strikes("order not found for a while"):
            visible_at = now + timedelta(seconds=self.swarm.between(0.5, VALIDITY_SECONDS))
        if self.swarm.strikes("order stays open"):
            final_at = now + timedelta(seconds=self.swarm.between(0.5, 20))
        if self.swarm.strikes("trades told later"):
            told_at = now + timedelta(seconds=self.swarm.between(0.5, 20))
        return visible_at, final_at, told_at

    def _refuse(self, sending: Sending, market: SimulatedMarket) -> None:
        """:raises OrderRejected: if the order breaks a rule, we have too little, or the venue does not like it."""
        paper = market.paper
        if paper.status != MarketStatus.TRADING.value:
            raise OrderRejected(RejectionCode.MARKET_SUSPENDED, f"{sending.symbol} does not trade.")
        if sending.quantity <= 0 or sending.quantity % paper.lot_size:
            raise OrderRejected(RejectionCode.LOT_SIZE, "The quantity is not a whole number of lots.")
        if sending.price_limit % paper.tick_size:
            raise OrderRejected(RejectionCode.TICK_SIZE, "The price is not a whole number of ticks.")
        if sending.quantity * sending.price_limit < paper.value_min:
            raise OrderRejected(RejectionCode.VALUE_TOO_SMALL, "The order is worth too little.")
        needed = sending.quantity * (sending.price_limit if sending.side is Side.BUY else 1)
        if self.balance[paper.quote if sending.side is Side.BUY else paper.base] < needed:
            raise OrderRejected(RejectionCode.NOT_ENOUGH_BALANCE, "The account holds less than that.")
        if self.swarm.strikes("order refused"):
            code = self.swarm.random.choice(REFUSALS)
            raise OrderRejected(code, f"The venue refused the order: {code}.")

    def _market(self, symbol: str) -> SimulatedMarket:
        if symbol not in self.markets:
            raise MarketUnknown(f"The venue lists no market {symbol}.")
        return self.markets[symbol]

    def _ask(self, what: str) -> None:
        """:raises VenueUnreachable: where a question gets no answer."""
        self._arrive_at_our_door(f"asking for {what}")
        if self.swarm.strikes("question without answer"):
            raise VenueUnreachable("The question got no answer.")
        if self.swarm.strikes("venue busy"):
            raise VenueBusy("Too many requests.", wait_seconds=1.0)
        if self.swarm.strikes("nonsense answered"):
            raise AnswerNotUnderstood("<html>Maintenance</html>")

    def _arrive_at_our_door(self, name: str) -> None:
        if connection.in_atomic_block:
            raise TransactionLeftOpen(f"The venue was called inside a transaction: {name}.")
        self.point(name)
        now = self.clock()
        self.calls.append(now)
        if self.calls_per_minute_max is not None:
            self.calls = [call for call in self.calls if call > now - timedelta(minutes=1)]
            if len(self.calls) > self.calls_per_minute_max:
                self.refused_calls += 1
                raise VenueBusy("Too many requests.", wait_seconds=1.0)
