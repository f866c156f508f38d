"""
Act: send one order, once, and see it through.

    PLANNED ──claim──→ SUBMITTING ──answer──→ FILLED | PARTIALLY_FILLED | CANCELED | REJECTED ──→ booked
                            └──no answer──→ UNKNOWN ──ask──→ adopted, or NOT_PLACED ──→ booked

An order is written with its wishes and its holds before anything is sent. It is sent once: a worker that dies, or an
answer that never comes, leaves a row that is asked about under the same client order id (`resolving`) and never sent
again. What came of it is kept by `answering` and shared out by `booking`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from time import monotonic
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts import ledger
from accounts.database.array_parameters import as_column, bound_by_server
from accounts.models import Asset
from accounts.transactions import in_transaction, outside_transaction
from copytrading.engine.orders.bunching import PlannedOrder
from copytrading.engine.rules import Rules
from copytrading.engine.units import coins
from copytrading.exchange import registry
from copytrading.exchange.errors import (
    KEY_TROUBLES,
    DuplicateOrder,
    OrderRejected,
    OutcomeUnknown,
    RejectionCode,
    VenueUnreachable,
)
from copytrading.exchange.orders import Side
from copytrading.exchange.registry import venue
from copytrading.models import Alarm, Copy, Market, Order, SyncCycle
from copytrading.services.locks import lock_lead
from copytrading.services.market import listings, quotes
from copytrading.services.orders import answering, resolving
from copytrading.services.orders.booking import book_order, hold_key
from copytrading.services.safety import alarms, order_limits

# Refusals that say that the venue's rules are not what we take them for: they are read again.
RULES_CHANGED = {
    RejectionCode.LOT_SIZE,
    RejectionCode.TICK_SIZE,
    RejectionCode.VALUE_TOO_SMALL,
    RejectionCode.MARKET_SUSPENDED,
    RejectionCode.MARKET_UNKNOWN,
}
REFUSAL_ALARMS = {
    RejectionCode.CLOCK_SKEWED: Alarm.Kind.CLOCK_SKEWED,
    RejectionCode.NOT_ENOUGH_BALANCE: Alarm.Kind.CUSTODY_DIFFERS,
}
# Refusals that are not about this order, so that one alarm says it for all markets: each has one of its own name.
ACCESS_REFUSED = {*KEY_TROUBLES, RejectionCode.PLACE_BARRED, RejectionCode.ABILITY_MISSING}


@in_transaction
def write_order(*, cycle: SyncCycle | None, planned: PlannedOrder, market: Market, cash: Asset, now: datetime) -> Order:
    """Write one order that no lead has asked for, see `write_orders`."""
    (order,) = write_orders(
        cycle=cycle, planned=[planned], markets={market.pk: market}, cash=cash, request_count=0, now=now
    )
    return order


@in_transaction
def write_orders(
    *, cycle: SyncCycle | None, planned: Sequence[PlannedOrder], markets: Mapping[int, Market], cash: Asset,
    request_count: int, now: datetime, venue_accounts: Sequence[str] | None = None,
) -> list[Order]:  # fmt: skip
    """
    Write orders with their participants' wishes, and hold what each of them may have to pay or deliver.

    An order without its holds, or the other way round, never exists.

    :param markets: by id, with their assets.
    :param request_count: how many of the lead's requests were known when this was decided, which is all there are,
        since the lead is locked; 0 without a lead.
    :param venue_accounts: the account of each order at the venue; the platform's for all where it is None.
    """
    if not planned:
        return []
    orders, destination = [], registry.destination()
    accounts = [venue().account] * len(planned) if venue_accounts is None else venue_accounts
    for (order_id, client_order_id), one, account in zip(_next_order_ids(len(planned)), planned, accounts, strict=True):
        order = Order(
            pk=order_id,
            cycle=cycle,
            market=markets[one.market.market_id],
            venue_account=account,
            client_order_id=f"{destination.id_beginning}{client_order_id}",
            exchange=destination.exchange,
            broker_tag=destination.broker_tag,
            side=one.side.value,
            quantity_units=one.quantity_units,
            price_limit=one.price_limit,
            price_mid=one.price_mid,
            price_buy_max=one.price_buy_max,
            value_max_units=round(one.quantity_units * one.market.unit_price(one.price_limit)),
            participant_ids=as_column(one.participant_ids),
            wish_units=as_column(one.wish_units),
            request_count=request_count,
            planned_at=now,
        )
        orders.append(order)
    with bound_by_server():
        Order.objects.bulk_create(orders)
    ledger.place_holds(
        [
            ledger.Promise(
                key=hold_key(order, asset),
                asset_id=asset.pk,
                ledger_account_ids=one.participant_ids[units > 0],
                units=units[units > 0],
            )
            for order, one in zip(orders, planned, strict=True)
            for asset, units in ((cash, one.quote_holds), (order.market.base, one.base_holds))
            if units.any()
        ],
        now=now,
    )
    return orders


@outside_transaction
def work_off(
    *, cycle_id: int, clock: Callable[[], datetime], rules: Rules, written: Sequence[Order] | None = None
) -> bool:
    """
    Submit, resolve and book what is open of a cycle's orders; return whether all of them are booked.

    :param written: all of them, where they were written just now; they are read where it is None.
    """
    found = written
    if found is None:
        found = list(_with_markets().filter(cycle_id=cycle_id, booked_at__isnull=True).order_by("pk"))
    # What becomes of the others while the first is on its way is read when it is their turn.
    worked_off = [_work_off(order, clock(), rules) for order in found[:1]]
    worked_off += [work_off_order(order_id=order.pk, now=clock(), rules=rules) for order in found[1:]]
    return all(order.booked_at is not None for order in worked_off)


@outside_transaction
def work_off_order(*, order_id: int, now: datetime, rules: Rules) -> Order:
    """Bring one order as far as it goes now: claim and send it, or ask about it, then book it."""
    return _work_off(_with_markets().get(pk=order_id), now, rules)


def _with_markets() -> QuerySet[Order]:
    return Order.objects.select_related("market__base", "market__quote", "cycle").defer("participant_ids", "wish_units")


def _work_off(order: Order, now: datetime, rules: Rules) -> Order:
    if order.status == Order.Status.PLANNED:
        order = submit_order(order=order, now=now, rules=rules)
    elif order.status in (Order.Status.SUBMITTING, Order.Status.UNKNOWN):
        order = resolving.resolve_order(order=order, now=now)
    if order.status not in Order.OPEN and order.booked_at is None:
        order = book_order(order=order, now=now)
    return order


@outside_transaction
def submit_order(*, order: Order, now: datetime, rules: Rules) -> Order:
    """
    Send one planned order to the venue, once.

    1. Claim it: PLANNED becomes SUBMITTING. Whoever updates the row owns it. A fence, a halt or a limit ends it here.
    2. Where the market's trades were not compared for a while it is not claimed: compare them, then claim it.
    3. Send it under the id stored before, with no transaction open. It carries the time of its claim, so that a venue
       refuses it when the worker slept in between and others have long asked about it.
    4. Record the answer.

    If the worker dies between 3 and 4 the order stays SUBMITTING, and `resolving` asks the venue about that same id.
    """
    claimed = _claim(order, now, rules)
    if claimed is None:
        try:
            resolving.reconcile_market(market=order.market, now=now)
        except VenueUnreachable:
            # Not compared, not sent: the order keeps its place and is tried at the next look.
            return order
        claimed = _claim(order, now, rules)
    order.status = claimed or Order.Status.PLANNED
    if order.status != Order.Status.SUBMITTING:
        return order
    sent_at = monotonic()
    try:
        answer = venue().place_limit_ioc(
            client_order_id=order.client_order_id,
            symbol=order.market.symbol,
            side=Side(order.side),
            quantity=coins(order.quantity_units, order.market.base.decimals),
            price_limit=order.price_limit,
            now=now,
            broker_tag=order.broker_tag,
        )
    except OrderRejected as rejection:
        return _note_rejection(order, rejection, now, milliseconds=_milliseconds_since(sent_at))
    except DuplicateOrder:
        # An earlier attempt is there: it is found by asking, at once.
        return resolving.resolve_order(order=answering.mark_unknown(order=order, now=now), now=now)
    except (OutcomeUnknown, VenueUnreachable):
        return answering.mark_unknown(order=order, now=now)
    return answering.record_answer(order=order, answer=answer, now=now, milliseconds=_milliseconds_since(sent_at))


def average_price(order: Order) -> Decimal | None:
    """Return the one price of an order in quote currency per coin; None when nothing was traded."""
    if order.filled_units:
        value = coins(order.value_units, order.market.quote.decimals)
        return value / coins(order.filled_units, order.market.base.decimals)
    return order.price_mid if order.status == Order.Status.FILLED else None


def _milliseconds_since(moment: float) -> int:
    """Return how long the venue took: measured for operators to read, and nothing is decided by it."""
    return round((monotonic() - moment) * 1000)


def _claim(order: Order, now: datetime, rules: Rules) -> str | None:
    """Return what became of an order by claiming it; None where its market's trades are to be compared first."""
    with transaction.atomic(durable=True):
        if order.cycle is not None:
            # Whoever raises a fence takes the same lock: either this order sees it, or it comes after the claim.
            lock_lead(order.cycle.lead_id)
        claimable = Order.objects.filter(pk=order.pk, status=Order.Status.PLANNED).select_for_update()
        row = claimable.values(
            **order_limits.to_read(now),
            is_fenced=Exists(_changed_since(order)),
            is_compared=Exists(resolving.compared_lately(now=now, rules=rules).filter(market=OuterRef("market"))),
        ).first()
        if row is None:
            # Somebody else owns it; what it will become is not ours to say, whatever stands against sending it now.
            return Order.Status.PLANNED
        if order.quantity_units and not row["is_compared"]:
            return None
        if row["is_fenced"] and _buys_behind_a_fence(order):
            refusal: order_limits.NotToBeSent | None = order_limits.NotToBeSent(sentence="")
        else:
            seen = order_limits.Seen.of(cast("dict[str, Any]", row))
            refusal = order_limits.reason_not_to_send(order, seen=seen, now=now, rules=rules)
        if refusal is not None:
            order.status, order.refusal, order.answered_at = Order.Status.CANCELED, refusal.sentence[:200], now
            if order.cycle is not None:
                SyncCycle.objects.filter(pk=order.cycle.pk).update(has_rest=True)
            if refusal.alarm is not None:
                _alarm(order, refusal.alarm, refusal.sentence, now)
        elif order.quantity_units == 0:
            order.status, order.answered_at = Order.Status.FILLED, now
        else:
            order.status, order.claimed_at = Order.Status.SUBMITTING, now
        order.save(update_fields=["status", "refusal", "answered_at", "claimed_at"])
    return order.status


