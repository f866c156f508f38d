"""A copy with days behind it, each begun as the platform begins one: closes, records and a look at the gaps."""

from datetime import UTC, datetime, time, timedelta

from copytrading.models import Copy, Lead
from copytrading.queries.rules import platform_rules
from copytrading.services.books import gaps, records
from tests.cast import World


def begin_day(world: World, copy: Copy, **prices: str) -> None:
    """Go on to the next midnight, five seconds past it, with what is recorded there."""
    midnight = datetime.combine(world.now.date() + timedelta(days=1), time.min, tzinfo=UTC)
    world.now = midnight + timedelta(seconds=5)
    world.prices(**prices)
    records.record_values(now=world.now, slot=midnight)
    gaps.measure_gaps(lead_id=copy.lead_id, now=world.now, rules=platform_rules())


def lose(world: World, lead: Lead, copy: Copy) -> None:
    """Let a day begin, at noon of which both coins fall and the lead sells a little, and begin the next one."""
    begin_day(world, copy)
    world.now += timedelta(hours=12)
    world.prices(BTC="47000", ETH="2450")
    world.lead_trades(lead, "ETH", "SELL", "0.4")
    world.settle()
    begin_day(world, copy)
