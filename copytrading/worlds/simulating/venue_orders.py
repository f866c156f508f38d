"""What the simulated venue keeps: its markets with their books, and the orders that arrived. The truth, in memory."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_UP, Decimal

from copytrading.exchange.markets import MarketStatus
from copytrading.exchange.orders import Side, VenueOrder, VenueStatus, VenueTrade
from copytrading.exchange.paper.matching import QUOTE_UNIT, Match, matches_of
from copytrading.exchange.paper.models import PaperMarket

BASE_UNIT = Decimal("0.00000001")
ORDINARY_LEVEL_VALUE = Decimal(20_000)
THIN_LEVEL_VALUE = Decimal(60)


@dataclass(frozen=True, kw_only=True)
class Sending:
    """An order as it left us."""

    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price_limit: Decimal
    sent_at: datetime


@dataclass(kw_only=True)
class ArrivedOrder:
    """
    An order that exists at the venue, with its trades.

    It is found from `visible_at` on, is OPEN until `final_at`, and all of its trades are told from `told_at` on.
    """

    venue_order_id: str
    sending: Sending
    trades: list[VenueTrade]
    visible_at: datetime
    final_at: datetime
    told_at: datetime
    # The venue broke its word: it took the order after the time in which it may.
    is_past_its_time: bool = False

    @property
    def filled_quantity(self) -> Decimal:
        return sum((trade.quantity for trade in self.trades), start=Decimal(0))

    @property
    def effects(self) -> tuple[Decimal, Decimal]:
        """Return what the order changed of our coins and of our cash."""
        coins, cash = Decimal(0), Decimal(0)
        for trade in self.trades:
            of_coins, of_cash = effects_of(trade)
            coins, cash = coins + of_coins, cash + of_cash
        return coins, cash

    def as_told(self, now: datetime) -> VenueOrder:
        """Return what the venue tells of it now."""
        filled = self.filled_quantity
        status = VenueStatus.FILLED if filled == self.sending.quantity else VenueStatus.CANCELED
        trades = self.trades if now >= self.told_at else self.trades[: len(self.trades) // 2]
        if now < self.final_at:
            status, trades = VenueStatus.OPEN, self.trades[:1]
            filled = sum((trade.quantity for trade in trades), start=Decimal(0))
        return VenueOrder(
            client_order_id=self.sending.client_order_id,
            venue_order_id=self.venue_order_id,
            symbol=self.sending.symbol,
            side=self.sending.side,
            quantity=self.sending.quantity,
            filled_quantity=filled,
            price_limit=self.sending.price_limit,
            status=status,
            trades=tuple(trades),
        )


@dataclass(frozen=True)
class Underway:
    """An order that was sent and arrives later, perhaps later than the venue may take it."""

    sending: Sending
    arrives_at: datetime
    is_past_its_time: bool = False


@dataclass(kw_only=True)
class SimulatedMarket:
    """A market with its true price; the book around it is that of the paper venue's rules."""

    paper: PaperMarket
    history: list[tuple[datetime, Decimal]] = field(default_factory=list)

    @property
    def trades(self) -> bool:
        return self.paper.status == MarketStatus.TRADING.value

    def set_price(self, price: Decimal, *, now: datetime, level_value: Decimal) -> None:
        """Let a price come, with a fresh book around it."""
        self.paper.price, self.paper.priced_at, self.paper.level_value = price, now, level_value
        self.paper.taken_ask_quantity = self.paper.taken_bid_quantity = Decimal(0)

    def match(self, sending: Sending) -> list[Match]:
        """Return what an order gets now, and take it out of the book."""
        matches = matches_of(self.paper, side=sending.side, quantity=sending.quantity, price_limit=sending.price_limit)
        taken = sum((match.quantity for match in matches), start=Decimal(0))
        if sending.side is Side.BUY:
            self.paper.taken_ask_quantity += taken
        else:
            self.paper.taken_bid_quantity += taken
        return matches


def effects_of(trade: VenueTrade) -> tuple[Decimal, Decimal]:
    """Return what one trade changes of our coins and of our cash, its fee included."""
    sign = 1 if trade.side is Side.BUY else -1
    coins, cash = sign * trade.quantity, -sign * trade.value
    base, _, _ = trade.symbol.partition("-")
    return (coins - trade.fee, cash) if trade.fee_asset == base else (coins, cash - trade.fee)


def trade_of(match: Match, *, market: PaperMarket, sending: Sending, trade_id: str, venue_order_id: str,
             fee_in_coins: bool, now: datetime) -> VenueTrade:  # fmt: skip
    """Return a match as a trade; of a purchase the fee may be kept in coins."""
    trade = VenueTrade(
        trade_id=trade_id,
        client_order_id=sending.client_order_id,
        venue_order_id=venue_order_id,
        symbol=sending.symbol,
        side=sending.side,
        price=match.price,
        quantity=match.quantity,
        value=match.value.quantize(QUOTE_UNIT),
        fee=match.fee,
        fee_asset=market.quote,
        executed_at=now,
    )
    if fee_in_coins and sending.side is Side.BUY:
        fee = (match.quantity * market.fee_rate).quantize(BASE_UNIT, rounding=ROUND_UP)
        return replace(trade, fee=fee, fee_asset=market.base)
    return trade
