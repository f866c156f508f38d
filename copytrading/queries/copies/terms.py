"""The terms of a stored copy: what its columns say of them, and which columns they come to."""

from typing import Any

from copytrading.engine.holdings.terms import Terms
from copytrading.models import Copy


def terms_of(copy: Copy) -> Terms:
    """Return what a copy's follower chose."""
    return Terms(market_ids=tuple(copy.market_ids), **{name: getattr(copy, name) for name in COLUMNS})


def columns_of(terms: Terms) -> dict[str, Any]:
    """Return the columns of a copy on these terms."""
    return {"market_ids": sorted(set(terms.market_ids)), **{name: getattr(terms, name) for name in COLUMNS}}


COLUMNS = (
    "mode",
    "buy_existing",
    "stop_loss_units",
    "weight_max",
    "order_value_units",
    "order_ratio",
    "order_value_max_units",
    "total_value_max_units",
)
