"""
Act on own accounts: the protocol of orders, many orders at a time.

    PLANNED ──claim──→ SUBMITTING ──answer──→ FILLED | PARTIALLY_FILLED | CANCELED | REJECTED ──→ booked
                            └──no answer──→ UNKNOWN ──ask──→ adopted, or NOT_PLACED ──→ booked

The states, the client order ids and the evidence are those of `orders/trading`; what differs is that a batch is claimed
in one transaction and sent side by side, each order by the key of its own account, within the one budget that the
exchange gives all of us. What goes wrong on one account stays there.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import groupby
from operator import attrgetter
from time import monotonic

import structlog
from django.db import transaction

from accounts.models import Balance
from accounts.transactions import outside_transaction
from copytrading.engine.rules import Rules
from copytrading.engine.units import coins, units_of
from copytrading.exchange.errors import (
    KEY_TROUBLES,
    AccessRefused,
    KeyRefused,
    OrderRejected,
    RejectionCode,
    VenueError,
    VenueUnreachable,
)
from copytrading.exchange.orders import Side, VenueOrder
from copytrading.exchange.protocols import OwnVenue
from copytrading.models import Copy, Mark, Order, OwnAccount, OwnHolding
from copytrading.services.locks import lock_lead
from copytrading.services.market import quotes
from copytrading.services.orders import answering, resolving
from copytrading.services.orders.trading import RULES_CHANGED
from copytrading.services.own import accounts, booking, venues
from copytrading.services.safety import access, alarms, order_limits

log = structlog.get_logger()

# So many orders are claimed together: few enough to leave within the seconds that a claim is good for.
CLAIMED_AT_ONCE = 24
SENT_AT_ONCE = 8
# After so long without a word an order's absence from every list is enough, whatever its owner did there meanwhile.
LISTS_TELL_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What came of sending one order: an answer or a trouble, and how long it took."""

    order: Order
    answer: VenueOrder | None
    trouble: VenueError | None
    milliseconds: int


@outside_transaction
def work_off(*, lead_id: int, clock: Callable[[], datetime], rules: Rules) -> int:
    """
    Send what is planned on own accounts behind a lead, ask about what is open, book what has ended.

    Returns how many orders were claimed. Exits go first.
    """
    claimed = 0
    booking.book_ended(lead_id=lead_id, now=clock())
    while batch := _claim(lead_id, clock(), rules):
        claimed += len(batch)
        for outcome in _send(batch, clock):
            _record(outcome, clock())
        booking.book_ended(lead_id=lead_id, now=clock())
    if _resolve(lead_id, clock):
        booking.book_ended(lead_id=lead_id, now=clock())
    return claimed


def _planned(lead_id: int) -> list[int]:
    orders = Order.objects.filter(
        booked_at__isnull=True, status=Order.Status.PLANNED, cycle__lead=lead_id, cycle__is_own=True
    )
    return list(orders.order_by("-side", "pk").values_list("pk", flat=True)[:CLAIMED_AT_ONCE])


def _claim(lead_id: int, now: datetime, rules: Rules) -> list[Order]:
    """
    Claim the next orders, and return them; those that something stands against are ended, and the next are looked at.

    Whoever stops, pauses or reduces a copy takes the same lock: either this claim sees it, or it comes afterwards.
    """
    while ids := _planned(lead_id):
        with transaction.atomic(durable=True):
            lock_lead(lead_id)
            orders = list(
                Order.objects.select_for_update(of=("self",))
                .filter(pk__in=ids, status=Order.Status.PLANNED)
                .select_related("market__base", "market__quote", "cycle")
                .order_by("-side", "pk")
            )
            reasons = _reasons_not_to_send(lead_id, orders, now, rules)
            going = [order for order, reason in zip(orders, reasons, strict=True) if reason is None]
            for order, reason in zip(orders, reasons, strict=True):
                if reason is None:
                    order.status, order.claimed_at = Order.Status.SUBMITTING, now
                else:
                    order.status, order.answered_at = Order.Status.CANCELED, now
                    order.refusal = reason.sentence[:200]
            Order.objects.bulk_update(orders, ["status", "claimed_at", "answered_at", "refusal"])
            for order, reason in zip(orders, reasons, strict=True):
                if reason is not None and reason.alarm is not None:
                    alarms.raise_alarm(
                        kind=reason.alarm,
                        key=f"{reason.alarm}:own:{order.market.symbol}",
                        sentence=f"An order in {order.market.symbol} on an own account was not sent: {reason.sentence}",
                        now=now,
                    )
        if going:
            return going
    return []


