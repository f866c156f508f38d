"""
What a person's limit orders hold, and how they end.

While a limit order waits it holds what its rest may cost at its limit, fee included, or the coins it would sell. While
an order is on its way for it that order holds its own part, and the limit order the remainder. Each change from one to
the other is part of the transaction that makes it: there is no moment at which the money is neither held nor spent.

    placed      held for the whole quantity
    planned     given to the order that is written, what it does not need stays held     (services/wallet/touching)
    booked      the order's hold is gone with what it spent, the rest is held again      (`follow_up`)
    ended       nothing is held any more; what is on its way may still trade, and counts (`end`)

Two things are always locked in this order: the order that is on its way, then the limit order.
"""

from datetime import datetime
from math import ceil

import numpy as np

from accounts import ledger
from accounts import queries as account_queries
from accounts.transactions import in_transaction
from copytrading.engine.rules import Rules
from copytrading.engine.units import coins
from copytrading.models import LimitOrder, Market, Notice, Order
from copytrading.queries.market.board import unit_price_in
from copytrading.queries.rules import platform_rules
from copytrading.services import bell
from copytrading.services.telling import notices

# Shares of a fill are rounded to whole units, as in what an order holds.
ROUNDING_UNITS = 2
Status, Why = LimitOrder.Status, LimitOrder.Why


@in_transaction
def lock(order_id: int) -> LimitOrder:
    """Return a limit order with its person and its market, its row locked."""
    return (
        LimitOrder.objects.select_for_update(of=("self",))
        .select_related("user", "market__base", "market__quote")
        .get(pk=order_id)
    )


def needed_units(own: LimitOrder, rules: Rules) -> int:
    """Return what the rest of a limit order may still take, in units of its `held_asset`."""
    if own.side == Order.Side.SELL:
        return own.rest_units
    return cost_units(own.rest_units, unit_price_in(own.market, own.price_limit), rules)


def cost_units(units: int, unit_price: float, rules: Rules) -> int:
    """Return what so many units may cost at most, fee included, in quote units: as much as their order will hold."""
    return ceil(units * unit_price * (1 + float(rules.fee_rate))) + ROUNDING_UNITS if units else 0


def is_too_small(market: Market, units: int, unit_price: float) -> bool:
    """Return whether a quantity is less than the venue takes, at a price in quote units per base unit."""
    lots = units // market.lot_units * market.lot_units
    return lots == 0 or lots * unit_price < market.value_min_units


@in_transaction
def hold(own: LimitOrder, units: int, *, key: str, now: datetime) -> None:
    """
    Let a limit order hold so many units instead of what it held so far; the row is locked, and saved.

    :param key: a name for the hold that no other has.
    :raises NotEnoughMoney: if the main account has less available; nothing else can be done in the transaction then.
    """
    if own.hold_key:
        ledger.release_hold(key=own.hold_key, now=now)
    own.hold_key, own.held_units = "", 0
    if units > 0:
        account = ledger.main_account(user=own.user, now=now)
        own.hold_key, own.held_units = f"limit:{own.pk}:{key}", units
        promise = ledger.Promise(
            key=own.hold_key,
            asset_id=own.held_asset.pk,
            ledger_account_ids=np.array([account.pk]),
            units=np.array([units]),
        )
        ledger.place_holds([promise], now=now)
    own.save(update_fields=["hold_key", "held_units"])


