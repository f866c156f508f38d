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
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from django.conf import settings
from django.db import IntegrityError, transaction

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.exchange.markets import Book
from copytrading.exchange.orders import Side
from copytrading.models import Lead, LeadOrder, Market, SyncCycle
from copytrading.queries import market as market_queries
from copytrading.queries.market import unit_price_in
from copytrading.services.books import positions
from copytrading.services.cycle import deciding, explaining, settling
from copytrading.services.cycle.deciding import Wishes
from copytrading.services.cycle.scene import Scene, cap_prices, load_scene, wishes_in, within_limits
from copytrading.services.market import listings
from copytrading.services.orders import bunching, trading
from copytrading.services.orders.bunching import Offer, PlannedOrder


def leads_to_sync(*, now: datetime) -> list[int]:
    """
    Return the ids of leads that need a look: a change waits, a cycle is open, drift repair is due, or the mark has
    reached the price of a limit order.
    """
    repair_before = now - timedelta(seconds=settings.SMARTSYNC_REPAIR_SECONDS)
    due = (
        Lead.objects.exclude(status=Lead.Status.APPLIED)
        .filter(failures__lt=settings.SMARTSYNC_FAILURES_MAX)
        .extra(
            where=[
                "sync_wanted_at IS NOT NULL"
                " OR EXISTS (SELECT FROM copytrading_synccycle AS cycle"
                "  WHERE cycle.lead_id = copytrading_lead.id AND cycle.status <> 'DONE')"
                " OR ((looked_at IS NULL OR looked_at <= %s) AND EXISTS (SELECT FROM copytrading_copy AS copy"
                "  WHERE copy.lead_id = copytrading_lead.id AND copy.status <> 'STOPPED'))"
                " OR EXISTS (SELECT FROM copytrading_leadorder AS own"
                "  JOIN copytrading_mark AS mark ON mark.market_id = own.market_id"
                "  WHERE own.lead_id = copytrading_lead.id AND own.status = 'SUBMITTED' AND own.order_type = 'LIMIT'"
                "  AND CASE own.side WHEN 'BUY' THEN mark.price <= own.price_limit"
                "   ELSE mark.price >= own.price_limit END)"
            ],
            params=[repair_before],
        )
    )
    return list(due.order_by("looked_at").values_list("pk", flat=True))


def sync_lead(*, lead_id: int, now: datetime, clock: Callable[[], datetime] | None = None) -> SyncCycle | None:
    """
    Bring a lead's copies one cycle further, and return the cycle, or None when there was nothing to trade.

    May be called by many workers at any time: each step is claimed in the database.

    :param clock: read before each order is sent, since a decision for many copies takes its time; `now` when None.
    """
    cycle = SyncCycle.objects.filter(lead_id=lead_id).exclude(status=SyncCycle.Status.DONE).first()
    if cycle is None:
        cycle = _open_cycle(lead_id, now)
    while cycle is not None and cycle.status != SyncCycle.Status.DONE:
        if not trading.work_off(cycle_id=cycle.pk, clock=clock or (lambda: now)):
            return cycle
        cycle = _next_phase(cycle, now)
    return cycle


def _open_cycle(lead_id: int, now: datetime) -> SyncCycle | None:
    """Look, and where something is to be traded decide: a cycle with its first orders."""
    lead = Lead.objects.get(pk=lead_id)
    spacing = timedelta(seconds=settings.SMARTSYNC_CYCLE_SPACING_SECONDS)
    if lead.cycles.filter(opened_at__gt=now - spacing).exists():
        return None
    scene = load_scene(lead, now=now)
    scene = within_limits(scene, books=_books(scene, scene.board.market_ids[list(scene.own.limits)]))
    wishes = wishes_in(scene, buy_prices=cap_prices(scene))
    if wishes.is_nothing and not wishes.explained.any() and not _untradable_wishes(scene).any():
        if _is_quiet(scene):
            Lead.objects.filter(pk=lead_id).update(looked_at=now, failures=0)
        else:
            has_rest = _is_waiting(scene)
            settling.settle_lead(lead_id=lead_id, now=now, cycle=None, followed=lead.request_count, has_rest=has_rest)
        return None
    books = _look_at_books(scene, wishes)
    try:
        with transaction.atomic():
            lead = Lead.objects.select_for_update().get(pk=lead_id)
            if lead.cycles.exclude(status=SyncCycle.Status.DONE).exists():
                return None
            cycle = SyncCycle.objects.create(lead=lead, opened_at=now, request_count=lead.request_count)
            lead.sync_wanted_at, lead.looked_at = None, now
            lead.save(update_fields=["sync_wanted_at", "looked_at"])
            _decide(cycle, load_scene(lead, now=now), books)
    except IntegrityError as conflict:
        if "one_open_order_per_account_and_market" not in str(conflict):
            raise
        # Another lead's order got into one of our markets first: the next look goes round it.
        return None
    return cycle


