"""
Coins that an exchange counts in another unit before anybody has quoted them anew.

While a coin gets a new unit its trading rests, and balances are turned first. A look in that hour shows a hundred or a
thousand times as many coins and nothing that paid for them. Taken for a deposit it would be bought at the old price, so
the look is not taken: seen a second time it halts the coin, and people say what it was. Once the halt is lifted the
next look is believed, whatever they said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.transactions import outside_transaction
from copytrading.engine.units import coins
from copytrading.exchange.live.own_trades import OwnTrade
from copytrading.models import Alarm, Halt, Lead, Market
from copytrading.services.leads.places import Places
from copytrading.services.market import doubts
from copytrading.services.safety import alarms, halts

# New units are powers of ten. Ten times as many coins are more often a deposit that made the holding a round one.
FACTOR_LEAST = 100
POWER_MAX = 12
# Of so few units any number is a multiple.
UNITS_LEAST = 1_000


@dataclass(frozen=True, kw_only=True)
class Recount:
    """A coin that was counted in another unit: what was held of it before, and after, in words."""

    asset_id: int
    symbol: str
    before: str
    after: str


def find_recounts(seen: Places, *, own_trades: Sequence[OwnTrade], since: datetime | None) -> list[Recount]:
    """
    Return the coins of the board whose quantity is a hundred, a thousand ... times what it was, or such a part of it,
    with no trade that tells why. What people have judged since the last look that was taken is none of them.
    """
    counted = [
        place
        for place in range(len(seen.board.asset_ids))
        if _is_another_unit(int(seen.before_units[place]), int(seen.units[place]))
    ]
    if not counted:
        return []
    moved = seen.read(own_trades).moved_units
    judged = Halt.objects.filter(scope=Halt.Scope.ASSET, lifted_at__gt=since) if since else Halt.objects.none()
    judged_ids = set(judged.values_list("target_id", flat=True))
    return [
        Recount(
            asset_id=int(seen.board.asset_ids[place]),
            symbol=seen.symbols[place],
            before=f"{coins(int(seen.before_units[place]), int(seen.decimals[place])).normalize():f}",
            after=f"{coins(int(seen.units[place]), int(seen.decimals[place])).normalize():f}",
        )
        for place in counted
        if moved[place] == seen.change_units[place] and int(seen.board.asset_ids[place]) not in judged_ids
    ]


@outside_transaction
def halt_recounted(*, lead: Lead, recounts: Sequence[Recount], now: datetime) -> None:
    """Halt coins that an exchange counts anew, and ask operators which coin it is now."""
    for recount in recounts:
        told = f"The account of {lead.name} elsewhere shows {recount.after} {recount.symbol} after {recount.before}"
        reason = f"{told}, and nothing was traded."
        halts.place_halt(scope=Halt.Scope.ASSET, target_id=recount.asset_id, reason=reason, now=now)
        for market in Market.objects.filter(base_id=recount.asset_id):
            alarms.raise_alarm(
                kind=Alarm.Kind.COIN_IN_DOUBT,
                key=doubts.alarm_key(market),
                sentence=f"{reason} {recount.symbol} is halted. A new unit: say so in a verdict, then lift the halt."
                " Coins that came or went: lift the halt.",
                now=now,
            )


def _is_another_unit(before: int, after: int) -> bool:
    """Return whether one quantity is a power of ten times the other, but for what an exchange rounds away."""
    less, more = sorted((before, after))
    if less < UNITS_LEAST or more < less * (FACTOR_LEAST - 1):
        return False
    factors = (10**power for power in range(2, POWER_MAX + 1))
    return any(abs(more - less * factor) < factor for factor in factors)
