"""
Asking the venue: what became of an order whose answer we do not have, and what it did that we do not know of.

An order is UNKNOWN until the venue has told its end and all its trades. It never arrived (NOT_PLACED) only when

- three questions in a row, at 1, 2, 4, 8 ... seconds, did not find it,
- the venue's own validity window has passed since it was claimed, so that it cannot arrive any more,
- it is not among the open orders, and no trade since then is its own,
- and the venue keeps just as much for us as the ledger says, of the coin or of the cash: an order moves both, so one
  that is just as it was proves that none came, even if a stranger sent us some of the other. While nobody has said in
  which unit a coin is counted, its number says nothing, and the cash alone is counted.

Until then its holds stay, and the database lets no other order into its market.

Before orders are sent to a market again after a silence, its trades are compared with our fills: reconcile first, send
afterwards.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from accounts import queries as account_queries
from accounts.models import Asset
from accounts.transactions import outside_transaction
from copytrading.engine.rules import Rules
from copytrading.engine.units import coins
from copytrading.exchange.errors import AccessRefused, VenueUnreachable
from copytrading.exchange.orders import VenueOrder, VenueTrade
from copytrading.exchange.protocols import Venue
from copytrading.exchange.registry import venue
from copytrading.models import Alarm, Fill, Market, Order, TradeCheckpoint
from copytrading.queries.market.doubts import Why, coins_in_doubt
from copytrading.queries.rules import platform_rules
from copytrading.services.orders import answering
from copytrading.services.safety import alarms

# A claimed order whose worker is silent for so long is asked about; well above the venue's own time limit.
SILENCE_SECONDS = 10
# Not found so often in a row means that it never arrived, if everything else says so too.
NOT_FOUND_MAX = 3
# The waits between two questions double up to here.
ASK_AGAIN_SECONDS_MAX = 8
# Clocks differ a little: that much later than the validity window nothing can arrive.
VALIDITY_MARGIN_SECONDS = 2
# An order that is unknown for so long is an operator's matter too.
ALARM_AFTER_SECONDS = 60
# A venue may tell a trade some time after it was made, so each comparison looks back past the last one.
LOOK_BACK = timedelta(minutes=5)


@outside_transaction
def resolve_order(
    *, order: Order, now: datetime, at: Venue | None = None, kept_tells: Callable[[], bool] | None = None
) -> Order:
    """
    Ask the venue what became of an order, when it is time to; never send it again.

    :param at: the account there that it was sent by, where that is not the platform's.
    :param kept_tells: whether what that account keeps tells that nothing of the order came.
    :raises AccessRefused: if an account that is not the platform's does not let us in any more; it stays UNKNOWN.
    """
    if now < _ask_at(order):
        return order
    if (now - _since(order)).total_seconds() > ALARM_AFTER_SECONDS:
        _alarm(order, now)
    there = at or venue()
    try:
        answer = there.find_order(client_order_id=order.client_order_id, symbol=order.market.symbol)
        if answer is not None:
            order.not_found_count = 0
            return answering.record_answer(order=order, answer=answer, now=now)
        order.not_found_count += 1
        if order.not_found_count >= NOT_FOUND_MAX and _is_past_validity(order, now, there):
            tells = kept_tells or (lambda: _kept_as_owed(order))
            if _left_no_trace(order, there) and tells():
                return answering.end_order(order=order, status=Order.Status.NOT_PLACED, now=now)
    except AccessRefused:
        order = answering.mark_unknown(order=order, now=now)
        if at is not None:
            raise
        return order
    except VenueUnreachable:
        # No answer is no "not found".
        return answering.mark_unknown(order=order, now=now)
    return answering.mark_unknown(order=order, now=now)


def compared_lately(*, now: datetime, rules: Rules) -> QuerySet[TradeCheckpoint]:
    """Return the markets in which the venue's trades were compared with our fills lately enough to send."""
    fresh_since = now - timedelta(seconds=rules.reconcile_seconds)
    return TradeCheckpoint.objects.filter(venue_account=venue().account, checked_until__gt=fresh_since)


@outside_transaction
def reconcile_market(*, market: Market, now: datetime) -> int:
    """
    Compare the venue's open orders and trades in a market with ours, and return how many were found late or foreign.

    A trade of an order that is still open here is left to whoever resolves that order.

    :raises VenueUnreachable: if the venue did not answer; nothing was noted.
    """
    account = venue().account
    checkpoint = TradeCheckpoint.objects.filter(venue_account=account, market=market).first()
    first_order = Order.objects.filter(venue_account=account, market=market).order_by("pk").first()
    since = checkpoint.checked_until if checkpoint else (first_order.planned_at if first_order else now)
    open_orders = venue().open_orders(symbol=market.symbol)
    trades = venue().trades_since(symbol=market.symbol, since=since - LOOK_BACK)
    found = sum(_compare(market, trade, now) for trade in _unknown_trades(account, trades))
    found += sum(_look_at_open(market, there, now) for there in open_orders)
    TradeCheckpoint.objects.update_or_create(
        venue_account=account, market=market, defaults={"checked_until": max(now, since)}
    )
    return found