@in_transaction
def follow_up(*, order: Order, now: datetime) -> None:
    """
    Note what an order of no cycle did for the limit order it came of, if it came of one, and hold for the rest again.

    In the transaction that books the order: what it held is free in it, and nobody else can have it in between.
    """
    own_id = LimitOrder.objects.filter(on_its_way=order).values_list("pk", flat=True).first()
    if own_id is None:
        return
    own = lock(own_id)
    own.on_its_way = None
    own.filled_units += order.filled_units
    own.value_units += order.value_units
    own.fee_units += order.fee_units
    own.save(update_fields=["on_its_way", "filled_units", "value_units", "fee_units"])
    if not own.rest_units:
        # Canceled while it was on its way, and filled all the same.
        _finish(own, Status.FILLED, now)
    elif own.finished_at is None:
        own.status = Status.PARTIALLY_FILLED if own.filled_units else Status.WAITING
        own.save(update_fields=["status"])
        if is_too_small(own.market, own.rest_units, unit_price_in(own.market, own.price_limit)):
            _finish(own, Status.ENDED, now, because=Why.TOO_SMALL)
        else:
            _hold_again(own, order, now, platform_rules())
    bell.publish(f"user:{own.user_id}", "wallet")


@in_transaction
def end(own: LimitOrder, status: LimitOrder.Status, now: datetime, *, because: LimitOrder.Why = Why.NONE) -> bool:
    """
    End a limit order that waits, and let go what it holds; return False where it is finished already. It is locked.

    What is on its way is neither stopped nor forgotten: it keeps its own hold, and what it fills is counted.
    """
    if own.finished_at is not None:
        return False
    _finish(own, status, now, because=because)
    bell.publish(f"user:{own.user_id}", "wallet")
    return True


@in_transaction
def end_of_coin(asset_id: int, *, because: LimitOrder.Why, now: datetime) -> int:
    """End all limit orders of a coin and return how many there were."""
    waiting = LimitOrder.objects.filter(market__base_id=asset_id, finished_at__isnull=True).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True))
    return sum(end(lock(own_id), Status.ENDED, now, because=because) for own_id in ids)


def _hold_again(own: LimitOrder, order: Order, now: datetime, rules: Rules) -> None:
    """
    Hold for what is left after an order was booked.

    Each trade is rounded to whole units, so a fill at the very limit may have cost a unit or two of what was to be held
    for the rest; then so much less is held, as more is not there.
    """
    ledger_account = ledger.main_account(user=own.user, now=now)
    there = account_queries.available_units_in(ledger_account, asset=own.held_asset) + own.held_units
    hold(own, min(needed_units(own, rules), there), key=str(order.pk), now=now)


def _finish(own: LimitOrder, status: LimitOrder.Status, now: datetime, *, because: LimitOrder.Why = Why.NONE) -> None:
    if own.hold_key:
        ledger.release_hold(key=own.hold_key, now=now)
    own.hold_key, own.held_units = "", 0
    own.status, own.ended_because, own.finished_at = status, because, now
    own.save(update_fields=["hold_key", "held_units", "status", "ended_because", "finished_at"])
    _tell(own, now)


def _tell(own: LimitOrder, now: datetime) -> None:
    """Tell a person how a limit order ended, unless they canceled it themselves."""
    kinds = {
        Status.FILLED: Notice.Kind.LIMIT_FILLED,
        Status.EXPIRED: Notice.Kind.LIMIT_EXPIRED,
        Status.ENDED: Notice.Kind.LIMIT_ENDED,
    }
    if own.status not in kinds:
        return
    words = words_of(own)
    if own.status == Status.ENDED:
        words = f"{words} was ended: {Why(own.ended_because).label}"
    notices.tell_person(
        own.user_id,
        kinds[Status(own.status)],
        now,
        units=own.filled_units or None,
        asset_id=own.market.base_id,
        value_units=own.value_units,
        words=words,
    )


def words_of(own: LimitOrder) -> str:
    """Return what a limit order would do, as "buy 0.5 BTC at 49000 USDT or less"."""
    base, quote = own.market.base, own.market.quote
    quantity = f"{coins(own.quantity_units, base.decimals).normalize():f} {base.symbol}"
    way = "less" if own.side == Order.Side.BUY else "more"
    return f"{Order.Side(own.side).label} {quantity} at {own.price_limit.normalize():f} {quote.symbol} or {way}"
