"""A follower's word is behind a fence: what was decided before it buys nothing for that copy any more."""

import importlib
from collections.abc import Callable

import pytest
from django.db import connection

from accounts.models import User
from copytrading.models import Copy, Lead, Order, SyncCycle
from copytrading.queries.rules import platform_rules
from copytrading.services.books import stops
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.orders import trading
from copytrading.services.safety import reconciling
from tests.cast import World, come, usdt

CHANGES = {
    "stop": lambda copy, now: copies.stop_copy(copy_id=copy.pk, now=now),
    "pause": lambda copy, now: copies.pause_copy(copy_id=copy.pk, now=now),
    "reduction": lambda copy, now: copies.reduce_copy(
        copy_id=copy.pk, units=usdt(500), idempotency_key="half back", now=now
    ),
}
# What no decision looks at, or what a decision of before does not speak against.
MORE = {
    "stop loss": lambda copy, now: copies.change_stop_loss(copy_id=copy.pk, stop_loss_units=usdt(10), now=now),
    "increase": lambda copy, now: copies.increase_copy(
        copy_id=copy.pk, units=usdt(500), idempotency_key="more", now=now
    ),
    "nothing": lambda copy, now: None,
}
Change = Callable[[Copy, object], object]


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    def start() -> Copy:
        copy = world.start(follower, lead, "1000")
        world.settle()
        return copy

    return come("copy of 1,000 at rest", world, start)


@pytest.fixture
def planned(world: World, lead: Lead, copy: Copy, monkeypatch: pytest.MonkeyPatch) -> Order:
    """A purchase for the lead and the copy that is decided and not sent yet."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    with monkeypatch.context() as patch:
        patch.setattr(trading, "work_off", lambda **_: False)
        world.wait(1)
        syncing.sync_lead(lead_id=lead.pk, now=world.now)
    return Order.objects.get()


class TestAChangeAfterTheDecision:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_lets_no_buy_of_before_be_sent(self, world: World, copy: Copy, planned: Order, change: Change) -> None:
        change(copy, world.now)

        order = trading.work_off_order(order_id=planned.pk, now=world.now, rules=platform_rules())

        assert (order.status, order.claimed_at, order.refusal) == (Order.Status.CANCELED, None, "")
        assert SyncCycle.objects.get(pk=planned.cycle_id).has_rest
        assert world.held(copy.ledger_account) == {"USDT": usdt(1_000)}

    @pytest.mark.parametrize("change", MORE.values(), ids=MORE)
    def test_keeps_nothing_back_that_it_does_not_speak_against(
        self, world: World, copy: Copy, planned: Order, change: Change
    ) -> None:
        change(copy, world.now)

        order = trading.work_off_order(order_id=planned.pk, now=world.now, rules=platform_rules())

        assert order.status == Order.Status.FILLED

    def test_keeps_back_a_pause_that_was_taken_back_too(self, world: World, copy: Copy, planned: Order) -> None:
        copies.pause_copy(copy_id=copy.pk, now=world.now)
        copies.resume_copy(copy_id=copy.pk, now=world.now)

        order = trading.work_off_order(order_id=planned.pk, now=world.now, rules=platform_rules())

        assert order.status == Order.Status.CANCELED

    def test_of_a_copy_that_only_sells_keeps_nothing_back(
        self, world: World, lead: Lead, copy: Copy, planned: Order, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.settle()
        world.lead_trades(lead, "BTC", "SELL", "0.1")
        with monkeypatch.context() as patch:
            patch.setattr(trading, "work_off", lambda **_: False)
            world.wait(1)
            syncing.sync_lead(lead_id=lead.pk, now=world.now)
        sale = Order.objects.get(side=Order.Side.SELL)
        copies.pause_copy(copy_id=copy.pk, now=world.now)

        assert (
            trading.work_off_order(order_id=sale.pk, now=world.now, rules=platform_rules()).status
            == Order.Status.FILLED
        )

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_is_decided_on_anew_for_everybody(
        self, world: World, lead: Lead, other_follower: User, copy: Copy, planned: Order, change: Change
    ) -> None:
        change(copy, world.now)

        world.settle()

        assert lead.ledger_account is not None
        assert world.held(lead.ledger_account)["BTC"] == 10_000_000
        buys = change not in (CHANGES["stop"], CHANGES["pause"])
        assert ("BTC" in world.held(copy.ledger_account)) == buys
        assert reconciling.check_ledger().is_clean


class TestAFenceOfBefore:
    """When fences were only counted, nothing of the lead's told when they rose: the migration takes it for just now."""

    def fill(self) -> None:
        migration = importlib.import_module("copytrading.migrations.0021_fences_are_requests")
        with connection.cursor() as cursor:
            for statement in (migration.COUNT_CHANGES, migration.COUNT_FENCES, migration.COUNT_ORDERS):
                cursor.execute(statement)

    @pytest.mark.parametrize(("fence", "status"), [(1, Order.Status.CANCELED), (0, Order.Status.FILLED)])
    def test_keeps_back_what_was_planned_and_not_sent(
        self, world: World, lead: Lead, copy: Copy, planned: Order, fence: int, status: Order.Status
    ) -> None:
        Copy.objects.filter(pk=copy.pk).update(fence=fence, status=Copy.Status.PAUSED if fence else copy.status)
        Order.objects.filter(pk=planned.pk).update(request_count=0)
        self.fill()

        assert trading.work_off_order(order_id=planned.pk, now=world.now, rules=platform_rules()).status == status
        # What is decided from now on knows of it.
        assert Copy.objects.get(pk=copy.pk).fence <= Lead.objects.get(pk=lead.pk).request_count


class TestAFence:
    def test_rises_with_every_word_against_buying_and_with_no_other(self, world: World, lead: Lead, copy: Copy) -> None:
        def fence() -> int:
            return Copy.objects.values_list("fence", flat=True).get(pk=copy.pk)

        seen = [fence()]
        CHANGES["pause"](copy, world.now)
        seen.append(fence())
        copies.resume_copy(copy_id=copy.pk, now=world.now)
        for name in ("increase", "stop loss"):
            MORE[name](copy, world.now)
        assert fence() == seen[-1]
        for name in ("reduction", "stop"):
            CHANGES[name](copy, world.now)
            seen.append(fence())

        assert seen == sorted(set(seen))

    def test_is_later_than_what_the_lead_was_ever_asked_for(self, world: World, lead: Lead, copy: Copy) -> None:
        before = Lead.objects.get(pk=lead.pk).request_count

        copies.pause_copy(copy_id=copy.pk, now=world.now)

        assert Copy.objects.get(pk=copy.pk).fence > before

    def test_rises_when_a_stop_loss_fires(self, world: World, lead: Lead, copy: Copy, planned: Order) -> None:
        world.settle()
        copies.change_stop_loss(copy_id=copy.pk, stop_loss_units=usdt(10), now=world.now)
        before = Copy.objects.get(pk=copy.pk).fence
        for _ in range(2):
            world.wait(6, BTC="30000")
            stops.check_stop_losses(now=world.now)

        stopped = Copy.objects.get(pk=copy.pk)
        assert (stopped.status, stopped.fence > before) == (Copy.Status.STOPPING, True)
