"""
Act and post: send one order, learn what became of it, and book it to exactly those it was for.

    PLANNED ──claim──→ SUBMITTING ──answer──→ FILLED | PARTIALLY_FILLED | CANCELED | REJECTED ──→ booked
                            └──no answer──→ UNKNOWN ──ask──→ adopted, or NOT_PLACED ──→ booked

An order is written with its wishes and its holds before anything is sent. It is sent once: a worker that dies, or an
answer that never comes, leaves a row that is asked about under the same client order id and never sent again.
"""

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
from django.db import connection, transaction

from accounts import bulk_rows, ledger
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount
from copytrading.engine import allocation
from copytrading.engine.allocation import Settlement
from copytrading.engine.arrays import IntArray
from copytrading.exchange.base import OrderRejected, OutcomeUnknown, Side, VenueOrder, VenueStatus, VenueUnreachable
from copytrading.exchange.registry import venue
from copytrading.models import Copy, Fill, Lead, Order, SyncCycle
from copytrading.services import bunching, explaining, following
from copytrading.services.bunching import PlannedOrder, coins, units_of

# A claimed order whose worker is silent for so long is asked about; well above the venue's own time limit.
SILENCE_SECONDS = 10
# Not found so often, that long after it was claimed, means that it never arrived.
NOT_FOUND_MAX = 3
ASK_AGAIN_SECONDS = 2

FINAL_STATUS = {
    VenueStatus.FILLED: Order.Status.FILLED,
    VenueStatus.CANCELED: Order.Status.CANCELED,
    VenueStatus.EXPIRED: Order.Status.CANCELED,
    VenueStatus.REJECTED: Order.Status.REJECTED,
}


def write_order(*, cycle: SyncCycle | None, planned: PlannedOrder, cash: Asset, now: datetime) -> Order:
    """
    Write an order with its participants' wishes, and hold what each of them may have to pay or deliver.

    In the caller's transaction: an order without its holds, or the other way round, never exists.
    """
    order_id = _next_order_id()
    order = Order.objects.create(
        pk=order_id,
        cycle=cycle,
        market=planned.market,
        venue_account=venue().account,
        # Letters and digits only, and decodable to the row and the attempt: what the venue knows the order by.
        client_order_id=f"ss{order_id}a1",
        side=planned.side.value,
        quantity_units=planned.quantity_units,
        price_limit=planned.price_limit,
        price_mid=planned.price_mid,
        price_buy_max=planned.price_buy_max,
        participant_ids=planned.participant_ids.tolist(),
        wish_units=planned.wish_units.tolist(),
        planned_at=now,
    )
    for asset, units in ((cash, planned.quote_holds), (planned.market.base, planned.base_holds)):
        if units.any():
            promised = units > 0
            ledger.place_hold(
                key=_hold_key(order, asset),
                asset=asset,
                ledger_account_ids=planned.participant_ids[promised],
                units=units[promised],
                now=now,
            )
    return order


def work_off(*, cycle_id: int, now: datetime) -> bool:
    """Submit, resolve and book what is open of a cycle's orders; return whether all of them are booked."""
    for order_id in Order.objects.filter(cycle_id=cycle_id, booked_at__isnull=True).order_by("pk").values_list("pk"):
        work_off_order(order_id=order_id[0], now=now)
    return not Order.objects.filter(cycle_id=cycle_id, booked_at__isnull=True).exists()


def work_off_order(*, order_id: int, now: datetime) -> Order:
    """Bring one order as far as it goes now: claim and send it, or ask about it, then book it."""
    order = Order.objects.select_related("market__base", "market__quote", "cycle").get(pk=order_id)
    if order.status == Order.Status.PLANNED:
        order = submit_order(order=order, now=now)
    elif order.status in (Order.Status.SUBMITTING, Order.Status.UNKNOWN):
        order = resolve_order(order=order, now=now)
    if order.status not in Order.OPEN and order.booked_at is None:
        order = book_order(order=order, now=now)
    return order


