"""
Post what was traded on own accounts: each copy against the mirror of its account, many orders in one journal.

Each order has one participant, so nothing is shared out: what the venue did is that copy's, to the unit.
"""

from datetime import datetime

import numpy as np
import structlog
from django.db import Error as DatabaseError

from accounts import ledger
from accounts.database import bulk_rows
from accounts.ledger import Lines
from accounts.models import Asset, Journal
from accounts.transactions import outside_transaction, owns_transaction
from copytrading.engine.adjustments import VALUE_WORTH_TELLING, Reason
from copytrading.engine.arrays import IntArray
from copytrading.models import Alarm, Copy, Order, OwnAccount, OwnSeat
from copytrading.queries.market.board import unit_price_in
from copytrading.services import bell
from copytrading.services.books import adjustments
from copytrading.services.locks import lock_lead
from copytrading.services.orders.booking import hold_key
from copytrading.services.own import venues
from copytrading.services.safety import alarms

log = structlog.get_logger()

BOOKED_AT_ONCE = 400
TROUBLES = (DatabaseError, ledger.NotEnoughMoney, AssertionError, ArithmeticError, LookupError, ValueError)


@outside_transaction
def book_ended(*, lead_id: int, now: datetime) -> int:
    """
    Book the orders on own accounts behind a lead that have ended, and return how many that were.

    Where some cannot be booked together each is booked apart: one that cannot be booked, as it cost more than its copy
    has, waits with its copy for an operator, and the others go on.
    """
    booked, stuck = 0, set[int]()
    while ids := _ended(lead_id, stuck):
        try:
            booked += _book_some(lead_id, ids, now)
        except TROUBLES:
            for order_id in ids:
                try:
                    booked += _book_some(lead_id, [order_id], now)
                except TROUBLES as trouble:
                    log.exception("An order cannot be booked.", order_id=order_id, trouble=type(trouble).__name__)
                    stuck.add(order_id)
                    _alarm(order_id, now)
    return booked


@owns_transaction
def _book_some(lead_id: int, order_ids: list[int], now: datetime) -> int:
    lock_lead(lead_id)
    orders = list(
        Order.objects.select_for_update(of=("self",))
        .filter(pk__in=order_ids, booked_at__isnull=True)
        .exclude(status__in=Order.OPEN)
        .select_related("market__base", "market__quote", "cycle")
        .order_by("pk")
    )
    _book(orders, now)
    return len(orders)


def _alarm(order_id: int, now: datetime) -> None:
    order = Order.objects.select_related("market").get(pk=order_id)
    alarms.raise_alarm(
        kind=Alarm.Kind.ORDER_UNKNOWN,
        key=f"unbooked:{order.client_order_id}",
        sentence=f"Order {order.client_order_id} in {order.market.symbol} on an own account cannot be booked: it came"
        " to more than its copy has. That copy waits.",
        now=now,
    )


def _ended(lead_id: int, stuck: set[int]) -> list[int]:
    ended = Order.objects.filter(booked_at__isnull=True, cycle__lead=lead_id, cycle__is_own=True).exclude(pk__in=stuck)
    return list(ended.exclude(status__in=Order.OPEN).order_by("pk").values_list("pk", flat=True)[:BOOKED_AT_ONCE])


def _book(orders: list[Order], now: datetime) -> None:
    """
    Book some orders in one journal. Their lead and they are locked.

    1. Write what each copy received and paid.
    2. Post it, and release the holds with it.
    3. Note who did not get all, for another round, and tell why.
    """
    if not orders:
        return
    filled = [order for order in orders if order.filled_units]
    if filled:
        _write_allocations(filled)
    _post(orders, filled, now)
    short = [order for order in orders if order.filled_units < order.quantity_units]
    if short:
        copies = Copy.objects.filter(ledger_account_id__in=[order.participant_ids[0] for order in short])
        OwnSeat.objects.filter(copy__in=copies).update(has_rest=True)
        _tell_shortfalls(short, dict(copies.values_list("ledger_account_id", "pk")), now)
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(booked_at=now)
    followers = Copy.objects.filter(ledger_account_id__in=[order.participant_ids[0] for order in orders])
    bell.publish_to_users(list(followers.values_list("follower_id", flat=True)), "activity")


