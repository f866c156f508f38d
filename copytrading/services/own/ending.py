"""
What leaves a copy on an own account: a reduction, or all of it when it stops. The money stays at the exchange.

In the ledger it goes back to the account's mirror. Coins that no order can carry stay in the account too, as the
person's own, and count at the mark: nothing goes through the platform's dust account.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import transaction

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal
from accounts.transactions import in_transaction, outside_transaction
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.engine.holdings.portfolios import CopyTable
from copytrading.engine.holdings.valuation import values_of
from copytrading.engine.market.board import Board
from copytrading.engine.rules import Rules
from copytrading.models import Copy, CopyFlow, Lead, Notice, OwnAccount, OwnSeat
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.market import doubts
from copytrading.services.books import gaps
from copytrading.services.cycle import closing, reducing
from copytrading.services.locks import lock_lead
from copytrading.services.telling import notices


@in_transaction
def settle_arrived(*, lead: Lead, copy_ids: Sequence[int], now: datetime, rules: Rules) -> None:
    """Pay reductions and end stopped copies among those that have traded as far as they go. The lead is locked."""
    flows = list(
        CopyFlow.objects.filter(copy__in=copy_ids, status=CopyFlow.Status.REQUESTED)
        .exclude(copy__status=Copy.Status.STOPPING)
        .select_related("copy")
        .order_by("pk")
    )
    stopping = list(Copy.objects.filter(pk__in=copy_ids, status=Copy.Status.STOPPING).values_list("pk", flat=True))
    if not flows and not stopping:
        return
    board, cash = market_queries.load_board_and_cash(now=now, rules=rules)
    _, copies = holdings.load_together([lead.pk], board=board, cash=cash, copy_ids=copy_ids, own=True)
    if flows:
        reducing.pay_flows(
            lead, flows, copies, copies.valued(board), np.ones(len(copies.ids), dtype=np.bool_), now=now, rules=rules,
            mirrors=_mirrors_of(copies),
        )  # fmt: skip
    if stopping:
        _end(lead, board, copies, cash.pk, np.isin(copies.ids, stopping), now, rules)


@outside_transaction
def let_go(*, lead_id: int, copy_ids: Sequence[int], now: datetime, rules: Rules) -> list[int]:
    """
    End those of some free copies that stop and whose account cannot be traded on, as they are; return the others.

    What they have is in the person's own account, sold or not.
    """
    leaving = Copy.objects.filter(pk__in=copy_ids, status=Copy.Status.STOPPING)
    ids = list(
        leaving.exclude(own_account__status=OwnAccount.Status.CONNECTED).order_by("pk").values_list("pk", flat=True)
    )
    if ids:
        with transaction.atomic(durable=True):
            lead = lock_lead(lead_id)
            board, cash = market_queries.load_board_and_cash(now=now, rules=rules)
            _, copies = holdings.load_together([lead_id], board=board, cash=cash, copy_ids=ids, own=True)
            _end(lead, board, copies, cash.pk, copies.has_status("STOPPING"), now, rules)
            OwnSeat.objects.filter(copy__in=ids).update(looked_at=now, next_look_at=now + closing.LOOK_AGAIN)
    return [copy_id for copy_id in copy_ids if copy_id not in set(ids)]


@in_transaction
def _end(
    lead: Lead, board: Board, copies: CopyTable, cash_id: int, leaving: BoolArray, now: datetime, rules: Rules
) -> None:
    """End copies (N,) that have no open order and no coin whose price is old or in doubt. The lead is locked."""
    unpriced = ((copies.units > 0) & ~(board.fresh | board.frozen)[None, :]).any(axis=1)
    done = leaving & ~copies.held_units.any(axis=1) & (copies.cash_held_units == 0) & ~unpriced
    done &= ~doubts.holders_in_doubt(board=board, units=copies.units)
    if not done.any():
        return
    # The last look at a gap: it stays as it was at the end.
    gaps.measure_lead(lead=lead, now=now, rules=rules)
    mirrors = _mirrors_of(copies)
    values = _leave_rests(board, copies, done, cash_id, mirrors, now)
    closing.end_copies(lead=lead, copies=copies, done=done, values=values, now=now, rules=rules, mirrors=mirrors)


def _leave_rests(
    board: Board, copies: CopyTable, done: BoolArray, cash_id: int, mirrors: dict[int, int], now: datetime
) -> IntArray:
    """Leave coins that were not sold in the accounts, counted at the mark, and return what each copy (D,) got."""
    units_left = np.where(done[:, None], copies.units, 0)
    rows, places = np.nonzero(units_left)
    got = np.zeros(len(copies.ids), dtype=np.int64)
    if len(rows):
        units, assets = units_left[rows, places], board.asset_ids[places]
        values = values_of(held_units=units, unit_prices=board.unit_prices[places])
        facing = np.array([mirrors[copy_id] for copy_id in copies.ids[rows].tolist()], dtype=np.int64)
        accounts = copies.account_ids[rows]
        ledger.post(
            kind=Journal.Kind.DUST,
            idempotency_key=f"left:{copies.ids[done][0]}",
            lines=Lines.join(
                Lines.of(accounts, assets, -units),
                Lines.of(facing, assets, units),
                Lines.of(accounts, cash_id, values),
                Lines.of(facing, cash_id, -values),
            ).without_zeros(),
            now=now,
        )
        notices.tell_copies(
            copies.ids[rows].tolist(),
            Notice.Kind.OWN_REST_LEFT,
            now,
            asset_ids=assets.tolist(),
            units=units.tolist(),
            value_units=values.tolist(),
        )
        np.add.at(got, rows, values)
    return got[done]


def _mirrors_of(copies: CopyTable) -> dict[int, int]:
    """Return the ledger account of each copy's own account at the exchange, by the copy's id."""
    rows = Copy.objects.filter(pk__in=copies.ids.tolist(), own_account__isnull=False)
    return dict(rows.values_list("pk", "own_account__ledger_account_id"))