def submit_order(*, order: Order, now: datetime) -> Order:
    """
    Send one planned order to the venue, once.

    1. Claim it: PLANNED becomes SUBMITTING. Whoever updates the row owns it. A stop that came in between ends it here.
    2. Send it under the id stored before, with no transaction open.
    3. Record the answer.

    If the worker dies between 2 and 3 the order stays SUBMITTING, and resolve_order asks the venue about that same id.
    """
    order.status = _claim(order, now)
    if order.status != Order.Status.SUBMITTING:
        return order
    market = order.market
    try:
        answer = venue().place_limit_ioc(
            client_order_id=order.client_order_id,
            symbol=market.symbol,
            side=Side(order.side),
            quantity=coins(order.quantity_units, market.base.decimals),
            price_limit=order.price_limit,
            now=now,
        )
    except OrderRejected as rejection:
        return _end(order, Order.Status.REJECTED, now, refusal=rejection.sentence)
    except (OutcomeUnknown, VenueUnreachable):
        Order.objects.filter(pk=order.pk).update(status=Order.Status.UNKNOWN, asked_at=now)
        order.status = Order.Status.UNKNOWN
        return order
    return record_answer(order=order, answer=answer, now=now)


def resolve_order(*, order: Order, now: datetime) -> Order:
    """Ask the venue what became of an order whose answer we do not have; never send it again."""
    since = order.claimed_at or order.planned_at
    wait = SILENCE_SECONDS if order.status == Order.Status.SUBMITTING else ASK_AGAIN_SECONDS
    if now < (order.asked_at or since) + timedelta(seconds=wait):
        return order
    try:
        answer = venue().find_order(client_order_id=order.client_order_id, symbol=order.market.symbol)
    except VenueUnreachable:
        Order.objects.filter(pk=order.pk).update(status=Order.Status.UNKNOWN, asked_at=now)
        order.status = Order.Status.UNKNOWN
        return order
    if answer is not None and answer.status != VenueStatus.OPEN:
        return record_answer(order=order, answer=answer, now=now)
    order.not_found_count += int(answer is None)
    if order.not_found_count >= NOT_FOUND_MAX:
        return _end(order, Order.Status.NOT_PLACED, now)
    order.status, order.asked_at = Order.Status.UNKNOWN, now
    Order.objects.filter(pk=order.pk, status__in=Order.OPEN).update(
        status=order.status, asked_at=now, not_found_count=order.not_found_count
    )
    return order


def record_answer(*, order: Order, answer: VenueOrder, now: datetime) -> Order:
    """Keep what the venue says it did, each trade id once. Nothing is booked yet."""
    market = order.market
    with transaction.atomic():
        order = (
            Order.objects.select_for_update(of=("self",))
            .select_related("market__base", "market__quote", "cycle")
            .get(pk=order.pk)
        )
        if order.status not in Order.OPEN:
            return order
        Fill.objects.bulk_create(
            [
                Fill(
                    order=order,
                    venue_account=order.venue_account,
                    trade_id=trade.trade_id,
                    price=trade.price,
                    quantity_units=units_of(trade.quantity, market.base.decimals),
                    value_units=units_of(trade.value, market.quote.decimals),
                    fee_units=units_of(trade.fee, market.quote.decimals),
                    executed_at=trade.executed_at,
                )
                for trade in answer.trades
            ],
            ignore_conflicts=True,
        )
        fills = list(order.fills.values_list("quantity_units", "value_units", "fee_units"))
        order.filled_units, order.value_units, order.fee_units = (
            sum(column) for column in (zip(*fills, strict=True) if fills else ((), (), ()))
        )
        order.status = FINAL_STATUS[answer.status]
        if order.status == Order.Status.CANCELED and order.filled_units:
            order.status = Order.Status.PARTIALLY_FILLED
        order.answered_at = now
        order.save(update_fields=["filled_units", "value_units", "fee_units", "status", "answered_at"])
    return order


