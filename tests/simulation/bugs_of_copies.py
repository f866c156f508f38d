"""Bugs in the life of copies: stops, buys without cash, profit shares, exits that never end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
from django.db.models import BigIntegerField, Value
from django.db.models.functions import Cast

from copytrading.engine.deciding import decision
from copytrading.engine.holdings import profit_share
from copytrading.engine.holdings.portfolios import STATUS_NUMBERS
from copytrading.engine.sizing import planning
from copytrading.models import Copy, LeadPosition
from copytrading.queries.copies import stop_book
from copytrading.services.books import profit_shares, stops
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import closing, reducing, settling, syncing


def stop_without_raising_the_fence() -> list[Any]:
    stop = stops.stop_copies

    def stop_below_the_fence(*, lead_id: int, **named: Any) -> int:
        fences = dict(Copy.objects.filter(lead_id=lead_id).values_list("pk", "fence"))
        stopped = stop(lead_id=lead_id, **named)
        for copy_id, fence in fences.items():
            Copy.objects.filter(pk=copy_id).update(fence=fence)
        return stopped

    return [patch.object(stops, "stop_copies", stop_below_the_fence)]


def _leaving_the_fence(told_by: str) -> list[Any]:
    """Of what a follower does with a copy, the act that writes this column leaves the fence where it was."""
    lock = copies.lock_copy

    def lock_without_the_fence(copy_id: int) -> Copy:
        copy = lock(copy_id)
        save = copy.save

        def save_the_rest(*, update_fields: list[str]) -> None:
            save(update_fields=[name for name in update_fields if name != "fence" or told_by not in update_fields])

        copy.save = save_the_rest  # type: ignore[method-assign]
        return copy

    return [patch.object(copies, "lock_copy", lock_without_the_fence)]


def pause_without_raising_the_fence() -> list[Any]:
    return _leaving_the_fence("status")


def reduction_without_raising_the_fence() -> list[Any]:
    return _leaving_the_fence("invested_units")


def bought_without_cash() -> list[Any]:
    plan = planning.plan_buys

    def plan_whatever(**named: Any) -> Any:
        found = plan(**named)
        return replace(found, trade_units=found.wanted_units)

    return [patch.object(planning, "plan_buys", plan_whatever)]


def no_high_water_mark() -> list[Any]:
    """The share is taken of what a copy is above what was paid in, every week again."""
    crystallise = profit_share.crystallise

    def keep_the_mark(*, state: Any, **named: Any) -> Any:
        return replace(crystallise(state=state, **named), state=state)

    return [patch.object(profit_share, "crystallise", keep_the_mark)]


def mark_falls_with_the_price() -> list[Any]:
    """Each look sets the mark to the equity, so a loss is never made good."""
    store = profit_shares._store_state

    def store_lower(copy_ids: Any, state: Any) -> None:
        store(copy_ids, replace(state, mark_value_units=state.mark_value_units * 9 // 10))

    return [patch.object(profit_shares, "_store_state", store_lower)]


def stopped_copy_follows() -> list[Any]:
    """Whoever is stopping is still on the lead's ratios."""
    wish = decision.wish

    def as_if_active(*, copies: Any, **named: Any) -> Any:
        following = np.where(copies.has_status("STOPPING"), STATUS_NUMBERS["ACTIVE"], copies.status)
        return wish(copies=replace(copies, status=following), **named)

    return [patch.object(decision, "wish", as_if_active)]


def exit_left_open() -> list[Any]:
    """A copy that stops is marked as done at once; its coins stay where they are."""
    finish = closing.close_stopped_copies

    def mark_as_done(lead: Any, now: datetime, **named: Any) -> None:
        Copy.objects.filter(lead=lead, status=Copy.Status.STOPPING).update(status=Copy.Status.STOPPED, stopped_at=now)
        finish(lead, now, **named)

    return [patch.object(closing, "close_stopped_copies", mark_as_done)]


def reduction_is_forgotten() -> list[Any]:
    return [patch.object(reducing, "pay_reductions", lambda lead, now, **terms: None)]


def later_request_taken_for_followed() -> list[Any]:
    """The end of a cycle clears every flag, those of its meanwhile too."""
    settle = settling.settle_lead

    def settle_everything(*, followed: int, **named: Any) -> Any:
        return settle(followed=followed + 1_000, **named)

    return [patch.object(settling, "settle_lead", settle_everything)]


def trade_in_a_closed_market_is_forgotten() -> list[Any]:
    nothing = Cast(Value(None), BigIntegerField())
    forgetful = SimpleNamespace(objects=LeadPosition.objects, WAITS_FOR_MARKET=nothing)
    return [patch.object(settling, "LeadPosition", forgetful)]


def stopped_copy_starts_again() -> list[Any]:
    """A pause does not look whether the copy is stopped."""

    def pause(*, copy_id: int, now: datetime) -> Copy:
        copy = Copy.objects.get(pk=copy_id)
        copy.status, copy.stop_reason = Copy.Status.PAUSED, ""
        copy.save(update_fields=["status", "stop_reason"])
        return copy

    return [patch.object(copies, "pause_copy", pause)]


def bell_is_the_queue() -> list[Any]:
    """A lost ring is lost work: nobody looks at the rows."""
    return [patch.object(syncing, "leads_to_sync", lambda *, now: [])]


def stale_stop_loss_book() -> list[Any]:
    """The resident book of stop losses is never brought up to date: it knows who was guarded when it was loaded."""
    return [patch.object(stop_book, "_follow", lambda state: state)]


BUGS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "stop without raising the fence": (
        "What was decided before is not told from after.",
        stop_without_raising_the_fence,
    ),
    "fence not raised by a pause": ("A paused copy buys.", pause_without_raising_the_fence),
    "fence not raised by a reduction": ("It buys with what is to be paid out.", reduction_without_raising_the_fence),
    "buy sized without cash check": ("More is bought than can be paid.", bought_without_cash),
    "profit share without high-water mark": ("The same profit is paid for every week.", no_high_water_mark),
    "high-water mark falls": ("A loss is paid for when it is made good.", mark_falls_with_the_price),
    "stopping copy still follows": ("It buys, and is never sold out.", stopped_copy_follows),
    "copy done before it is sold out": ("Coins are left in a copy that has ended.", exit_left_open),
    "reduction forgotten": ("Money that was asked for is never paid.", reduction_is_forgotten),
    "later request taken for followed": (
        "What was asked for since the decision is forgotten, or paid short.",
        later_request_taken_for_followed,
    ),
    "trade in a closed market forgotten": (
        "The copies never do what the lead did.",
        trade_in_a_closed_market_is_forgotten,
    ),
    "stopped copy paused": ("A final state is left again.", stopped_copy_starts_again),
    "stale stop-loss book": (
        "A copy that changed since is not looked at when it has lost too much.",
        stale_stop_loss_book,
    ),
    "bell is the queue": ("A lost ring is lost work.", bell_is_the_queue),
}
