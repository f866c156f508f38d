"""
The last look before an order leaves: kill switches, the limits of the platform, and the price collar.

Read in the transaction in which the sender claims the order, so that what an operator pulls holds from then on.
Whatever goes wrong elsewhere, no more than this can be lost by it.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum

from copytrading.engine.rules import Rules
from copytrading.models import Alarm, Order
from copytrading.queries.market import doubts
from copytrading.queries.operating import halts
from copytrading.queries.operating.halts import StandingHalts

# An order that waited longer than this was decided in another market: it is decided anew.
ORDER_AGE_SECONDS_MAX = 30


@dataclass(frozen=True, kw_only=True)
class NotToBeSent:
    """Why an order is not sent; `alarm` where an operator should look."""

    sentence: str
    alarm: Alarm.Kind | None = None


TOO_OLD = NotToBeSent(sentence="It waited too long and is decided anew.")


def reason_not_to_send(order: Order, *, mark: Decimal | None, now: datetime, rules: Rules) -> NotToBeSent | None:
    """
    Return why an order must not leave now, None when it may. In the transaction that claims it.

    :param mark: of its market, in quote currency per coin, as that transaction reads it; None where it has none.
    """
    if _is_old(order, now):
        return TOO_OLD
    return (
        _halted(order, halts.standing_halts())
        or _in_doubt(order, doubts.coins_in_doubt())
        or _outside_collar(order, mark, rules)
        or _beyond_limits(order, _sent(now), rules)
    )


def reasons_not_to_send(
    orders: Sequence[Order], *, marks: Mapping[int, Decimal], now: datetime, rules: Rules
) -> list[NotToBeSent | None]:
    """
    Return the same of several orders that are claimed together, in a few statements; each counts to those after it.

    :param marks: by market.
    """
    standing, doubted, sent = halts.standing_halts(), doubts.coins_in_doubt(), _sent(now)
    reasons: list[NotToBeSent | None] = []
    for order in orders:
        reason = (
            (TOO_OLD if _is_old(order, now) else None)
            or _halted(order, standing)
            or _in_doubt(order, doubted)
            or _outside_collar(order, marks.get(order.market_id), rules)
            or _beyond_limits(order, sent, rules)
        )
        reasons.append(reason)
        if reason is None:
            sent = _Sent(minute=sent.minute + order.value_max_units, day=sent.day + order.value_max_units)
    return reasons


def _is_old(order: Order, now: datetime) -> bool:
    return now > order.planned_at + timedelta(seconds=ORDER_AGE_SECONDS_MAX)


def _halted(order: Order, standing: StandingHalts) -> NotToBeSent | None:
    if standing.platform:
        return NotToBeSent(sentence="All trading is halted.")
    if order.market_id in standing.market_ids:
        return NotToBeSent(sentence=f"Trading in {order.market.symbol} is halted.")
    if {order.market.base_id, order.market.quote_id} & standing.asset_ids:
        return NotToBeSent(sentence=f"Trading in a coin of {order.market.symbol} is halted.")
    if order.cycle is not None and order.cycle.lead_id in standing.lead_ids:
        return NotToBeSent(sentence="Trading for this lead is halted.")
    return None


def _in_doubt(order: Order, doubted: Container[int]) -> NotToBeSent | None:
    # Halts have sentences of their own, above.
    if order.market.base_id in doubted:
        return NotToBeSent(sentence=f"The price of {order.market.symbol} is in doubt.")
    return None


def _outside_collar(order: Order, mark: Decimal | None, rules: Rules) -> NotToBeSent | None:
    if mark is None:
        return NotToBeSent(sentence=f"{order.market.symbol} has no price.", alarm=Alarm.Kind.PRICE_COLLAR)
    collar = Decimal(str(rules.price_collar))
    beyond = order.price_limit / mark - 1 if order.side == Order.Side.BUY else 1 - order.price_limit / mark
    if beyond <= collar:
        return None
    sentence = (
        f"Its limit of {order.price_limit.normalize():f} is {beyond:.1%} beyond the mark of {mark.normalize():f}."
    )
    return NotToBeSent(sentence=sentence, alarm=Alarm.Kind.PRICE_COLLAR)


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """What the orders of the last minute and day may come to, in quote units."""

    minute: int
    day: int


def _sent(now: datetime) -> _Sent:
    found = Order.objects.filter(claimed_at__gt=now - timedelta(days=1)).aggregate(
        day=Sum("value_max_units", default=0),
        minute=Sum("value_max_units", filter=Q(claimed_at__gt=now - timedelta(minutes=1)), default=0),
    )
    return _Sent(**found)


def _beyond_limits(order: Order, sent: _Sent, rules: Rules) -> NotToBeSent | None:
    limits = (
        ("one order", 0, rules.order_value_max),
        ("a minute", sent.minute, rules.minute_value_max),
        ("a day", sent.day, rules.day_value_max),
    )
    for name, already, limit in limits:
        if already + order.value_max_units > limit * 10**rules.cash_decimals:
            sentence = f"It would pass the limit of {limit:,} {rules.cash} for {name}."
            return NotToBeSent(sentence=sentence, alarm=Alarm.Kind.LIMIT_REACHED)
    return None
