"""
ccxt's structures in our values, strictly: a number that is none, or an order that cannot be, is no answer.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from copytrading.exchange.errors import AnswerNotUnderstood
from copytrading.exchange.live.client import NONSENSE
from copytrading.exchange.markets import Book, Level, MarketRules, MarketStatus, Quote
from copytrading.exchange.orders import Side, VenueOrder, VenueStatus, VenueTrade

T = TypeVar("T")

STATUSES = {
    "open": VenueStatus.OPEN,
    "closed": VenueStatus.FILLED,
    "canceled": VenueStatus.CANCELED,
    "canceling": VenueStatus.OPEN,
    "expired": VenueStatus.EXPIRED,
    "rejected": VenueStatus.REJECTED,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(reading: Callable[[], T]) -> T:
    """
    Return what a reading of ccxt's structures gives.

    :raises AnswerNotUnderstood: if a structure is not what it should be.
    """
    try:
        return reading()
    except NONSENSE as nonsense:
        raise AnswerNotUnderstood(f"The venue's answer cannot be read ({type(nonsense).__name__}).") from nonsense


def number(value: Any, *, of: str) -> Decimal:
    """
    Return a finite number.

    :raises AnswerNotUnderstood: if it is none.
    """
    try:
        parsed = Decimal(str(value))
    except InvalidOperation:
        parsed = Decimal("NaN")
    if not parsed.is_finite():
        raise AnswerNotUnderstood(f"The venue says {value!r} for the {of}, which is no number.")
    return parsed


def positive(value: Any, *, of: str) -> Decimal:
    """
    Return a number above zero.

    :raises AnswerNotUnderstood: if it is none.
    """
    parsed = number(value, of=of)
    if parsed <= 0:
        raise AnswerNotUnderstood(f"The venue says {value!r} for the {of}, which must be above zero.")
    return parsed


def text(value: Any, *, of: str) -> str:
    """
    Return a text that is not empty.

    :raises AnswerNotUnderstood: if it is.
    """
    if not isinstance(value, str) or not value:
        raise AnswerNotUnderstood(f"The venue's answer has no {of}.")
    return value


def moment(milliseconds: Any, *, of: str) -> datetime:
    """
    Return a moment told in milliseconds since 1970.

    :raises AnswerNotUnderstood: if it is none.
    """
    try:
        return EPOCH + timedelta(milliseconds=int(number(milliseconds, of=of)))
    except OverflowError:
        raise AnswerNotUnderstood(f"The venue says {milliseconds!r} for the {of}, which is no time.") from None


def milliseconds(at: datetime) -> int:
    """Return a moment in milliseconds since 1970."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def ours(symbol: str) -> str:
    """Return a pair as we write it, BTC-USDT."""
    return symbol.replace("/", "-")


def theirs(symbol: str) -> str:
    """Return a pair as ccxt writes it, BTC/USDT."""
    return symbol.replace("-", "/")


