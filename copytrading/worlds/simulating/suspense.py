"""
What operators do about the suspense account: they trade it level by hand and correct it, as docs/runbook.md says.

An order that the venue carries out past its own time has no owner any more. What it sold is missing at the venue, so
that whoever sells the same coin is refused until somebody has bought it back.
"""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.models import Asset, Balance, LedgerAccount, User
from copytrading.models import Market
from copytrading.queries.market.board import unit_price_in
from copytrading.services.safety import corrections

if TYPE_CHECKING:
    from copytrading.worlds.simulating.world import World


def trade_level(world: "World", now: datetime) -> None:
    """Buy or sell at the venue, by hand, what the suspense account has too little or too much of, coin by coin."""
    for market in Market.objects.select_related("base", "quote").order_by("pk"):
        units = _in_suspense(market.base)
        if not units or world.fates.is_ahead(market.symbol):
            continue
        value = round(units * unit_price_in(market, world.price(market.symbol)))
        for asset, moved in ((market.base, -units), (market.quote, value)):
            world.venue.balance[asset.symbol] += Decimal(moved).scaleb(-asset.decimals)
            _correct(world, market, asset, moved, now)
        world.crew.committed = True
        world.note(f"operators trade {-units:+d} units of {market.base.symbol} by hand: suspense is level")


def _in_suspense(asset: Asset) -> int:
    found = Balance.objects.filter(asset=asset, ledger_account__kind=LedgerAccount.Kind.SUSPENSE).first()
    return found.posted if found else 0


def _correct(world: "World", market: Market, asset: Asset, units: int, now: datetime) -> None:
    first, second = (User.objects.get(pk=pk) for pk in world.operators)
    correction = corrections.request_correction(
        asset_id=asset.pk,
        account=LedgerAccount.Kind.SUSPENSE,
        units=units,
        reason="Traded level by hand.",
        by=first,
        idempotency_key=f"level:{market.symbol}:{asset.symbol}:{now.timestamp():.3f}",
        now=now,
    )
    corrections.approve_correction(correction_id=correction.pk, by=second, now=now)