def _reasons_not_to_send(
    lead_id: int, orders: Sequence[Order], now: datetime, rules: Rules
) -> list[order_limits.NotToBeSent | None]:
    """Return why each order must not leave, None where it may: its account, a fence, a halt, a limit."""
    connected = set(
        OwnAccount.objects.filter(
            pk__in={venues.account_id_of(order.venue_account) for order in orders},
            status=OwnAccount.Status.CONNECTED,
        ).values_list("pk", flat=True)
    )
    fences = dict(
        Copy.objects.filter(lead=lead_id, own_account__isnull=False)
        .filter(ledger_account_id__in=[order.participant_ids[0] for order in orders])
        .values_list("ledger_account_id", "fence")
    )
    marks = dict(
        Mark.objects.filter(market__in={order.market_id for order in orders}).values_list("market_id", "price")
    )
    found = order_limits.reasons_not_to_send(orders, marks=marks, now=now, rules=rules)
    for place, order in enumerate(orders):
        if venues.account_id_of(order.venue_account) not in connected:
            found[place] = order_limits.NotToBeSent(sentence="Its account is not traded on at the moment.")
        elif order.side == Order.Side.BUY and fences.get(order.participant_ids[0], 0) > order.request_count:
            found[place] = order_limits.NotToBeSent(sentence="")
    return found


def _send(orders: Sequence[Order], clock: Callable[[], datetime]) -> list[_Outcome]:
    """Send orders, each once and by its own account's key; the orders of one account one after the other."""
    opened = venues.open_accounts(venues.account_id_of(order.venue_account) for order in orders)
    groups = [
        (opened.get(venues.account_id_of(name)), list(group))
        for name, group in groupby(sorted(orders, key=attrgetter("venue_account")), key=attrgetter("venue_account"))
    ]
    if all(venue is not None and venue.can_be_asked_at_once for venue, _ in groups) and len(groups) > 1:
        with ThreadPoolExecutor(max_workers=SENT_AT_ONCE) as threads:
            sent = list(threads.map(lambda group: _send_one_by_one(*group), groups))
    else:
        sent = [_send_one_by_one(venue, group) for venue, group in groups]
    return [outcome for outcomes in sent for outcome in outcomes]


def _send_one_by_one(venue: OwnVenue | None, orders: Sequence[Order]) -> list[_Outcome]:
    """Send the orders of one account. No table is touched here: threads have no connection of ours."""
    return [_sent(venue, order) for order in orders]


def _sent(venue: OwnVenue | None, order: Order) -> _Outcome:
    began = monotonic()
    answer: VenueOrder | None = None
    trouble: VenueError | None = None
    if venue is None or order.claimed_at is None:
        trouble = OrderRejected(RejectionCode.NOT_REACHED, "Not sent: the platform cannot open the account.")
    else:
        try:
            answer = venue.place_limit_ioc(
                client_order_id=order.client_order_id,
                symbol=order.market.symbol,
                side=Side(order.side),
                quantity=coins(order.quantity_units, order.market.base.decimals),
                price_limit=order.price_limit,
                now=order.claimed_at,
                broker_tag=order.broker_tag,
            )
        except VenueError as said:
            trouble = said
    return _Outcome(order=order, answer=answer, trouble=trouble, milliseconds=round((monotonic() - began) * 1000))


def _record(outcome: _Outcome, now: datetime) -> None:
    """Keep what the exchange said to one order; only a rejection proves that there is none."""
    order, trouble = outcome.order, outcome.trouble
    if outcome.answer is not None:
        answering.record_answer(order=order, answer=outcome.answer, now=now, milliseconds=outcome.milliseconds)
    elif isinstance(trouble, OrderRejected):
        answering.end_order(
            order=order,
            status=Order.Status.REJECTED,
            now=now,
            refusal=trouble.sentence,
            milliseconds=outcome.milliseconds,
        )
        _heed_rejection(order, trouble, now)
    else:
        answering.mark_unknown(order=order, now=now)


