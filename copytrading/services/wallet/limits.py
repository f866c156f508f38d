"""
A person's own limit orders on the main account: look at one, place it, cancel it.

What it may cost, fee included, or the coins it would sell, is held from the moment it is placed: neither a withdrawal
nor a copy can take it. It waits here and not at the venue, see `touching`, and its price is never worse than its limit.
It is counted in coins or in cash; of cash a purchase spends at most that, fee included. Lots and steps of the market
are demanded before: nothing is rounded in silence but a value to whole lots.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext

from accounts import ledger
from accounts import queries as account_queries
from accounts.identity.places import written
from accounts.models import LedgerAccount, User
from accounts.request_keys import Request
from accounts.transactions import outside_transaction, owns_transaction
from copytrading.engine.deciding.lead_orders import is_reached
from copytrading.engine.market.books import Side
from copytrading.engine.rules import Rules
from copytrading.engine.units import coins
from copytrading.models import LimitOrder, Market, Order
from copytrading.queries.market import board as market_queries
from copytrading.queries.market.board import unit_price_in
from copytrading.queries.rules import platform_rules
from copytrading.services import bell, keys
from copytrading.services.books import limit_orders
from copytrading.services.market import doubts, price_limits
from copytrading.services.refusals import (
    LimitNotPossible,
    NotEnoughCash,
    NotHeld,
    NotPossibleNow,
    PriceNotKnown,
    Refusal,
)
from copytrading.services.wallet import touching
from copytrading.services.wallet.spot import OrderTooSmall

# Somebody who waits at more prices than this trades by program, and each of them is looked at with every price.
WAITING_MAX = 50
# A limit that far from the market is worth a warning; further than so many times away it is a slip of the pen.
FAR_SHARE = Decimal("0.1")
TIMES_MAX = 5
LASTS_AT_MOST = timedelta(days=366)


class TooManyWaiting(Refusal, code="too_many_waiting"):
    """As many limit orders wait as may wait at once; cancel one first."""


class ExpiryNotPossible(Refusal, code="expiry_not_possible", field="expires_at"):
    """The time at which it is to expire lies in the past, or too far ahead."""


@dataclass(frozen=True, kw_only=True)
class LimitPreview:
    """
    What a limit order would be: base units, the value at its limit and what is held for it in units of `held_symbol`.

    `away` is the limit against the mark as a share of it, positive above; `is_reached` says that it would not wait, and
    `warning` what to think about twice; empty is nothing.
    """

    market: Market
    side: str
    price_limit: Decimal
    quantity_units: int
    value_units: int
    fee_units: int
    held_units: int
    held_symbol: str
    held_decimals: int
    mark: Decimal
    away: Decimal
    is_reached: bool
    warning: str
    expires_at: datetime | None


@outside_transaction
def preview_limit_order(
    *,
    user: User,
    market_id: int,
    side: str,
    price_limit: Decimal,
    now: datetime,
    quantity_units: int | None = None,
    value_units: int | None = None,
    expires_at: datetime | None = None,
) -> LimitPreview:
    """
    Return what a limit order would be and hold. Nothing is written.

    :raises Refusal: the same ones as place_limit_order.
    """
    rules = platform_rules()
    own = _looked_at(user, market_id, side, price_limit, quantity_units, value_units, expires_at, now, rules)
    _refuse_uncovered(own, rules)
    market, asset = own.market, own.held_asset
    value = round(own.quantity_units * unit_price_in(market, price_limit))
    away = price_limit / market.mark.price - 1
    reached = is_reached(side=Side(side), price_limit=price_limit, price=market.mark.price)
    return LimitPreview(
        market=market,
        side=side,
        price_limit=price_limit,
        quantity_units=own.quantity_units,
        value_units=value,
        fee_units=round(value * float(rules.fee_rate)),
        held_units=limit_orders.needed_units(own, rules),
        held_symbol=asset.symbol,
        held_decimals=asset.decimals,
        mark=market.mark.price,
        away=away,
        is_reached=reached,
        warning=_warning(own, away, reached, rules),
        expires_at=expires_at,
    )


@outside_transaction
def place_limit_order(
    *,
    user: User,
    market_id: int,
    side: str,
    price_limit: Decimal,
    idempotency_key: str,
    now: datetime,
    quantity_units: int | None = None,
    value_units: int | None = None,
    expires_at: datetime | None = None,
) -> LimitOrder:
    """
    Place a limit order on a person's own main account; the same key again returns the same order.

    1. Write it, and hold what it may cost, in one transaction.
    2. Where its price is there already, trade at once, as far as the book goes.

    Counted either in base units or as a value in quote units; what is counted in money is turned into lots here and
    once. A worker that dies between 1 and 2 leaves an order that waits.

    :param expires_at: None is good till canceled.
    :raises Refusal: if the market does not trade, its price is not known, the price is off its step or too far away,
        the order too small, the wallet has less, too many wait, or the key stands for another request.
    """
    own = _place(
        user=user,
        market_id=market_id,
        side=side,
        price_limit=price_limit,
        idempotency_key=idempotency_key,
        now=now,
        counted={"quantity_units": quantity_units, "value_units": value_units},
        expires_at=expires_at,
        rules=platform_rules(),
    )
    touching.trade_if_reached(order_id=own.pk, now=now)
    own.refresh_from_db()
    return own


@owns_transaction
def cancel_limit_order(*, order_id: int, now: datetime) -> LimitOrder:
    """
    Take back what waits of a limit order, and free what is held for it.

    What is on its way to the venue already may still be traded, and counts.

    :raises NotPossibleNow: if the order is done already.
    """
    own = limit_orders.lock(order_id)
    if not limit_orders.end(own, LimitOrder.Status.CANCELED, now):
        raise NotPossibleNow(gettext("This order is done already; there is nothing left to cancel."))
    return own


@owns_transaction
def _place(
    *,
    user: User,
    market_id: int,
    side: str,
    price_limit: Decimal,
    idempotency_key: str,
    now: datetime,
    counted: dict[str, int | None],
    expires_at: datetime | None,
    rules: Rules,
) -> LimitOrder:
    asked = _asked(market_id, side, price_limit, counted, expires_at)
    if keys.is_repeated(user=user, key=idempotency_key, request=asked, now=now):
        return LimitOrder.objects.get(user=user, idempotency_key=idempotency_key)
    # One after the other for one person: two at once could both be the last that may wait.
    LedgerAccount.objects.select_for_update(no_key=True).get(pk=ledger.main_account(user=user, now=now).pk)
    own = _looked_at(user, market_id, side, price_limit, expires_at=expires_at, now=now, rules=rules, **counted)
    _refuse_uncovered(own, rules)
    own.idempotency_key, own.placed_at = idempotency_key, now
    own.save(force_insert=True)
    try:
        limit_orders.hold(own, limit_orders.needed_units(own, rules), key="0", now=now)
    except ledger.NotEnoughMoney as shortage:
        raise NotEnoughCash(gettext("Your wallet has not enough for this."), field="value") from shortage
    bell.publish(f"user:{user.pk}", "wallet")
    return own


def _asked(
    market_id: int, side: str, price_limit: Decimal, counted: dict[str, int | None], expires_at: datetime | None
) -> Request:
    base = Market.objects.select_related("base").get(pk=market_id).base
    value = counted["value_units"]
    size = keys.coin_words(counted["quantity_units"] or 0, base)
    if value is not None:
        size = f"{base.symbol} for {keys.cash_words(value)}"
    return Request.of(
        "limit order",
        f"a limit order to {Order.Side(side).label} {size} at {price_limit.normalize():f}",
        market=market_id,
        side=str(side),
        price_limit=price_limit,
        expires_at=None if expires_at is None else expires_at.isoformat(),
        **{name: given for name, given in counted.items() if given is not None},
    )


def _looked_at(
    user: User,
    market_id: int,
    side: str,
    price_limit: Decimal,
    quantity_units: int | None,
    value_units: int | None,
    expires_at: datetime | None,
    now: datetime,
    rules: Rules,
) -> LimitOrder:
    """Return the limit order as it would be written, or refuse one that could not be carried out."""
    assert (quantity_units is None) != (value_units is None), "an order is counted in one way"
    market = market_queries.markets().get(pk=market_id)
    if market.status != Market.Status.TRADING:
        raise NotPossibleNow(
            gettext("%(market)s does not trade at the moment.") % {"market": market.symbol}, field="market"
        )
    doubts.refuse_coin(market=market)
    mark = getattr(market, "mark", None)
    if mark is None or abs((now - mark.as_of).total_seconds()) > rules.price_age_max_seconds:
        raise PriceNotKnown(
            gettext("%(market)s has no fresh price at the moment; try again shortly.") % {"market": market.symbol}
        )
    price_limits.refuse_off_tick(market, price_limit)
    _refuse_far(market, side, price_limit, rules)
    if expires_at is not None and not now < expires_at <= now + LASTS_AT_MOST:
        raise ExpiryNotPossible(
            gettext("Choose a time that is ahead, at most %(days)s days from now.") % {"days": LASTS_AT_MOST.days}
        )
    quantity = (
        quantity_units if quantity_units is not None else _lots_for(market, side, value_units or 0, price_limit, rules)
    )
    _refuse_lots(market, quantity, price_limit)
    if LimitOrder.objects.filter(user=user, finished_at__isnull=True).count() >= WAITING_MAX:
        raise TooManyWaiting(
            gettext("%(orders)s of your limit orders wait already; cancel one of them first.") % {"orders": WAITING_MAX}
        )
    return LimitOrder(
        user=user,
        market=market,
        side=side,
        price_limit=price_limit,
        quantity_units=quantity,
        expires_at=expires_at,
        placed_at=now,
    )


def _lots_for(market: Market, side: str, value_units: int, price_limit: Decimal, rules: Rules) -> int:
    """Return the whole lots that a value pays for at the limit: of a purchase its fee and the rounding are in it."""
    if side == Order.Side.SELL:
        return price_limits.lots_for(market, value_units, price_limit)
    spent = max(value_units - 2 * limit_orders.ROUNDING_UNITS, 0)
    return price_limits.lots_for(market, int(spent / (1 + rules.fee_rate)), price_limit)


def _refuse_lots(market: Market, quantity_units: int, price_limit: Decimal) -> None:
    lot = f"{written(f'{coins(market.lot_units, market.base.decimals).normalize():f}')} {market.base.symbol}"
    if quantity_units % market.lot_units:
        said = gettext("%(market)s trades in steps of %(lot)s: choose a multiple of that.")
        raise Refusal(said % {"market": market.symbol, "lot": lot}, field="quantity")
    if limit_orders.is_too_small(market, quantity_units, unit_price_in(market, price_limit)):
        least = coins(market.value_min_units, market.quote.decimals).normalize()
        said = gettext("The venue takes orders in %(market)s from %(least)s %(cash)s and %(lot)s on.")
        raise OrderTooSmall(
            said % {"market": market.symbol, "least": written(f"{least:f}"), "cash": market.quote.symbol, "lot": lot}
        )


def _refuse_far(market: Market, side: str, price_limit: Decimal, rules: Rules) -> None:
    """Refuse a limit that can only be a slip: across the market, where it would trade, or far off on its own side."""
    mark = market.mark.price
    away = price_limit / mark - 1
    least, most = mark / TIMES_MAX, mark * TIMES_MAX
    figures = {
        "limit": written(f"{price_limit.normalize():f}"),
        "away": _away_words(away),
        "price": written(f"{mark.normalize():f}"),
        "collar": f"{rules.price_collar:.0%}",
        "least": written(f"{least.normalize():f}"),
        "most": written(f"{most.normalize():f}"),
    }
    if (away if side == Order.Side.BUY else -away) > Decimal(str(rules.price_collar)):
        said = gettext(
            "%(limit)s is %(away)s of %(price)s, and would trade at once. A limit on that side may be %(collar)s away"
            " at most."
        )
        raise LimitNotPossible(said % figures)
    if not least <= price_limit <= most:
        said = gettext("%(limit)s is %(away)s of %(price)s. Choose one between %(least)s and %(most)s.")
        raise LimitNotPossible(said % figures)


def _away_words(away: Decimal) -> str:
    said = gettext("%(share)s above the price") if away > 0 else gettext("%(share)s below the price")
    return said % {"share": written(f"{abs(away):,.1%}")}


def _refuse_uncovered(own: LimitOrder, rules: Rules) -> None:
    """Refuse what the wallet has not enough for; the hold itself is refused by the database."""
    asset, needed = own.held_asset, limit_orders.needed_units(own, rules)
    available = account_queries.available_units_of(own.user, asset_symbol=asset.symbol)
    if needed <= available:
        return
    figures = {
        "free": written(f"{coins(available, asset.decimals).normalize():,f}"),
        "coin": asset.symbol,
        "wanted": written(f"{coins(needed, asset.decimals):,.2f}"),
    }
    if own.side == Order.Side.SELL:
        said = gettext("Your wallet has %(free)s %(coin)s that are free; this would sell more.")
        raise NotHeld(said % figures, field="quantity")
    said = gettext(
        "Your wallet has %(free)s %(coin)s that are free; at this limit it may cost %(wanted)s %(coin)s, fee included."
    )
    raise NotEnoughCash(said % figures, field="value")


def _warning(own: LimitOrder, away: Decimal, reached: bool, rules: Rules) -> str:
    """Return what somebody should think about twice before placing this, with figures; empty where it is nothing."""
    where = {"away": _away_words(away)}
    if reached and abs(away) > Decimal(str(rules.slippage_cap)):
        if own.side == Order.Side.BUY:
            said = gettext(
                "Your limit is %(away)s now: it buys at once, at the price of the market and at no worse than your"
                " limit."
            )
        else:
            said = gettext(
                "Your limit is %(away)s now: it sells at once, at the price of the market and at no worse than your"
                " limit."
            )
        return said % where
    if not reached and abs(away) >= FAR_SHARE:
        said = gettext("Your limit is %(away)s now: it may wait for long, and holds what it needs all that time.")
        return said % where
    return ""
