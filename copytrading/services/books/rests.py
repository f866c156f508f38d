"""
What is left of a copy's coins when it ends and no order can carry: the platform takes it over at the mark.

The journal says how much moved; a notice for each coin says what it brought, so that the follower has a receipt and
every coin its result.
"""

from datetime import datetime

from copytrading.engine.arrays import IntArray
from copytrading.models import Notice
from copytrading.services.telling import notices


def tell_takeover(
    *, copy_ids: IntArray, asset_ids: IntArray, units: IntArray, value_units: IntArray, now: datetime
) -> None:
    """Tell the followers of some lines (L,) what was taken over, and for how much. In the caller's transaction."""
    notices.tell_copies(
        copy_ids.tolist(),
        Notice.Kind.REST_TAKEN_OVER,
        now,
        asset_ids=asset_ids.tolist(),
        units=units.tolist(),
        value_units=value_units.tolist(),
    )
