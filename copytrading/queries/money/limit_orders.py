"""A person's limit orders, and which of everybody's have their price."""

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from accounts.models import User
from copytrading.engine.rules import Rules
from copytrading.models import LimitOrder, Market, Order


def limit_orders_of(user: User) -> QuerySet[LimitOrder]:
    """Return a person's limit orders, those that wait and those that are done, latest first, with their market."""
    return LimitOrder.objects.filter(user=user).select_related("market__base", "market__quote").order_by("-id")


def waiting_orders_of(user: User) -> QuerySet[LimitOrder]:
    """Return those of a person's limit orders that wait, latest first."""
    return limit_orders_of(user).filter(finished_at__isnull=True)


def done_orders_of(user: User) -> QuerySet[LimitOrder]:
    """Return those of a person's limit orders that are done, latest first."""
    return limit_orders_of(user).filter(finished_at__isnull=False)


def touched_orders() -> QuerySet[LimitOrder]:
    """Return the limit orders that wait and whose price the mark has reached, in one statement; a doubted mark none."""
    return LimitOrder.objects.filter(
        Q(side=Order.Side.BUY, price_limit__gte=F("market__mark__price"))
        | Q(side=Order.Side.SELL, price_limit__lte=F("market__mark__price")),
        finished_at__isnull=True,
        on_its_way__isnull=True,
        market__status=Market.Status.TRADING,
        market__mark__doubt="",
    )


def reached_orders(*, now: datetime, rules: Rules) -> QuerySet[LimitOrder]:
    """Return those of the touched orders that may be acted on now: whose time is not over, by a mark that is young."""
    age = timedelta(seconds=rules.price_age_max_seconds)
    return touched_orders().filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        market__mark__as_of__gte=now - age,
        market__mark__as_of__lte=now + age,
    )


def over_orders(*, now: datetime) -> QuerySet[LimitOrder]:
    """Return the limit orders that wait for nothing any more: their time is over, or their market is gone."""
    return LimitOrder.objects.filter(
        Q(expires_at__lte=now) | Q(market__status=Market.Status.DELISTED), finished_at__isnull=True
    )