def book_order(*, order: Order, now: datetime) -> Order:
    """
    Share what the venue did, and what met inside, among the participants, and book it in one transaction.

    1. Lock the lead, then the order. Booked already: nothing to do.
    2. Share quantity, value and fee by largest remainder; ties rotate with the order.
    3. Write the allocations and one journal; the holds are released by it.
    4. Tell the lead's orders, positions and the copies what came of it.
    """
    with transaction.atomic():
        lead = Lead.objects.select_for_update().get(pk=order.cycle.lead_id) if order.cycle else None
        order = (
            Order.objects.select_for_update(of=("self",))
            .select_related("market__base", "market__quote", "cycle")
            .get(pk=order.pk)
        )
        if order.booked_at is not None or order.status in Order.OPEN:
            return order
        participants = np.array(order.participant_ids, dtype=np.int64)
        wishes = np.array(order.wish_units, dtype=np.int64)
        shares = _settle(order, wishes)
        _write_allocations(order, participants, shares)
        _post(order, participants, shares, now)
        if lead is not None and order.cycle is not None:
            following.follow_up(
                lead=lead, cycle=order.cycle, order=order, participants=participants, shares=shares, now=now
            )
            _tell_shortfall(order, order.cycle, participants, wishes, shares, now)
        order.booked_at = now
        order.save(update_fields=["booked_at"])
    return order


def _claim(order: Order, now: datetime) -> str:
    with transaction.atomic():
        if order.cycle is not None:
            # Stops take the same lock, so either this order sees the stop or the stop comes after it.
            Lead.objects.select_for_update().get(pk=order.cycle.lead_id)
        claimable = Order.objects.filter(pk=order.pk, status=Order.Status.PLANNED)
        if order.cycle is not None and _buys_for_a_stopped_copy(order, order.cycle):
            claimable.update(status=Order.Status.CANCELED, answered_at=now)
            SyncCycle.objects.filter(pk=order.cycle.pk).update(has_rest=True)
        elif order.quantity_units == 0:
            claimable.update(status=Order.Status.FILLED, answered_at=now)
        elif not claimable.update(status=Order.Status.SUBMITTING, claimed_at=now):
            # Somebody else owns it; what it will become is not ours to say.
            return Order.Status.PLANNED
    order.refresh_from_db(fields=["status", "answered_at", "claimed_at"])
    return order.status


def _buys_for_a_stopped_copy(order: Order, cycle: SyncCycle) -> bool:
    # Few copies stop between a decision and its order, and thousands buy: so it is asked for the few.
    stopped = Copy.objects.filter(lead_id=cycle.lead_id, stopping_at__gte=order.planned_at)
    accounts = set(stopped.values_list("ledger_account_id", flat=True))
    if not accounts:
        return False
    participants = zip(order.participant_ids, order.wish_units, strict=True)
    return any(wish > 0 and account in accounts for account, wish in participants)


def _end(order: Order, status: Order.Status, now: datetime, *, refusal: str = "") -> Order:
    Order.objects.filter(pk=order.pk, status__in=Order.OPEN).update(
        status=status, refusal=refusal[:200], answered_at=now
    )
    order.refresh_from_db(fields=["status", "refusal", "answered_at"])
    return order


