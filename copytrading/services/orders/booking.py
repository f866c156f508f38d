"""
Post: share what an order did among those it was for, in one transaction and to the last unit.

The wishes were stored with the order before it was sent, so a fill that comes late still goes to those it was bought
for, whoever follows by then.
"""

from datetime import datetime

import numpy as np

from accounts import ledger
from accounts import queries as account_queries
from accounts.database import bulk_rows
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount
from accounts.transactions import owns_transaction
from copytrading.engine.arrays import IntArray
from copytrading.engine.orders import allocation
from copytrading.engine.orders.allocation import Settlement
from copytrading.engine.units import coins
from copytrading.models import Alarm, Copy, Fill, Order, SyncCycle
from copytrading.queries.market.board import unit_price_in
from copytrading.services.books import adjustments, limit_orders, positions
from copytrading.services.locks import lock_lead
from copytrading.services.orders.answering import lock_order
from copytrading.services.safety import alarms


@owns_transaction
def book_order(*, order: Order, now: datetime) -> Order:
    """
    Share what the venue did, and what met inside, among the participants, and book it.

    1. Lock the lead, then the order. Booked already: nothing to do.
    2. Share quantity, value and fees by largest remainder; ties rotate with the order.
    3. Write the allocations and one journal; the holds are released by it.
    4. Tell the lead's orders, positions and the copies what came of it; or a limit order that it came of.
    """
    lead = lock_lead(order.cycle.lead_id) if order.cycle else None
    order = lock_order(order.pk)
    if order.booked_at is not None or order.status in Order.OPEN:
        return order
    participants, wishes, fills_paid_elsewhere, venue_accounts = _arrays_of(order)
    shares = _settle(order, wishes)
    _write_allocations(order, participants, shares)
    # A platform that has never traded has none yet.
    venue_account = (
        int(venue_accounts[0]) if len(venue_accounts) else ledger.platform_account(LedgerAccount.Kind.VENUE, now=now).pk
    )
    _post(order, participants, shares, fills_paid_elsewhere, venue_account, now)
    if lead is not None and order.cycle is not None:
        positions.follow_up(
            lead=lead, cycle=order.cycle, order=order, participants=participants, shares=shares, now=now
        )
        _tell_shortfall(order, order.cycle, participants, wishes, shares, now)
    else:
        limit_orders.follow_up(order=order, now=now)
    order.booked_at = now
    order.save(update_fields=["booked_at"])
    return order


def hold_key(order: Order, asset: Asset) -> str:
    """Return the key of what an order holds of one asset."""
    return f"order:{order.pk}:{asset.pk}"


def _arrays_of(order: Order) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """
    Return the ledger accounts of an order's participants and their wishes (P,), which nothing changes any more, the
    ids of its fills (F,) whose fee was taken in a third coin, and the ledger account that mirrors the venue (1 or 0).
    """
    participants, wishes, fills_paid_elsewhere, venue_accounts = bulk_rows.read_arrays(
        "SELECT participant_ids, wish_units, ARRAY(SELECT id FROM copytrading_fill"
        "  WHERE order_id = placed.id AND fee_other_units <> 0),"
        " ARRAY(SELECT id FROM accounts_ledgeraccount WHERE owner_id IS NULL AND kind = %s)"
        " FROM copytrading_order AS placed WHERE id = %s",
        [LedgerAccount.Kind.VENUE, order.pk],
        types=["bigint"] * 4,
    )
    return participants, wishes, fills_paid_elsewhere, venue_accounts


def _settle(order: Order, wishes: IntArray) -> Settlement:
    """Return everybody's share of an order; what was stopped or refused shares nothing."""
    if order.status in (Order.Status.REJECTED, Order.Status.NOT_PLACED) or (
        order.status == Order.Status.CANCELED and order.claimed_at is None
    ):
        nothing = np.zeros_like(wishes)
        return Settlement(quantity_units=nothing, value_units=nothing, fee_units=nothing, fee_base_units=nothing)
    unit_mid = unit_price_in(order.market, order.price_mid)
    if order.side == Order.Side.SELL and order.filled_units:
        # The venue may fill a sale above the price that those who buy inside hold money for: they then buy less.
        dearest = unit_price_in(order.market, order.price_buy_max)
        average = order.value_units / order.filled_units
        if average > dearest:
            wishes = np.where(wishes > 0, np.floor(wishes * (dearest / average)).astype(np.int64), wishes)
    return allocation.settle_market(
        wish_units=wishes,
        filled_units=order.filled_units,
        value_units=order.value_units,
        fee_units=order.fee_units,
        fee_base_units=order.fee_base_units,
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
            "quantity_units": shares.received_units[taking_part],
            "value_units": shares.value_units[taking_part],
            "fee_units": shares.fee_units[taking_part],
            "fee_base_units": shares.fee_base_units[taking_part],
        },
    )


