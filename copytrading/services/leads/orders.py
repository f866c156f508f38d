"""
What a lead does in the market: look what an order would bring, give it, cancel it.

Every order is followed. A market order joins the next cycle; a limit order waits for its price and then joins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.utils.translation import gettext

from accounts.identity.places import written
from accounts.request_keys import Request
from accounts.transactions import outside_transaction, owns_transaction
from copytrading.engine.deciding.lead_orders import OpenOrder
from copytrading.engine.market.books import Side
from copytrading.engine.rules import Rules
from copytrading.exchange.markets import Book
from copytrading.models import Lead, LeadOrder, Market
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.market.board import unit_price_in
from copytrading.queries.rules import platform_rules
from copytrading.services import keys, queueing
from copytrading.services.books import positions, stakes
from copytrading.services.cycle.scene import load_scene
from copytrading.services.leads.verbs import LeadNotActive, equity_of
from copytrading.services.locks import lock_lead
from copytrading.services.market import doubts, listings, price_limits
from copytrading.services.orders import pricing
from copytrading.services.refusals import NotEnoughCash, NotHeld, NotPossibleNow, PriceNotKnown, Refusal

BASIS_POINTS = 10_000


@dataclass(frozen=True, kw_only=True)
class OrderPreview:
    """
    What a lead's order would bring, followers included: quantities in base units, values in quote units.

    `followers_units` is positive where they trade the same way as the lead. `price` is the average to expect for all,
    `cost_basis_points` what it and the fee cost against the mid of the book. `waits` says that a limit
    order would wait.
    """

    market: Market
    side: str
    price_limit: Decimal | None
    own_units: int
    own_value_units: int
    followers: int
    followers_units: int
    followers_value_units: int
    price: Decimal
    price_mid: Decimal
    cost_basis_points: float
    own_cost_units: int
    waits: bool
    needs_several_cycles: bool


@outside_transaction
def preview_lead_order(
    *,
    lead_id: int,
    market_id: int,
    side: LeadOrder.Side,
    now: datetime,
    quantity_units: int | None = None,
    value_units: int | None = None,
    equity_share: float | None = None,
    price_limit: Decimal | None = None,
) -> OrderPreview:
    """
    Return the bunched order that a lead's order would become at the present books. Nothing is written.

    Either the quantity is given, in base units, or a value in quote units, which is as many whole lots as it pays for
    at the mark, or at the limit price; or a share of the lead's equity, which is such a value.

    :raises Refusal: the same ones as submit_lead_order, or that there is no fresh price.
    """
    rules = platform_rules()
    lead = Lead.objects.select_related("user").get(pk=lead_id)
    counted = {"units": quantity_units, "value": value_units, "equity_share": equity_share}
    quantity_units = _counted(lead, market_id, counted, price_limit, now, rules)
    market = _refuse_order(lead, market_id, side, quantity_units, price_limit, now, rules)
    scene = load_scene(lead, now=now, rules=rules)
    scene = scene.whenever(scene.board.listed & scene.board.fresh)
    place = int(np.flatnonzero(scene.board.market_ids == market.pk)[0])
    if not scene.board.fresh[place]:
        raise PriceNotKnown(
            gettext("There is no fresh price of %(coin)s at the moment; try again shortly.")
            % {"coin": market.base.symbol}
        )
    is_buy = side == LeadOrder.Side.BUY
    own = OpenOrder(
        id=0,
        place=place,
        side=Side(side),
        left_units=quantity_units,
        quantity_units=quantity_units,
        price_limit=price_limit,
    )
    book = listings.offers_of(market, now=now)
    decision = replace(scene, lead_orders=(own,)).decide(books={place: book})
    waits = not decision.own.order_ids.get(place)
    if waits:
        # It is looked at as if its price had come.
        decision = replace(scene, lead_orders=(replace(own, price_limit=None),)).decide(books={place: book})
    followers, net = decision.wishes.copies[:, place], int(decision.wishes.net[place])
    price = _price(market, book, net, price_limit, rules, waits=waits)
    # An order that waits is looked at as it would be once its price has come.
    mid = price if waits else book.mid or market.mark.price
    away = float(price / mid - 1) * (1 if is_buy else -1) + float(scene.rules.fee_rate)
    followers_units = int(followers.sum()) * (1 if is_buy else -1)
    own_value = _value(market, quantity_units, price)
    return OrderPreview(
        market=market,
        side=side,
        price_limit=price_limit,
        own_units=quantity_units,
        own_value_units=own_value,
        followers=int((followers != 0).sum()),
        followers_units=followers_units,
        followers_value_units=_value(market, followers_units, price),
        price=price,
        price_mid=mid,
        cost_basis_points=away * BASIS_POINTS,
        own_cost_units=round(own_value * away),
        waits=waits,
        needs_several_cycles=not waits and place in decision.offers and abs(net) > decision.offers[place].depth_units,
    )


@owns_transaction
def submit_lead_order(
    *,
    lead_id: int,
    market_id: int,
    side: LeadOrder.Side,
    idempotency_key: str,
    now: datetime,
    quantity_units: int | None = None,
    value_units: int | None = None,
    equity_share: float | None = None,
    price_limit: Decimal | None = None,
) -> LeadOrder:
    """
    Take a lead's order, the same key once; a cycle bunches it with the followers' wishes.

    It is counted in one way, as in its preview. What is counted in money is turned into lots here and once: the same
    key again gives the same lots, whatever the price did meanwhile.

    :param price_limit: makes it a limit order, which waits until the book reaches that price.
    :raises Refusal: if the lead is not active or has too little own money in, the market is closed, the lead account
        does not cover it, or the key stands for another request.
    """
    lead = Lead.objects.select_related("user").get(pk=lead_id)
    counted = {"units": quantity_units, "value": value_units, "equity_share": equity_share}
    asked = _asked(lead_id, market_id, side, counted, price_limit)
    if keys.is_repeated(user=lead.user, key=idempotency_key, request=asked, now=now):
        return lead.orders.get(idempotency_key=idempotency_key)
    lead = lock_lead(lead_id)
    rules = platform_rules()
    quantity_units = _counted(lead, market_id, counted, price_limit, now, rules)
    market = _refuse_order(lead, market_id, side, quantity_units, price_limit, now, rules)
    lasts = timedelta(seconds=rules.lead_order_seconds)
    if price_limit is not None:
        lasts = timedelta(days=rules.limit_order_days)
    order = LeadOrder.objects.create(
        lead=lead,
        market=market,
        side=side,
        order_type=LeadOrder.OrderType.MARKET if price_limit is None else LeadOrder.OrderType.LIMIT,
        price_limit=price_limit,
        quantity_units=quantity_units,
        idempotency_key=idempotency_key,
        submitted_at=now,
        expires_at=now + lasts,
    )
    queueing.request_sync(lead_id=lead.pk, now=now)
    return order


@owns_transaction
def cancel_lead_order(*, order_id: int, now: datetime) -> LeadOrder:
    """
    Take back what is open of a lead's order. What is on its way to the venue already may still be traded, and counts.

    :raises NotPossibleNow: if the order is done already.
    """
    lock_lead(LeadOrder.objects.values_list("lead_id", flat=True).get(pk=order_id))
    if not positions.end_lead_orders(LeadOrder.objects.filter(pk=order_id), now=now):
        raise NotPossibleNow(gettext("This order is done already; there is nothing left to cancel."))
    return LeadOrder.objects.select_related("market__base").get(pk=order_id)


def _asked(lead_id: int, market_id: int, side: str, counted: Mapping[str, Any], price_limit: Decimal | None) -> Request:
    base = Market.objects.select_related("base").get(pk=market_id).base
    at = "" if price_limit is None else f" at {price_limit.normalize():f}"
    if counted["value"] is not None:
        size = f"{base.symbol} for {keys.cash_words(counted['value'])}"
    elif counted["equity_share"] is not None:
        size = f"{base.symbol} for {counted['equity_share']:.4%} of the equity"
    else:
        size = keys.coin_words(counted["units"] or 0, base)
    return Request.of(
        "lead order",
        f"an order to {LeadOrder.Side(side).label} {size}{at}",
        lead=lead_id,
        market=market_id,
        side=str(side),
        price_limit=price_limit,
        **{name: given for name, given in counted.items() if given is not None},
    )


def _counted(
    lead: Lead,
    market_id: int,
    counted: Mapping[str, Any],
    price_limit: Decimal | None,
    now: datetime,
    rules: Rules,
) -> int:
    """Return the base units that an order is for, however it was counted."""
    assert sum(given is not None for given in counted.values()) == 1, "an order is counted in one way"
    if counted["units"] is not None:
        return int(counted["units"])
    value_units = counted["value"]
    if value_units is None:
        value_units = int(equity_of(lead, now=now, rules=rules) * counted["equity_share"])
    return _lots_for(market_id, value_units, price_limit)


def _lots_for(market_id: int, value_units: int, price_limit: Decimal | None) -> int:
    """Return the whole lots, in base units, that a value comes to."""
    market = market_queries.markets().get(pk=market_id)
    # A market that was listed just now has no mark yet.
    mark = getattr(market, "mark", None)
    price = price_limit or (mark and mark.price)
    if price is None:
        raise PriceNotKnown(
            gettext("There is no price of %(coin)s yet; give the order in coins, with a limit.")
            % {"coin": market.base.symbol}
        )
    return price_limits.lots_for(market, value_units, price)


def _refuse_order(
    lead: Lead,
    market_id: int,
    side: str,
    quantity_units: int,
    price_limit: Decimal | None,
    now: datetime,
    rules: Rules,
) -> Market:
    """Return the market, or refuse an order that could not be carried out."""
    if lead.status != Lead.Status.ACTIVE or lead.ledger_account_id is None:
        raise LeadNotActive(gettext("%(name)s cannot trade at the moment.") % {"name": lead.name})
    if side == LeadOrder.Side.BUY:
        said = gettext("Your own stake must be at least %(least)s %(cash)s before you can buy; move money in first.")
        sentence = said % {"least": written(f"{rules.stake_min}"), "cash": rules.cash}
        stakes.refuse_without_stake(lead, sentence=sentence, now=now, rules=rules)
    market = market_queries.markets().get(pk=market_id)
    if market.status != Market.Status.TRADING:
        raise Refusal(gettext("%(market)s does not trade at the moment.") % {"market": market.symbol}, field="market")
    doubts.refuse_coin(market=market)
    if quantity_units < market.lot_units:
        raise Refusal(gettext("The quantity is less than the smallest lot of this market."), field="quantity")
    if price_limit is not None:
        price_limits.refuse_off_tick(market, price_limit)
    _refuse_uncovered(lead, market, side, quantity_units, price_limit, now, rules)
    return market


def _refuse_uncovered(
    lead: Lead,
    market: Market,
    side: str,
    quantity_units: int,
    price_limit: Decimal | None,
    now: datetime,
    rules: Rules,
) -> None:
    """Refuse what the lead account cannot cover, open orders included, a limit order at its price."""
    board = market_queries.load_board(now=now, rules=rules)
    portfolio = holdings.load_lead(lead, board=board, cash=market_queries.cash_asset())
    place = int(board.places_of(board.asset_ids[board.market_ids == market.pk])[0])
    at_work = lead.orders.filter(status=LeadOrder.Status.SUBMITTED, side=side, expires_at__gt=now)
    if side == LeadOrder.Side.SELL:
        waiting = sum(order.quantity_units - order.filled_units for order in at_work.filter(market=market))
        if quantity_units + waiting > int(portfolio.units[place]):
            raise NotHeld(gettext("The lead account has less %(coin)s than that.") % {"coin": market.base.symbol})
        return
    marks = dict(zip(board.market_ids.tolist(), board.unit_prices.tolist(), strict=True))
    cost = quantity_units * (unit_price_in(market, price_limit) if price_limit else marks[market.pk])
    for order in at_work.select_related("market__base", "market__quote"):
        price = unit_price_in(order.market, order.price_limit) if order.price_limit else marks[order.market_id]
        cost += (order.quantity_units - order.filled_units) * price
    if not cost <= portfolio.cash_units:
        raise NotEnoughCash(
            gettext("The lead account has not enough cash for this and the orders that are open; choose less."),
            field="quantity",
        )


def _price(
    market: Market, book: Book, net_units: int, price_limit: Decimal | None, rules: Rules, *, waits: bool
) -> Decimal:
    """Return the average price to expect: of the book for the net, its mid where nothing is left to send."""
    if price_limit is not None and waits:
        return price_limit
    if not net_units:
        return book.mid or market.mark.price
    price = pricing.trade_of(market=market, book=book, signed_units=net_units, rules=rules).price
    if price_limit is None:
        return price
    return min(price, price_limit) if net_units > 0 else max(price, price_limit)


def _value(market: Market, units: int, price: Decimal) -> int:
    return round(units * unit_price_in(market, price))
