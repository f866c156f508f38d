"""What the tests of pages set up: a world that has caught up with the wall clock, which is what views read."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from copytrading.models import Copy, Lead, LeadRecord
from tests.cast import World, usdt


def settle_now(world: World) -> None:
    """Let everything happen that waits, then go on at the hour of the wall clock."""
    world.settle()
    world.now = max(world.now, timezone.now())
    world.prices()
    world.settle()


def catch_up(world: World) -> None:
    """Wait until the wall's clock is where the world's is: pages go by the one, the venue by its last price."""
    time.sleep(max(0.0, (world.now - timezone.now()).total_seconds()))


def copy_with_holdings(world: World, lead: Lead, follower: User, **options: object) -> Copy:
    """Return an active copy of 1,000 USDT of a lead who is 45 % in BTC."""
    world.lead_trades(lead, "BTC", "BUY", "0.09")
    world.settle()
    copy = world.start(follower, lead, **options)
    settle_now(world)
    copy.refresh_from_db()
    return copy


def copies_of_new_leads(world: World, follower: User, numbers: range) -> list[Copy]:
    """Return a copy of 100 USDT for each number, each of a lead of its own who holds something."""
    copies = []
    for number in numbers:
        lead = world.make_lead(
            User.objects.create_user(f"lead{number}@example.org"), name=f"Lead {number}", stake="1000"
        )
        world.lead_trades(lead, "SOL", "BUY", "2")
        copies.append(world.start(follower, lead, "100"))
    settle_now(world)
    return copies


@contextmanager
def counted_queries() -> Iterator[CaptureQueriesContext]:
    """Count the statements of a block."""
    with CaptureQueriesContext(connection) as queries:
        yield queries


def record(lead: Lead, *prices: float) -> None:
    """Record unit prices a day apart, the last of them yesterday."""
    now = timezone.now()
    LeadRecord.objects.bulk_create(
        LeadRecord(
            lead=lead,
            recorded_at=now - timedelta(days=len(prices) - number),
            equity_units=usdt(10000),
            unit_price=price,
        )
        for number, price in enumerate(prices)
    )