def _next_phase(cycle: SyncCycle, now: datetime) -> SyncCycle | None:
    """
    Go from SELLING to BUYING, or from BUYING to DONE, once every order of the phase is booked.

    Returns None where another lead's order was faster in one of the markets: the bell comes again.
    """
    cycle.refresh_from_db()
    if cycle.status == SyncCycle.Status.BUYING:
        return settling.settle_lead(
            lead_id=cycle.lead_id, now=now, cycle=cycle, followed=cycle.request_count, has_rest=cycle.has_rest
        )
    scene = load_scene(cycle.lead, now=now)
    books = _look_at_books(scene, wishes_in(scene, buy_prices=cap_prices(scene)))
    try:
        with transaction.atomic():
            lead = Lead.objects.select_for_update().get(pk=cycle.lead_id)
            cycle = SyncCycle.objects.select_for_update().get(pk=cycle.pk)
            if cycle.status == SyncCycle.Status.SELLING:
                cycle.status = SyncCycle.Status.BUYING
                cycle.save(update_fields=["status"])
                _decide(cycle, load_scene(lead, now=now), books)
    except IntegrityError as conflict:
        if "one_open_order_per_account_and_market" not in str(conflict):
            raise
        return None
    return cycle


def _untradable_wishes(scene: Scene) -> BoolArray:
    """Return the markets (A,) that are closed to us although somebody waits to follow a trade there."""
    touched = scene.portfolio.touched | (scene.lead_wish != 0)
    aligning = bool((scene.copies.aligning & scene.copies.has_status("STARTING", "ACTIVE")).any())
    return ~scene.board.listed & (touched | (aligning & (scene.portfolio.units > 0)))


def _look_at_books(scene: Scene, wishes: Wishes) -> dict[int, Book]:
    """Ask the venue for the books of the markets that somebody wishes to trade in. No transaction is open."""
    wanted = wishes.wanted.any(axis=0) | (wishes.lead != 0)
    return _books(scene, scene.board.market_ids[wanted])


def _books(scene: Scene, market_ids: IntArray) -> dict[int, Book]:
    if not len(market_ids):
        return {}
    markets = Market.objects.in_bulk(market_ids.tolist())
    return {market_id: listings.book_of(markets[market_id], now=scene.now) for market_id in market_ids.tolist()}


def _decide(cycle: SyncCycle, scene: Scene, books: dict[int, Book]) -> None:
    """Write the orders, holds and adjustments of the cycle's phase. In a transaction, lead locked."""
    markets = market_queries.markets().in_bulk(list(books))
    scene = within_limits(scene, books=books)
    # A first round without a book tells how much each market nets to, the books tell what that costs, and the
    # second round is sized by it.
    offers = _offers(scene, wishes_in(scene, buy_prices=cap_prices(scene)), books, markets)
    opposed = [place for place in scene.own.limits if place not in offers or not _goes_along(scene, place, offers)]
    if opposed:
        # The market as a whole goes the other way, at a price that nobody's limit bounds: this limit order waits.
        scene = replace(scene, own=scene.own.without(opposed))
        offers = _offers(scene, wishes_in(scene, buy_prices=cap_prices(scene)), books, markets)
    buy_prices = cap_prices(scene)
    for place, offer in offers.items():
        buy_prices[place] = unit_price_in(markets[int(scene.board.market_ids[place])], offer.price_buy_max)
    wishes = wishes_in(scene, buy_prices=buy_prices)

    selling = cycle.status == SyncCycle.Status.SELLING
    in_phase = np.zeros(len(scene.board.asset_ids), dtype=np.bool_)
    for place, offer in offers.items():
        in_phase[place] = (offer.side is Side.SELL) == selling
    if not selling:
        done_before = cycle.orders.values_list("market_id", flat=True)
        in_phase &= ~np.isin(scene.board.market_ids, list(done_before))
    phase = deciding.restrict(wishes, in_phase)

    planned = _plan_orders(scene, phase, offers, markets)
    for order in planned:
        trading.write_order(cycle=cycle, planned=order, cash=scene.cash, now=scene.now)
    _note_lead_orders(cycle, scene, phase, planned)
    positions.answer_pending(lead=scene.lead, board=scene.board, portfolio=scene.portfolio, selling=selling)
    explaining.explain(cycle=cycle, scene=scene, wishes=phase, orders=planned, selling=selling)
    _note_rest(cycle, scene, phase, planned, selling=selling)
    if selling and not planned:
        cycle.status = SyncCycle.Status.BUYING
        _decide(cycle, scene, books)
        cycle.save(update_fields=["status"])


