"""
Rounds of copies on own accounts: whose turn it is, and what they do.

    look      no transaction: what the free copies of a lead would trade, and the books of those markets
    decide    one transaction, lead locked: a round with its orders, holds and adjustments; who has arrived is settled
    act       `acting`: claimed in batches, sent side by side, booked together

A copy is free while none of its orders is open. So the one that waits for an answer waits alone: the others are
decided for without it, and the lead's own cycle knows nothing of any of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import numpy as np
import structlog
from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, PositiveBigIntegerField, Q, Value, When

from accounts import ledger
from accounts.models import Asset
from accounts.transactions import in_transaction, outside_transaction
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.engine.deciding.own_accounts import OwnDecision, decide_own
from copytrading.engine.holdings.portfolios import CopyTable, LeadPortfolio
from copytrading.engine.market.board import Board
from copytrading.engine.market.books import Book
from copytrading.engine.rules import Rules
from copytrading.exchange.errors import VenueUnreachable
from copytrading.models import Copy, CopyFlow, Lead, Market, Order, OwnAccount, OwnSeat, SyncCycle
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.operating import halts
from copytrading.queries.rules import platform_rules
from copytrading.services import bell
from copytrading.services.books import adjustments
from copytrading.services.locks import lock_lead
from copytrading.services.market import listings
from copytrading.services.orders import trading
from copytrading.services.own import acting, ending
from copytrading.services.safety import venue_watch

log = structlog.get_logger()

# A round is decided for so many copies: what is decided should leave before it is too old to be sent, and an exchange
# may let only a few orders a second through.
COPIES_A_ROUND = 40
# Whose turn it is is looked for among so many copies; those after them have theirs at the next ring.
LEADS_LOOKED_FOR = 10_000
# A ring works so long; the next one goes on.
RING_SECONDS = 40.0
# What waits for a market or a price is looked at again after this; a market that refused an account, too.
WAIT_SECONDS = 10
# Rounds in a row that fail within the platform set one copy aside.
FAILURES_MAX = 5

# Copies whose turn it is: exits first, then who was looked at longest ago.
DUE = """
    SELECT copy.lead_id, copy.id
    FROM copytrading_ownseat AS seat
    JOIN copytrading_copy AS copy ON copy.id = seat.copy_id
    JOIN copytrading_ownaccount AS account ON account.id = copy.own_account_id
    WHERE copy.status <> 'STOPPED' AND seat.failures < %(failures_max)s
        AND coalesce(copy.lead_id = %(lead)s, true)
        AND (account.status = 'CONNECTED' OR copy.status = 'STOPPING')
        AND (seat.next_look_at IS NULL OR seat.next_look_at <= %(now)s)
        AND (seat.phase <> 'READY' OR seat.looked_at IS NULL OR seat.looked_at <= %(repair_before)s
            OR copy.align_request IS NOT NULL OR copy.status IN ('STARTING', 'STOPPING')
            OR EXISTS (SELECT FROM copytrading_copyflow AS flow
                WHERE flow.copy_id = copy.id AND flow.status = 'REQUESTED')
            OR (copy.status = 'ACTIVE' AND EXISTS (SELECT FROM copytrading_leadposition AS position
                WHERE position.lead_id = copy.lead_id AND position.traded_version > seat.followed_version)))
        AND NOT EXISTS (SELECT FROM copytrading_order AS placed
            WHERE placed.booked_at IS NULL AND placed.venue_account = 'own:' || copy.own_account_id
                AND placed.participant_ids[1] = copy.ledger_account_id)
    ORDER BY copy.status <> 'STOPPING', seat.looked_at NULLS FIRST, copy.id
    LIMIT %(limit)s
"""

# What was booked moves a copy on: from selling to buying, and from buying to having followed.
MOVE_ON = """
    WITH done AS (
        SELECT seat.copy_id, seat.phase, seat.has_rest, seat.decided_request
        FROM copytrading_ownseat AS seat JOIN copytrading_copy AS copy ON copy.id = seat.copy_id
        WHERE copy.lead_id = %(lead)s AND copy.status <> 'STOPPED' AND seat.phase IN ('SELLING', 'BUYING')
            AND NOT EXISTS (SELECT FROM copytrading_order AS placed
                WHERE placed.booked_at IS NULL AND placed.venue_account = 'own:' || copy.own_account_id
                    AND placed.participant_ids[1] = copy.ledger_account_id)
    ), followed AS (
        UPDATE copytrading_copy AS copy
        SET align_request = CASE WHEN copy.align_request <= done.decided_request THEN NULL ELSE copy.align_request END,
            status = CASE WHEN copy.status = 'STARTING' AND (copy.align_request IS NULL
                OR copy.align_request <= done.decided_request) THEN 'ACTIVE' ELSE copy.status END
        FROM done WHERE copy.id = done.copy_id AND done.phase = 'BUYING' AND NOT done.has_rest
        RETURNING copy.id
    )
    UPDATE copytrading_ownseat AS seat
    SET phase = CASE done.phase WHEN 'SELLING' THEN 'SOLD' ELSE 'READY' END,
        has_rest = done.phase = 'SELLING' AND done.has_rest,
        followed_version = CASE WHEN done.phase = 'BUYING' AND NOT done.has_rest
            THEN greatest(seat.decided_version, seat.followed_version) ELSE seat.followed_version END
    FROM done WHERE seat.copy_id = done.copy_id
