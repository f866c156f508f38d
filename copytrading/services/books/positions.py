"""
What a booked order means for the lead: orders that are done, positions that were touched, holdings that were sold off.
"""

from datetime import datetime

import numpy as np
from django.db.models import F, QuerySet

from accounts.models import Balance
from accounts.transactions import in_transaction
from copytrading.engine.arrays import IntArray
from copytrading.engine.holdings import baseline
from copytrading.engine.holdings.portfolios import LeadPortfolio
from copytrading.engine.market.board import Board
from copytrading.engine.orders.allocation import Settlement
from copytrading.models import Copy, Lead, LeadOrder, LeadPosition, Order, SyncCycle
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.services import bell

TELL_PEOPLE_MAX = 2_000


@in_transaction
def follow_up(
    *, lead: Lead, cycle: SyncCycle, order: Order, participants: IntArray, shares: Settlement, now: datetime
) -> None:
    """Book an order's result on the lead's own orders and position. The lead is locked."""
    own = np.flatnonzero(participants == (lead.ledger_account_id or -1))
    if len(own):
        quantity, value = int(shares.quantity_units[own[0]]), int(shares.value_units[own[0]])
        _fill_lead_orders(lead, order, quantity, abs(value), now)
        if quantity:
            # The copies traded along. Should something be left to follow, the cycle says so and the touch stays.
            note_trade(
                lead=lead,
                asset_id=order.market.base_id,
                signed_units=quantity,
                held_before=_held(lead, order.market.base_id) - quantity if quantity < 0 else 0,
                request=cycle.request_count,
            )
    followers = Copy.objects.filter(lead=lead, ledger_account_id__in=participants[:TELL_PEOPLE_MAX].tolist())
    bell.publish_to_users(list(followers.values_list("follower_id", flat=True)), "activity")
    bell.publish(f"book:{lead.pk}", "lead")


@in_transaction
def note_trade(*, lead: Lead, asset_id: int, signed_units: int, held_before: int, request: int) -> None:
    """
    Note that a lead traded: `request` is to follow it, and a sale leaves less of what was held before.

    Copies on own accounts go by the version of the lead's book, which is this transaction's: the lead is locked.

    :param held_before: what a sale is a part of; a purchase takes nothing off it.
    """
    if signed_units > 0 and LeadPosition.objects.filter(lead=lead, asset_id=asset_id).update(
        touch_request=request, traded_version=lead.book_version
    ):
        return
    position, _ = LeadPosition.objects.get_or_create(lead=lead, asset_id=asset_id)
    if signed_units < 0:
        position.survival, position.epoch = baseline.after_sale(
            survival=position.survival, epoch=position.epoch, held_units=held_before, sold_units=-signed_units
        )
    position.touch_request, position.traded_version = request, lead.book_version
    position.save(update_fields=["survival", "epoch", "touch_request", "traded_version"])


@in_transaction
def note_departure(*, lead: Lead, asset_id: int, units: int, held_before: int) -> None:
    """
    Note that coins left a lead's portfolio without a sale: less is left of what was held before.

    Nothing is touched by it, so nobody follows it at once.
    """
    position, _ = LeadPosition.objects.get_or_create(lead=lead, asset_id=asset_id)
    position.survival, position.epoch = baseline.after_sale(
        survival=position.survival, epoch=position.epoch, held_units=held_before, sold_units=units
    )
    position.save(update_fields=["survival", "epoch"])


@in_transaction
def note_pending(*, lead: Lead, asset_id: int, signed_units: int) -> None:
    """Note a trade seen elsewhere for the Custom copies to answer."""
    LeadPosition.objects.filter(lead=lead, asset_id=asset_id).update(
        pending_units=F("pending_units") + signed_units, pending_orders=F("pending_orders") + 1
    )


@in_transaction
def answer_pending(*, lead: Lead, board: Board, portfolio: LeadPortfolio, selling: bool) -> None:
    """
    Take the trades off that this phase answers: sales when selling, purchases when buying.

    What came in since the portfolio was loaded stays, and what is in a market that nobody can trade in now. A Custom
    copy answers once: what does not fill is skipped.
    """
    answered = portfolio.pending_units < 0 if selling else portfolio.pending_units > 0
    for place in np.flatnonzero(answered & board.tradable):
        LeadPosition.objects.filter(lead=lead, asset_id=int(board.asset_ids[place])).update(
            pending_units=F("pending_units") - int(portfolio.pending_units[place]),
            pending_orders=F("pending_orders") - int(portfolio.pending_orders[place]),
        )


def _held(lead: Lead, asset_id: int) -> int:
    balance = Balance.objects.filter(ledger_account=lead.ledger_account_id, asset=asset_id)
    return balance.values_list("posted", flat=True).first() or 0


def _fill_lead_orders(lead: Lead, order: Order, quantity: int, value: int, now: datetime) -> None:
    """
    Give the lead's share to the lead's own orders, oldest first, at the order's average price.

    Orders of the other side met inside: what they traded is filled too, at that same price.
    """
    if not quantity:
        return
    joined = LeadOrder.objects.filter(lead=lead, market=order.market, cycle=order.cycle_id).order_by("pk")
    side = LeadOrder.Side.BUY if quantity > 0 else LeadOrder.Side.SELL
    lighter = [own for own in joined if own.side != side]
    heavier = [own for own in joined if own.side == side]
    left = abs(quantity) + sum(own.quantity_units - own.filled_units for own in lighter)
    price = value / abs(quantity)
    for own in lighter + heavier:
        wanted = own.quantity_units - own.filled_units
        filled = wanted if own.side != side else min(wanted, left)
        left -= filled if own.side == side else 0
        own.filled_units += filled
        own.value_units += round(filled * price)
        # Less than a lot can never be sent: it is as good as filled.
        if own.quantity_units - own.filled_units < order.market.lot_units:
            own.status, own.finished_at = LeadOrder.Status.FILLED, now
        elif own.status != LeadOrder.Status.SUBMITTED and own.filled_units:
            # Canceled while it was on its way: what was traded is traded.
            own.status = LeadOrder.Status.PARTIALLY_FILLED
        own.save(update_fields=["filled_units", "value_units", "status", "finished_at"])


def expire_lead_orders(*, lead: Lead, now: datetime) -> None:
    """End the lead's orders whose time is over; what was filled stays."""
    end_lead_orders(lead.orders.filter(expires_at__lte=now), now=now)


@in_transaction
def end_lead_orders(orders: QuerySet[LeadOrder], *, now: datetime) -> int:
    """End those of a lead's orders that are open and return how many were; what was filled stays."""
    still_open = orders.filter(status=LeadOrder.Status.SUBMITTED)
    canceled = still_open.filter(filled_units=0).update(status=LeadOrder.Status.CANCELED, finished_at=now)
    return canceled + still_open.filter(filled_units__gt=0).update(
        status=LeadOrder.Status.PARTIALLY_FILLED, finished_at=now
    )


@in_transaction
def issue_units(*, lead: Lead, flow_units: int, equity_before: float) -> None:
    """Issue or redeem units of the lead's portfolio for money that moved, so that the flow is no return."""
    if lead.units_issued <= 0 or equity_before <= 0:
        issued = max(flow_units, 0) / 10**CASH_DECIMALS
        Lead.objects.filter(pk=lead.pk).update(units_issued=issued)
    else:
        Lead.objects.filter(pk=lead.pk).update(units_issued=F("units_issued") * (1 + flow_units / equity_before))
    lead.refresh_from_db(fields=["units_issued"])
