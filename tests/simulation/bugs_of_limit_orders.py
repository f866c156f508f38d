"""Bugs in what waits in people's own wallets: money promised to nobody, or to who is done, and a dearer price."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from accounts import ledger
from copytrading.engine.orders.bunching import offer_of
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


BUGS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "rest not held again": ("What a limit order waits with is spent on something else.", rest_not_held_again),
    "limit order not told": ("It waits for an order that was booked long ago.", follow_up_forgotten),
    "hold of a canceled limit order": ("Money stays promised to nobody.", hold_outlives_its_order),
    "limit ignored": ("Somebody pays more than the most that was said.", limit_ignored),
}
