"""
One look at custody: what the venue keeps for us less what the ledger owes, asset by asset, and whether money on its
way can be the reason.
"""

from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Asset
from accounts.transactions import outside_transaction
from copytrading.engine.units import coins, units_of
from copytrading.exchange.registry import venue
from copytrading.queries.operating import custody as custody_queries
from copytrading.queries.operating.custody import Movement


@dataclass(frozen=True, kw_only=True)
class CustodyLook:
    """
    What one look found at an asset.

    `difference` is custody less liabilities in coins. `is_still`: neither did the ledger move during the look nor was
    anything on its way, so the difference is exact. `is_explained`: what is on its way can be all of it.
    `is_settled`: there is no difference, and no order is on its way that could make one; what people have announced and
    not sent yet does not count. `beyond_units`: the part of it that nothing on its way can be, positive for a surplus.
    """

    asset: Asset
    difference: Decimal
    is_still: bool
    is_explained: bool
    is_settled: bool
    beyond_units: int

    @property
    def units(self) -> int:
        return units_of(self.difference, self.asset.decimals)


@outside_transaction
def look() -> tuple[CustodyLook, ...]:
    """
    Look at every asset that the ledger knows.

    1. Note what is on its way and what was entrusted to the venue.
    2. Ask the venue what it keeps.
    3. Read what is owed, and note again what is on its way. An asset whose ledger moved since 1 tells nothing now.

    :raises VenueUnreachable: if the venue did not answer.
    """
    moving, entrusted_before = custody_queries.movements(), custody_queries.entrusted_by_asset()
    kept = venue().balances()
    owed = custody_queries.owed_by_asset()
    moving |= custody_queries.movements()
    looks = []
    for asset in Asset.objects.filter(pk__in=owed):
        movements = [movement for movement in moving if movement.asset_id == asset.pk]
        has_moved = owed[asset.pk].entrusted != entrusted_before.get(asset.pk, 0)
        difference = kept.get(asset.symbol, Decimal(0)) - coins(owed[asset.pk].liabilities, asset.decimals)
        has_orders = any(movement.reference.startswith("order:") for movement in movements)
        beyond_units = _beyond(movements, units_of(difference, asset.decimals))
        looks.append(
            CustodyLook(
                asset=asset,
                difference=difference,
                is_still=not (has_moved or movements),
                is_explained=has_moved or not beyond_units,
                is_settled=not (difference or has_moved or has_orders),
                beyond_units=beyond_units,
            )
        )
    return tuple(looks)


def _beyond(movements: list[Movement], units: int) -> int:
    """Return how far a difference lies outside what is on its way: below it negative, above it positive."""
    low, high = sum(movement.low for movement in movements), sum(movement.high for movement in movements)
    return min(units - low, 0) + max(units - high, 0)
