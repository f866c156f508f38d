"""
Why a plan differs from what was wanted.

A plan is adjusted, never silently: each adjustment is kept with one of these
reasons, so that the follower can read it in a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from copytrading.engine.arrays import FloatArray, IntArray


class Reason(StrEnum):
    SLIPPAGE_CAPPED = "SLIPPAGE_CAPPED"
    LEAD_LIMIT_REACHED = "LEAD_LIMIT_REACHED"
    DEPTH_CAPPED = "DEPTH_CAPPED"
    ORDER_SIZE_CAPPED = "ORDER_SIZE_CAPPED"
    BELOW_VENUE_MINIMUM = "BELOW_VENUE_MINIMUM"
    CASH_SHORT = "CASH_SHORT"
    PRICE_STALE = "PRICE_STALE"
    PRICE_OUTLIER = "PRICE_OUTLIER"
    MARKET_UNAVAILABLE = "MARKET_UNAVAILABLE"
    CONCENTRATION_CAPPED = "CONCENTRATION_CAPPED"
    LEAD_FLOW_SETTLING = "LEAD_FLOW_SETTLING"
    ORDER_MAX_CAPPED = "ORDER_MAX_CAPPED"
    TOTAL_MAX_CAPPED = "TOTAL_MAX_CAPPED"
    MARKET_NOT_CHOSEN = "MARKET_NOT_CHOSEN"


# In cash: a difference below a cent is not worth a sentence.
VALUE_WORTH_TELLING = 0.01


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """What some cells (C,) trade otherwise than wished, for one reason; values in quote units."""

    reason: Reason
    copy_ids: IntArray
    asset_ids: IntArray
    wanted_values: FloatArray
    planned_values: FloatArray
