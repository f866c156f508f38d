"""
What a dialect has to say: how an exchange is asked, what it answers, and what its answers prove.

Each exchange that is known in detail has a file of its own beside this one, with its codes, its calls and one value of
`Dialect`; docs/exchanges.md shows how to add another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from copytrading.exchange.live.budget import Allowance
from copytrading.exchange.live.client import Answer
from copytrading.exchange.live.verdicts import Meaning, Reading, meaning_of

# What a key may do. To trade elsewhere is to trade something that is no spot market: margin, futures, options, loans.
READ, TRADE, TRADE_ELSEWHERE, WITHDRAW = "read", "trade", "trade elsewhere", "withdraw"

# Within it the venue takes an order at all; afterwards it refuses it as too old.
WINDOW_SECONDS = 5.0
# Between the claim of an order and its sending, and for what the venue's gate and its engine take.
ON_THE_WAY_SECONDS = 2.5

Structure = dict[str, Any]
Trades = list[Structure]


class Call(StrEnum):
    """What can be asked."""

    TIME = "TIME"
    MARKETS = "MARKETS"
    BOOK = "BOOK"
    QUOTES = "QUOTES"
    PLACE = "PLACE"
    ORDER = "ORDER"
    OPEN_ORDERS = "OPEN_ORDERS"
    ORDER_TRADES = "ORDER_TRADES"
    TRADES = "TRADES"
    BALANCES = "BALANCES"
    FUNDING = "FUNDING"
    EARN = "EARN"
    STAKED = "STAKED"
    PERMISSIONS = "PERMISSIONS"
    DEPOSITS = "DEPOSITS"
    WITHDRAWALS = "WITHDRAWALS"


class PermissionsNotTold(Exception):
    """This exchange has no way, or none that we know, to say what a key may do."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time, in the venue's milliseconds since 1970: its first moment, and the last one where it has to be named."""

    begin: int
    end: int | None


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """An order as it is handed in: ccxt's symbol, buy or sell, plain numbers, at once or not at all."""

    client_order_id: str
    symbol: str
    side: str
    quantity: str
    price_limit: str
    broker_tag: str = ""


@dataclass(frozen=True, kw_only=True)
class Tagging:
    """
    How an exchange takes a broker's tag, by which it knows who brought an order.

    `pattern` is what a tag looks like there, `words` say the same. It stands at the beginning of our own order id
    (`id_beginning`, with {tag} in it), in a header of the request (`header`), or where `place` puts it.
    """

    pattern: str
    words: str
    id_beginning: str = ""
    header: str = ""


# Each takes ccxt's client first and makes one request with it.
PlaceOrder = Callable[[Any, Ticket], Structure]
# The order under our id, or None where this list does not have it.
AskOrder = Callable[[Any, str, str], Structure | None]
AskOrders = Callable[[Any, str], list[Structure]]
# The trades of an order as it was told.
AskOrderTrades = Callable[[Any, str, Structure], Trades]
# A page of trades within a span, or the one after a page.
AskTrades = Callable[[Any, str, Span, Trades], Trades]


def any_quotes(exchange: Any, *, symbols: list[str]) -> dict[str, Any]:
    """Return the tickers of these pairs."""
    quotes: dict[str, Any] = exchange.fetch_tickers(symbols)
    return quotes


def any_open_orders(exchange: Any, symbol: str) -> list[Structure]:
    """Return our orders in a market that are not finished."""
    orders: list[Structure] = exchange.fetch_open_orders(symbol)
    return orders


def left_alone(_exchange: Any) -> None:
    """Change nothing of ccxt's client."""


def nothing_lacking(_exchange: Any) -> tuple[str, ...]:
    """Return nothing: what is known in detail can do what is needed."""
    return ()


def retry_after(answer: Answer) -> float | None:
    """Return what the header says that is made for it."""
    return answer.wait_seconds


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """
    How one exchange is spoken to.

    `read_code` says what its own codes prove. `is_answer` says whether a body has the form of an answer to a call: ccxt
    reads a missing list as an empty one, and an account without balances is not what a broken answer should look like.
    `is_told_at_once` is whether placing an order tells what became of it. `ask_orders` are the lists that an order is
    looked for in by our own id, one after the other, until one has it.
    """

    name: str
    allowance: Allowance
    validity_seconds: float
    read_code: Reading
    is_answer: Callable[[Call, Any], bool]
    is_told_at_once: bool
    # What our own order ids must look like here.
    client_order_id_pattern: str = r"[A-Za-z0-9]{1,32}"
    # None where we know no way to say who brought an order.
    tagging: Tagging | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[Call, float] = field(default_factory=dict)
    markets_params: Mapping[str, Any] = field(default_factory=dict)
    deadline_header: str = ""
    # Whether ccxt's "order not found" is believed, for want of a code that we know.
    trusts_not_found: bool = False
    # Whether an id that was never sent is asked for first, to see that such a question is answered at all.
    is_tried_first: bool = False
    # After how many seconds a busy venue may be asked again; None where it does not say.
    read_wait: Callable[[Answer], float | None] = retry_after
    # What is changed of ccxt's client once, so that one question is one request and of spot markets only.
    prepare: Callable[[Any], None] = left_alone
    # What we need and cannot do there, in words that follow "no way to".
    lacking: Callable[[Any], tuple[str, ...]] = nothing_lacking
    ask_permissions: Callable[[Any], frozenset[str]] | None = None
    place: PlaceOrder
    ask_orders: tuple[AskOrder, ...]
    ask_open_orders: AskOrders = any_open_orders
    ask_order_trades: AskOrderTrades
    ask_trades: AskTrades
    page_length: int
    # How long a span of trades may be at most, and how far back they are kept, where that is less than for ever.
    trades_span: timedelta | None = None
    trades_kept: timedelta | None = None
    # Deposits and withdrawals: how many are told at once at most, what is asked to get as many, and what the end of a
    # span is called.
    transfers_a_page: int = 1
    transfers_params: Mapping[str, Any] = field(default_factory=dict)
    transfers_end: str = "until"
    # Words of a transfer that came to nothing which ccxt hands on as they are.
    transfers_failed: Mapping[Call, frozenset[str]] = field(default_factory=dict)
    # The best offers of these pairs, by ccxt's symbol, in one request.
    ask_quotes: Callable[..., dict[str, Any]] = any_quotes

    def weight(self, call: Call) -> float:
        """Return what a call costs."""
        return self.weights.get(call, 1.0)

    @property
    def tag_header(self) -> str:
        """Return the header that a broker's tag stands in; empty where it stands elsewhere."""
        return self.tagging.header if self.tagging is not None else ""

    def meaning_of(self, answer: Answer) -> Meaning | None:
        """Return what an answer proves; None where it proves nothing."""
        return meaning_of(answer, reading=self.read_code)


def only_row(rows: Any) -> Structure | None:
    """Return the one row of a list; None where it has none or several, which is no answer about one order."""
    if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict):
        return rows[0]
    return None
