"""
The cycle of one lead: look, decide, then let trading act and post, until everybody holds the lead's ratios.

    look      no transaction: what would be traded, and the books of those markets
    decide    one transaction, lead locked: SyncCycle, Orders, holds, adjustments
    act/post  services.trading, order by order
    settle    one transaction: reductions and stopped copies are paid out, the cycle is DONE

A cycle sells first and buys on what the sells brought. Each step leaves rows in a state, so whoever comes next,
after a crash too, goes on from there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Subquery

from accounts.transactions import in_transaction, outside_transaction
from copytrading.engine.deciding.decision import Decision, Phase
from copytrading.engine.deciding.lead_orders import is_reached
from copytrading.engine.market.books import Book, Side
from copytrading.engine.rules import Rules
from copytrading.models import Lead, LeadOrder, LeadPosition, Market, Order, SyncCycle
from copytrading.queries.rules import platform_rules
from copytrading.services.books import adjustments, positions
from copytrading.services.cycle import calm, settling
from copytrading.services.cycle.scene import Scene, books_at, has_same_book, load_again, load_scene, markets_at
from copytrading.services.locks import lock_lead
from copytrading.services.orders import trading


def leads_to_sync(*, now: datetime) -> list[int]:
    """
    Return the ids of leads that need a look: a change waits, a cycle is open, drift repair is due, the mark has reached
    the price of a limit order, or a market has opened in which a trade waits to be followed.
    """
    rules = platform_rules()
    repair_before = now - timedelta(seconds=rules.repair_seconds)
    due = (
        Lead.objects.exclude(status=Lead.Status.APPLIED)
        .filter(failures__lt=rules.failures_max)
        .extra(
            where=[
                "sync_wanted_at IS NOT NULL OR copytrading_lead.id = ANY(%s)"
                " OR EXISTS (SELECT FROM copytrading_leadposition AS position"
                "  JOIN copytrading_market AS market ON market.base_id = position.asset_id"
                "  WHERE position.lead_id = copytrading_lead.id AND position.touch_request = %s"
                "  AND market.status = 'TRADING')"
                " OR EXISTS (SELECT FROM copytrading_synccycle AS cycle"
                "  WHERE cycle.lead_id = copytrading_lead.id AND cycle.status <> 'DONE')"
                " OR ((looked_at IS NULL OR looked_at <= %s) AND EXISTS (SELECT FROM copytrading_copy AS copy"
                f"  WHERE copy.lead_id = copytrading_lead.id AND copy.status <> 'STOPPED') AND NOT {calm.IS_CALM})"
            ],
            params=[
                _with_reached_limits(),
                LeadPosition.WAITS_FOR_MARKET,
                repair_before,
                now - calm.LASTS_AT_MOST,
            ],
        )
    )
    return list(due.order_by("looked_at").values_list("pk", flat=True))


def _with_reached_limits() -> list[int]:
    """Return the ids of leads with a limit order whose price the mark has reached."""
    waiting = LeadOrder.objects.filter(status=LeadOrder.Status.SUBMITTED, price_limit__isnull=False)
    rows = waiting.values_list("lead_id", "side", "price_limit", "market__mark__price")
    return [
        lead_id
        for lead_id, side, price_limit, mark in rows
        if price_limit is not None and is_reached(side=Side(side), price_limit=price_limit, price=mark)
    ]


@outside_transaction
def sync_lead(*, lead_id: int, now: datetime, clock: Callable[[], datetime] | None = None) -> SyncCycle | None:
    """
    Bring a lead's copies one cycle further, and return the cycle, or None when there was nothing to trade.

    May be called by many workers at any time: each step is claimed in the database.

    :param clock: read before each order is sent, since a decision for many copies takes its time; `now` when None.
    """
    rules = platform_rules()
    spacing = timedelta(seconds=rules.cycle_spacing_seconds)
    cycles = SyncCycle.objects.filter(lead=OuterRef("pk"))
    lead = Lead.objects.annotate(
        open_cycle=Subquery(cycles.exclude(status=SyncCycle.Status.DONE).values("pk")[:1]),
        is_early=Exists(cycles.filter(opened_at__gt=now - spacing, is_own=False)),
    ).get(pk=lead_id)
    if lead.open_cycle is not None:
        phase: _Phase | None = _Phase(SyncCycle.objects.get(pk=lead.open_cycle))
    else:
        phase = None if lead.is_early else _open_cycle(lead, now, rules)
    while phase is not None and phase.cycle.status != SyncCycle.Status.DONE:
        cycle = phase.cycle
        if not trading.work_off(cycle_id=cycle.pk, clock=clock or (lambda: now), rules=rules, written=phase.orders):
            return cycle
        phase = _next_phase(phase, now, rules)
    return None if phase is None else phase.cycle


@dataclass(frozen=True)
class _Phase:
    """
    A cycle as far as it has come, and what is known of it without asking again: None where it was begun earlier.

    `orders` are those of this phase, and `scene` is what they were decided by.
    """

    cycle: SyncCycle
    orders: list[Order] | None = None
    scene: Scene | None = None


def _open_cycle(lead: Lead, now: datetime, rules: Rules) -> _Phase | None:
    """Look, and where something is to be traded decide: a cycle with its first orders."""
    scene = load_scene(lead, now=now, rules=rules)
    glance = scene.decide()
    if glance.is_nothing:
        if _is_quiet(scene):
            Lead.objects.filter(pk=lead.pk).update(looked_at=now, failures=0)
            calm.note_calm(scene, glance)
        else:
            _settle_without_cycle(scene, glance)
        return None
    markets = markets_at(scene, glance.places)
    books = books_at(scene, markets)
    try:
        with transaction.atomic(durable=True):
            lead = lock_lead(lead.pk)
            if not has_same_book(scene, lead) and lead.cycles.exclude(status=SyncCycle.Status.DONE).exists():
                return None
            scene = load_again(scene, lead)
            decision = scene.decide(books=books, phase=Phase.SELLING)
            phase = None if decision.is_nothing else _write_cycle(scene, decision, books, markets)
    except IntegrityError as conflict:
        if "one_open_order_per_account_and_market" not in str(conflict):
            raise
        # Another lead's order got into one of our markets first: the next look goes round it.
        return None
    if phase is None:
        # The books give nothing for a limit order that its mark had reached.
        _settle_without_cycle(scene, decision)
    return phase


def _settle_without_cycle(scene: Scene, decision: Decision) -> None:
    settling.settle_lead(
        lead_id=scene.lead.pk,
        now=scene.now,
        cycle=None,
        followed=scene.lead.request_count,
        has_rest=decision.has_rest,
        rules=scene.rules,
    )


@in_transaction
def _write_cycle(scene: Scene, decision: Decision, books: dict[int, Book], markets: dict[int, Market]) -> _Phase:
    """Open a cycle with what was decided; where nothing is sold it buys at once. The lead is locked."""
    lead, status = scene.lead, SyncCycle.Status.SELLING
    decided = {status: decision}
    if not decision.orders:
        status = SyncCycle.Status.BUYING
        decided[status] = scene.decide(books=books, phase=Phase.BUYING)
    cycle = SyncCycle.objects.create(
        lead=lead,
        status=status,
        opened_at=scene.now,
        request_count=lead.request_count,
        has_rest=any(part.has_rest for part in decided.values()),
    )
    lead.sync_wanted_at, lead.looked_at = None, scene.now
    lead.save(update_fields=["sync_wanted_at", "looked_at"])
    orders = []
    for phase, part in decided.items():
        orders += _write(cycle, scene, part, markets, is_selling=phase == SyncCycle.Status.SELLING)
    return _Phase(cycle, orders, scene)


def _next_phase(done: _Phase, now: datetime, rules: Rules) -> _Phase | None:
    """
    Go from SELLING to BUYING, or from BUYING to DONE, once every order of the phase is booked.

    Returns None where another lead's order was faster in one of the markets: the bell comes again.
    """
    cycle, orders = done.cycle, None
    if cycle.status == SyncCycle.Status.BUYING:
        settled = settling.settle_lead(
            lead_id=cycle.lead_id,
            now=now,
            cycle=cycle,
            followed=cycle.request_count,
            has_rest=cycle.has_rest,
            rules=rules,
            scene=done.scene,
        )
        return None if settled is None else _Phase(settled)
    # Not the cycle's own lead, which is as it was when the cycle began.
    scene = load_scene(Lead.objects.get(pk=cycle.lead_id), now=now, rules=rules)
    markets = markets_at(scene, scene.decide().places)
    books = books_at(scene, markets)
    try:
        with transaction.atomic(durable=True):
            lead = lock_lead(cycle.lead_id)
            cycle = SyncCycle.objects.select_for_update().get(pk=cycle.pk)
            if cycle.status == SyncCycle.Status.SELLING:
                scene = load_again(scene, lead)
                traded = np.isin(scene.board.market_ids, list(cycle.orders.values_list("market_id", flat=True)))
                decision = scene.decide(books=books, phase=Phase.BUYING, traded=traded)
                cycle.status, cycle.has_rest = SyncCycle.Status.BUYING, cycle.has_rest or decision.has_rest
                cycle.save(update_fields=["status", "has_rest"])
                orders = _write(cycle, scene, decision, markets, is_selling=False)
    except IntegrityError as conflict:
        if "one_open_order_per_account_and_market" not in str(conflict):
            raise
        return None
    return _Phase(cycle, orders, scene if orders is not None else None)


@in_transaction
def _write(
    cycle: SyncCycle, scene: Scene, decision: Decision, markets: dict[int, Market], *, is_selling: bool
) -> list[Order]:
    """
    Write the orders, holds and adjustments of a phase, as they were decided, and return the orders. The lead is locked.

    :param markets: those whose books were asked for, so all that are traded in.
    """
    orders = trading.write_orders(
        cycle=cycle,
        planned=decision.orders,
        markets={market.pk: market for market in markets.values()},
        cash=scene.cash,
        request_count=scene.lead.request_count,
        now=scene.now,
    )
    if decision.lead_order_ids:
        # They get what this cycle fills.
        LeadOrder.objects.filter(pk__in=decision.lead_order_ids).update(cycle=cycle)
    positions.answer_pending(lead=scene.lead, board=scene.board, portfolio=scene.portfolio, selling=is_selling)
    adjustments.note_decided(cycle_id=cycle.pk, adjusted=decision.adjustments, now=scene.now)
    return orders


def _is_quiet(scene: Scene) -> bool:
    """Return whether nothing is to be settled either: the usual look, which then costs no transaction."""
    lead, copies = scene.lead, scene.copies
    if lead.sync_wanted_at is not None or lead.status == Lead.Status.ENDED:
        return False
    if scene.portfolio.due(scene.board).any() or copies.aligning.any():
        return False
    if copies.has_status("STARTING", "STOPPING").any() or copies.owed_units.any():
        return False
    # Orders that have run out are ended by a settlement; a lead who trades elsewhere gives none here.
    return lead.ledger_account_id is None or not lead.orders.filter(status=LeadOrder.Status.SUBMITTED).exists()