def _heed_rejection(order: Order, rejection: OrderRejected, now: datetime) -> None:
    account_id = venues.account_id_of(order.venue_account)
    if rejection.code in KEY_TROUBLES:
        exchange = OwnAccount.objects.values_list("exchange", flat=True).get(pk=account_id)
        reason = access.reason_of(KeyRefused(rejection.sentence, code=rejection.code), exchange=exchange)
        accounts.refuse_account(account_id=account_id, reason=reason, now=now)
    elif rejection.code is RejectionCode.NOT_ENOUGH_BALANCE:
        accounts.look_soon([account_id])
    elif rejection.code in RULES_CHANGED:
        try:
            quotes.list_markets()
        except VenueUnreachable:
            # They are read again every few minutes anyway.
            log.warning("The venue's rules could not be read again.")


def _resolve(lead_id: int, clock: Callable[[], datetime]) -> int:
    """Ask about orders whose answer never came, each at its own account, and return how many were looked at."""
    waiting = list(
        Order.objects.filter(
            booked_at__isnull=True,
            status__in=[Order.Status.SUBMITTING, Order.Status.UNKNOWN],
            cycle__lead=lead_id,
            cycle__is_own=True,
        )
        .select_related("market__base", "market__quote", "cycle")
        .order_by("pk")
    )
    opened = venues.open_accounts(venues.account_id_of(order.venue_account) for order in waiting)
    for order in waiting:
        account_id = venues.account_id_of(order.venue_account)
        venue = opened.get(account_id)
        if venue is None:
            continue
        now = clock()
        try:
            resolving.resolve_order(
                order=order, now=now, at=venue, kept_tells=partial(_kept_as_before, order, venue, now)
            )
        except AccessRefused as refusal:
            if isinstance(refusal, KeyRefused):
                exchange = OwnAccount.objects.values_list("exchange", flat=True).get(pk=account_id)
                reason = access.reason_of(refusal, exchange=exchange)
                accounts.refuse_account(account_id=account_id, reason=reason, now=now)
                # Nothing more is to be heard there until there is another key.
                opened.pop(account_id)
                _end_if_leaving(order, now)
    return len(waiting)


def _end_if_leaving(order: Order, now: datetime) -> None:
    """
    End an unknown order of a copy that stops, where the key opens its account no more: else the stop never finished.

    All that the copy has becomes its owner's as it is, so that what came of the order is theirs either way.
    """
    if Copy.objects.filter(ledger_account=order.participant_ids[0], status=Copy.Status.STOPPING).exists():
        answering.end_order(
            order=order,
            status=Order.Status.NOT_PLACED,
            now=now,
            refusal="The key opens the account no more: what came of it is told by the exchange to its owner.",
        )


def _kept_as_before(order: Order, venue: OwnVenue, now: datetime) -> bool:
    """
    Return whether an account holds, beside what its copies have, just what it held before an order was sent.

    An order of ours that came would have changed either side. The owner may trade there too, so that after a long while
    it is enough that no list of the exchange has it.
    """
    if order.claimed_at is not None and now > order.claimed_at + LISTS_TELL_AFTER:
        return True
    account_id = venues.account_id_of(order.venue_account)
    before = dict(OwnHolding.objects.filter(account=account_id).values_list("asset_id", "beyond_units"))
    mirror = OwnAccount.objects.values_list("ledger_account_id", flat=True).get(pk=account_id)
    posted = dict(Balance.objects.filter(ledger_account=mirror).values_list("asset_id", "posted"))
    kept = venue.balances()
    beyond = {
        asset.pk: units_of(kept.get(asset.symbol, Decimal(0)), asset.decimals) + posted.get(asset.pk, 0)
        for asset in resolving.counted_assets(order.market)
    }
    return any(units == before.get(asset_id, 0) for asset_id, units in beyond.items())
