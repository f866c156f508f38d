"""
What is left of a copy's coins when it ends and no order can carry: the platform takes it over at the mark.

The journal says how much moved; a notice for each coin says what it brought, so that the follower has a receipt and
every coin its result.
"""

from datetime import datetime

from copytrading.engine.arrays import IntArray
from copytrading.models import Notice


def tell_takeover(
    *, copy_ids: IntArray, asset_ids: IntArray, units: IntArray, value_units: IntArray, now: datetime
) -> None:
    """Tell the followers of some lines (L,) what was taken over, and for how much. In the caller's transaction."""
    Notice.objects.bulk_create(
        [
            Notice(
                copy_id=copy_id,
                kind=Notice.Kind.REST_TAKEN_OVER,
                asset_id=asset_id,
                units=count,
                value_units=value,
                noted_at=now,
            )
            for copy_id, asset_id, count, value in zip(
                copy_ids.tolist(), asset_ids.tolist(), units.tolist(), value_units.tolist(), strict=True
            )
        ],
        batch_size=5_000,
    )
