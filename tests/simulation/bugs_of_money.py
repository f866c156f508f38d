"""Bugs in the books: shares that do not add up, holds and postings done once too little or too often."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any
from unittest.mock import patch

import numpy as np
from django.db import connection

from accounts import ledger, wallet
from accounts.models import Hold, Journal
from copytrading.engine.arrays import IntArray
from copytrading.engine.orders import allocation
from copytrading.exchange import registry
from copytrading.models import Halt
from copytrading.services.books import profit_shares
from copytrading.services.cycle import closing
from copytrading.services.orders import booking
from copytrading.services.safety import halts, reconciling, unassigned

Allocate = Callable[..., IntArray]


def float_share() -> list[Any]:
    def cut(*, total: int, shares: IntArray, rotation: int) -> IntArray:
        whole = shares.sum()
        return (shares / whole * total).astype(np.int64) if whole else np.zeros_like(shares)

    return [patch.object(allocation, "allocate_units", cut)]


def half_up_rounding() -> list[Any]:
    def round_half_up(*, total: int, shares: IntArray, rotation: int) -> IntArray:
        whole = shares.sum()
        return np.floor(shares / whole * total + 0.5).astype(np.int64) if whole else np.zeros_like(shares)

    return [patch.object(allocation, "allocate_units", round_half_up)]


def ties_leak_a_unit() -> list[Any]:
    """Lowest id first, and the last of those with an equal remainder gets nothing."""

    def lowest_first(*, total: int, shares: IntArray, rotation: int) -> IntArray:
        whole = int(shares.sum())
        if not whole:
            return np.zeros_like(shares)
        pairs = [divmod(int(share) * total, whole) for share in shares]
        parts = np.array([part for part, _ in pairs], dtype=np.int64)
        left_over = total - int(parts.sum())
        first_served = sorted(range(len(pairs)), key=lambda place: (-pairs[place][1], place))[: max(left_over - 1, 0)]
        parts[first_served] += 1
        return parts

    return [patch.object(allocation, "allocate_units", lowest_first)]


def wrong_sign_of_the_fee() -> list[Any]:
    settle = booking._settle

    def give_the_fee(order: Any, wishes: IntArray) -> Any:
        shares = settle(order, wishes)
        return replace(shares, fee_units=-shares.fee_units)

    return [patch.object(booking, "_settle", give_the_fee)]


def fee_in_coins_forgotten() -> list[Any]:
    settle = booking._settle

    def forget(order: Any, wishes: IntArray) -> Any:
        shares = settle(order, wishes)
        return replace(shares, fee_base_units=np.zeros_like(shares.fee_base_units))

    return [patch.object(booking, "_settle", forget)]


def double_settle() -> list[Any]:
    """An order is booked by whoever comes, however often."""
    lock, post, number = booking.lock_order, ledger.post_at_once, count()

    def lock_as_if_new(order_id: int) -> Any:
        order = lock(order_id)
        order.booked_at = None
        return order

    def post_again(*, idempotency_key: str, **named: Any) -> Journal:
        if idempotency_key.startswith("order:"):
            idempotency_key = f"{idempotency_key}:{next(number)}"
        return post(idempotency_key=idempotency_key, **named)

    return [patch.object(booking, "lock_order", lock_as_if_new), patch.object(ledger, "post_at_once", post_again)]


def hold_not_released() -> list[Any]:
    post = ledger.post_at_once

    def keep_holding(*, releases: Any = (), **named: Any) -> Journal:
        return post(**named)

    return [patch.object(ledger, "post_at_once", keep_holding)]


def hold_released_twice() -> list[Any]:
    """Whoever releases takes off what was promised once more, past the rules of the database."""
    post = ledger.post_at_once

    def post_and_give_back(*, releases: Any = (), **named: Any) -> Journal:
        still_open = list(Hold.objects.filter(key__in=releases, released_at=None).values_list("pk", flat=True))
        journal = post(releases=releases, **named)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE accounts_balance AS balance SET held = balance.held - line.units"
                " FROM accounts_hold AS hold, unnest(hold.ledger_account_ids, hold.units) AS line(account_id, units)"
                " WHERE hold.id = ANY(%s) AND balance.asset_id = hold.asset_id"
                " AND balance.ledger_account_id = line.account_id",
                [still_open],
            )
        return journal

    return [patch.object(ledger, "post_at_once", post_and_give_back)]


def cover_not_checked() -> list[Any]:
    """Nobody asks whether those an order is for have what it may cost them, so nothing of it is held either."""

    def promise_nothing(promises: Any, *, now: Any) -> list[Hold]:
        return []

    return [patch.object(ledger, "place_holds", promise_nothing)]


def withdrawal_without_hold() -> list[Any]:
    """Money that is on its way out can be spent meanwhile."""
    place = ledger.place_hold

    def hold_orders_only(*, key: str, **named: Any) -> Hold | None:
        return None if key.startswith("transfer:") else place(key=key, **named)

    return [patch.object(ledger, "place_hold", hold_orders_only)]


def transfer_told_again() -> list[Any]:
    """Each attempt to tell the venue of a transfer has a reference of its own."""
    move, number = registry.move_paper_money, count()

    def move_again(*, reference: str, **named: Any) -> None:
        move(reference=f"{reference}:{next(number)}" if reference.startswith("transfer") else reference, **named)

    return [patch.object(registry, "move_paper_money", move_again)]


def dust_is_dropped() -> list[Any]:
    def take_nothing(board: Any, copies: Any, done: Any, *others: Any) -> IntArray:
        return np.zeros(int(done.sum()), dtype=np.int64)

    return [patch.object(closing, "_take_dust", take_nothing)]


def paid_out_before_coins_are_sold() -> list[Any]:
    """A stopped copy is paid at the mark for all that it has, and the platform keeps the coins."""
    return [
        patch.object(closing, "_dust_places", lambda board, copies, stopping: np.ones(len(board.asset_ids), np.bool_))
    ]


def redeemed_twice() -> list[Any]:
    redeem = profit_shares.redeem

    def redeem_again(**named: Any) -> IntArray:
        redeem(**named)
        return redeem(**named)

    return [patch.object(profit_shares, "redeem", redeem_again)]


def idempotency_key_ignored() -> list[Any]:
    request, number = wallet._request, count()

    def request_anew(
        direction: Any, user: Any, asset: Any, units: int, key: str, now: datetime, channel: Any, **named: Any
    ) -> Any:
        return request(direction, user, asset, units, f"{key}:{next(number)}", now, channel, **named)

    return [patch.object(wallet, "_request", request_anew)]


def surplus_halts() -> list[Any]:
    """Whatever the venue keeps too much halts the coin, and with the cash everything."""
    reconcile = reconciling.reconcile

    def halt_instead(*, now: datetime) -> Any:
        with patch.object(reconciling, "_settle", lambda row, look, now: None):
            confirmed = reconcile(now=now)
        for row in confirmed:
            if row.units > 0:
                halts.place_halt(scope=Halt.Scope.ASSET, target_id=row.asset_id, reason="There is more.", now=now)
        return confirmed

    return [patch.object(reconciling, "reconcile", halt_instead)]


def surplus_booked_by_every_look() -> list[Any]:
    """What is confirmed is booked and stays confirmed."""

    def settle_and_forget(row: Any, look: Any, now: datetime) -> None:
        if look.beyond_units:
            key = f"{now.isoformat()}:{row.units}"
            unassigned.settle_difference(asset=look.asset, units=row.units, key=key, now=now)
            unassigned.settle_difference(asset=look.asset, units=row.units, key=f"{key}:again", now=now)

    return [patch.object(reconciling, "_settle", settle_and_forget)]


BUGS: dict[str, tuple[str, Callable[[], list[Any]]]] = {
    "float share": ("Fractions cut off by a float leave units that are nobody's.", float_share),
    "half-up rounding": ("Rounded shares do not sum to the fill.", half_up_rounding),
    "lowest id first, a unit leaks": ("One unit of a tie is nobody's.", ties_leak_a_unit),
    "wrong sign of fee": ("Fees are given instead of taken.", wrong_sign_of_the_fee),
    "fee in coins forgotten": ("The venue kept coins that are booked as ours.", fee_in_coins_forgotten),
    "double settle": ("The same fill is booked twice.", double_settle),
    "hold not released": ("Money stays promised to an order that is over.", hold_not_released),
    "hold released twice": ("What is promised to one order is given back for another.", hold_released_twice),
    "cover not checked": ("What an order may cost is spent on something else meanwhile.", cover_not_checked),
    "withdrawal without hold": ("Money on its way out is spent once more.", withdrawal_without_hold),
    "transfer told again": ("After a crash money arrives twice.", transfer_told_again),
    "dust dropped": ("A stopped copy still has coins.", dust_is_dropped),
    "paid out before coins are sold": ("The platform pays for what it cannot sell.", paid_out_before_coins_are_sold),
    "redeemed twice": ("The share of what leaves is paid twice.", redeemed_twice),
    "surplus halts": ("A stranger's deposit keeps everybody from leaving.", surplus_halts),
    "surplus booked again": ("What came once is unassigned twice.", surplus_booked_by_every_look),
    "idempotency key ignored": ("A double click moves money twice.", idempotency_key_ignored),
}
