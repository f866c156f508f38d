"""Bugs in the way of an order: sent twice, believed too early, forgotten, sent for somebody who has stopped."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
from django.db import transaction

from accounts import transactions
from copytrading.engine import units as engine_units
from copytrading.engine.arrays import IntArray
from copytrading.engine.rules import Rules
from copytrading.exchange.errors import DuplicateOrder, OrderRejected, OutcomeUnknown, RejectionCode
from copytrading.exchange.orders import VenueOrder, VenueStatus
from copytrading.models import Copy, Lead, LeadOrder, Order
from copytrading.services.books import positions
from copytrading.services.cycle import scene, syncing
from copytrading.services.cycle.scene import Scene
from copytrading.services.orders import answering, booking, resolving, trading

PlaceOrder = Callable[..., VenueOrder]


class _Through:
    """The venue, with another way to place an order."""

    def __init__(self, venue: Any, place: Callable[[PlaceOrder], PlaceOrder]) -> None:
        self._venue = venue
        self.place_limit_ioc = place(venue.place_limit_ioc)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)


def _placing(place: Callable[[PlaceOrder], PlaceOrder]) -> list[Any]:
    venue = trading.venue
    return [patch.object(trading, "venue", lambda: _Through(venue(), place))]


def blind_resend() -> list[Any]:
    def resending(place: PlaceOrder) -> PlaceOrder:
        def place_or_place_again(**order: Any) -> VenueOrder:
            try:
                return place(**order)
            except OutcomeUnknown:
                return place(**order)

        return place_or_place_again

    return _placing(resending)


def duplicate_is_a_rejection() -> list[Any]:
    def mistaking(place: PlaceOrder) -> PlaceOrder:
        def place_or_give_up(**order: Any) -> VenueOrder:
            try:
                return place(**order)
            except DuplicateOrder as trouble:
                raise OrderRejected(RejectionCode.MALFORMED, str(trouble)) from trouble

        return place_or_give_up

    return _placing(mistaking)


def unknown_is_a_rejection() -> list[Any]:
    def end_instead(*, order: Order, now: datetime, venue_order_id: str = "") -> Order:
        return answering.end_order(order=order, status=Order.Status.REJECTED, now=now, refusal="no answer")

    return [patch.object(trading, "answering", SimpleNamespace(**{**vars(answering), "mark_unknown": end_instead}))]


def sent_before_the_commit() -> list[Any]:
    submit = inspect.unwrap(trading.submit_order)

    def submit_inside(**named: Any) -> Order:
        with transaction.atomic():
            return submit(**named)

    # The platform looks away: what is to notice is the venue, which is asked too early.
    def look_away(function: Callable[..., object]) -> None:
        pass

    return [
        patch.object(trading, "submit_order", submit_inside),
        patch.object(transactions, "_require_none_open", look_away),
    ]


def claimed_by_everybody() -> list[Any]:
    claim = trading._claim

    def claim_anyway(order: Order, now: datetime, rules: Rules) -> str | None:
        status = claim(order, now, rules)
        return Order.Status.SUBMITTING if status == Order.Status.PLANNED else status

    return [patch.object(trading, "_claim", claim_anyway)]


def forgotten_when_silent() -> list[Any]:
    """A claimed order whose worker died is taken for one that was never sent."""
    resolve = resolving.resolve_order

    def plan_again(*, order: Order, now: datetime, at: Any = None, kept_tells: Any = None) -> Order:
        if order.status == Order.Status.SUBMITTING and now >= resolving._ask_at(order):
            Order.objects.filter(pk=order.pk).update(status=Order.Status.PLANNED, claimed_at=None)
            order.refresh_from_db()
            return order
        return resolve(order=order, now=now, at=at, kept_tells=kept_tells)

    return [patch.object(resolving, "resolve_order", plan_again)]


def stale_book_used() -> list[Any]:
    """What was seen before the lead was locked is taken for what is, whoever had the lead in between."""
    return [patch.object(scene, "has_same_book", lambda seen, lead: True)]


def shared_balance_not_locked() -> list[Any]:
    """Whoever books an order, and so moves the balances of all its participants, only reads the lead."""
    return [patch.object(booking, "lock_lead", lambda lead_id: Lead.objects.get(pk=lead_id))]


def fence_not_asked() -> list[Any]:
    return [patch.object(trading, "_buys_behind_a_fence", lambda order: False)]


def plan_knows_the_future() -> list[Any]:
    """An order says that its decision knew of everything that is still to be asked for."""
    write = trading.write_orders

    def write_knowing(*, request_count: int, **named: Any) -> list[Order]:
        return write(request_count=request_count + 1_000, **named)

    return [patch.object(trading, "write_orders", write_knowing)]


def not_placed_at_the_first_not_found() -> list[Any]:
    return [
        patch.object(resolving, "NOT_FOUND_MAX", 1),
        patch.object(resolving, "_is_past_validity", lambda order, now, there: True),
        patch.object(resolving, "_left_no_trace", lambda order, there: True),
        patch.object(resolving, "_kept_as_owed", lambda order: True),
    ]


def not_placed_before_it_cannot_arrive() -> list[Any]:
    return [patch.object(resolving, "_is_past_validity", lambda order, now, there: True)]


def late_fills_are_ignored() -> list[Any]:
    def drop(*, order: Order, trades: Any, now: datetime) -> int:
        return 0

    return [patch.object(answering, "note_late_trades", drop)]


def booked_before_it_is_final() -> list[Any]:
    return [
        patch.object(VenueOrder, "is_complete", True),
        patch.object(answering, "FINAL_STATUS", answering.FINAL_STATUS | {VenueStatus.OPEN: Order.Status.CANCELED}),
    ]


def fill_is_booked_by_answer() -> list[Any]:
    """Each answer makes new fills, since what the venue calls a trade is not kept."""
    fill, count = answering._fill, iter(range(10**9))

    def fill_again(order: Order, trade: Any) -> Any:
        return fill(order, replace(trade, trade_id=f"{trade.trade_id}.{next(count)}"))

    return [patch.object(answering, "_fill", fill_again)]


def shared_with_those_who_follow_now() -> list[Any]:
    arrays_of = booking._arrays_of

    def who_is_there(order: Order) -> tuple[IntArray, IntArray, IntArray]:
        participants, wishes, fills = arrays_of(order)
        if order.cycle is None:
            return participants, wishes, fills
        of_lead = Copy.objects.filter(lead_id=order.cycle.lead_id)
        copies = list(of_lead.values_list("ledger_account_id", flat=True))
        following = list(of_lead.filter(status__in=Copy.FOLLOWING).values_list("ledger_account_id", flat=True))
        stay = ~np.isin(participants, copies) | np.isin(participants, following)
        return (participants[stay], wishes[stay], fills) if stay.any() else (participants, wishes, fills)

    return [patch.object(booking, "_arrays_of", who_is_there)]


def decided_on_what_was_seen_before_the_lock() -> list[Any]:
    """The scene is looked at once, without the lock, and decided on later."""

    def as_it_was(seen: Scene, lead: Lead) -> Scene:
        return replace(seen, lead=lead)

    return [patch.object(syncing, "load_again", as_it_was)]


def coalescing_loses_a_lead_order() -> list[Any]:
    """Of several orders that a cycle traded for, all are told to be filled."""
    fill = positions._fill_lead_orders

    def fill_all(lead: Any, order: Order, quantity: int, value: int, now: datetime) -> None:
        fill(lead, order, quantity, value, now)
        LeadOrder.objects.filter(
            lead=lead, market=order.market, status=LeadOrder.Status.SUBMITTED, order_type="MARKET"
        ).update(status=LeadOrder.Status.FILLED, finished_at=now)

    return [patch.object(positions, "_fill_lead_orders", fill_all)]


def lots_are_rounded_up() -> list[Any]:
    coins = engine_units.coins

    def a_unit_more(units: int, decimals: int) -> Any:
        return coins(units + (units > 0), decimals)

    return [patch.object(trading, "coins", a_unit_more)]


BUGS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "blind resend": ("No answer does not mean that the order does not exist.", blind_resend),
    "duplicate treated as rejected": ("An earlier attempt is there, and trades.", duplicate_is_a_rejection),
    "unknown treated as rejected": ("Silence proves nothing; the order may trade.", unknown_is_a_rejection),
    "sent before the commit": ("If the commit fails, nobody knows of the order.", sent_before_the_commit),
    "claimed by everybody": ("Two workers send the same order.", claimed_by_everybody),
    "silent order planned again": ("A worker that died may have sent it.", forgotten_when_silent),
    "stale book used": ("A decision is made of copies that were changed meanwhile.", stale_book_used),
    "shared balance not locked": ("Two move the same balance, each by what it was.", shared_balance_not_locked),
    "fence not asked at the claim": ("A copy that was stopped, paused or reduced buys.", fence_not_asked),
    "plan knows the future": ("What came after the decision counts as known to it.", plan_knows_the_future),
    "NOT_PLACED after the first not-found": ("A venue may find it a second later.", not_placed_at_the_first_not_found),
    "NOT_PLACED within the validity window": ("It can still arrive.", not_placed_before_it_cannot_arrive),
    "late fills ignored": ("Money moved, and no book knows.", late_fills_are_ignored),
    "booked before the order is final": ("The rest of it belongs to nobody.", booked_before_it_is_final),
    "fill booked per answer": ("The same trade is booked twice.", fill_is_booked_by_answer),
    "shared with those who follow now": ("It was bought for others.", shared_with_those_who_follow_now),
    "cycle without lead lock": ("A stop in between is overlooked.", decided_on_what_was_seen_before_the_lock),
    "coalescing loses a lead order": ("An order is told to be filled and was not.", coalescing_loses_a_lead_order),
    "quantity is not whole lots": ("The venue refuses everything, for ever.", lots_are_rounded_up),
}