@outside_transaction
def reconcile_orders(*, now: datetime) -> int:
    """
    Compare every market that was traded within a day, and return how many trades were found late or foreign.

    One that was traded earlier is compared once a day, after the others: while the platform was away a trade of its
    last order may have come.
    """
    rules, account, a_day_ago = platform_rules(), venue().account, now - timedelta(days=1)
    lately = Order.objects.filter(claimed_at__gt=a_day_ago, venue_account=account)
    long_ago = TradeCheckpoint.objects.filter(checked_until__lt=a_day_ago, venue_account=account)
    found = 0
    for traded in (lately, long_ago):
        market_ids = list(traded.values_list("market_id", flat=True).distinct())
        markets = Market.objects.filter(pk__in=market_ids).exclude(status=Market.Status.DELISTED)
        for market in markets.select_related("base", "quote"):
            if not compared_lately(now=now, rules=rules).filter(market=market).exists():
                found += reconcile_market(market=market, now=now)
    return found


def _since(order: Order) -> datetime:
    return order.claimed_at or order.planned_at


def _ask_at(order: Order) -> datetime:
    if order.status == Order.Status.SUBMITTING:
        return _since(order) + timedelta(seconds=SILENCE_SECONDS)
    wait = min(2 ** max(order.ask_count - 1, 0), ASK_AGAIN_SECONDS_MAX)
    return (order.asked_at or _since(order)) + timedelta(seconds=wait)


def _is_past_validity(order: Order, now: datetime, there: Venue) -> bool:
    window = there.validity_seconds + VALIDITY_MARGIN_SECONDS
    return now > _since(order) + timedelta(seconds=window)


def _left_no_trace(order: Order, there: Venue) -> bool:
    """Return whether the venue has neither the order among the open ones nor a trade of it."""
    symbol = order.market.symbol
    if any(_is_of(order, found) for found in there.open_orders(symbol=symbol)):
        return False
    trades = there.trades_since(symbol=symbol, since=_since(order) - LOOK_BACK)
    return not any(_is_of(order, trade) for trade in trades)


def _kept_as_owed(order: Order) -> bool:
    """Return whether the venue keeps just as much for us as the ledger says, of either side of the order."""
    kept = venue().balances()
    return any(
        kept.get(asset.symbol, Decimal(0)) == coins(account_queries.liability_units_of(asset), asset.decimals)
        for asset in counted_assets(order.market)
    )


def counted_assets(market: Market) -> tuple[Asset, ...]:
    """Return the sides of a market that both the venue and the ledger count in the same unit, for certain."""
    doubted = coins_in_doubt().get(market.base_id)
    return (market.quote,) if doubted and doubted.why == Why.UNJUDGED else (market.base, market.quote)


def _is_of(order: Order, found: VenueOrder | VenueTrade) -> bool:
    if found.client_order_id:
        return found.client_order_id == order.client_order_id
    return bool(order.venue_order_id) and found.venue_order_id == order.venue_order_id


def _unknown_trades(account: str, trades: list[VenueTrade]) -> list[VenueTrade]:
    ids = [trade.trade_id for trade in trades]
    known = set(Fill.objects.filter(venue_account=account, trade_id__in=ids).values_list("trade_id", flat=True))
    return [trade for trade in trades if trade.trade_id not in known]


def _order_of(market: Market, found: VenueOrder | VenueTrade) -> Order | None:
    orders = Order.objects.filter(market=market, venue_account=venue().account)
    if found.client_order_id:
        return orders.filter(client_order_id=found.client_order_id).first()
    return orders.filter(venue_order_id=found.venue_order_id).exclude(venue_order_id="").first()


def _compare(market: Market, trade: VenueTrade, now: datetime) -> int:
    order = _order_of(market, trade)
    if order is not None:
        with transaction.atomic(durable=True):
            order = answering.lock_order(order.pk)
            if order.status in Order.OPEN:
                return 0
            return answering.note_late_trades(order=order, trades=[trade], now=now)
    if not trade.client_order_id and _someone_is_open(market):
        # A venue that names no client id: it may well be of the order that is being asked about.
        return 0
    alarms.raise_alarm(
        kind=Alarm.Kind.FOREIGN_TRADE,
        key=f"foreign:{trade.trade_id}",
        sentence=f"The venue tells a trade in {market.symbol} (id {trade.trade_id}, {trade.side} {trade.quantity:f})"
        " that belongs to none of our orders. Does somebody else use this account?",
        now=now,
    )
    return 1


def _look_at_open(market: Market, there: VenueOrder, now: datetime) -> int:
    order = _order_of(market, there)
    if order is not None and order.status in Order.OPEN:
        return 0
    alarms.raise_alarm(
        kind=Alarm.Kind.FOREIGN_TRADE,
        key=f"foreign-order:{there.venue_order_id}",
        sentence=f"An order is open at the venue in {market.symbol} (id {there.venue_order_id}) that we do not wait"
        " for. Cancel it there, and look who placed it.",
        now=now,
    )
    return 1


def _someone_is_open(market: Market) -> bool:
    return Order.objects.filter(market=market, status__in=Order.OPEN, quantity_units__gt=0).exists()


def _alarm(order: Order, now: datetime) -> None:
    alarms.raise_alarm(
        kind=Alarm.Kind.ORDER_UNKNOWN,
        key=answering.unknown_key(order),
        sentence=f"What became of order {order.client_order_id} in {order.market.symbol} is not known. Nothing more is"
        " sent in that market until the venue tells.",
        now=now,
    )