def _columns(orders: list[Order]) -> dict[str, IntArray]:
    """Return what each order's copy received and paid (O,): signed base and quote units, and the fees in either."""
    sign = np.array([1 if order.side == Order.Side.BUY else -1 for order in orders], dtype=np.int64)
    columns = {
        name: np.array([getattr(order, name) for order in orders], dtype=np.int64)
        for name in ("filled_units", "value_units", "fee_units", "fee_base_units")
    }
    return {
        "ledger_account_id": np.array([order.participant_ids[0] for order in orders], dtype=np.int64),
        "quantity_units": sign * columns["filled_units"] - columns["fee_base_units"],
        "value_units": -sign * columns["value_units"],
        "fee_units": columns["fee_units"],
        "fee_base_units": columns["fee_base_units"],
    }


def _write_allocations(filled: list[Order]) -> None:
    ids = np.array([order.pk for order in filled], dtype=np.int64)
    bulk_rows.write_columns("copytrading_allocation", {"order_id": ids, **_columns(filled)})


def _post(orders: list[Order], filled: list[Order], now: datetime) -> None:
    """Post what was traded. A fee in a third coin is the owner's own: no copy has of it."""
    holds = [hold_key(order, asset) for order in orders for asset in _sides(order)]
    if not filled:
        for key in sorted(holds):
            ledger.release_hold(key=key, now=now)
        return
    account_ids = [venues.account_id_of(order.venue_account) for order in filled]
    mirrors = dict(OwnAccount.objects.filter(pk__in=account_ids).values_list("pk", "ledger_account_id"))
    facing = np.array([mirrors[account_id] for account_id in account_ids], dtype=np.int64)
    columns = _columns(filled)
    copies, base = columns["ledger_account_id"], columns["quantity_units"]
    quote = columns["value_units"] - columns["fee_units"]
    bases = np.array([order.market.base_id for order in filled], dtype=np.int64)
    quotes = np.array([order.market.quote_id for order in filled], dtype=np.int64)
    ledger.post(
        kind=Journal.Kind.TRADE,
        idempotency_key=f"own:{filled[0].pk}",
        lines=Lines.join(
            Lines.of(copies, quotes, quote),
            Lines.of(facing, quotes, -quote),
            Lines.of(copies, bases, base),
            Lines.of(facing, bases, -base),
        ),
        now=now,
        releases=holds,
    )


def _sides(order: Order) -> tuple[Asset, Asset]:
    return order.market.quote, order.market.base


def _tell_shortfalls(short: list[Order], copy_ids: dict[int, int], now: datetime) -> None:
    """Tell copies of orders that were sent and not filled whole within their limit."""
    lines = []
    for order in short:
        was_sent = order.claimed_at is not None and order.status in (
            Order.Status.PARTIALLY_FILLED,
            Order.Status.CANCELED,
        )
        unit_mid = unit_price_in(order.market, order.price_mid)
        wanted, got = order.quantity_units * unit_mid, order.filled_units * unit_mid
        if was_sent and wanted - got >= VALUE_WORTH_TELLING * 10**order.market.quote.decimals:
            lines.append((copy_ids[order.participant_ids[0]], order.market.base_id, wanted, got, order.cycle_id))
    for cycle_id in sorted({line[4] for line in lines if line[4] is not None}):
        of_cycle = [line for line in lines if line[4] == cycle_id]
        ids, assets, wanted_values, got_values, _ = zip(*of_cycle, strict=True)
        adjustments.note_adjustments(
            cycle_id=cycle_id,
            reason=Reason.SLIPPAGE_CAPPED,
            copy_ids=np.array(ids, dtype=np.int64),
            asset_ids=np.array(assets, dtype=np.int64),
            wanted=np.array(wanted_values, dtype=np.float64),
            planned=np.array(got_values, dtype=np.float64),
            now=now,
        )
