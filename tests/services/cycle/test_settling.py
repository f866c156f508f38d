"""The end of a look: what is left of a stopped copy, and who takes it over."""

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest

from accounts.models import Journal, User
from copytrading.models import Copy, CopyFlow, Lead, SyncCycle
from copytrading.queries.rules import platform_rules
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import settling, syncing
from copytrading.services.orders import trading
from copytrading.services.safety import reconciling
from tests.cast import World, usdt


def decide_only(world: World, lead: Lead) -> SyncCycle:
    """Let a worker decide and die before it sends anything."""
    with patch.object(trading, "work_off", return_value=False):
        cycle = syncing.sync_lead(lead_id=lead.pk, now=world.now)
    assert cycle is not None, "there is something to trade"
    return cycle


def look(lead: Lead, now: datetime) -> None:
    """Let a worker whose clock says `now` look where nothing is to be traded."""
    lead.refresh_from_db()
    settling.settle_lead(
        lead_id=lead.pk, now=now, cycle=None, followed=lead.request_count, has_rest=False, rules=platform_rules()
    )


class TestACycle:
    def test_is_not_done_while_an_order_of_it_stands(self, world: World, lead: Lead) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        cycle = decide_only(world, lead)

        settling.settle_lead(
            lead_id=lead.pk,
            now=world.now,
            cycle=cycle,
            followed=cycle.request_count,
            has_rest=False,
            rules=platform_rules(),
        )

        cycle.refresh_from_db()
        assert cycle.status == SyncCycle.Status.BUYING
        world.settle()
        cycle.refresh_from_db()
        assert cycle.status == SyncCycle.Status.DONE
        assert not cycle.orders.filter(booked_at__isnull=True).exists()


class TestAnExit:
    def test_ends_where_no_order_can_carry_it(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.012")
        world.settle()
        copy = world.start(follower, lead, "100")
        world.settle()
        coins = world.held(copy.ledger_account)["BTC"]
        # At the mark it is worth more than the venue's minimum of 5 USDT, at the limit of an exit it is not.
        world.wait(1, BTC=f"{5.01 / coins * 10**8:.2f}")

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle(looks=90)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert world.held(copy.ledger_account) == {}
        assert Journal.objects.filter(kind=Journal.Kind.DUST).count() == 1
        assert reconciling.check_ledger().is_clean

    def test_ends_after_its_start_whatever_the_clocks_say(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        copies.stop_copy(copy_id=copy.pk, now=world.now)

        look(lead, copy.started_at - timedelta(seconds=2))

        copy.refresh_from_db()
        assert (copy.status, copy.stopped_at) == (Copy.Status.STOPPED, copy.started_at)


class TestReductions:
    def test_are_paid_once_whatever_the_clocks_say(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        first, second = world.start(follower, lead, "1000"), world.start(other_follower, lead, "1000")
        world.settle()
        ahead = world.now + timedelta(seconds=1)
        copies.reduce_copy(copy_id=first.pk, units=usdt(100), idempotency_key="first", now=world.now)
        copies.reduce_copy(copy_id=second.pk, units=usdt(200), idempotency_key="second", now=ahead)

        look(lead, world.now)
        look(lead, ahead)

        paid = list(Copy.objects.order_by("pk").values_list("paid_out_units", flat=True))
        assert paid == [usdt(100), usdt(200)]
        assert not CopyFlow.objects.filter(status=CopyFlow.Status.REQUESTED).exists()

    @pytest.mark.parametrize("seconds", [1, 0, -1])
    def test_are_not_paid_short_by_a_decision_that_did_not_know_of_them(
        self, world: World, lead: Lead, follower: User, seconds: int
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.15")
        world.settle()
        copy = world.start(follower, lead, "1000")
        world.settle()
        world.lead_trades(lead, "BTC", "BUY", "0.01")
        decide_only(world, lead)
        # Whether the clock of who asks is ahead of the one that decided, or behind.
        asked_at = world.now + timedelta(seconds=seconds)
        copies.reduce_copy(copy_id=copy.pk, units=usdt(600), idempotency_key="much", now=asked_at)

        syncing.sync_lead(lead_id=lead.pk, now=world.now)

        assert CopyFlow.objects.get(idempotency_key="much").status == CopyFlow.Status.REQUESTED
        world.settle()
        flow = CopyFlow.objects.get(idempotency_key="much")
        assert (flow.status, flow.units) == (CopyFlow.Status.DONE, -usdt(600))

    def test_wait_for_an_exit_that_goes_alone(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.15")
        world.settle()
        staying, leaving = world.start(follower, lead, "1000"), world.start(other_follower, lead, "1000")
        world.settle()
        # Drift is not repaired meanwhile, so nothing else would sell for it.
        Lead.objects.filter(pk=lead.pk).update(settling_until=world.now + timedelta(minutes=15))
        copies.stop_copy(copy_id=leaving.pk, now=world.now)
        Copy.objects.filter(pk=leaving.pk).update(stopping_at=world.now - timedelta(minutes=2))
        copies.reduce_copy(copy_id=staying.pk, units=usdt(600), idempotency_key="much", now=world.now)

        world.settle()

        leaving.refresh_from_db()
        assert leaving.status == Copy.Status.STOPPED
        flow = CopyFlow.objects.get(idempotency_key="much")
        assert (flow.status, flow.units) == (CopyFlow.Status.DONE, -usdt(600))
