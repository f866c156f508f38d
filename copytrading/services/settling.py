"""
The end of a look: flags are cleared, reductions and stopped copies are paid out, and the cycle is DONE.

Everything for all copies of a lead at once, in one transaction with the lead locked.
"""

from datetime import datetime

import numpy as np
import structlog
from django.db import connection, transaction

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Balance, Journal, LedgerAccount
from copytrading.engine import profit_share
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.models import Copy, CopyFlow, Lead, LeadPosition, Notice, ProfitShare, SyncCycle
from copytrading.queries import holdings
from copytrading.queries import market as market_queries
from copytrading.queries.holdings import CopyTable
from copytrading.queries.market import Board
from copytrading.services import bell, following, freezing, measuring, recording, sharing
from copytrading.services.scene import EXIT_SLIPPAGE_MAX

log = structlog.get_logger()


def settle_lead(
    *, lead_id: int, now: datetime, cycle: SyncCycle | None, followed: int, has_rest: bool
) -> SyncCycle | None:
    """
    Finish a look at a lead: `cycle` is the one that traded, None where nothing was to be traded.

    :param followed: how many of the lead's requests the look knew of; a later one waits for the next.
    :param has_rest: something wanted could not be traded yet, so the flags stay and the bell rings again.
    """
    with transaction.atomic():
        lead = Lead.objects.select_for_update().get(pk=lead_id)
        if cycle is not None:
            cycle = SyncCycle.objects.select_for_update().get(pk=cycle.pk)
            # Another worker may have been faster, to the end or to the orders of the next phase.
            if cycle.status == SyncCycle.Status.DONE or cycle.orders.filter(booked_at__isnull=True).exists():
                return cycle
        elif lead.cycles.exclude(status=SyncCycle.Status.DONE).exists():
            return None
        _clear_flags(lead, now, followed=followed, has_rest=has_rest)
        following.expire_lead_orders(lead=lead, now=now)
        _pay_reductions(lead, now, followed=followed, has_rest=has_rest)
        _finish_stopping(lead, now)
        if lead.status == Lead.Status.ENDED:
            _return_own_money(lead, now)
        if cycle is not None:
            cycle.status, cycle.done_at = SyncCycle.Status.DONE, now
            cycle.save(update_fields=["status", "done_at"])
        lead.save(update_fields=["sync_wanted_at", "looked_at", "failures"])
    if cycle is not None:
        recording.record_unit_price(lead=lead, now=now)
    return cycle


def _clear_flags(lead: Lead, now: datetime, *, followed: int, has_rest: bool) -> None:
    """What was followed need not be followed again; what came in meanwhile waits for the next cycle."""
    lead.looked_at, lead.failures = now, 0
    copies = Copy.objects.filter(lead=lead)
    if has_rest:
        lead.sync_wanted_at = lead.sync_wanted_at or now
    else:
        if lead.request_count == followed:
            lead.sync_wanted_at = None
        LeadPosition.objects.filter(lead=lead, touch_request__lte=followed).update(
            touch_request=None, pending_units=0, pending_orders=0
        )
        copies.filter(align_request__lte=followed).update(align_request=None)
    copies.filter(status=Copy.Status.STARTING, align_request__isnull=True).update(status=Copy.Status.ACTIVE)


def _pay_reductions(lead: Lead, now: datetime, *, followed: int, has_rest: bool) -> None:
    """
    Pay what was asked to be taken out, as soon as enough has been sold.

    What a copy had its chance to sell for is paid as far as it got: lots and a thin book leave something over. What was
    asked for since the decision has not had its chance yet.
    """
    flows = list(
        # All of them: what is owed counts them all, and is paid by them.
        CopyFlow.objects.filter(copy__lead=lead, status=CopyFlow.Status.REQUESTED)
        .exclude(copy__status=Copy.Status.STOPPING)
        .select_related("copy")
        .order_by("pk")
    )
    if not flows:
        return
    board = market_queries.load_board(now=now)
    copies = holdings.load_copies(lead, board=board, cash=market_queries.cash_asset())
    gross = sharing.value(copies, board)
    payable = _payable(copies, gross)
    asked_since = [flow.copy_id for flow in flows if flow.request > followed]
    had_chance = ~copies.aligning & ~np.isin(copies.ids, asked_since) & (not has_rest)
    paying = (copies.owed_units > 0) & (payable > 0) & (had_chance | (payable >= copies.owed_units))
    paying &= ~copies.has_status("STOPPING")
    if not paying.any():
        return
    units = np.minimum(payable, copies.owed_units)[paying]
    measuring.measure_lead(lead=lead, now=now)
    measuring.take_money(copy_ids=copies.ids[paying], units=units)
    sharing.redeem(
        lead=lead, copies=copies, leaving=paying, gross_units=gross[paying], paid_out_units=units,
        kind=ProfitShare.Kind.REDUCTION, now=now,
    )  # fmt: skip
    paid = _close_flows(flows, dict(zip(copies.ids[paying].tolist(), units.tolist(), strict=True)), now)
    _pay_out(
        kind=Journal.Kind.COPY_REDUCE,
        key=f"reduce:{paid[0].pk}",
        copies=list(Copy.objects.filter(pk__in=copies.ids[paying].tolist()).order_by("ledger_account_id")),
        units=units,
        now=now,
    )