def _changed_since(order: Order) -> QuerySet[Copy]:
    """
    Return the copies of an order's lead that were stopped, paused or reduced after it was decided.

    Numbers are compared and no clocks. Few change at a time, and thousands buy: so it is asked for the few.
    """
    if order.cycle is None:
        return Copy.objects.none()
    changed = Copy.objects.filter(lead_id=order.cycle.lead_id, fence__gt=order.request_count)
    # A copy with a buy planned has a hold, so it cannot be further than STOPPING.
    return changed.exclude(status=Copy.Status.STOPPED)


def _buys_behind_a_fence(order: Order) -> bool:
    """
    Return whether an order buys for a copy that changed after it was decided.

    Sales go on: what a follower gets rid of was theirs to sell before as well.
    """
    accounts = set(_changed_since(order).values_list("ledger_account_id", flat=True))
    participants = zip(order.participant_ids, order.wish_units, strict=True)
    return any(wish > 0 and account in accounts for account, wish in participants)


def _note_rejection(order: Order, rejection: OrderRejected, now: datetime, *, milliseconds: int) -> Order:
    order = answering.end_order(
        order=order,
        status=Order.Status.REJECTED,
        now=now,
        refusal=rejection.sentence,
        milliseconds=milliseconds,
    )
    if rejection.code in RULES_CHANGED:
        try:
            quotes.list_markets()
        except VenueUnreachable:
            # They are read again every few minutes anyway.
            return order
    if rejection.code is RejectionCode.MARKET_BARRED:
        listings.bar_market(market_id=order.market.pk, reason=rejection.sentence, now=now)
    elif rejection.code in ACCESS_REFUSED:
        _alarm(order, Alarm.Kind(rejection.code.value), rejection.sentence, now, key="orders")
    elif rejection.code in REFUSAL_ALARMS:
        _alarm(order, REFUSAL_ALARMS[rejection.code], rejection.sentence, now)
    return order


def _alarm(order: Order, kind: Alarm.Kind, sentence: str, now: datetime, *, key: str = "") -> None:
    alarms.raise_alarm(
        kind=kind,
        key=f"{kind}:{key or order.market.symbol}",
        sentence=f"An order in {order.market.symbol} was not carried out: {sentence}",
        now=now,
    )


def _next_order_ids(count: int) -> list[tuple[int, str]]:
    """
    Return ids of orders before the orders exist, each with the client order id, which carries it.

    Letters and digits only, decodable to the row, the attempt and the restore that it came after: ids of rows come
    back with a restore. What an exchange may want at their beginning is put there by whoever writes the orders.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('copytrading_order', 'id')),"
            " (SELECT epoch FROM copytrading_restore ORDER BY id DESC LIMIT 1) FROM generate_series(1, %s)",
            [count],
        )
        rows = cursor.fetchall()
    return [(int(order_id), f"ss{order_id}a1" + (f"e{epoch}" if epoch else "")) for order_id, epoch in rows]
