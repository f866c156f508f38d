"""
Which kill switches stand: read in one statement, so that the sender of an order asks in the transaction of its claim.
"""

from dataclasses import dataclass

from copytrading.models import Halt, Market


@dataclass(frozen=True, kw_only=True)
class StandingHalts:
    """What no order may be sent for: everything, or these leads, markets and assets (by id)."""

    platform: bool
    lead_ids: frozenset[int]
    market_ids: frozenset[int]
    asset_ids: frozenset[int]

    def cover_market(self, market: Market) -> bool:
        """Return whether a market is halted: by itself, by either of its assets, or with everything."""
        assets = {market.base_id, market.quote_id}
        return self.platform or market.pk in self.market_ids or not assets.isdisjoint(self.asset_ids)

    def cover(self, market: Market, *, lead_id: int | None) -> bool:
        """Return whether no order may be sent to a market for a lead; `lead_id` is None for a manual order."""
        return lead_id in self.lead_ids or self.cover_market(market)


def standing_halts() -> StandingHalts:
    """Return the halts that stand at this moment, in one statement."""
    found: dict[str, set[int]] = {scope.value: set() for scope in Halt.Scope}
    for scope, target_id in Halt.objects.filter(lifted_at__isnull=True).values_list("scope", "target_id"):
        found[scope].add(target_id)
    return StandingHalts(
        platform=bool(found[Halt.Scope.PLATFORM]),
        lead_ids=frozenset(found[Halt.Scope.LEAD]),
        market_ids=frozenset(found[Halt.Scope.MARKET]),
        asset_ids=frozenset(found[Halt.Scope.ASSET]),
    )


def halted_market_ids() -> frozenset[int]:
    """Return the markets that take no order at this moment, whichever halt covers them."""
    halts = standing_halts()
    return frozenset(market.pk for market in Market.objects.order_by() if halts.cover_market(market))


def platform_halt() -> Halt | None:
    """Return the halt of everything, or None while the platform trades."""
    return Halt.objects.filter(scope=Halt.Scope.PLATFORM, lifted_at__isnull=True).first()
