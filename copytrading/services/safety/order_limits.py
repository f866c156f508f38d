"""
The last look before an order leaves: kill switches, the limits of the platform, and the price collar.

Read in the transaction in which the sender claims the order, so that what an operator pulls holds from then on.
Whatever goes wrong elsewhere, no more than this can be lost by it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum

from copytrading.engine.rules import Rules
from copytrading.models import Alarm, Order
from copytrading.queries.market import doubts
from copytrading.queries.operating import halts

# An order that waited longer than this was decided in another market: it is decided anew.
ORDER_AGE_SECONDS_MAX = 30


@dataclass(frozen=True, kw_only=True)
class NotToBeSent:
    """Why an order is not sent; `alarm` where an operator should look."""

    sentence: str
    alarm: Alarm.Kind | None = None


def reason_not_to_send(order: Order, *, mark: Decimal | None, now: datetime, rules: Rules) -> NotToBeSent | None:
    """
    Return why an order must not leave now, None when it may. In the transaction that claims it.

    :param mark: of its market, in quote currency per coin, as that transaction reads it; None where it has none.
    """
    if now > order.planned_at + timedelta(seconds=ORDER_AGE_SECONDS_MAX):
        return NotToBeSent(sentence="It waited too long and is decided anew.")
    return (
        _halted(order) or _in_doubt(order) or _outside_collar(order, mark, rules) or _beyond_limits(order, now, rules)
    )


def _halted(order: Order) -> NotToBeSent | None:
    standing = halts.standing_halts()
    if standing.platform:
        return NotToBeSent(sentence="All trading is halted.")
    if order.market_id in standing.market_ids:
        return NotToBeSent(sentence=f"Trading in {order.market.symbol} is halted.")
    if {order.market.base_id, order.market.quote_id} & standing.asset_ids:
        return NotToBeSent(sentence=f"Trading in a coin of {order.market.symbol} is halted.")
    if order.cycle is not None and order.cycle.lead_id in standing.lead_ids:
        return NotToBeSent(sentence="Trading for this lead is halted.")
    return None


def _in_doubt(order: Order) -> NotToBeSent | None:
    # Halts have sentences of their own, above.
    if order.market.base_id in doubts.coins_in_doubt():
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


def _beyond_limits(order: Order, now: datetime, rules: Rules) -> NotToBeSent | None:
    sent_of = Order.objects.filter(claimed_at__gt=now - timedelta(days=1)).aggregate(
        day=Sum("value_max_units", default=0),
        minute=Sum("value_max_units", filter=Q(claimed_at__gt=now - timedelta(minutes=1)), default=0),
    )
    limits = (
        ("one order", 0, rules.order_value_max),
        ("a minute", sent_of["minute"], rules.minute_value_max),
        ("a day", sent_of["day"], rules.day_value_max),
    )
    for name, sent, limit in limits:
        if sent + order.value_max_units > limit * 10**rules.cash_decimals:
            sentence = f"It would pass the limit of {limit:,} {rules.cash} for {name}."
            return NotToBeSent(sentence=sentence, alarm=Alarm.Kind.LIMIT_REACHED)
    return None