def _offers(scene: Scene, wishes: Wishes, books: dict[int, Book], markets: dict[int, Market]) -> dict[int, Offer]:
    """Return what each looked-at book offers to the side its market nets to, by place on the board."""
    offers = {}
    for place, net in enumerate(wishes.net.tolist()):
        market = markets.get(int(scene.board.market_ids[place]))
        if market is None or not (wishes.wanted[:, place].any() or wishes.lead[place]):
            continue
        offers[place] = bunching.offer_of(
            market=market,
            book=books[market.pk],
            mark=market.mark.price,
            net_units=net,
            slippage_max=float(scene.slippage_max[place]),
            price_limit=scene.own.limits.get(place),
        )
    return offers


def _goes_along(scene: Scene, place: int, offers: dict[int, Offer]) -> bool:
    return bool((offers[place].side is Side.BUY) == (scene.lead_wish[place] > 0))


def _note_lead_orders(cycle: SyncCycle, scene: Scene, wishes: Wishes, planned: list[PlannedOrder]) -> None:
    """Remember which of the lead's own orders this cycle trades for: they get what it fills."""
    traded = {order.market.pk for order in planned}
    order_ids = [
        order_id
        for place, ids in scene.own.order_ids.items()
        if wishes.lead[place] and int(scene.board.market_ids[place]) in traded
        for order_id in ids
    ]
    if order_ids:
        LeadOrder.objects.filter(pk__in=order_ids).update(cycle=cycle)


def _plan_orders(
    scene: Scene, wishes: Wishes, offers: dict[int, Offer], markets: dict[int, Market]
) -> list[PlannedOrder]:
    planned = []
    for place, offer in offers.items():
        wish_units = np.append(wishes.copies[:, place], wishes.lead[place])
        account_ids = np.append(scene.copies.account_ids, scene.portfolio.account_id or 0)
        taking_part = wish_units != 0
        net = int(wish_units.sum())
        if not taking_part.any() or (net != 0 and (net > 0) != (offer.side is Side.BUY)):
            continue
        order = bunching.plan_order(
            market=markets[int(scene.board.market_ids[place])],
            offer=offer,
            participant_ids=account_ids[taking_part],
            wish_units=wish_units[taking_part],
            fee_rate=float(settings.SMARTSYNC_FEE_RATE),
        )
        planned.append(order)
    return planned


def _note_rest(cycle: SyncCycle, scene: Scene, wishes: Wishes, planned: list[PlannedOrder], *, selling: bool) -> None:
    """Remember on the cycle whether something is left that the next cycle can go on with."""
    capped = {Reason.DEPTH_CAPPED, Reason.ORDER_SIZE_CAPPED}
    depth_capped = any(not capped.isdisjoint(order.reasons) for order in planned)
    # A copy that sold and bought at once could not spend what it had not yet received.
    sold_late = not selling and bool(((wishes.copies < 0).any(axis=1) & (wishes.cash_factors < 1)).any())
    if depth_capped or sold_late or _is_waiting(scene):
        SyncCycle.objects.filter(pk=cycle.pk).update(has_rest=True)


def _is_quiet(scene: Scene) -> bool:
    """Return whether nothing is to be settled either: the usual look, which then costs no transaction."""
    lead, copies = scene.lead, scene.copies
    if lead.sync_wanted_at is not None or lead.status == Lead.Status.ENDED:
        return False
    if scene.portfolio.touched.any() or copies.aligning.any():
        return False
    if copies.has_status("STARTING", "STOPPING").any() or copies.owed_units.any():
        return False
    # Orders that have run out are ended by a settlement; a lead who trades elsewhere gives none here.
    return lead.ledger_account_id is None or not lead.orders.filter(status=LeadOrder.Status.SUBMITTED).exists()


def _is_waiting(scene: Scene) -> bool:
    """
    Return whether somebody waits.

    They wait for a market that is listed but cannot be traded this moment, or in which an exit goes alone, or for a
    lead unseen. A copy may have to sell what the lead does not hold any more.
    """
    portfolio, copies = scene.portfolio, scene.copies
    wanted_places = portfolio.touched | (scene.lead_wish != 0)
    to_ratios = copies.aligning & copies.has_status("STARTING", "ACTIVE")
    if not portfolio.is_seen and (wanted_places.any() or to_ratios.any()):
        return True
    relevant = wanted_places | (copies.units[copies.aligning | copies.short] > 0).any(axis=0)
    if wanted_places.any() or to_ratios.any():
        relevant |= portfolio.units > 0
    return bool((relevant & scene.board.listed & (~scene.tradable | scene.widened)).any())
