"""
The lead's share of the profit, paid in the ledger: every Monday, and for what leaves on a reduction or a stop.

A week is settled copy by copy as soon as its cash covers the share. Where it does not, the copy is aligned first:
the share is no part of the equity that the ratios are taken of, so aligning sells all positions alike until it lies
in cash, but for less than a lot, which stays owed. A week that was missed is settled with the next one; a week is
never settled twice.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount
from accounts.transactions import in_transaction
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.engine.holdings import profit_share
from copytrading.engine.holdings.portfolios import CopyTable
from copytrading.engine.holdings.profit_share import Payment, ShareState
from copytrading.engine.rules import Rules
from copytrading.models import Copy, Lead, Notice, ProfitShare
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.market import doubts
from copytrading.queries.rules import platform_rules
from copytrading.services import bell, queueing
from copytrading.services.locks import lock_lead
from copytrading.services.telling import notices

# How long a copy may take to sell for its share; then it pays what it has, and the rest stays owed.
SELLING_SECONDS = 120


def last_monday(now: datetime) -> datetime:
    """Return the start of the week, Monday 00:00 UTC, that `now` is in."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday())


def settle_profit_shares(*, now: datetime) -> int:
    """Settle the week that ended last Monday for every copy that is not settled yet, and return how many were."""
    period_end, rules = last_monday(now), platform_rules()
    waiting = Copy.objects.filter(status__in=Copy.GUARDED, shared_until__lt=period_end)
    return sum(
        settle_lead_shares(lead_id=lead_id, period_end=period_end, now=now, rules=rules)
        for lead_id in waiting.order_by("lead_id").values_list("lead_id", flat=True).distinct()
    )


def settle_lead_shares(*, lead_id: int, period_end: datetime, now: datetime, rules: Rules) -> int:
    """
    Settle one lead's copies up to `period_end` and return how many were settled; the same period again settles none.

    1. Lock the lead, so that no cycle and no other settlement runs beside.
    2. Value the copies; one with a price that is stale or unknown, or with a coin in doubt, waits.
    3. Those whose cash covers the share pay it, in one journal; the others are asked to sell for it.
    """
    with transaction.atomic(durable=True):
        lead = lock_lead(lead_id)
        board, cash = market_queries.load_board_and_cash(now=now, rules=rules)
        copies = holdings.load_copies(lead, board=board, cash=cash)
        waiting = {
            copy.pk: copy
            for copy in Copy.objects.filter(lead=lead, status__in=Copy.GUARDED, shared_until__lt=period_end)
        }
        due = np.isin(copies.ids, list(waiting)) & ~((copies.units > 0) & ~board.fresh).any(axis=1)
        due &= ~doubts.holders_in_doubt(board=board, units=copies.units)
        valuation = copies.valued(board)
        gross, accrued = valuation.gross, valuation.accrued
        payable = copies.cash_units - copies.cash_held_units - copies.owed_units
        has_sold = [copy_id in waiting and _has_sold(waiting[copy_id], now) for copy_id in copies.ids.tolist()]
        paying = due & ((accrued <= payable) | np.array(has_sold, dtype=np.bool_))
        _ask_to_sell(lead, copies.ids[due & ~paying], now)
        if paying.any():
            payment = profit_share.crystallise(
                state=pick(copies.share_state, paying), equity_units=gross[paying], payable_units=payable[paying]
            )
            _book(lead, copies, paying, payment, gross[paying], ProfitShare.Kind.WEEKLY, period_end, now, rules)
            Copy.objects.filter(pk__in=copies.ids[paying].tolist()).update(
                shared_until=period_end, share_wanted_at=None
            )
    return int(paying.sum())


@in_transaction
def redeem(
    *, lead: Lead, copies: CopyTable, leaving: BoolArray, gross_units: IntArray, paid_out_units: IntArray,
    kind: ProfitShare.Kind, now: datetime, rules: Rules,
) -> IntArray:  # fmt: skip
    """
    Settle the share of the units that leave with a payout, and return it (copies leaving,) in quote units.

    The lead is locked; the caller pays `paid_out_units` besides.
    """
    state = pick(copies.share_state, leaving)
    payment = profit_share.redeem_units(state=state, equity_units=gross_units, paid_out_units=paid_out_units)
    _book(lead, copies, leaving, payment, gross_units, kind, now, now, rules)
    return payment.share_units


