"""A worker dies by kill −9 at every point of a cycle; whoever comes next finishes it, and everything adds up."""

import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from accounts.models import Hold, User
from copytrading.exchange.paper.models import PaperOrder
from copytrading.models import Copy, Lead, Order, SyncCycle
from copytrading.services.copies import verbs as copies
from copytrading.services.safety import reconciling
from tests.cast import World
from tests.faults.crash_once import POINTS

pytestmark = pytest.mark.django_db(transaction=True)


def database_url() -> str:
    """Return the address of the database that this test runs on, for another process."""
    address = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))


def look_and_die(world: World, lead: Lead, point: str) -> subprocess.CompletedProcess[bytes]:
    """Let another process look at the lead until it kills itself."""
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.crash_once", str(lead.pk), str(world.now.timestamp()), point],
        env={**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "smartsync_site.settings"},
        capture_output=True,
        timeout=60,
        check=False,
    )


class TestCrash:
    @pytest.mark.parametrize("point", sorted(POINTS))
    def test_a_cycle_is_finished_by_the_next_worker(
        self, world: World, lead: Lead, follower: User, other_follower: User, point: str
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        world.start(follower, lead, "1000")
        leaving = world.start(other_follower, lead, "500")
        world.settle()
        world.lead_trades(lead, "ETH", "BUY", "1")
        copies.stop_copy(copy_id=leaving.pk, now=world.now)
        world.wait(1)

        died = look_and_die(world, lead, point)
        world.settle(looks=40)
        world.wait(61)
        world.settle()

        assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-2000:]
        assert not SyncCycle.objects.exclude(status=SyncCycle.Status.DONE).exists()
        assert not Order.objects.filter(booked_at__isnull=True).exists()
        assert not Hold.objects.filter(released_at__isnull=True).exists()
        assert Copy.objects.get(pk=leaving.pk).status == Copy.Status.STOPPED
        sent = Order.objects.filter(claimed_at__isnull=False).exclude(status=Order.Status.NOT_PLACED)
        assert PaperOrder.objects.count() == sent.count(), "an order was sent twice, or one was lost"
        assert reconciling.check_ledger().is_clean