def _payable(copies: CopyTable, gross: IntArray) -> IntArray:
    """Return what each copy (N,) can pay out of its cash and still settle the profit share of what leaves."""
    available = copies.cash_units - copies.cash_held_units
    accrued = profit_share.accrued_units(state=copies.share_state, equity_units=gross)
    net = np.maximum(gross - accrued, 0)
    # Each unit that leaves takes its part of the accrued share along.
    share = np.divide(accrued, net, out=np.zeros(len(net)), where=net > 0)
    payable = np.where(accrued > 0, np.floor(available / (1 + share)).astype(np.int64) - 2, available)
    return np.clip(payable, 0, net)


def _close_flows(flows: list[CopyFlow], paid_units: dict[int, int], now: datetime) -> list[CopyFlow]:
    """Mark the flows of the copies that were paid as done, each with what it brought."""
    closed = []
    for flow in flows:
        if flow.copy_id not in paid_units:
            continue
        units = min(-flow.units, paid_units[flow.copy_id])
        paid_units[flow.copy_id] -= units
        flow.units, flow.status, flow.moved_at = -units, CopyFlow.Status.DONE, now
        closed.append(flow)
    CopyFlow.objects.bulk_update(closed, ["units", "status", "moved_at"], batch_size=2_000)
    return closed


def _finish_stopping(lead: Lead, now: datetime) -> None:
    """Take the dust of stopping copies over, and pay out those that hold nothing any more."""
    if not Copy.objects.filter(lead=lead, status=Copy.Status.STOPPING).exists():
        return
    cash = market_queries.cash_asset()
    board = market_queries.load_board(now=now)
    copies = holdings.load_copies(lead, board=board, cash=cash)
    stopping = copies.has_status("STOPPING")
    dust, frozen = _dust_places(board, copies, stopping), freezing.frozen_cells(board, copies)
    left = np.where(dust[None, :] | frozen, 0, copies.units) + copies.held_units
    done = stopping & ~left.any(axis=1) & (copies.cash_held_units == 0)
    if not done.any():
        return
    # The last look at a gap: it stays as it was at the end.
    measuring.measure_lead(lead=lead, now=now)
    values = np.zeros(int(done.sum()), dtype=np.int64)
    dust_units = np.where(frozen, 0, copies.units)[done]
    if dust_units.any():
        taken = _take_dust(board, copies, done, dust_units, cash.pk, now)
        if taken is None:
            return
        values = taken
    freezing.hand_over_frozen(board=board, copies=copies, cells=frozen & done[:, None], now=now)
    rows = list(Copy.objects.filter(pk__in=copies.ids[done].tolist()).order_by("ledger_account_id"))
    final = copies.cash_units[done] + values
    state = sharing.pick(copies.share_state, done)
    payouts = final - profit_share.accrued_units(state=state, equity_units=final)
    sharing.redeem(
        lead=lead, copies=copies, leaving=done, gross_units=final, paid_out_units=payouts,
        kind=ProfitShare.Kind.STOP, now=now,
    )  # fmt: skip
    for copy in rows:
        # The clock of who started it may have been ahead of ours.
        copy.status, copy.stopped_at, copy.align_request = Copy.Status.STOPPED, max(now, copy.started_at), None
    Copy.objects.bulk_update(rows, ["status", "stopped_at", "align_request"], batch_size=2_000)
    CopyFlow.objects.bulk_create(
        [
            CopyFlow(
                copy=copy, kind=CopyFlow.Kind.PAYOUT, units=-units, idempotency_key=f"payout:{copy.pk}", moved_at=now
            )
            for copy, units in zip(rows, payouts.tolist(), strict=True)
        ],
        batch_size=5_000,
    )
    Notice.objects.bulk_create(
        [
            Notice(copy=copy, kind=Notice.Kind.COPY_STOPPED, units=units, noted_at=now)
            for copy, units in zip(rows, payouts.tolist(), strict=True)
        ],
        batch_size=5_000,
    )
    paying = payouts > 0
    if paying.any():
        _pay_out(
            kind=Journal.Kind.COPY_PAYOUT,
            key=f"payout:{rows[int(np.flatnonzero(paying)[0])].pk}",
            copies=[copy for copy, pays in zip(rows, paying.tolist(), strict=True) if pays],
            units=payouts[paying],
            now=now,
        )
    bell.publish_to_users([copy.follower_id for copy in rows], "copies")


