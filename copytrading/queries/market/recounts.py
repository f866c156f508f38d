"""
Coins that were counted anew: what was traded before stands in the old unit, and is read in today's.

Fills and shares are history and stay as they were made. Whoever adds them to what is held now, or looks at them beside
prices, turns them here: an order up to `order_id_last` of a verdict was made in its old unit.
"""

from dataclasses import dataclass
from fractions import Fraction

from copytrading.models import CoinVerdict

# The same for SQL: what one unit of an order `{order}` became since, as a factor.
FACTOR = """
    coalesce((SELECT exp(sum(ln(verdict.new_count::numeric / verdict.old_count)))
        FROM copytrading_coinverdict AS verdict WHERE verdict.kind = 'NEW_UNIT' AND verdict.done_at IS NOT NULL
            AND verdict.market_id = {order}.market_id AND verdict.order_id_last >= {order}.id), 1)
"""


@dataclass(frozen=True)
class Recounts:
    """By market: up to which order a unit was the old one, and how many new ones it became."""

    by_market: dict[int, list[tuple[int, Fraction]]]

    def units(self, units: int, *, market_id: int, order_id: int) -> int:
        """Return what so many units of an order are today, the nearest whole number of them."""
        factor = Fraction(1)
        for order_id_last, ratio in self.by_market.get(market_id, []):
            if order_id <= order_id_last:
                factor *= ratio
        return round(units * factor)


def load_recounts() -> Recounts:
    """Return every coin that was ever counted anew."""
    done = CoinVerdict.objects.filter(
        kind=CoinVerdict.Kind.NEW_UNIT, done_at__isnull=False, order_id_last__isnull=False
    )
    by_market: dict[int, list[tuple[int, Fraction]]] = {}
    for market_id, last, old, new in done.values_list("market_id", "order_id_last", "old_count", "new_count"):
        by_market.setdefault(market_id, []).append((int(last or 0), Fraction(new, old)))
    return Recounts(by_market)
