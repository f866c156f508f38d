"""The terms of a stored copy."""

from copytrading.engine.terms import Terms
from copytrading.models import Copy


def terms_of(copy: Copy) -> Terms:
    """Return what its follower chose."""
    return Terms(
        mode=copy.mode,
        buy_existing=copy.buy_existing,
        stop_loss_units=copy.stop_loss_units,
        weight_max=copy.weight_max,
        order_value_units=copy.order_value_units,
        order_ratio=copy.order_ratio,
        order_value_max_units=copy.order_value_max_units,
        total_value_max_units=copy.total_value_max_units,
        market_ids=tuple(copy.market_ids),
    )
