"""
What the venue says about an order, kept on its row: its end, its trades, or that nothing is known. Nothing is booked.

Each trade id is kept once. Trades told after their order was booked are late: they go to the suspense account, where
operators find out whose they are, and are never dropped.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount
from accounts.transactions import in_transaction
from copytrading.engine.units import units_of
from copytrading.exchange.orders import VenueOrder, VenueStatus, VenueTrade
from copytrading.models import Alarm, Fill, Order
from copytrading.models.own_accounts import NAME_BEFORE
from copytrading.services.safety import alarms

IN_SUSPENSE = "It is in the suspense account until operators say whose it is."

FINAL_STATUS = {
    VenueStatus.FILLED: Order.Status.FILLED,
    VenueStatus.CANCELED: Order.Status.CANCELED,
    VenueStatus.EXPIRED: Order.Status.CANCELED,
    VenueStatus.REJECTED: Order.Status.REJECTED,
}


def record_answer(*, order: Order, answer: VenueOrder, now: datetime, milliseconds: int | None = None) -> Order:
    """
    Keep what the venue says an order did: its status, and every trade of it once.

    An answer that is not complete is none yet: the order is open there, or trades of it are still to be told.

    :param milliseconds: how long it took to say so, where it was asked just now.
    """
    if not answer.is_complete:
        return mark_unknown(order=order, now=now, venue_order_id=answer.venue_order_id)
    with transaction.atomic(durable=True):
        order = lock_order(order.pk)
        if order.status not in Order.OPEN:
            note_late_trades(order=order, trades=answer.trades, now=now)
            return order
        Fill.objects.bulk_create([_fill(order, trade) for trade in answer.trades], ignore_conflicts=True)
        fills = list(order.fills.values_list("quantity_units", "value_units", "fee_units", "fee_base_units"))
        order.filled_units, order.value_units, order.fee_units, order.fee_base_units = (
            sum(column) for column in (zip(*fills, strict=True) if fills else ((), (), (), ()))
        )
        order.status = FINAL_STATUS[answer.status]
        if order.filled_units and order.status in (Order.Status.CANCELED, Order.Status.REJECTED):
            order.status = Order.Status.PARTIALLY_FILLED
        order.venue_order_id, order.answered_at = answer.venue_order_id, now
        order.answer_milliseconds = milliseconds
        order.save(
            update_fields=[
                "filled_units",
                "value_units",
                "fee_units",
                "fee_base_units",
                "status",
                "venue_order_id",
                "answered_at",
                "answer_milliseconds",
            ]
        )
        if order.ask_count:
            alarms.clear_alarm(key=unknown_key(order), now=now)
    return order


def mark_unknown(*, order: Order, now: datetime, venue_order_id: str = "") -> Order:
    """Note that it is not known what became of an order; it is asked about, later each time, and never sent again."""
    order.status, order.asked_at, order.ask_count = Order.Status.UNKNOWN, now, order.ask_count + 1
    order.venue_order_id = venue_order_id or order.venue_order_id
    Order.objects.filter(pk=order.pk, status__in=Order.OPEN).update(
        status=order.status,
        asked_at=now,
        ask_count=order.ask_count,
        not_found_count=order.not_found_count,
        venue_order_id=order.venue_order_id,
    )
    return order


def end_order(
    *, order: Order, status: Order.Status, now: datetime, refusal: str = "", milliseconds: int | None = None
) -> Order:
    """End an order that did nothing at the venue: rejected, never placed, or not sent after all."""
    Order.objects.filter(pk=order.pk, status__in=Order.OPEN).update(
        status=status, refusal=refusal[:200], answered_at=now, answer_milliseconds=milliseconds
    )
    order.refresh_from_db(fields=["status", "refusal", "answered_at"])
    alarms.clear_alarm(key=unknown_key(order), now=now)
    return order


@in_transaction
def note_late_trades(*, order: Order, trades: Iterable[VenueTrade], now: datetime) -> int:
    """
    Book those trades of an ended order that were never told before to the suspense account, and return how many.

    The order is locked. An order that has its trades but is not booked yet has no late ones. On somebody's own account
    they are their owner's: nothing is booked, and the copy has gone on without them.
    """
    is_own = order.venue_account.startswith(NAME_BEFORE)
    late = 0
    known = set(order.fills.values_list("trade_id", flat=True))
    for trade in trades:
        if trade.trade_id in known:
            continue
        fill = _fill(order, trade)
        fill.late_at = now
        fill.save(force_insert=True)
        if not is_own:
            _post_to_suspense(order, fill, now)
        alarms.raise_alarm(
            kind=Alarm.Kind.LATE_FILL,
            key=f"late:{fill.venue_account}:{fill.trade_id}",
            sentence=f"The venue told a trade of order {order.client_order_id} in {order.market.symbol} after that"
            f" order had ended. {'It is in its owner’s own account.' if is_own else IN_SUSPENSE}",
            now=now,
        )
        late += 1
    return late


def unknown_key(order: Order) -> str:
    """Return the name of the alarm that an order's outcome stays unknown."""
    return f"unknown:{order.client_order_id}"


@in_transaction
def lock_order(order_id: int) -> Order:
    """Return an order with its market and cycle, its row locked; its participants' arrays are read on demand."""
    return (
        Order.objects.select_for_update(of=("self",))
        .select_related("market__base", "market__quote", "cycle")
        .defer("participant_ids", "wish_units")
        .get(pk=order_id)
    )


def _fill(order: Order, trade: VenueTrade) -> Fill:
    market = order.market
    fill = Fill(
        order=order,
        venue_account=order.venue_account,
        trade_id=trade.trade_id,
        price=trade.price,
        quantity_units=units_of(trade.quantity, market.base.decimals),
        value_units=units_of(trade.value, market.quote.decimals),
        fee_units=0,
        executed_at=trade.executed_at,
    )
    if trade.fee_asset in (market.quote.symbol, ""):
        fill.fee_units = units_of(trade.fee, market.quote.decimals)
    elif trade.fee_asset == market.base.symbol:
        fill.fee_base_units = units_of(trade.fee, market.base.decimals)
    else:
        fill.fee_other_asset = Asset.objects.get_or_create(symbol=trade.fee_asset, defaults={"name": trade.fee_asset})[
            0
        ]
        fill.fee_other_units = units_of(trade.fee, fill.fee_other_asset.decimals)
    return fill


def _post_to_suspense(order: Order, fill: Fill, now: datetime) -> None:
    sign = 1 if order.side == Order.Side.BUY else -1
    quantity = sign * fill.quantity_units - fill.fee_base_units
    value = -sign * fill.value_units - fill.fee_units
    suspense = ledger.platform_account(LedgerAccount.Kind.SUSPENSE, now=now).pk
    venue_account = ledger.platform_account(LedgerAccount.Kind.VENUE, now=now).pk
    accounts = [suspense, venue_account]
    ledger.post(
        kind=Journal.Kind.TRADE,
        idempotency_key=f"late:{fill.venue_account}:{fill.trade_id}",
        lines=Lines.join(
            Lines.of(accounts, order.market.base_id, [quantity, -quantity]),
            Lines.of(accounts, order.market.quote_id, [value, -value]),
        ),
        now=now,
    )