def _dust_places(board: Board, copies: CopyTable, stopping: BoolArray) -> BoolArray:
    """Return the places (A,) where all stopping copies together hold less than the venue takes as an order."""
    total = copies.units[stopping].sum(axis=0)
    # A sale goes in whole lots, and the venue counts it at its limit, which for an exit may lie far below the mark.
    lots = total // board.lot_units * board.lot_units
    value = lots * np.nan_to_num(board.unit_prices) * (1 - EXIT_SLIPPAGE_MAX)
    too_small = (lots == 0) | (value < board.value_min_units)
    return np.asarray((too_small & board.fresh & ~board.frozen) | (total == 0), dtype=np.bool_)


def _take_dust(
    board: Board, copies: CopyTable, done: BoolArray, dust_units: IntArray, cash_id: int, now: datetime
) -> IntArray | None:
    """
    Move what the venue would not take to the platform's dust account, at the mark, and return what each copy got.

    Returns None where the dust account cannot pay: the copies wait and an operator has to fund it.
    """
    rows, places = np.nonzero(dust_units)
    accounts, units = copies.account_ids[done][rows], dust_units[rows, places]
    values = np.floor(units * board.unit_prices[places]).astype(np.int64)
    dust = ledger.platform_account(LedgerAccount.Kind.DUST, now=now).pk
    assets = board.asset_ids[places]
    lines = Lines.join(
        Lines.of(accounts, assets, -units),
        Lines.of(np.full(len(units), dust), assets, units),
        Lines.of(accounts, cash_id, values),
        Lines.of([dust], cash_id, [-int(values.sum())]),
    )
    try:
        ledger.post(
            kind=Journal.Kind.DUST, idempotency_key=f"dust:{copies.ids[done][0]}", lines=lines.without_zeros(), now=now
        )
    except ledger.NotEnoughMoney:
        log.error("The dust account has too little cash to take over the rest of stopped copies.", dust_account=dust)
        return None
    got = np.zeros(int(done.sum()), dtype=np.int64)
    np.add.at(got, rows, values)
    return got


def _pay_out(*, kind: Journal.Kind, key: str, copies: list[Copy], units: IntArray, now: datetime) -> None:
    """Move cash (copies,) from copies to their followers' main accounts, in one journal."""
    cash = market_queries.cash_asset()
    mains = dict(
        LedgerAccount.objects.filter(
            kind=LedgerAccount.Kind.MAIN, owner_id__in=[copy.follower_id for copy in copies]
        ).values_list("owner_id", "pk")
    )
    ledger.post(
        kind=kind,
        idempotency_key=key,
        lines=Lines.join(
            Lines.of([copy.ledger_account_id for copy in copies], cash.pk, -units),
            Lines.of([mains[copy.follower_id] for copy in copies], cash.pk, units),
        ),
        now=now,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE copytrading_copy AS copy SET paid_out_units = copy.paid_out_units + line.units"
            " FROM (SELECT copy_id, sum(units)::bigint AS units"
            "  FROM unnest(%s::bigint[], %s::bigint[]) AS line(copy_id, units) GROUP BY 1) AS line"
            " WHERE copy.id = line.copy_id",
            [[copy.pk for copy in copies], units.tolist()],
        )
    bell.publish_to_users([copy.follower_id for copy in copies], "wallet")


def _return_own_money(lead: Lead, now: datetime) -> None:
    """Give an ended lead everything back that is in the lead account, as it is."""
    if lead.ledger_account_id is None:
        return
    balances = list(Balance.objects.filter(ledger_account=lead.ledger_account_id, posted__gt=0))
    if not balances or any(balance.held for balance in balances):
        return
    measuring.measure_lead(lead=lead, now=now)
    main = ledger.main_account(user=lead.user, now=now).pk
    assets = [balance.asset_id for balance in balances]
    units = np.array([balance.posted for balance in balances], dtype=np.int64)
    ledger.post(
        kind=Journal.Kind.LEAD_WITHDRAWAL,
        idempotency_key=f"lead-ended:{lead.pk}:{now.timestamp():.6f}",
        lines=Lines.join(
            Lines.of(np.full(len(units), lead.ledger_account_id), assets, -units),
            Lines.of(np.full(len(units), main), assets, units),
        ),
        now=now,
    )
