"""Reductions: what a follower takes out of a running copy, paid as soon as enough has been sold."""

from datetime import datetime

import numpy as np

from accounts.models import Journal
from accounts.transactions import in_transaction
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.engine.holdings.portfolios import CopyTable
from copytrading.engine.holdings.valuation import Valuation
from copytrading.engine.rules import Rules
from copytrading.models import Copy, CopyFlow, Lead, ProfitShare
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.market import doubts
from copytrading.services.books import gaps, payouts, profit_shares


@in_transaction
def pay_reductions(lead: Lead, now: datetime, *, followed: int, has_rest: bool, rules: Rules) -> None:
    """
    Pay what was asked to be taken out, as soon as enough has been sold.

    What a copy had its chance to sell for is paid as far as it got: lots and a thin book leave something over. What was
    asked for since the decision has not had its chance yet, and nobody has while a market is suspended, until its coins
    are frozen.
    """
    flows = list(
        # All of them: what is owed counts them all, and is paid by them.
        CopyFlow.objects.filter(copy__lead=lead, copy__own_account__isnull=True, status=CopyFlow.Status.REQUESTED)
        .exclude(copy__status=Copy.Status.STOPPING)
        .select_related("copy")
        .order_by("pk")
    )
    if not flows:
        return
    board = market_queries.load_board(now=now, rules=rules)
    copies = holdings.load_copies(lead, board=board, cash=market_queries.cash_asset(), own=False)
    valuation = copies.valued(board)
    asked_since = [flow.copy_id for flow in flows if flow.request > followed]
    waiting = (copies.units > 0)[:, board.awaited].any(axis=1)
    had_chance = ~copies.aligning & ~waiting & ~np.isin(copies.ids, asked_since) & (not has_rest)
    allowed = ~copies.has_status("STOPPING")
    allowed &= ~doubts.holders_in_doubt(board=board, units=copies.units, whys=doubts.HOLDING_BACK)
    pay_flows(lead, flows, copies, valuation, had_chance, allowed=allowed, now=now, rules=rules)


@in_transaction
def pay_flows(
    lead: Lead, flows: list[CopyFlow], copies: CopyTable, valuation: Valuation, had_chance: BoolArray, *,
    now: datetime, rules: Rules, allowed: BoolArray | None = None, mirrors: dict[int, int] | None = None,
) -> None:  # fmt: skip
    """
    Pay the flows of copies (N,) whose cash covers them, or that have `had_chance` to sell for them. The lead is locked.

    :param allowed: copies to which nothing may be paid are left out; None allows all.
    :param mirrors: by the copy's id the ledger account where the money goes instead of the main account.
    """
    payable = _payable(copies, valuation)
    paying = (copies.owed_units > 0) & (payable > 0) & (had_chance | (payable >= copies.owed_units))
    if allowed is not None:
        paying &= allowed
    if not paying.any():
        return
    units = np.minimum(payable, copies.owed_units)[paying]
    gaps.measure_lead(lead=lead, now=now, rules=rules)
    gaps.take_money(copy_ids=copies.ids[paying], units=units)
    profit_shares.redeem(
        lead=lead, copies=copies, leaving=paying, gross_units=valuation.gross[paying], paid_out_units=units,
        kind=ProfitShare.Kind.REDUCTION, now=now, rules=rules,
    )  # fmt: skip
    paid = _close_flows(flows, dict(zip(copies.ids[paying].tolist(), units.tolist(), strict=True)), now)
    rows = list(Copy.objects.filter(pk__in=copies.ids[paying].tolist()).order_by("ledger_account_id"))
    payouts.pay_out(
        kind=Journal.Kind.COPY_REDUCE,
        key=f"reduce:{paid[0].pk}",
        copies=rows,
        units=units,
        now=now,
        mirrors=None if mirrors is None else np.array([mirrors[copy.pk] for copy in rows], dtype=np.int64),
    )


def _payable(copies: CopyTable, valuation: Valuation) -> IntArray:
    """Return what each copy (N,) can pay out of its cash and still settle the profit share of what leaves."""
    available = copies.cash_units - copies.cash_held_units
    accrued, net = valuation.accrued, np.maximum(valuation.worth, 0)
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