"""


@dataclass(frozen=True, kw_only=True)
class _Sight:
    """What one round looks at: free copies of a lead (N,), and from where each of them goes on."""

    lead: Lead
    cash: Asset
    board: Board
    portfolio: LeadPortfolio
    copies: CopyTable
    followed_versions: IntArray
    may_sell: BoolArray
    closed: BoolArray
    rules: Rules
    now: datetime

    def decide(self, books: dict[int, Book] | None = None) -> OwnDecision:
        traded = self.portfolio.traded_versions
        assert traded is not None, "a portfolio that was loaded knows when it was traded"
        return decide_own(
            board=self.board,
            lead=self.portfolio,
            copies=self.copies,
            touched=traded[None, :] > self.followed_versions[:, None],
            may_sell=self.may_sell,
            closed=self.closed,
            books=books,
            rules=self.rules,
            now=self.now.timestamp(),
        )


def leads_due(*, now: datetime) -> list[int]:
    """Return the ids of leads behind whom a copy on an own account has its turn, or has an order open."""
    due = {lead_id for lead_id, _ in _due(now, platform_rules(), lead_id=None, limit=LEADS_LOOKED_FOR)}
    open_orders = Order.objects.filter(booked_at__isnull=True, cycle__is_own=True)
    in_phase = OwnSeat.objects.exclude(phase=OwnSeat.Phase.READY).exclude(copy__status=Copy.Status.STOPPED)
    due.update(open_orders.values_list("cycle__lead_id", flat=True).distinct())
    due.update(in_phase.values_list("copy__lead_id", flat=True).distinct())
    return sorted(due)


def sync_due_leads(*, now: datetime) -> int:
    """Ring for every lead behind whom a copy on an own account has its turn, and return how many."""
    due = leads_due(now=now)
    for lead_id in due:
        bell.ring_for_own(lead_id)
    return len(due)


def sync_one_lead(*, lead_id: int, clock: Callable[[], datetime]) -> None:
    """Bring the copies on own accounts behind one lead as far as they go; a silent venue is noted for operators."""
    try:
        sync_own(lead_id=lead_id, clock=clock)
    except VenueUnreachable as silence:
        venue_watch.note_trouble(trouble=silence, now=clock())
        log.warning("The venue did not answer; own accounts are tried again.", lead_id=lead_id, trouble=str(silence))


@outside_transaction
def sync_own(*, lead_id: int, clock: Callable[[], datetime]) -> int:
    """
    Bring the copies on own accounts behind a lead as far as they go now, and return how many rounds that took.

    May be called by many workers at any time: each step is claimed in the database.

    :raises VenueUnreachable: if the books cannot be asked for.
    """
    rules, began, rounds = platform_rules(), monotonic(), 0
    while True:
        acting.work_off(lead_id=lead_id, clock=clock, rules=rules)
        _move_on(lead_id)
        now = clock()
        due = [copy_id for _, copy_id in _due(now, rules, lead_id=lead_id)]
        if not due:
            return rounds
        _decide_or_apart(lead_id, due, now, rules)
        rounds += 1
        if monotonic() - began > RING_SECONDS:
            acting.work_off(lead_id=lead_id, clock=clock, rules=rules)
            return rounds


def _due(now: datetime, rules: Rules, *, lead_id: int | None, limit: int = COPIES_A_ROUND) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            DUE,
            {
                "lead": lead_id,
                "now": now,
                "repair_before": now - timedelta(seconds=rules.repair_seconds),
                "failures_max": FAILURES_MAX,
                "limit": limit,
            },
        )
        return cursor.fetchall()


def _move_on(lead_id: int) -> None:
    if not OwnSeat.objects.filter(copy__lead=lead_id, phase__in=[OwnSeat.Phase.SELLING, OwnSeat.Phase.BUYING]).exists():
        return
    with transaction.atomic(durable=True):
        lock_lead(lead_id)
        with connection.cursor() as cursor:
            cursor.execute(MOVE_ON, {"lead": lead_id})


def _decide_or_apart(lead_id: int, copy_ids: Sequence[int], now: datetime, rules: Rules) -> None:
    """Decide for copies together; where that fails, for each apart, and count the failure of those that fail alone."""
    try:
        _decide(lead_id, copy_ids, now, rules)
        return
    except _TROUBLES as trouble:
        log.exception("A round of own accounts failed.", lead_id=lead_id, trouble=type(trouble).__name__)
    for copy_id in copy_ids:
        try:
            _decide(lead_id, [copy_id], now, rules)
        except _TROUBLES as trouble:
            log.exception("A copy on an own account failed.", copy_id=copy_id, trouble=type(trouble).__name__)
            later = now + timedelta(seconds=WAIT_SECONDS)
            OwnSeat.objects.filter(copy=copy_id).update(failures=F("failures") + 1, next_look_at=later)


_TROUBLES = (DatabaseError, ledger.NotEnoughMoney, AssertionError, ArithmeticError, LookupError, ValueError)


@outside_transaction
def _decide(lead_id: int, copy_ids: Sequence[int], now: datetime, rules: Rules) -> None:
    """Look at free copies, ask the books, and decide for them with the lead locked."""
    copy_ids = ending.let_go(lead_id=lead_id, copy_ids=copy_ids, now=now, rules=rules)
    if not copy_ids:
        return
    seen = _look(Lead.objects.get(pk=lead_id), copy_ids, now, rules)
    places = seen.decide().places.tolist()
    ids = {place: int(seen.board.market_ids[place]) for place in places}
    found = Market.objects.select_related("base", "quote").in_bulk(ids.values())
    books = {place: listings.book_of(found[market_id], now=now) for place, market_id in ids.items()}
    try:
        with transaction.atomic(durable=True):
            lead = lock_lead(lead_id)
            free = _still_free(copy_ids)
            if not free:
                return
            sight = _look(lead, free, now, rules)
            _write(sight, sight.decide(books), {market.pk: market for market in found.values()})
    except IntegrityError as conflict:
        if "one_open_order_per_account_and_market" not in str(conflict):
            raise
        # Another copy on one of the accounts got into a market first: these wait a moment.
        later = now + timedelta(seconds=1)
        OwnSeat.objects.filter(copy__in=copy_ids).update(next_look_at=later)


@in_transaction
def _still_free(copy_ids: Sequence[int]) -> list[int]:
    """Return those of some copies that nobody else began a round for meanwhile; their seats are locked."""
    ready = OwnSeat.objects.select_for_update(of=("self",)).filter(
        copy__in=copy_ids, phase__in=[OwnSeat.Phase.READY, OwnSeat.Phase.SOLD]
    )
    return list(ready.exclude(copy__status=Copy.Status.STOPPED).order_by("copy").values_list("copy_id", flat=True))


def _look(lead: Lead, copy_ids: Sequence[int], now: datetime, rules: Rules) -> _Sight:
    board, cash = market_queries.load_board_and_cash(now=now, rules=rules, closed=halts.markets_halted(lead_id=lead.pk))
    portfolio, copies = holdings.load_book(lead, board=board, cash=cash, own=True, copy_ids=copy_ids)
    seats = {
        copy_id: (version, phase)
        for copy_id, version, phase in OwnSeat.objects.filter(copy__in=copy_ids).values_list(
            "copy_id", "followed_version", "phase"
        )
    }
    ids = copies.ids.tolist()
    return _Sight(
        lead=lead,
        cash=cash,
        board=board,
        portfolio=portfolio,
        copies=copies,
        followed_versions=np.array([seats[copy_id][0] for copy_id in ids], dtype=np.int64),
        may_sell=np.array([seats[copy_id][1] != OwnSeat.Phase.SOLD for copy_id in ids], dtype=np.bool_),
        closed=_refused(copies, board, now),
        rules=rules,
        now=now,
    )


def _refused(copies: CopyTable, board: Board, now: datetime) -> BoolArray:
    """Return the cells (N, A) in which an order on that account is open, or was refused a moment ago."""
    closed = np.zeros(copies.units.shape, dtype=np.bool_)
    accounts = dict(Copy.objects.filter(pk__in=copies.ids.tolist()).values_list("own_account_id", "pk"))
    names = {f"{OwnAccount(pk=account_id).venue_account}": copy_id for account_id, copy_id in accounts.items()}
    lately = Q(answered_at__gt=now - timedelta(seconds=WAIT_SECONDS))
    refused = Order.objects.filter(
        Q(booked_at__isnull=True)
        | lately & Q(status=Order.Status.REJECTED)
        | lately & Q(status=Order.Status.CANCELED) & ~Q(refusal=""),
        venue_account__in=list(names),
    )
    for name, market_id in refused.values_list("venue_account", "market_id"):
        closed[copies.ids == names[name], board.market_ids == market_id] = True
    return closed


@in_transaction
def _write(sight: _Sight, decision: OwnDecision, markets: dict[int, Market]) -> None:
    """Write what was decided: a round with its orders where there are any, and where each copy stands now."""
    ids, now = sight.copies.ids, sight.now
    accounts = dict(Copy.objects.filter(pk__in=ids.tolist()).values_list("pk", "own_account_id"))
    if decision.orders or decision.adjustments:
        cycle = SyncCycle.objects.create(
            lead=sight.lead,
            status=SyncCycle.Status.DONE,
            opened_at=now,
            done_at=now,
            request_count=sight.lead.request_count,
            has_rest=bool(decision.short.any() or decision.waiting.any()),
            is_own=True,
        )
        trading.write_orders(
            cycle=cycle,
            planned=[order.planned for order in decision.orders],
            markets=markets,
            cash=sight.cash,
            request_count=sight.lead.request_count,
            now=now,
            venue_accounts=[OwnAccount(pk=accounts[int(ids[order.row])]).venue_account for order in decision.orders],
        )
        adjustments.note_decided(cycle_id=cycle.pk, adjusted=decision.adjustments, now=now)
    arrived = ids[decision.arrived].tolist()
    if arrived:
        # A round that has sold before goes by what it began with: what came since then might sell again.
        begun = Q(seat__phase=OwnSeat.Phase.SOLD, align_request__lte=F("seat__decided_request"))
        whole = Q(seat__phase=OwnSeat.Phase.READY, align_request__lte=sight.lead.request_count)
        Copy.objects.filter(begun | whole, pk__in=arrived).update(align_request=None)
        settled = Copy.objects.filter(pk__in=arrived, status=Copy.Status.STARTING, align_request__isnull=True)
        settled.update(status=Copy.Status.ACTIVE)
    _seat(sight, decision)
    if arrived:
        ending.settle_arrived(lead=sight.lead, copy_ids=arrived, now=now, rules=sight.rules)
        # What could not be paid out or ended now, as for a coin in doubt, is not tried again at once.
        unsettled = Q(copy__status=Copy.Status.STOPPING) | Q(copy__flows__status=CopyFlow.Status.REQUESTED)
        OwnSeat.objects.filter(unsettled, copy__in=arrived).update(next_look_at=now + timedelta(seconds=WAIT_SECONDS))


@in_transaction
def _seat(sight: _Sight, decision: OwnDecision) -> None:
    """Note where each copy stands. A round that goes on keeps the version that it began with."""
    ids, version = sight.copies.ids, sight.lead.book_version
    begins = When(phase=OwnSeat.Phase.READY, then=Value(version, output_field=PositiveBigIntegerField()))
    request = When(
        phase=OwnSeat.Phase.READY, then=Value(sight.lead.request_count, output_field=PositiveBigIntegerField())
    )
    for phase, rows in ((OwnSeat.Phase.SELLING, decision.selling), (OwnSeat.Phase.BUYING, decision.buying)):
        OwnSeat.objects.filter(copy__in=ids[rows].tolist()).update(
            phase=phase,
            decided_version=Case(begins, default=F("decided_version")),
            decided_request=Case(request, default=F("decided_request")),
            looked_at=sight.now,
            next_look_at=None,
            failures=0,
        )
    rest = (decision.selling | decision.buying) & (decision.short | decision.waiting)
    OwnSeat.objects.filter(copy__in=ids[rest].tolist()).update(has_rest=True)
    only_waiting = decision.waiting & ~decision.selling & ~decision.buying
    OwnSeat.objects.filter(copy__in=ids[only_waiting].tolist()).update(
        phase=OwnSeat.Phase.READY,
        has_rest=False,
        looked_at=sight.now,
        next_look_at=sight.now + timedelta(seconds=WAIT_SECONDS),
        failures=0,
    )
    OwnSeat.objects.filter(copy__in=ids[decision.arrived].tolist()).update(
        followed_version=Case(begins, default=F("decided_version")),
        phase=OwnSeat.Phase.READY,
        has_rest=False,
        looked_at=sight.now,
        next_look_at=None,
        failures=0,
    )