def bought_units(*, copy: Copy, equity_units: int, paid_in_units: int) -> tuple[int, int]:
    """Return a copy's units issued and mark value after money was paid in, at the equity before it."""
    state = profit_share.buy_units(
        state=ShareState(
            issued_units=np.array([copy.issued_units]),
            mark_value_units=np.array([copy.mark_value_units]),
            rate_millionths=np.array([int(copy.profit_share_rate * profit_share.MILLION)]),
        ),
        equity_units=np.array([equity_units]),
        paid_in_units=np.array([paid_in_units]),
    )
    return int(state.issued_units[0]), int(state.mark_value_units[0])


def pick(state: ShareState, rows: BoolArray) -> ShareState:
    """Return the share state of some of the copies."""
    return ShareState(
        issued_units=state.issued_units[rows],
        mark_value_units=state.mark_value_units[rows],
        rate_millionths=state.rate_millionths[rows],
    )


def _has_sold(copy: Copy, now: datetime) -> bool:
    """Return whether a copy had its chance to sell for its share: what lots and a thin book left over stays owed."""
    if copy.share_wanted_at is None:
        return False
    return copy.align_request is None or now - copy.share_wanted_at >= timedelta(seconds=SELLING_SECONDS)


def _ask_to_sell(lead: Lead, copy_ids: IntArray, now: datetime) -> None:
    if not len(copy_ids):
        return
    waiting = Copy.objects.filter(pk__in=copy_ids.tolist(), share_wanted_at__isnull=True)
    if waiting.exists():
        waiting.update(share_wanted_at=now, align_request=queueing.request_sync(lead_id=lead.pk, now=now))


def _book(
    lead: Lead, copies: CopyTable, rows: BoolArray, payment: Payment, gross: IntArray,
    kind: ProfitShare.Kind, period_end: datetime, now: datetime, rules: Rules,
) -> None:  # fmt: skip
    """Pay the shares of some copies (rows,) to the lead, keep a statement of each, and store the new marks."""
    ids, accounts = copies.ids[rows], copies.account_ids[rows]
    before = pick(copies.share_state, rows)
    platform = np.floor(payment.share_units * rules.platform_share).astype(np.int64)
    since = dict(Copy.objects.filter(pk__in=ids.tolist()).values_list("pk", "shared_until"))
    statements = ProfitShare.objects.bulk_create(
        [
            ProfitShare(
                copy_id=copy_id,
                kind=kind,
                period=DateTimeTZRange(since[copy_id], max(period_end, since[copy_id]), "[)"),
                equity_units=equity,
                mark_value_units=mark,
                share_units=share,
                platform_units=part,
                settled_at=now,
            )
            for copy_id, equity, mark, share, part in zip(
                ids.tolist(),
                gross.tolist(),
                before.mark_value_units.tolist(),
                payment.share_units.tolist(),
                platform.tolist(),
                strict=True,
            )
            if kind == ProfitShare.Kind.WEEKLY or share
        ],
        batch_size=5_000,
    )
    _store_state(ids, payment.state)
    if payment.share_units.any():
        _pay(lead, accounts, payment.share_units, platform, f"share:{statements[0].pk}", now)
        _tell(ids, payment.share_units, now)


def _pay(lead: Lead, accounts: IntArray, shares: IntArray, platform: IntArray, key: str, now: datetime) -> None:
    cash = market_queries.cash_asset().pk
    earner = ledger.main_account(user=lead.user, now=now).pk
    fees = ledger.platform_account(LedgerAccount.Kind.FEES, now=now).pk
    kept = int(platform.sum())
    ledger.post(
        kind=Journal.Kind.PROFIT_SHARE,
        idempotency_key=key,
        lines=Lines.join(
            Lines.of(accounts, cash, -shares),
            Lines.of([earner, fees], cash, [int(shares.sum()) - kept, kept]),
        ),
        now=now,
    )
    bell.publish(f"user:{lead.user_id}", "wallet")


def _tell(copy_ids: IntArray, shares: IntArray, now: datetime) -> None:
    paid = shares != 0
    notices.tell_copies(copy_ids[paid].tolist(), Notice.Kind.PROFIT_SHARED, now, units=shares[paid].tolist())


def _store_state(copy_ids: IntArray, state: ShareState) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE copytrading_copy AS copy SET issued_units = line.issued, mark_value_units = line.mark_value"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS line(copy_id, issued, mark_value)"
            " WHERE copy.id = line.copy_id",
            [copy_ids.tolist(), state.issued_units.tolist(), state.mark_value_units.tolist()],
        )
