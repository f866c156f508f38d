"""
Manual trading on the main account: a market order of one person.

It has one participant, the person's main account, and belongs to no cycle. A copy's account cannot be named here, and
no cycle can name a main account: that is fund isolation.
"""

from datetime import datetime

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import ledger
from accounts import queries as account_queries
from accounts.models import User
from copytrading.engine.units import coins
from copytrading.exchange.markets import Book
from copytrading.exchange.orders import Side
from copytrading.models import ManualOrder, Market
from copytrading.queries import market as market_queries
from copytrading.queries.market import unit_price_in
from copytrading.services import bell
from copytrading.services.market import doubts, listings
from copytrading.services.orders import trading
from copytrading.services.orders.bunching import Offer, offer_of, plan_order
from copytrading.services.orders.pricing import PlannedTrade, trade_of
from copytrading.services.refusals import NotEnoughCash, NotPossibleNow, PriceNotKnown, Refusal


class OrderTooSmall(Refusal):
    code = "order_too_small"
    field = "value"


def preview_manual_order(*, user: User, market_id: int, side: str, units: int, now: datetime) -> PlannedTrade:
    """
    Return what a market order would do: a BUY spends `units` of cash, a SELL sells `units` of the coin.

    :raises Refusal: if the market is closed, the value too small, or the main account has less.
    """
    market, book, quantity, _ = _look(user, market_id, side, units, now)
    return trade_of(market=market, book={market.pk: book}, signed_units=quantity)


def place_manual_order(
    *, user: User, market_id: int, side: str, units: int, idempotency_key: str, now: datetime
) -> ManualOrder:
    """
    Trade at the market on a person's own main account, now; the same key again returns the same order.

    :raises Refusal: as the preview, and where another order of that market is just on its way.
    """
    existing = ManualOrder.objects.select_related("order").filter(user=user, idempotency_key=idempotency_key).first()
    if existing is None:
        market, _, quantity, offer = _look(user, market_id, side, units, now)
        existing = _write(user, market, quantity, offer, idempotency_key, now)
    trading.work_off_order(order_id=existing.order_id, now=now)
    existing.order.refresh_from_db()
    bell.publish(f"user:{user.pk}", "wallet")
    return existing


def _write(user: User, market: Market, quantity: int, offer: Offer, idempotency_key: str, now: datetime) -> ManualOrder:
    planned = plan_order(
        market=market,
        offer=offer,
        participant_ids=np.array([ledger.main_account(user=user, now=now).pk]),
        wish_units=np.array([quantity]),
        fee_rate=float(settings.SMARTSYNC_FEE_RATE),
    )
    if planned.quantity_units == 0:
        raise OrderTooSmall("Too little is offered within the price limit at the moment; try less or later.")
    try:
        with transaction.atomic():
            order = trading.write_order(cycle=None, planned=planned, cash=market_queries.cash_asset(), now=now)
            return ManualOrder.objects.create(order=order, user=user, idempotency_key=idempotency_key)
    except ledger.NotEnoughMoney as shortage:
        raise NotEnoughCash("Your wallet has not enough for this.", field="value") from shortage
    except IntegrityError as conflict:
        if "one_open_order_per_account_and_market" in str(conflict):
            raise NotPossibleNow(
                "Another order in this market is just on its way; try again in a second."
            ) from conflict
        if "one_manual_order_per_key" in str(conflict):
            return ManualOrder.objects.select_related("order").get(user=user, idempotency_key=idempotency_key)
        raise


def _look(user: User, market_id: int, side: str, units: int, now: datetime) -> tuple[Market, Book, int, Offer]:
    """Return the market, its book, the signed whole lots to trade, and what the book offers."""
    market = market_queries.markets().get(pk=market_id)
    if market.status != Market.Status.TRADING:
        raise NotPossibleNow(f"{market.symbol} does not trade at the moment.")
    doubts.refuse_coin(market=market)
    mark = getattr(market, "mark", None)
    if mark is None or abs((now - mark.as_of).total_seconds()) > settings.SMARTSYNC_PRICE_AGE_MAX_SECONDS:
        raise PriceNotKnown(f"{market.symbol} has no fresh price at the moment; try again shortly.")
    if units <= 0:
        raise OrderTooSmall("Enter a value above zero.")
    book = listings.book_of(market, now=now)
    sign = 1 if side == Side.BUY else -1
    spent = market.quote if side == Side.BUY else market.base
    available = account_queries.available_units_of(user, asset_symbol=spent.symbol)
    if units > available:
        raise NotEnoughCash(
            f"Your wallet has {coins(available, spent.decimals).normalize():,f} {spent.symbol}.", field="value"
        )
    quantity = units
    if side == Side.BUY:
        # The limit moves with the quantity, and the quantity with the limit: the cap settles it.
        rough = int(units / unit_price_in(market, mark.price))
        offer = offer_of(market=market, book=book, mark=mark.price, net_units=max(rough, 1), slippage_max=_cap())
        cost = unit_price_in(market, offer.price_buy_max) * (1 + float(settings.SMARTSYNC_FEE_RATE))
        quantity = int((units - 4) / cost)
    quantity = quantity // market.lot_units * market.lot_units
    offer = offer_of(market=market, book=book, mark=mark.price, net_units=sign * max(quantity, 1), slippage_max=_cap())
    if quantity * unit_price_in(market, offer.price_limit) < market.value_min_units or quantity == 0:
        least = coins(market.value_min_units, market.quote.decimals).normalize()
        raise OrderTooSmall(f"The venue takes orders in {market.symbol} from {least:f} {market.quote.symbol} on.")
    return market, book, sign * quantity, offer


def _cap() -> float:
    return float(settings.SMARTSYNC_SLIPPAGE_CAP)
