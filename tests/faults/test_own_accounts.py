"""
A worker dies by kill −9 at every point of a round on own accounts; whoever comes next finishes it, and nothing is sent
twice, lost, or booked twice.
"""

import os
import signal
import subprocess
import sys

import pytest
from pytest_django.fixtures import Settings

from accounts.models import Hold, User
from copytrading.exchange.paper.models import PaperOrder
from copytrading.models import Copy, Fill, Lead, Order, OwnSeat
from copytrading.services.copies import verbs as copies
from copytrading.services.own import accounts
from copytrading.services.safety import reconciling
from tests.cast import World
from tests.faults.crash_own_once import POINTS
from tests.faults.test_crashes import database_url
from tests.services.own.stage import connect, mirror_of, settle, start

pytestmark = pytest.mark.django_db(transaction=True)


SEALS = "b3duLWFjY291bnRzLWFyZS1zZWFsZWQtYnktdGhpcyE="


def look_and_die(world: World, lead: Lead, point: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.crash_own_once", str(lead.pk), str(world.now.timestamp()), point],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "smartsync_site.settings",
            "SMARTSYNC_LINK_KEYS": SEALS,
        },
        capture_output=True,
        timeout=60,
        check=False,
    )


class TestARoundThatDies:
    @pytest.mark.parametrize("point", sorted(POINTS))
    def test_is_finished_by_the_next_worker(
        self, world: World, lead: Lead, follower: User, other_follower: User, settings: Settings, point: str
    ) -> None:
        settings.SMARTSYNC_LINK_KEYS = [SEALS]
        Lead.objects.filter(pk=lead.pk).update(profit_share_rate=0)
        lead.refresh_from_db()
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        one, other = connect(world, follower), connect(world, other_follower)
        copy, leaving = start(world, one, lead, "1000"), start(world, other, lead, "500")
        settle(world)
        world.lead_trades(lead, "BTC", "SELL", "0.05")
        world.lead_trades(lead, "ETH", "BUY", "1")
        world.settle()
        copies.stop_copy(copy_id=leaving.pk, now=world.now)
        world.wait(1)

        died = look_and_die(world, lead, point)
        settle(world, looks=60)
        world.wait(61)
        settle(world)

        assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-2000:]
        assert not Order.objects.filter(booked_at__isnull=True).exists()
        assert not Hold.objects.filter(released_at__isnull=True).exists()
        assert not OwnSeat.objects.exclude(phase=OwnSeat.Phase.READY).exists()
        assert Copy.objects.get(pk=leaving.pk).status == Copy.Status.STOPPED
        assert Copy.objects.get(pk=copy.pk).status == Copy.Status.ACTIVE
        assert mirror_of(one) == world.held(copy.ledger_account)
        assert set(mirror_of(one)) == {"USDT", "BTC", "ETH"}
        assert mirror_of(other) == {}
        sent = Order.objects.filter(claimed_at__isnull=False).exclude(status=Order.Status.NOT_PLACED)
        assert PaperOrder.objects.count() == sent.count(), "an order was sent twice, or one was lost"
        for account in (one, other):
            theirs = PaperOrder.objects.filter(account=f"person-{account.user_id}")
            ours = sent.filter(venue_account=account.venue_account)
            assert set(theirs.values_list("client_order_id", flat=True)) == set(
                ours.values_list("client_order_id", flat=True)
            )
            accounts.look_at_account(account_id=account.pk, now=world.now)
            assert not account.holdings.filter(beyond_units__lt=0).exists()
        assert Fill.objects.filter(late_at__isnull=False).count() == 0
        assert reconciling.check_ledger().is_clean
