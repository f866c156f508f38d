"""
Manual trading on the main account: a market order of one person.

It has one participant, the person's main account, and belongs to no cycle. A copy's account cannot be named here, and
no cycle can name a main account: that is fund isolation.
"""

from datetime import datetime

import numpy as np
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from accounts import ledger
from accounts import queries as account_queries
from accounts.identity.places import written
from accounts.models import User
from accounts.request_keys import Request
from accounts.transactions import outside_transaction
from copytrading.engine.orders.bunching import Offer, offer_of, plan_order
from copytrading.engine.rules import Rules
from copytrading.engine.units import coins
from copytrading.exchange.markets import Book
from copytrading.exchange.orders import Side
from copytrading.models import ManualOrder, Market
from copytrading.queries.market import board as market_queries
from copytrading.queries.market.board import unit_price_in
from copytrading.queries.rules import platform_rules
from copytrading.services import bell, keys
from copytrading.services.market import doubts, listings
from copytrading.services.orders import trading
from copytrading.services.orders.pricing import PlannedTrade, trade_of
from copytrading.services.refusals import NotEnoughCash, NotPossibleNow, PriceNotKnown, Refusal


class OrderTooSmall(Refusal):
    code = "order_too_small"
    field = "value"


@outside_transaction
def preview_manual_order(*, user: User, market_id: int, side: str, units: int, now: datetime) -> PlannedTrade:
    """
    Return what a market order would do: a BUY spends `units` of cash, a SELL sells `units` of the coin.

    :raises Refusal: if the market is closed, the value too small, or the main account has less.
    """
    rules = platform_rules()
    market, book, quantity, _ = _look(user, market_id, side, units, now, rules)
    return trade_of(market=market, book=book, signed_units=quantity, rules=rules)


@outside_transaction
def place_manual_order(
    *, user: User, market_id: int, side: str, units: int, idempotency_key: str, now: datetime
) -> ManualOrder:
    """
    Trade at the market on a person's own main account, now; the same key again returns the same order.

    :raises Refusal: as the preview, where another order of that market is just on its way, or the key stands for
        another request.
    """
    rules = platform_rules()
    asked = _asked(market_id, side, units)
    if keys.was_used_for(user=user, key=idempotency_key, request=asked):
        placed = _placed(user, idempotency_key)
    else:
        try:
            market, _, quantity, offer = _look(user, market_id, side, units, now, rules)
            placed = _write(user, market, quantity, offer, asked, idempotency_key, now, rules)
        except Refusal:
            # Pressed twice at once: what stands against it may be what the other press has just done.
            if not keys.was_used_for(user=user, key=idempotency_key, request=asked):
                raise
            placed = _placed(user, idempotency_key)
    trading.work_off_order(order_id=placed.order_id, now=now, rules=rules)
    placed.order.refresh_from_db()
    bell.publish(f"user:{user.pk}", "wallet")
    return placed


def _placed(user: User, idempotency_key: str) -> ManualOrder:
    return ManualOrder.objects.select_related("order").get(user=user, idempotency_key=idempotency_key)


def _asked(market_id: int, side: str, units: int) -> Request:
    base = Market.objects.select_related("base").get(pk=market_id).base
    if side == Side.BUY:
        words = f"a purchase of {base.symbol} for {keys.cash_words(units)}"
    else:
        words = f"a sale of {keys.coin_words(units, base)}"
    return Request.of("manual order", words, market=market_id, side=str(side), units=units)


def _write(
    user: User,
    market: Market,
    quantity: int,
    offer: Offer,
    asked: Request,
    idempotency_key: str,
    now: datetime,
    rules: Rules,
) -> ManualOrder:
    planned = plan_order(
        market=market_queries.terms_of(market),
        offer=offer,
        participant_ids=np.array([ledger.main_account(user=user, now=now).pk]),
        wish_units=np.array([quantity]),
        rules=rules,
    )
    if planned.quantity_units == 0:
        raise OrderTooSmall(gettext("Too little is offered within the price limit at the moment; try less or later."))
    try:
        with transaction.atomic(durable=True):
            if keys.is_repeated(user=user, key=idempotency_key, request=asked, now=now):
                return _placed(user, idempotency_key)
            order = trading.write_order(
                cycle=None, planned=planned, market=market, cash=market_queries.cash_asset(), now=now
            )
            return ManualOrder.objects.create(order=order, user=user, idempotency_key=idempotency_key)
    except ledger.NotEnoughMoney as shortage:
        raise NotEnoughCash(gettext("Your wallet has not enough for this."), field="value") from shortage
    except IntegrityError as conflict:
        if "one_open_order_per_account_and_market" in str(conflict):
            raise NotPossibleNow(
                gettext("Another order in this market is just on its way; try again in a second.")
            ) from conflict
        raise


def _look(
    user: User, market_id: int, side: str, units: int, now: datetime, rules: Rules
) -> tuple[Market, Book, int, Offer]:
    """Return the market, its book, the signed whole lots to trade, and what the book offers."""
    market = market_queries.markets().get(pk=market_id)
    if market.status != Market.Status.TRADING:
        raise NotPossibleNow(gettext("%(market)s does not trade at the moment.") % {"market": market.symbol})
    doubts.refuse_coin(market=market)
    mark = getattr(market, "mark", None)
    if mark is None or abs((now - mark.as_of).total_seconds()) > rules.price_age_max_seconds:
        raise PriceNotKnown(
            gettext("%(market)s has no fresh price at the moment; try again shortly.") % {"market": market.symbol}
        )
    if units <= 0:
        raise OrderTooSmall(gettext("Enter a value above zero."))
    book = listings.offers_of(market, now=now)
    sign = 1 if side == Side.BUY else -1
    spent = market.quote if side == Side.BUY else market.base
    available = account_queries.available_units_of(user, asset_symbol=spent.symbol)
    if units > available:
        has = written(f"{coins(available, spent.decimals).normalize():,f}")
        said = gettext("Your wallet has %(quantity)s %(coin)s.") % {"quantity": has, "coin": spent.symbol}
        raise NotEnoughCash(said, field="value")
    quantity = units
    if side == Side.BUY:
        # The limit moves with the quantity, and the quantity with the limit: the cap settles it.
        rough = int(units / unit_price_in(market, mark.price))
        offer = _offer(market, book, max(rough, 1), rules)
        cost = unit_price_in(market, offer.price_buy_max) * (1 + float(rules.fee_rate))
        quantity = int((units - 4) / cost)
    quantity = quantity // market.lot_units * market.lot_units
    offer = _offer(market, book, sign * max(quantity, 1), rules)
    if quantity * unit_price_in(market, offer.price_limit) < market.value_min_units or quantity == 0:
        least = coins(market.value_min_units, market.quote.decimals).normalize()
        said = gettext("The venue takes orders in %(market)s from %(least)s %(cash)s on.")
        raise OrderTooSmall(
            said % {"market": market.symbol, "least": written(f"{least:f}"), "cash": market.quote.symbol}
        )
    return market, book, sign * quantity, offer


def _offer(market: Market, book: Book, net_units: int, rules: Rules) -> Offer:
    return offer_of(
        market=market_queries.terms_of(market),
        book=book,
        net_units=net_units,
        slippage_max=rules.slippage_cap,
        rules=rules,
    )
