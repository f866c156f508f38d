"""
What becomes of limit orders that wait: their price is there, their time is over, or their market is gone.

    look       one statement tells whose price the mark has reached; nothing is touched: nothing more is asked
    ask        the book of each such market, once: what does not give anything at the limit waits on
    plan       one transaction: what the limit order held becomes what a manual order holds; the row names that order
    act, post  as for every order (services/orders); booking it holds for the rest again (books/limit_orders)

A worker that dies between two of these leaves what the next look goes on from: an order that is written is worked off
like any manual order, and no second one is planned while the row names the first. The best price goes first, then the
older one. A price that was there and is gone before the book is asked, a wick, trades nothing, as nobody could have.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
import structlog
from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts import ledger
from accounts import queries as account_queries
from accounts.transactions import in_transaction, outside_transaction
from copytrading.engine.deciding.lead_orders import is_reached
from copytrading.engine.market.books import Book, Side, on_tick
from copytrading.engine.orders.bunching import Offer, PlannedOrder, offer_of, plan_order
from copytrading.engine.rules import Rules
from copytrading.exchange.errors import VenueError, VenueUnreachable
from copytrading.exchange.registry import venue
from copytrading.models import LimitOrder, ManualOrder, Market, Order
from copytrading.queries.market import board as market_queries
from copytrading.queries.market.board import unit_price_in
from copytrading.queries.market.doubts import coins_in_doubt
from copytrading.queries.money import limit_orders as queries
from copytrading.queries.rules import platform_rules
from copytrading.services import bell
from copytrading.services.books import limit_orders
from copytrading.services.cycle import conducting
from copytrading.services.cycle.scene import AFTER_REFUSAL_SECONDS
from copytrading.services.market import listings
from copytrading.services.orders import trading
from copytrading.services.safety import venue_watch

log = structlog.get_logger()

# A look that trades waits for the venue at each order; what it does not come to is rung for again.
TRADES_A_LOOK = 20
Status, Why = LimitOrder.Status, LimitOrder.Why


@outside_transaction
def work_off_orders(*, now: datetime) -> int:
    """
    Finish orders of no cycle whose request died, then look at limit orders, and return how many there were.

    Each new price rings for these as well: this is for a ring that was lost, and for what expires.
    """
    return conducting.work_off_manual_orders(now=now) + look_at_limit_orders(now=now)


@outside_transaction
def look_at_limit_orders(*, now: datetime) -> int:
    """
    End the limit orders that are over, trade those whose price is there, and return how many were traded or ended.

    One market's trouble stays its own.
    """
    bell.answer_for_limit_orders()
    rules = platform_rules()
    done = _end_what_is_over(now)
    reached = list(queries.reached_orders(now=now, rules=rules).order_by("market_id", "pk"))
    if not reached:
        return done
    closed = _closed_markets({own.market_id for own in reached}, now)
    markets = market_queries.markets().in_bulk({own.market_id for own in reached} - closed)
    left = TRADES_A_LOOK
    for market_id, orders in groupby(reached, key=lambda own: own.market_id):
        if market_id not in markets or not left:
            continue
        try:
            traded = _trade_in(markets[market_id], _by_price(list(orders)), now, rules, most=left)
        except VenueUnreachable as silence:
            venue_watch.note_trouble(trouble=silence, now=now)
            break
        except (DatabaseError, VenueError, AssertionError, ArithmeticError, LookupError, ValueError) as trouble:
            log.exception("Limit orders of a market failed; they are tried again.", trouble=type(trouble).__name__)
            continue
        left, done = left - traded, done + traded
    if not left:
        bell.ring_for_limit_orders()
    return done


@outside_transaction
def trade_if_reached(*, order_id: int, now: datetime) -> None:
    """Trade one limit order that was just placed, where its price is there already; the looks go on from there."""
    rules = platform_rules()
    own = queries.reached_orders(now=now, rules=rules).filter(pk=order_id).first()
    if own is None or _closed_markets({own.market_id}, now):
        return
    market = market_queries.markets().get(pk=own.market_id)
    try:
        _trade_in(market, [own], now, rules, most=1)
    except VenueUnreachable as silence:
        venue_watch.note_trouble(trouble=silence, now=now)


def _end_what_is_over(now: datetime) -> int:
    over = list(queries.over_orders(now=now).order_by("pk").values_list("pk", "market__status"))
    for order_id, market_status in over:
        with transaction.atomic(durable=True):
            own = limit_orders.lock(order_id)
            if market_status == Market.Status.DELISTED:
                limit_orders.end(own, Status.ENDED, now, because=Why.DELISTED)
            else:
                limit_orders.end(own, Status.EXPIRED, now)
    return len(over)


def _closed_markets(market_ids: set[int], now: datetime) -> set[int]:
    """
    Return those of some markets in which nothing is sent now.

    They are halted, people have to say which coin it is, an order is on its way, or one was refused a moment ago.
    """
    doubted = coins_in_doubt()
    lately = now - timedelta(seconds=AFTER_REFUSAL_SECONDS)
    orders = Order.objects.filter(
        Q(status__in=Order.OPEN, booked_at__isnull=True)
        | Q(answered_at__gt=lately, status=Order.Status.REJECTED)
        | Q(answered_at__gt=lately, status=Order.Status.CANCELED) & ~Q(refusal=""),
        market_id__in=market_ids,
        venue_account=venue().account,
        quantity_units__gt=0,
    )
    found = Market.objects.filter(pk__in=market_ids).filter(
        Q(base_id__in=list(doubted)) | Q(pk__in=orders.values("market_id"))
    )
    return set(found.values_list("pk", flat=True))


def _by_price(orders: Sequence[LimitOrder]) -> list[LimitOrder]:
    """Return orders of one market with the price that gives most first, of two alike the older one."""
    return sorted(orders, key=lambda own: (-own.price_limit if own.side == Order.Side.BUY else own.price_limit, own.pk))


def _trade_in(market: Market, orders: Sequence[LimitOrder], now: datetime, rules: Rules, *, most: int) -> int:
    """Trade the limit orders of one market, one after the other, as far as its book goes; return how many traded."""
    book, traded = listings.book_of(market, now=now), 0
    for own in orders:
        if traded == most:
            break
        best = book.best_for(Side(own.side))
        if not is_reached(side=Side(own.side), price_limit=own.price_limit, price=best):
            continue
        try:
            with transaction.atomic(durable=True):
                order = _plan(own.pk, market, book, now, rules)
        except ledger.NotEnoughMoney:
            # Somebody took a unit in between: what is held stays held, and the next look counts anew.
            continue
        except IntegrityError as conflict:
            if "one_open_order_per_account_and_market" not in str(conflict):
                raise
            # Another order got into the market first.
            break
        if order is None:
            continue
        traded += 1
        done = trading.work_off_order(order_id=order.pk, now=now, rules=rules)
        if done.booked_at is None or done.refusal:
            # Nothing more is sent here until the venue has told what became of it, or while it would be refused.
            break
        book = listings.book_of(market, now=now)
    return traded


@in_transaction
def _plan(order_id: int, market: Market, book: Book, now: datetime, rules: Rules) -> Order | None:
    """
    Turn a limit order into the manual order that it can become now; None where it waits on, or is finished already.

    What it held is released, held by the new order, and what that does not need held again, all here.
    """
    own = limit_orders.lock(order_id)
    if own.finished_at is not None or own.on_its_way_id is not None:
        return None
    if limit_orders.is_too_small(market, own.rest_units, unit_price_in(market, own.price_limit)):
        # The venue has raised what it takes since this was placed.
        limit_orders.end(own, Status.ENDED, now, because=Why.TOO_SMALL)
        return None
    planned = _planned(own, market, book, now, rules)
    if planned is None:
        return None
    had = own.held_units
    limit_orders.hold(own, 0, key="", now=now)
    order = trading.write_order(cycle=None, planned=planned, market=market, cash=market.quote, now=now)
    promised = int((planned.quote_holds + planned.base_holds).sum())
    limit_orders.hold(own, max(had - promised, 0), key=f"{order.pk}:beside", now=now)
    ManualOrder.objects.create(order=order, user=own.user, limit_order=own, idempotency_key=_manual_key(own, order))
    own.on_its_way = order
    own.save(update_fields=["on_its_way"])
    bell.publish(f"user:{own.user_id}", "wallet")
    return order


def _planned(own: LimitOrder, market: Market, book: Book, now: datetime, rules: Rules) -> PlannedOrder | None:
    """Return the order for what is left, as far as what is held pays for it; None where the book gives too little."""
    sign = 1 if own.side == Order.Side.BUY else -1
    offer = _offer(own, market, book, sign * own.rest_units, rules)
    lots = _payable(own, market, offer, now, rules) // market.lot_units * market.lot_units
    if not lots:
        return None
    planned = plan_order(
        market=market_queries.terms_of(market),
        offer=offer,
        participant_ids=np.array([ledger.main_account(user=own.user, now=now).pk]),
        wish_units=np.array([sign * lots]),
        rules=rules,
    )
    return planned if planned.quantity_units else None


def _payable(own: LimitOrder, market: Market, offer: Offer, now: datetime, rules: Rules) -> int:
    """
    Return how much of what is left can be paid for, in base units: all of it, but where the fee has risen since.

    What else there is in the wallet pays for the difference, as far as it goes.
    """
    asset = own.held_asset
    account = ledger.main_account(user=own.user, now=now)
    there = own.held_units + account_queries.available_units_in(account, asset=asset)
    if own.side == Order.Side.SELL:
        return min(own.rest_units, there)
    unit_price = unit_price_in(market, offer.price_buy_max)
    if limit_orders.cost_units(own.rest_units, unit_price, rules) <= there:
        return own.rest_units
    left = max(there - 2 * limit_orders.ROUNDING_UNITS, 0)
    return min(own.rest_units, int(left / (unit_price * (1 + float(rules.fee_rate)))))


def _offer(own: LimitOrder, market: Market, book: Book, net_units: int, rules: Rules) -> Offer:
    """Return what the book offers up to the limit, or up to as far as an order may go, where that is nearer."""
    terms = market_queries.terms_of(market)
    offer = offer_of(
        market=terms,
        book=book,
        net_units=net_units,
        slippage_max=rules.slippage_cap,
        rules=rules,
        price_limit=own.price_limit,
    )
    if offer.side is Side.SELL:
        return offer
    # A purchase at the market stops just past the level it needs; this one has its limit, and the money for it is held.
    furthest = terms.mark + terms.mark * type(terms.mark)(str(rules.slippage_cap))
    limit = on_tick(side=Side.BUY, price=min(own.price_limit, furthest), tick_size=market.tick_size)
    return replace(offer, price_limit=limit, price_buy_max=limit, price_mid=min(offer.price_mid, limit))


def _manual_key(own: LimitOrder, order: Order) -> str:
    """Return a key that no person can have sent: theirs are of 64 characters at most."""
    return f"limit order {own.pk}, order {order.pk}".ljust(80, ".")