def _post(
    order: Order, participants: IntArray, shares: Settlement, fills_paid_elsewhere: IntArray, venue_account: int,
    now: datetime,
) -> None:  # fmt: skip
    holds = [hold_key(order, asset) for asset in (order.market.quote, order.market.base)]
    if not shares.quantity_units.any():
        for key in sorted(holds):
            ledger.release_hold(key=key, now=now)
        return
    quote = shares.value_units - shares.fee_units
    base = shares.received_units
    everybody = np.append(participants, venue_account)
    ledger.post_at_once(
        kind=Journal.Kind.TRADE,
        idempotency_key=f"order:{order.pk}",
        lines=Lines.join(
            Lines.of(everybody, order.market.quote_id, np.append(quote, -int(quote.sum()))),
            Lines.of(everybody, order.market.base_id, np.append(base, -int(base.sum()))),
            *_fees_in_other_coins(order, fills_paid_elsewhere, venue_account, now),
        ),
        now=now,
        releases=holds,
    )


def _fees_in_other_coins(
    order: Order, fills_paid_elsewhere: IntArray, venue_account: int, now: datetime
) -> list[Lines]:
    """
    Return the lines of fees that the venue took in a third coin: the platform's fee account pays them.

    Where it has none of that coin, custody comes to differ from the ledger, which an operator then has to put right.
    """
    if not len(fills_paid_elsewhere):
        return []
    lines = []
    paid = list(Fill.objects.filter(pk__in=fills_paid_elsewhere.tolist()).select_related("fee_other_asset"))
    for asset in {fill.fee_other_asset for fill in paid if fill.fee_other_asset}:
        units = sum(fill.fee_other_units for fill in paid if fill.fee_other_asset == asset)
        fees = ledger.platform_account(LedgerAccount.Kind.FEES, now=now)
        if account_queries.available_units_in(fees, asset=asset) < units:
            alarms.raise_alarm(
                kind=Alarm.Kind.CUSTODY_DIFFERS,
                key=f"fee:{order.client_order_id}",
                sentence=f"The venue took a fee of {coins(units, asset.decimals).normalize():f} {asset.symbol} for"
                f" order {order.client_order_id}, more than our fee account has. Switch that off at the venue.",
                now=now,
            )
            continue
        lines.append(Lines.of([fees.pk, venue_account], asset.pk, [-units, units]))
    return lines


def _tell_shortfall(
    order: Order, cycle: SyncCycle, participants: IntArray, wishes: IntArray, shares: Settlement, now: datetime
) -> None:
    """Where the price limit was reached before the order was filled: a row for each copy, and a rest to go on with."""
    if order.filled_units >= order.quantity_units:
        return
    SyncCycle.objects.filter(pk=cycle.pk).update(has_rest=True)
    if order.status not in (Order.Status.PARTIALLY_FILLED, Order.Status.CANCELED) or order.claimed_at is None:
        return
    unit_mid = unit_price_in(order.market, order.price_mid)
    copy_ids = dict(
        Copy.objects.filter(ledger_account_id__in=participants.tolist()).values_list("ledger_account_id", "pk")
    )
    ids = np.array([copy_ids.get(account, 0) for account in participants.tolist()], dtype=np.int64)
    short = (ids > 0) & (wishes != shares.quantity_units)
    adjustments.explain_shortfall(
        order=order,
        copy_ids=ids[short],
        wanted=np.rint(wishes[short] * unit_mid).astype(np.int64),
        got=np.rint(shares.quantity_units[short] * unit_mid).astype(np.int64),
        now=now,
    )
