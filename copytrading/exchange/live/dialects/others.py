"""
Any other exchange of ccxt, which can be named in the settings and is met with more caution.

No code of it proves a rejection, and an order that did not arrive is waited for much longer. Before its first order it
has to show that an order can be found again: ccxt's class must be able to place an order that fills at once or not at
all, to find it by our own id, to list what is open, and to tell its trades; then it is asked about an id that was never
sent, and must answer that there is no such order. Where that fails nothing is ever sent.
"""

import inspect
from collections.abc import Callable
from typing import Any

from copytrading.exchange.live import verdicts
from copytrading.exchange.live.budget import Allowance
from copytrading.exchange.live.dialects.base import Call, Dialect, Span, Structure, Ticket, Trades

# Where a venue has no window within which it takes an order.
WINDOWLESS_SECONDS = 60.0

SPOT = "spot"
OUR_ID = "clientOrderId"


def is_json(_call: Call, body: Any) -> bool:
    """Return whether there is anything in a body: of an exchange we have not read about no more can be said."""
    return isinstance(body, dict | list)


def prepare(exchange: Any) -> None:
    """Ask for spot markets only, in whichever of ccxt's ways this class lists the kinds it asks for."""
    asked = exchange.options.get("fetchMarkets")
    if isinstance(asked, list) and SPOT in asked:
        exchange.options["fetchMarkets"] = [SPOT]
    elif isinstance(asked, dict) and isinstance(asked.get("types"), list):
        exchange.options["fetchMarkets"] = {**asked, "types": [SPOT]}
    elif isinstance(asked, dict) and isinstance(asked.get("types"), dict):
        exchange.options["fetchMarkets"] = {**asked, "types": {SPOT: asked["types"].get(SPOT, True)}}


def lacking(exchange: Any) -> tuple[str, ...]:
    """Return what we need and ccxt cannot do at this exchange, in words that follow "no way to"."""
    return tuple(words for words, is_there in NEEDS if not is_there(exchange))


def _can(*calls: str) -> Callable[[Any], bool]:
    return lambda exchange: any(exchange.has.get(call) is True for call in calls)


def _fills_at_once(exchange: Any) -> bool:
    told = ((exchange.features or {}).get(SPOT) or {}).get("createOrder") or {}
    return _can("createOrder")(exchange) and (told.get("timeInForce") or {}).get("IOC") is True


def _finds_by_our_id(exchange: Any) -> bool:
    """Return whether asking for one order takes our id. ccxt's table of abilities does not say; its own text does."""
    return _can("fetchOrder")(exchange) and OUR_ID in inspect.getsource(type(exchange).fetch_order)


NEEDS: tuple[tuple[str, Callable[[Any], bool]], ...] = (
    ("place an order that fills at once or not at all", _fills_at_once),
    ("find an order by our own id", _finds_by_our_id),
    ("list the orders that are open", _can("fetchOpenOrders")),
    ("ask for the trades of an order", _can("fetchOrderTrades", "fetchMyTrades")),
    ("ask for our trades since a moment", _can("fetchMyTrades")),
    ("read what our account holds", _can("fetchBalance")),
)


def place(exchange: Any, ticket: Ticket) -> Structure:
    """Hand in an order."""
    params = {OUR_ID: ticket.client_order_id, "timeInForce": "IOC"}
    order: Structure = exchange.create_order(
        ticket.symbol, "limit", ticket.side, ticket.quantity, ticket.price_limit, params
    )
    return order


def ask_order(exchange: Any, symbol: str, client_order_id: str) -> Structure | None:
    """Return the order under our id; one that never was is an error in ccxt."""
    order: Structure = exchange.fetch_order(None, symbol, {OUR_ID: client_order_id})
    return order


def ask_order_trades(exchange: Any, symbol: str, order: Structure) -> Trades:
    """Return the trades of an order, out of all since it was placed where they cannot be asked for alone."""
    if _can("fetchOrderTrades")(exchange):
        told: Trades = exchange.fetch_order_trades(order["id"], symbol)
        return told
    told = exchange.fetch_my_trades(symbol, order.get("timestamp"))
    return [trade for trade in told if trade["order"] == order["id"]]


def ask_trades(exchange: Any, symbol: str, span: Span, page: Trades) -> Trades:
    """Return a page of trades, oldest first: from the last one seen on, which is then told once more."""
    trades: Trades = exchange.fetch_my_trades(symbol, page[-1]["timestamp"] if page else span.begin)
    return trades


OTHER = Dialect(
    name="",
    allowance=Allowance(capacity=10, per_second=2),
    validity_seconds=WINDOWLESS_SECONDS,
    read_code=verdicts.nothing_proven,
    is_answer=is_json,
    is_told_at_once=False,
    trusts_not_found=True,
    is_tried_first=True,
    prepare=prepare,
    lacking=lacking,
    place=place,
    ask_orders=(ask_order,),
    ask_order_trades=ask_order_trades,
    ask_trades=ask_trades,
    # How long a page is we do not know, so a further one is asked for until nothing new comes.
    page_length=1,
)
