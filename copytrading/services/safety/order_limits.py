"""
The last look before an order leaves: kill switches, the limits of the platform, and the price collar.

Read in the transaction in which the sender claims the order, so that what an operator pulls holds from then on.
Whatever goes wrong elsewhere, no more than this can be lost by it.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from copytrading.engine.rules import Rules
from copytrading.models import Alarm, Halt, Mark, Order
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


@dataclass(frozen=True, kw_only=True)
class Seen:
    """
    What the last look at an order reads with its row, in the statement that claims it; see `to_read`.

    :param mark: of its market, in quote currency per coin; None where it has none.
    :param is_any_halted: whether any kill switch stands, whatever for; which, is asked only then.
    :param sent_in_minute: what the orders of the last minute may come to, in quote units; `sent_in_day` likewise.
    """

    mark: Decimal | None
    is_any_halted: bool
    sent_in_minute: int
    sent_in_day: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Seen":
        return cls(**{field.name: row[field.name] for field in fields(cls)})


def to_read(now: datetime) -> dict[str, Subquery | Exists | Coalesce]:
    """Return what to annotate an order with so that `Seen` can be made of its row, by name."""
    return {
        "mark": Subquery(Mark.objects.filter(market=OuterRef("market")).values("price")),
        "is_any_halted": Exists(Halt.objects.filter(lifted_at__isnull=True)),
        "sent_in_minute": _sum_since(now - timedelta(minutes=1)),
        "sent_in_day": _sum_since(now - timedelta(days=1)),
    }


def reason_not_to_send(order: Order, *, seen: Seen, now: datetime, rules: Rules) -> NotToBeSent | None:
    """Return why an order must not leave now, None when it may. In the transaction that claims it."""
    if _is_old(order, now):
        return TOO_OLD
    sent = _Sent(minute=seen.sent_in_minute, day=seen.sent_in_day)
    return (
        (_halted(order, halts.standing_halts()) if seen.is_any_halted else None)
        or _in_doubt(order, doubts.coins_in_doubt())
        or _outside_collar(order, seen.mark, rules)
        or _beyond_limits(order, sent, rules)
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


def _sum_since(moment: datetime) -> Coalesce:
    """Return the expression of what all orders claimed since then may come to, in quote units."""
    since = Order.objects.filter(claimed_at__gt=moment).order_by()
    total = since.annotate(total=Func(F("value_max_units"), function="SUM")).values("total")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), 0)


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