def rules_of(market: dict[str, Any]) -> MarketRules | None:
    """
    Return what a market accepts; None where it is listed before its rules are.

    A venue may ask for a least number of coins, which our rules do not know. Our lot is then that number, so that one
    lot is always enough; it is worth about a dollar.

    :raises AnswerNotUnderstood: if a market that trades has rules that are none.
    """
    trades = bool(market["active"])
    precision, limits = market["precision"], market["limits"]
    if not trades and not (precision["amount"] and precision["price"]):
        return None
    step = positive(precision["amount"], of=f"lot of {market['symbol']}")
    quantity_min = number(limits["amount"]["min"] or 0, of=f"least quantity of {market['symbol']}")
    value_min = number(limits["cost"]["min"] or 0, of=f"least value of {market['symbol']}")
    return MarketRules(
        symbol=ours(market["symbol"]),
        base=market["base"],
        quote=market["quote"],
        lot_size=max(step, -(-quantity_min // step) * step).normalize(),
        tick_size=positive(precision["price"], of=f"tick of {market['symbol']}").normalize(),
        value_min=value_min,
        status=MarketStatus.TRADING if trades else MarketStatus.SUSPENDED,
    )


def rules_of_markets(
    markets: Iterable[dict[str, Any]], *, quote: str, coins: frozenset[str] = frozenset()
) -> list[MarketRules]:
    """
    Return the rules of all spot markets in a currency, by symbol.

    :param coins: only those of these coins, where any are named.
    :raises AnswerNotUnderstood: if there is none, or one that trades has rules that are none.
    """
    wanted = (
        market
        for market in markets
        if market["spot"] and market["quote"] == quote and (not coins or market["base"] in coins)
    )
    rules = [rule for market in wanted if (rule := rules_of(market)) is not None]
    if not rules:
        raise AnswerNotUnderstood(f"The venue lists no market in {quote}.")
    return sorted(rules, key=lambda rule: rule.symbol)


def book_of(structure: dict[str, Any], *, symbol: str, as_of: datetime) -> Book:
    """
    Return a book.

    :raises AnswerNotUnderstood: if a level is none, or the best bid is not below the best ask.
    """
    sides = {
        name: tuple(
            Level(price=positive(price, of="price"), quantity=positive(quantity, of="quantity"))
            for price, quantity, *_ in structure[name]
        )
        for name in ("bids", "asks")
    }
    book = Book(symbol=symbol, bids=sides["bids"], asks=sides["asks"], as_of=as_of)
    if book.bids and book.asks and book.bids[0].price >= book.asks[0].price:
        raise AnswerNotUnderstood(f"The venue's book of {symbol} is crossed.")
    return book


def order_of(
    structure: dict[str, Any], *, symbol: str, client_order_id: str, trades: Iterable[VenueTrade]
) -> VenueOrder:
    """
    Return an order with these trades of it.

    :raises AnswerNotUnderstood: if it is another order than the one asked about, or one that cannot be.
    """
    given = structure.get("clientOrderId") or ""
    if client_order_id and given != client_order_id:
        raise AnswerNotUnderstood(f"The venue tells about order {given!r} instead of {client_order_id!r}.")
    quantity = positive(structure.get("amount"), of="quantity")
    filled_quantity = number(structure.get("filled"), of="filled quantity")
    status = STATUSES.get(structure.get("status") or "")
    if status is None or not 0 <= filled_quantity <= quantity:
        raise AnswerNotUnderstood(
            f"The venue says {structure.get('status')!r}, {filled_quantity} of {quantity} filled."
        )
    if status is VenueStatus.FILLED and filled_quantity != quantity:
        raise AnswerNotUnderstood(f"The venue says that all is filled, and {filled_quantity} of {quantity} are.")
    if ours(structure.get("symbol") or symbol) != symbol:
        raise AnswerNotUnderstood(f"The venue tells about {structure['symbol']} instead of {symbol}.")
    return VenueOrder(
        client_order_id=given,
        venue_order_id=text(structure.get("id"), of="order id"),
        symbol=symbol,
        side=side_of(structure),
        quantity=quantity,
        filled_quantity=filled_quantity,
        price_limit=positive(structure.get("price"), of="price limit"),
        status=status,
        trades=tuple(trades),
    )


def trade_of(
    structure: dict[str, Any], *, symbol: str, client_order_id: str = "", order: dict[str, Any] | None = None
) -> VenueTrade:
    """
    Return one trade. What a trade within an order's answer leaves out is taken from that order.

    Trade ids count within a market, so ours name the market too. A fee that is not told is taken as none; what is
    missing then shows when books and custody are compared.

    :raises AnswerNotUnderstood: if it is one that cannot be.
    """
    around = order or {}
    price = positive(structure.get("price"), of="price of a trade")
    quantity = positive(structure.get("amount"), of="quantity of a trade")
    fee = structure.get("fee") or {}
    return VenueTrade(
        trade_id=f"{symbol}:{text(structure.get('id'), of='trade id')}",
        client_order_id=client_order_id or (structure.get("info") or {}).get("clOrdId") or "",
        venue_order_id=text(structure.get("order") or around.get("id"), of="order id of a trade"),
        symbol=symbol,
        side=side_of(structure if structure.get("side") else around),
        price=price,
        quantity=quantity,
        value=price * quantity,
        fee=number(fee.get("cost") or 0, of="fee"),
        fee_asset=fee.get("currency") or symbol.partition("-")[2],
        executed_at=moment(structure.get("timestamp") or around.get("timestamp"), of="time of a trade"),
    )


def trades_of(structures: Iterable[dict[str, Any]], *, symbol: str, client_order_id: str = "") -> list[VenueTrade]:
    """
    Return trades in the order they were told.

    :raises AnswerNotUnderstood: if there is one that cannot be.
    """
    return [trade_of(structure, symbol=symbol, client_order_id=client_order_id) for structure in structures]


def side_of(structure: dict[str, Any]) -> Side:
    """
    Return which side an order or a trade is on.

    :raises AnswerNotUnderstood: if it is on none.
    """
    side = str(structure.get("side")).upper()
    if side not in list(Side):
        raise AnswerNotUnderstood(f"The venue says {structure.get('side')!r}, which is no side.")
    return Side(side)


def balances_of(structure: dict[str, Any]) -> dict[str, Decimal]:
    """
    Return what an account holds, free and used together, without what it holds none of.

    :raises AnswerNotUnderstood: if a balance is no number.
    """
    totals = {asset: number(total or 0, of=f"balance of {asset}") for asset, total in structure["total"].items()}
    return {asset: total for asset, total in totals.items() if total}


def quote_of(ticker: dict[str, Any], *, as_of: datetime, source: str) -> Quote | None:
    """
    Return the middle between the best bid and the best ask, else the last price; None where neither is there.

    :raises AnswerNotUnderstood: if a price is no number.
    """
    symbol = ours(ticker["symbol"])
    bid, ask, last = (number(ticker.get(name) or 0, of=f"price of {symbol}") for name in ("bid", "ask", "last"))
    middle = (bid + ask) / 2 if bid <= ask else Decimal(0)
    price = middle if bid > 0 and ask > 0 else last
    return Quote(symbol=symbol, price=price, as_of=as_of, source=source) if price > 0 else None