def _settle(order: Order, wishes: IntArray) -> Settlement:
    """Return everybody's share of an order; what was stopped or refused shares nothing."""
    if order.status in (Order.Status.REJECTED, Order.Status.NOT_PLACED) or (
        order.status == Order.Status.CANCELED and order.claimed_at is None
    ):
        nothing = np.zeros_like(wishes)
        return Settlement(quantity_units=nothing, value_units=nothing, fee_units=nothing)
    unit_mid = bunching.unit_price(order.market, order.price_mid)
    if order.side == Order.Side.SELL and order.filled_units:
        # The venue may fill a sale above the price that those who buy inside hold money for: they then buy less.
        dearest = bunching.unit_price(order.market, order.price_buy_max)
        average = order.value_units / order.filled_units
        if average > dearest:
            wishes = np.where(wishes > 0, np.floor(wishes * (dearest / average)).astype(np.int64), wishes)
    return allocation.settle_market(
        wish_units=wishes,
        filled_units=order.filled_units,
        value_units=order.value_units,
        fee_units=order.fee_units,
        cross_unit_price=unit_mid,
        rotation=order.pk,
    )


def _write_allocations(order: Order, participants: IntArray, shares: Settlement) -> None:
    taking_part = shares.quantity_units != 0
    bulk_rows.write_columns(
        "copytrading_allocation",
        {
            "order_id": np.full(int(taking_part.sum()), order.pk, dtype=np.int64),
            "ledger_account_id": participants[taking_part],
            "quantity_units": shares.quantity_units[taking_part],
            "value_units": shares.value_units[taking_part],
            "fee_units": shares.fee_units[taking_part],
        },
    )


def _post(order: Order, participants: IntArray, shares: Settlement, now: datetime) -> None:
    holds = [_hold_key(order, asset) for asset in (order.market.quote, order.market.base)]
    if not shares.quantity_units.any():
        for key in sorted(holds):
            ledger.release_hold(key=key, now=now)
        return
    venue_account = ledger.platform_account(LedgerAccount.Kind.VENUE, now=now).pk
    quote = shares.value_units - shares.fee_units
    base = shares.quantity_units
    everybody = np.append(participants, venue_account)
    ledger.post(
        kind=Journal.Kind.TRADE,
        idempotency_key=f"order:{order.pk}",
        lines=Lines.join(
            Lines.of(everybody, order.market.quote_id, np.append(quote, -int(quote.sum()))),
            Lines.of(everybody, order.market.base_id, np.append(base, -int(base.sum()))),
        ),
        now=now,
        releases=holds,
    )


def _tell_shortfall(
    order: Order, cycle: SyncCycle, participants: IntArray, wishes: IntArray, shares: Settlement, now: datetime
) -> None:
    """Where the price limit was reached before the order was filled: a row for each copy, and a rest to go on with."""
    if order.filled_units >= order.quantity_units:
        return
    SyncCycle.objects.filter(pk=cycle.pk).update(has_rest=True)
    if order.status not in (Order.Status.PARTIALLY_FILLED, Order.Status.CANCELED) or order.claimed_at is None:
        return
    unit_mid = bunching.unit_price(order.market, order.price_mid)
    copy_ids = dict(
        Copy.objects.filter(ledger_account_id__in=order.participant_ids).values_list("ledger_account_id", "pk")
    )
    ids = np.array([copy_ids.get(account, 0) for account in participants.tolist()], dtype=np.int64)
    short = (ids > 0) & (wishes != shares.quantity_units)
    explaining.explain_shortfall(
        order=order,
        copy_ids=ids[short],
        wanted=np.rint(wishes[short] * unit_mid).astype(np.int64),
        got=np.rint(shares.quantity_units[short] * unit_mid).astype(np.int64),
        now=now,
    )


def _next_order_id() -> int:
    """Return an order's id before the order exists, since its client order id carries it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('copytrading_order', 'id'))")
        return int(cursor.fetchone()[0])


def _hold_key(order: Order, asset: Asset) -> str:
    return f"order:{order.pk}:{asset.pk}"


def average_price(order: Order) -> Decimal | None:
    """Return the one price of an order in quote currency per coin; None when nothing was traded."""
    if order.filled_units:
        value = coins(order.value_units, order.market.quote.decimals)
        return value / coins(order.filled_units, order.market.base.decimals)
    return order.price_mid if order.status == Order.Status.FILLED else None
