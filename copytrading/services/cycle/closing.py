"""
The end of what stops: copies that are sold out are paid out, dust is taken over, an ended lead gets the own money back.

All in the settling transaction, lead locked.
"""

from datetime import datetime, timedelta

import numpy as np
import structlog

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Balance, Journal, LedgerAccount
from accounts.transactions import in_transaction
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.engine.deciding.decision import EXIT_SLIPPAGE_MAX
from copytrading.engine.holdings.portfolios import CopyTable
from copytrading.engine.holdings.valuation import value_gross, values_of
from copytrading.engine.market.board import Board
from copytrading.engine.rules import Rules
from copytrading.models import Copy, CopyFlow, Lead, Notice, ProfitShare
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.market import doubts
from copytrading.services import bell
from copytrading.services.books import frozen_coins, gaps, profit_shares, rests
from copytrading.services.books import payouts as paying_out
from copytrading.services.telling import notices

log = structlog.get_logger()

# What could not be ended at one look is tried again so much later.
LOOK_AGAIN = timedelta(seconds=10)


@in_transaction
def close_stopped_copies(lead: Lead, now: datetime, *, rules: Rules) -> None:
    """Take the dust of stopping copies over, and pay out those that hold nothing any more."""
    if not Copy.objects.filter(lead=lead, own_account__isnull=True, status=Copy.Status.STOPPING).exists():
        return
    board, cash = market_queries.load_board_and_cash(now=now, rules=rules)
    copies = holdings.load_copies(lead, board=board, cash=cash, own=False)
    stopping = copies.has_status("STOPPING")
    dust, frozen = _dust_places(board, copies, stopping), frozen_coins.frozen_cells(board, copies)
    left = np.where(dust[None, :] | frozen, 0, copies.units) + copies.held_units
    done = stopping & ~left.any(axis=1) & (copies.cash_held_units == 0)
    done &= ~doubts.holders_in_doubt(board=board, units=copies.units)
    if not done.any():
        return
    # The last look at a gap: it stays as it was at the end.
    gaps.measure_lead(lead=lead, now=now, rules=rules)
    values = np.zeros(int(done.sum()), dtype=np.int64)
    dust_units = np.where(frozen, 0, copies.units)[done]
    if dust_units.any():
        taken = _take_dust(board, copies, done, dust_units, cash.pk, now)
        if taken is None:
            return
        values = taken
    frozen_coins.hand_over_frozen(board=board, copies=copies, cells=frozen & done[:, None], now=now)
    end_copies(lead=lead, copies=copies, done=done, values=values, now=now, rules=rules)


@in_transaction
def end_copies(
    *, lead: Lead, copies: CopyTable, done: BoolArray, values: IntArray, now: datetime, rules: Rules,
    mirrors: dict[int, int] | None = None,
) -> None:  # fmt: skip
    """
    Pay out those copies (N,) that are `done`, and note that they have stopped. The lead is locked.

    :param values: what each of them (D,) got for what no order could carry, in quote units.
    :param mirrors: by the copy's id the ledger account where the money goes instead of the main account.
    """
    rows = list(Copy.objects.filter(pk__in=copies.ids[done].tolist()).order_by("ledger_account_id"))
    final = copies.cash_units[done] + values
    state = profit_shares.pick(copies.share_state, done)
    payouts = value_gross(gross_units=final, share_state=state, owed_units=np.zeros_like(final)).worth
    profit_shares.redeem(
        lead=lead, copies=copies, leaving=done, gross_units=final, paid_out_units=payouts,
        kind=ProfitShare.Kind.STOP, now=now, rules=rules,
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
    notices.tell_copies([copy.pk for copy in rows], Notice.Kind.COPY_STOPPED, now, units=payouts.tolist())
    paying = payouts > 0
    if paying.any():
        paying_out.pay_out(
            kind=Journal.Kind.COPY_PAYOUT,
            key=f"payout:{rows[int(np.flatnonzero(paying)[0])].pk}",
            copies=[copy for copy, pays in zip(rows, paying.tolist(), strict=True) if pays],
            units=payouts[paying],
            now=now,
            mirrors=_of_rows(mirrors, [copy.pk for copy, pays in zip(rows, paying.tolist(), strict=True) if pays]),
        )
    bell.publish_to_users([copy.follower_id for copy in rows], "copies")


def _of_rows(mirrors: dict[int, int] | None, copy_ids: list[int]) -> IntArray | None:
    return None if mirrors is None else np.array([mirrors[copy_id] for copy_id in copy_ids], dtype=np.int64)


@in_transaction
def return_own_money(lead: Lead, now: datetime, *, rules: Rules) -> None:
    """Give an ended lead everything back that is in the lead account, as it is."""
    if lead.ledger_account_id is None:
        return
    balances = list(Balance.objects.filter(ledger_account=lead.ledger_account_id, posted__gt=0))
    if not balances or any(balance.held for balance in balances):
        return
    gaps.measure_lead(lead=lead, now=now, rules=rules)
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
    values = values_of(held_units=units, unit_prices=board.unit_prices[places])
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
    rests.tell_takeover(copy_ids=copies.ids[done][rows], asset_ids=assets, units=units, value_units=values, now=now)
    got = np.zeros(int(done.sum()), dtype=np.int64)
    np.add.at(got, rows, values)
    return got
