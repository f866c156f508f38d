"""
Stops, and the total stop loss that brings them about.

A stop is confirmed the moment the copy is STOPPING: the fence is raised, and no buy that was decided before is sent.
Selling and paying out is the work of the next cycles.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from django.db import connection, transaction

from accounts.transactions import in_transaction
from copytrading.engine.arrays import BoolArray, FloatArray
from copytrading.engine.holdings import stop_loss
from copytrading.engine.rules import Rules
from copytrading.models import Copy, CopyFlow, Notice
from copytrading.queries.copies import guarded
from copytrading.queries.copies.guarded import GuardedCopies
from copytrading.queries.copies.stop_book import StopBook
from copytrading.queries.market import doubts
from copytrading.queries.rules import platform_rules
from copytrading.services import bell, queueing
from copytrading.services.locks import lock_lead
from copytrading.services.telling import notices


@in_transaction
def stop_copies(*, lead_id: int, copy_ids: list[int] | None, reason: Copy.StopReason, now: datetime) -> int:
    """Stop some or all (None) running copies of a lead, which is locked, and return how many."""
    copies = Copy.objects.filter(lead_id=lead_id, status__in=Copy.GUARDED)
    if copy_ids is not None:
        copies = copies.filter(pk__in=copy_ids)
    stopped = list(copies.select_for_update().order_by("pk").values_list("pk", "follower_id", "stop_loss_units"))
    if not stopped:
        return 0
    ids = [copy_id for copy_id, _, _ in stopped]
    request = queueing.request_sync(lead_id=lead_id, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE copytrading_copy SET status = 'STOPPING', stop_reason = %s, stopping_at = %s, fence = %s,"
            " align_request = NULL, breached_at = NULL WHERE id = ANY(%s)",
            [reason, now, request, ids],
        )
    # Money on its way out goes out with the rest.
    CopyFlow.objects.filter(copy_id__in=ids, status=CopyFlow.Status.REQUESTED).update(status=CopyFlow.Status.SUPERSEDED)
    if reason == Copy.StopReason.STOP_LOSS:
        notices.tell_copies(ids, Notice.Kind.STOP_LOSS_FIRED, now, units=[limit for _, _, limit in stopped])
    else:
        notices.tell_copies(ids, Notice.Kind.COPY_STOPPING, now)
    bell.publish_to_users([follower_id for _, follower_id, _ in stopped], "copies")
    return len(stopped)


def check_stop_losses(*, now: datetime, book: StopBook | None = None) -> int:
    """
    Look at the guarded copies with a stop loss at the present marks, and stop those whose loss is confirmed.

    A breach counts only where every coin of the copy has a mark that may be acted on, and only when it still stands at
    prices that are all more than five seconds younger; a copy that recovered in between is forgotten.

    :param book: names the copies that are looked at; without one all rows are read.
    :returns: how many copies were stopped.
    """
    rules = platform_rules()
    suspects = None if book is None else book.suspect_ids(now=now, rules=rules)
    if suspects is not None and not suspects:
        return 0
    verdict = _judge(copy_ids=suspects, now=now, rules=rules)
    if verdict.changed.any():
        _note_breaches(verdict.table.ids[verdict.changed].tolist(), verdict.seen_at[verdict.changed])
    stopped = 0
    for lead_id in np.unique(verdict.table.lead_ids[verdict.stop]).tolist():
        ids = verdict.table.ids[verdict.stop & (verdict.table.lead_ids == lead_id)].tolist()
        with transaction.atomic(durable=True):
            lock_lead(lead_id)
            # What changed since the look counts: a doubt, a price, the money, the stop loss itself.
            again = _judge(copy_ids=ids, now=now, rules=rules)
            ids = sorted(again.table.ids[again.stop].tolist())
            stopped += stop_copies(lead_id=lead_id, copy_ids=ids, reason=Copy.StopReason.STOP_LOSS, now=now)
    return stopped


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    """Copies (N,): since when each is seen at its stop loss (NaN: it is not), where that changed, and who stops."""

    table: GuardedCopies
    seen_at: FloatArray
    changed: BoolArray
    stop: BoolArray


def _judge(*, copy_ids: list[int] | None, now: datetime, rules: Rules) -> _Verdict:
    """Return what is to be said of some guarded copies, or of all, by the rows and marks of this moment."""
    table = guarded.load_guarded(now=now, rules=rules, copy_ids=copy_ids)
    invested = table.invested_units.astype(np.float64)
    breached = stop_loss.breached(equity=table.equity, invested=invested, stop_loss=table.stop_loss_units)
    # A copy with a stale price is neither breached nor cleared: nothing is known about it. One with a price in doubt is
    # cleared if it may have recovered, or a second wick would count as the first one's confirmation.
    known = table.fresh & np.isfinite(table.equity) & ~np.isin(table.ids, doubts.copy_ids_in_doubt())
    hoped = stop_loss.breached(equity=table.equity_hoped, invested=invested, stop_loss=table.stop_loss_units)
    recovered = ~known & np.isfinite(table.equity_hoped) & ~hoped
    seen_at, stop = stop_loss.confirm(
        breached=breached & known,
        breached_at=table.breached_at,
        oldest_price_at=table.oldest_price_at,
        newest_price_at=table.newest_price_at,
        confirm_seconds=rules.stop_loss_confirm_seconds,
    )
    return _Verdict(
        table=table,
        seen_at=seen_at,
        changed=(known | recovered) & ~stop & ~_same(seen_at, table.breached_at),
        stop=stop & known,
    )


def _same(left: FloatArray, right: FloatArray) -> np.ndarray:
    return (left == right) | (np.isnan(left) & np.isnan(right))


def _note_breaches(copy_ids: list[int], seen_at: FloatArray) -> None:
    times = [None if np.isnan(second) else datetime.fromtimestamp(second, tz=UTC) for second in seen_at.tolist()]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE copytrading_copy AS copy SET breached_at = line.seen_at"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS line(copy_id, seen_at) WHERE copy.id = line.copy_id",
            [copy_ids, times],
        )
