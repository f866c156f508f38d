"""
Adjustments: a row for each copy and coin whose plan differs from its wish, with the reason, so that nothing is silent.

Those of a cycle are written with its plan, those of an order when it ends short of it. What is held back before a
cycle could come of it has none, and is told once an episode.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np

from accounts.database.array_parameters import array_cursor
from copytrading.engine.adjustments import VALUE_WORTH_TELLING, Adjusted, Reason
from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.models import LeadOrder, Order

INSERT = """
    INSERT INTO copytrading_adjustment
        (cycle_id, copy_id, asset_id, reason, wanted_value_units, planned_value_units, noted_at)
    SELECT %(cycle)s::bigint, line.copy_id, line.asset_id, %(reason)s::varchar, line.wanted, line.planned,
        %(now)s::timestamptz
    FROM unnest(%(copies)s::bigint[], %(assets)s::bigint[], %(wanted)s::bigint[], %(planned)s::bigint[])
        AS line(copy_id, asset_id, wanted, planned)
"""

NOT_TOLD_SINCE = """
    WHERE NOT EXISTS (
        SELECT FROM copytrading_adjustment AS told
        WHERE told.copy_id = line.copy_id AND told.asset_id = line.asset_id AND told.reason = %(reason)s
            AND told.cycle_id IS NULL AND told.noted_at >= %(since)s
    )
"""


def note_decided(*, cycle_id: int, adjusted: Iterable[Adjusted], now: datetime) -> None:
    """Write what a decision adjusted, with the cycle or the round that came of it."""
    for one in adjusted:
        note_adjustments(
            cycle_id=cycle_id,
            reason=one.reason,
            copy_ids=one.copy_ids,
            asset_ids=one.asset_ids,
            wanted=one.wanted_values,
            planned=one.planned_values,
            now=now,
        )


def note_adjustments(
    *, cycle_id: int | None, reason: Reason, copy_ids: IntArray, asset_ids: IntArray, wanted: FloatArray,
    planned: FloatArray, now: datetime, since: datetime | None = None,
) -> int:  # fmt: skip
    """
    Write the adjustments of some cells (C,), and return how many that were; values in quote units.

    :param since: where given, a copy that was told the same of the same coin since then, outside a cycle, is not again.
    """
    if not len(copy_ids):
        return 0
    parameters: dict[str, Any] = {
        "cycle": cycle_id,
        "reason": reason,
        "now": now,
        "copies": copy_ids.astype(np.int64),
        "assets": asset_ids.astype(np.int64),
        "wanted": np.rint(wanted).astype(np.int64),
        "planned": np.rint(planned).astype(np.int64),
    }
    with array_cursor() as cursor:
        if since is None:
            cursor.execute(INSERT, parameters)
        else:
            cursor.execute(INSERT + NOT_TOLD_SINCE, parameters | {"since": since})
        return cursor.rowcount


def explain_shortfall(*, order: Order, copy_ids: IntArray, wanted: IntArray, got: IntArray, now: datetime) -> None:
    """Tell the copies (P,) of an order that was not filled whole within the price limit; values in quote units."""
    told = np.abs(wanted - got) >= VALUE_WORTH_TELLING * 10**order.market.quote.decimals
    note_adjustments(
        cycle_id=order.cycle_id,
        reason=_limit_of(order),
        copy_ids=copy_ids[told],
        asset_ids=np.full(int(told.sum()), order.market.base_id),
        wanted=np.abs(wanted[told]).astype(np.float64),
        planned=np.abs(got[told]).astype(np.float64),
        now=now,
    )


def _limit_of(order: Order) -> Reason:
    """Return whose price the order could not go beyond: that of a lead's limit order in it, or the platform's cap."""
    joined = LeadOrder.objects.filter(
        cycle_id=order.cycle_id, market_id=order.market_id, side=order.side, price_limit=order.price_limit
    )
    return Reason.LEAD_LIMIT_REACHED if joined.exists() else Reason.SLIPPAGE_CAPPED
