"""Bugs in what waits in people's own wallets: money promised to nobody, or to who is done, and a dearer price."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from accounts import ledger
from copytrading.engine.orders.bunching import offer_of
from copytrading.engine.rules import Rules
from copytrading.models import LimitOrder
from copytrading.services.books import limit_orders
from copytrading.services.wallet import touching


def rest_not_held_again() -> list[Any]:
    return [patch.object(limit_orders, "_hold_again", lambda *_: None)]


def follow_up_forgotten() -> list[Any]:
    return [patch.object(limit_orders, "follow_up", lambda **_: None)]


def hold_outlives_its_order() -> list[Any]:
    """A limit order that is finished lets go what it holds in its own row only."""
    finish = limit_orders._finish

    def forget(*given: Any, **named: Any) -> None:
        with patch.object(ledger, "release_hold", lambda **_: None):
            finish(*given, **named)

    return [patch.object(limit_orders, "_finish", forget)]


def limit_ignored() -> list[Any]:
    """It is traded as soon as the mark is there, a wick too, and then at whatever the book asks."""

    def at_any_price(own: LimitOrder, market: Any, book: Any, net_units: int, rules: Any) -> Any:
        terms = touching.market_queries.terms_of(market)
        return offer_of(market=terms, book=book, net_units=net_units, slippage_max=rules.slippage_cap, rules=rules)

    return [patch.object(touching, "_offer", at_any_price), patch.object(touching, "is_reached", lambda **_: True)]


def canceled_goes_on() -> list[Any]:
    """What was canceled is looked at like what waits, and nobody asks again under the lock."""
    reached = touching.queries.reached_orders

    def reached_or_canceled(*, now: datetime, rules: Rules) -> Any:
        canceled = LimitOrder.objects.filter(status=LimitOrder.Status.CANCELED, on_its_way__isnull=True)
        return reached(now=now, rules=rules) | canceled

    def lock_as_if_it_waited(order_id: int) -> LimitOrder:
        own = limit_orders.lock(order_id)
        own.finished_at = None
        return own

    forgetful = SimpleNamespace(**{**vars(limit_orders), "lock": lock_as_if_it_waited})
    return [
        patch.object(touching.queries, "reached_orders", reached_or_canceled),
        patch.object(touching, "limit_orders", forgetful),
    ]


def expiry_forgotten() -> list[Any]:
    return [patch.object(touching, "_end_what_is_over", lambda *_: 0)]


def price_not_looked_at() -> list[Any]:
    """Neither a ring nor the beat looks: what is there when it is placed trades, and nothing that waits."""
    return [patch.object(touching, "look_at_limit_orders", lambda **_: 0)]


BUGS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "rest not held again": ("What a limit order waits with is spent on something else.", rest_not_held_again),
    "limit order not told": ("It waits for an order that was booked long ago.", follow_up_forgotten),
    "hold of a canceled limit order": ("Money stays promised to nobody.", hold_outlives_its_order),
    "canceled limit order goes on": ("Somebody buys what was taken back.", canceled_goes_on),
    "expiry of a limit order forgotten": ("It waits, and holds, beyond its time.", expiry_forgotten),
    "price of a limit order not looked at": ("It waits though its price is there.", price_not_looked_at),
    "limit ignored": ("Somebody pays more than the most that was said.", limit_ignored),
}
