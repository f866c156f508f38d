"""A real exchange as a `Venue`: one account of ours there, spot only, orders that fill at once or not at all."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from copytrading.exchange.errors import (
    KEY_TROUBLES,
    AbilityMissing,
    AccessRefused,
    AnswerNotUnderstood,
    ClockSkewed,
    KeyRefused,
    MarketUnknown,
    OrderRejected,
    OutcomeUnknown,
    RejectionCode,
    VenueBusy,
    VenueUnreachable,
)
from copytrading.exchange.live import answers, history, holdings, placing
from copytrading.exchange.live import budget as shares
from copytrading.exchange.live.client import Hearing
from copytrading.exchange.live.dialects.base import (
    TRADE,
    TRADE_ELSEWHERE,
    WITHDRAW,
    AskOrder,
    Call,
    PermissionsNotTold,
    Span,
    Structure,
    Ticket,
    Trades,
)
from copytrading.exchange.live.wire import NoSuchOrder, NotAsked, Question, SentTooLate, Wire
from copytrading.exchange.markets import Book, MarketRules
from copytrading.exchange.orders import Side, VenueOrder, VenueTrade
from copytrading.exchange.transfers import VenueTransfer

BOOK_LEVELS = 100
# A page after this many means that the venue repeats itself.
PAGES_MAX = 100
# An id that no order ever has: ours carry the number of a row.
NOBODYS_ID = "ss0a0"

# After one of these the rules we go by are not the venue's any more.
RULES_CHANGED = (
    RejectionCode.LOT_SIZE,
    RejectionCode.TICK_SIZE,
    RejectionCode.VALUE_TOO_SMALL,
    RejectionCode.MARKET_UNKNOWN,
    RejectionCode.MARKET_SUSPENDED,
)


class LiveVenue:
    """
    The protocol of a venue at a real exchange.

    Before its first order it makes sure that an order could be found again, asks what its key may do, and never trades
    with one that can withdraw.
    """

    def __init__(
        self, wire: Wire, *, account: str, quote: str, coins: Iterable[str] = (), key_is_vouched: bool
    ) -> None:
        """
        Speak for one account.

        :param quote: the currency our markets are priced in.
        :param coins: the coins we list; every one of the exchange's when empty.
        :param key_is_vouched: somebody has checked the key where the exchange does not tell what it may do.
        """
        self.name = wire.exchange
        self.account = account
        self.validity_seconds = wire.dialect.validity_seconds
        self._wire = wire
        self._quote = quote
        self._coins = frozenset(coins)
        self._key_is_vouched = key_is_vouched
        self._key_is_checked = False
        self._is_able = False
        self._kept_from_buys = shares.ORDINARY

    def __repr__(self) -> str:
        return f"LiveVenue({self.name!r})"

    def check_abilities(self) -> None:
        """
        Make sure that what becomes of an order could be found out: by our own id, among the open ones, by its trades.

        An exchange that nobody here has read about is asked each of these questions once.

        :raises AbilityMissing: with what there is no way to do; then no order is ever sent.
        :raises VenueUnreachable: or one of its kinds, if the exchange does not answer.
        """
        self._wire.check_abilities()
        if self._wire.dialect.is_tried_first:
            self._try_questions()
        self._is_able = True

    def check_key(self) -> None:
        """
        Make sure that our key may trade spot and cannot withdraw.

        :raises KeyRefused: if it is another one, or the exchange does not tell and nobody has vouched for it.
        :raises VenueUnreachable: if the exchange does not answer.
        """
        try:
            permissions = self._wire.permissions()
        except PermissionsNotTold as silence:
            if not self._key_is_vouched:
                raise KeyRefused(
                    f"{silence} Check that it cannot withdraw, then set SMARTSYNC_VENUE_KEY_VOUCHED=1."
                ) from None
        else:
            if WITHDRAW in permissions:
                raise KeyRefused(f"The key for {self.name} can move money away. Make one that can only read and trade.")
            if TRADE not in permissions:
                only = " spot, only margin, futures or the like" if TRADE_ELSEWHERE in permissions else ""
                raise KeyRefused(
                    f"The key for {self.name} cannot trade{only}. Give it the right to trade spot there.",
                    code=RejectionCode.RIGHT_MISSING,
                )
        self._key_is_checked = True

    def market_rules(self) -> list[MarketRules]:
        """
        Return the rules of every spot market in our currency, read anew, by symbol.

        :raises AnswerNotUnderstood: if there is none, or one that trades has rules that are none.
        :raises VenueUnreachable: if the exchange did not answer.
        """
        markets = self._wire.know_markets(anew=True)
        return answers.read(lambda: answers.rules_of_markets(markets.values(), quote=self._quote, coins=self._coins))

    def book(self, symbol: str, *, now: datetime) -> Book:
        """
        Return the visible book, a hundred levels deep, as of the exchange's own time where it tells it.

        :raises MarketUnknown: if the exchange lists no such market.
        :raises VenueUnreachable: if the exchange did not answer.
        """
        if answers.theirs(symbol) not in self._wire.know_markets():
            raise MarketUnknown(f"{self.name} lists no market {symbol}.")
        told = self._wire.ask(
            Call.BOOK,
            lambda exchange: exchange.fetch_order_book(answers.theirs(symbol), BOOK_LEVELS),
            kept_share=shares.LOOKS,
        )
        as_of = answers.moment(told["timestamp"], of="time of the book") if told.get("timestamp") else now
        return answers.read(lambda: answers.book_of(told, symbol=symbol, as_of=as_of))

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

        1. Know the exchange, the key, the time and the rules; what is wrong here is refused before anything is sent.
        2. Send it, once. The exchange takes it within a few seconds or never.
        3. Believe a rejection only where it is proven, and an order only where it can be read.

        :raises OrderRejected: if it does not exist: refused by the exchange, or by us before it was sent.
        :raises DuplicateOrder: if the exchange has one under this id already; ask with find_order.
        :raises OutcomeUnknown: if it may exist or not; ask with find_order.
        """
        side = Side(side)
        dialect = self._wire.dialect
        placing.check_id(client_order_id, dialect=dialect, venue=self.name)
        placing.check_tag(broker_tag, dialect=dialect, venue=self.name)
        self._prepare(symbol=symbol, quantity=quantity, price_limit=price_limit)
        ticket = Ticket(
            client_order_id=client_order_id,
            symbol=answers.theirs(symbol),
            side=side.lower(),
            quantity=f"{quantity:f}",
            price_limit=f"{price_limit:f}",
            broker_tag=broker_tag,
        )
        try:
            hearing = self._wire.send(
                Call.PLACE,
                lambda exchange: dialect.place(exchange, ticket),
                claimed_at=now,
                kept_share=shares.URGENT if side is Side.SELL else self._kept_from_buys,
                broker_tag=broker_tag,
            )
        except SentTooLate as delay:
            raise OrderRejected(RejectionCode.TOO_LATE, f"Not sent: {delay}") from None
        except VenueBusy as busy:
            raise OrderRejected(RejectionCode.RATE_LIMITED, f"Not sent: {busy}") from None
        return self._placed(hearing, client_order_id=client_order_id, symbol=symbol)

    def find_order(self, *, client_order_id: str, symbol: str) -> VenueOrder | None:
        """
        Return the latest order placed under this id, with its trades as far as they are told, or None.

        :raises VenueUnreachable: if the exchange did not answer.
        """
        told = self._look_for(client_order_id, symbol=symbol)
        if told is None:
            return None
        bare = answers.read(lambda: answers.order_of(told, symbol=symbol, client_order_id=client_order_id, trades=()))
        if not bare.filled_quantity:
            return bare
        trades = self._trades_of(bare, told)
        return answers.read(
            lambda: answers.order_of(told, symbol=symbol, client_order_id=client_order_id, trades=trades)
        )

    def open_orders(self, *, symbol: str) -> list[VenueOrder]:
        """
        Return our orders in a market that are not finished, without their trades.

        :raises VenueUnreachable: if the exchange did not answer.
        """
        ask = self._wire.dialect.ask_open_orders
        told = self._ask(Call.OPEN_ORDERS, lambda exchange: ask(exchange, answers.theirs(symbol)), symbol=symbol)
        return answers.read(
            lambda: [answers.order_of(order, symbol=symbol, client_order_id="", trades=()) for order in told]
        )

    def trades_since(self, *, symbol: str, since: datetime) -> list[VenueTrade]:
        """
        Return our trades in a market executed at or after a moment, oldest first.

        The moment is ours and the trades' times are the exchange's, so a little more is asked for than is meant.

        :raises VenueUnreachable: if the exchange did not answer.
        """
        self._wire.know_time()
        skew_milliseconds = int(self._wire.clock.skew_seconds() * 1000)
        begin = answers.milliseconds(since) - max(skew_milliseconds, 0) - 1
        found: dict[str, VenueTrade] = {}
        for span in self._spans(begin):
            page: Trades = []
            for _ in range(PAGES_MAX):
                page = self._page_of_trades(symbol, span=span, after=page)
                known = len(found)
                trades = answers.read(partial(answers.trades_of, page, symbol=symbol))
                found |= {trade.trade_id: trade for trade in trades}
                if len(page) < self._wire.dialect.page_length or len(found) == known:
                    break
        trades = [trade for trade in found.values() if answers.milliseconds(trade.executed_at) >= begin]
        return sorted(trades, key=lambda trade: (trade.executed_at, len(trade.trade_id), trade.trade_id))

    def balances(self) -> dict[str, Decimal]:
        """
        Return what our account holds, by asset, wherever in it that is kept: a lead's account is read the same way.

        :raises VenueUnreachable: if the exchange did not answer.
        """
        kept = holdings.read_holdings(self._wire, kept_share=shares.URGENT)
        return holdings.own_names(kept.totals(), exchange=self.name, trades=self._lists)

    def transfers_since(self, *, since: datetime) -> list[VenueTransfer]:
        """
        Return what came to our account and left it from a moment on, oldest first.

        :raises VenueUnreachable: if the exchange did not answer.
        """
        return history.read_history(self._wire, since=since)

    def _lists(self, coin: str) -> bool:
        return any(coin in (market["base"], market["quote"]) for market in self._wire.know_markets().values())

    def _ask(self, call: Call, question: Question, *, symbol: str) -> Any:
        try:
            return self._wire.ask(call, question, kept_share=shares.URGENT)
        except MarketUnknown as unknown:
            # What became of an order in a market that is gone is not answered by that.
            raise VenueUnreachable(f"{unknown} ({symbol})") from None

    def _look_for(self, client_order_id: str, *, symbol: str) -> Structure | None:
        """Return what the first list tells that has an order under our id; None where none has."""
        for ask in self._wire.dialect.ask_orders:
            told = self._ask_for_order(ask, client_order_id, symbol=symbol)
            if told is not None:
                return told
        return None

    def _ask_for_order(self, ask: AskOrder, client_order_id: str, *, symbol: str) -> Structure | None:
        try:
            told: Structure | None = self._ask(
                Call.ORDER, lambda exchange: ask(exchange, answers.theirs(symbol), client_order_id), symbol=symbol
            )
        except NoSuchOrder:
            return None
        return told

    def _try_questions(self) -> None:
        """Ask each question once that would be asked about an order, by an id that no order has."""
        rules = self._wire.know_markets()
        listed = answers.read(lambda: answers.rules_of_markets(rules.values(), quote=self._quote, coins=self._coins))
        symbol = listed[0].symbol
        try:
            found = self.find_order(client_order_id=NOBODYS_ID, symbol=symbol)
            self.open_orders(symbol=symbol)
            self.trades_since(symbol=symbol, since=datetime.now(UTC) - timedelta(minutes=1))
        except VenueUnreachable as trouble:
            if not isinstance(trouble, NotAsked | AnswerNotUnderstood):
                raise
            raise AbilityMissing(
                f"Orders cannot be sent to {self.name}: what became of one could not be asked there. {trouble}"
            ) from None
        if found is not None:
            raise AbilityMissing(
                f"Orders cannot be sent to {self.name}: asked about an order that never was, it tells about another."
            )

    def _spans(self, begin: int) -> Iterator[Span]:
        """Yield the spans from a moment until now, in which trades can be asked for here."""
        dialect, now = self._wire.dialect, self._wire.clock.milliseconds()
        if dialect.trades_kept is not None:
            begin = max(begin, now - dialect.trades_kept // timedelta(milliseconds=1))
        if dialect.trades_span is None:
            yield Span(begin=begin, end=None)
            return
        length = dialect.trades_span // timedelta(milliseconds=1)
        while True:
            yield Span(begin=begin, end=begin + length)
            begin += length
            if begin > now:
                return

    def _page_of_trades(self, symbol: str, *, span: Span, after: Trades) -> Trades:
        ask = self._wire.dialect.ask_trades
        page: Trades = self._ask(
            Call.TRADES, lambda exchange: ask(exchange, answers.theirs(symbol), span, after), symbol=symbol
        )
        return page

    def _trades_of(self, order: VenueOrder, structure: Structure) -> list[VenueTrade]:
        symbol, venue_order_id = answers.theirs(order.symbol), order.venue_order_id
        ask_trades = self._wire.dialect.ask_order_trades
        told = self._ask(
            Call.ORDER_TRADES, lambda exchange: ask_trades(exchange, symbol, structure), symbol=order.symbol
        )
        trades = answers.read(
            lambda: answers.trades_of(told, symbol=order.symbol, client_order_id=order.client_order_id)
        )
        if any(trade.venue_order_id != venue_order_id for trade in trades):
            raise AnswerNotUnderstood(f"{self.name} tells trades of another order than {venue_order_id}.")
        return trades

    def _prepare(self, *, symbol: str, quantity: Decimal, price_limit: Decimal) -> None:
        """Refuse what must not be sent, or cannot be; nothing is at the exchange then."""
        try:
            if not self._is_able:
                self.check_abilities()
            if not self._key_is_checked:
                self.check_key()
            self._wire.ready()
        except ClockSkewed as skew:
            raise OrderRejected(RejectionCode.CLOCK_SKEWED, f"Not sent: {skew}") from None
        except VenueBusy as busy:
            raise OrderRejected(RejectionCode.RATE_LIMITED, f"Not sent: {busy}") from None
        except AccessRefused as refusal:
            raise OrderRejected(refusal.code, f"Not sent: {refusal}") from None
        except VenueUnreachable as trouble:
            raise OrderRejected(RejectionCode.NOT_REACHED, f"Not sent: {trouble}") from None
        try:
            placing.check_order(
                self._wire.know_markets(), symbol=symbol, quantity=quantity, price_limit=price_limit, venue=self.name
            )
        except OrderRejected:
            self._wire.forget_rules()
            raise

    def _placed(self, hearing: Hearing, *, client_order_id: str, symbol: str) -> VenueOrder:
        try:
            placing.believe(hearing, dialect=self._wire.dialect, venue=self.name)
        except OrderRejected as rejection:
            if rejection.code in RULES_CHANGED:
                self._wire.forget_rules()
            if rejection.code is RejectionCode.CLOCK_SKEWED:
                self._wire.clock.forget()
            if rejection.code in KEY_TROUBLES:
                self._key_is_checked = False
            raise
        try:
            if self._wire.dialect.is_told_at_once:
                return placing.order_with_trades(hearing, symbol=symbol, client_order_id=client_order_id)
            found = self.find_order(client_order_id=client_order_id, symbol=symbol)
        except VenueUnreachable as trouble:
            raise OutcomeUnknown(f"{self.name} took the order, and what became of it is not known: {trouble}") from None
        if found is None:
            raise OutcomeUnknown(f"{self.name} took the order and does not find it yet.")
        return found
