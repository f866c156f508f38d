"""
Which kill switches stand: read in one statement, so that the sender of an order asks in the transaction of its claim.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Q

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


def standing_halts() -> StandingHalts:
    """Return the halts that stand at this moment, in one statement."""
    return as_halts(Halt.objects.filter(lifted_at__isnull=True).values_list("scope", "target_id"))


def markets_halted(*, lead_id: int) -> Q:
    """Return the condition on markets in which nothing is sent for a lead, as a kill switch stands against it."""
    standing = Halt.objects.filter(lifted_at__isnull=True)
    halted_assets = standing.filter(scope=Halt.Scope.ASSET).values("target_id")
    everywhere = Q(scope=Halt.Scope.PLATFORM) | Q(scope=Halt.Scope.LEAD, target_id=lead_id)
    return (
        Q(pk__in=standing.filter(scope=Halt.Scope.MARKET).values("target_id"))
        | Q(base__in=halted_assets)
        | Q(quote__in=halted_assets)
        | Q(Exists(standing.filter(everywhere)))
    )


def as_halts(rows: Iterable[tuple[str, int]]) -> StandingHalts:
    """Return the halts that stand, of their scopes and targets."""
    found: dict[str, set[int]] = {scope.value: set() for scope in Halt.Scope}
    for scope, target_id in rows:
        found[scope].add(target_id)
    return StandingHalts(
        platform=bool(found[Halt.Scope.PLATFORM]),
        lead_ids=frozenset(found[Halt.Scope.LEAD]),
        market_ids=frozenset(found[Halt.Scope.MARKET]),
        asset_ids=frozenset(found[Halt.Scope.ASSET]),
    )


def halted_since(*, lead_id: int | None = None) -> datetime | None:
    """Return since when a lead, or without one everything, is halted; None while it trades."""
    target = (Halt.Scope.PLATFORM, 0) if lead_id is None else (Halt.Scope.LEAD, lead_id)
    halts = Halt.objects.filter(scope=target[0], target_id=target[1], lifted_at__isnull=True)
    return halts.values_list("placed_at", flat=True).first()
