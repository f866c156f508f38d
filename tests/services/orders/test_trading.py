"""The claim of an order: one worker owns it, and whoever does not says nothing about it and sends nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from time import monotonic, sleep

import pytest
from django.db import connection, connections, transaction
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.exchange.paper.models import PaperOrder
from copytrading.models import Alarm, Copy, Halt, Lead, Market, Order, SyncCycle
from copytrading.queries.rules import platform_rules
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.orders import trading
from copytrading.services.safety import halts
from copytrading.services.wallet import spot
from tests.cast import World, come, usdt


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    def start() -> Copy:
        copy = world.start(follower, lead, "1000")
        world.settle()
        return copy

    return come("copy of 1,000 at rest", world, start)


@pytest.fixture
def planned(world: World, lead: Lead, copy: Copy, monkeypatch: pytest.MonkeyPatch) -> Order:
    """An order for a lead and a copy that is decided and not yet sent, as a worker has just read it."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    with monkeypatch.context() as patch:
        patch.setattr(trading, "work_off", lambda **_: False)
        world.wait(1)
        syncing.sync_lead(lead_id=lead.pk, now=world.now)
    return Order.objects.select_related("cycle", "market__base", "market__quote").get()


@contextmanager
def claimed_by_another_worker(order: Order, world: World, *, until: Callable[[], bool]) -> Iterator[None]:
    """Let a worker of its own connection claim an order, and commit no sooner than when `until` is true."""
    is_claimed = Event()

    def claim() -> None:
        try:
            with transaction.atomic():
                Order.objects.filter(pk=order.pk).update(status=Order.Status.SUBMITTING, claimed_at=world.now)
                is_claimed.set()
                give_up_at = monotonic() + 10
                while not until() and monotonic() < give_up_at:
                    sleep(0.01)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        worker = pool.submit(claim)
        assert is_claimed.wait(10)
        yield
        worker.result()


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


class TestAnOrderThatAnotherWorkerClaimed:
    @pytest.mark.parametrize("against", ["nothing", "a stop", "a halt", "a limit"])
    def test_is_not_sent_again_whatever_stands_against_it(
        self, world: World, copy: Copy, planned: Order, operator: User, settings: Settings, against: str
    ) -> None:
        Order.objects.filter(pk=planned.pk).update(status=Order.Status.SUBMITTING, claimed_at=world.now)
        if against == "a stop":
            copies.stop_copy(copy_id=copy.pk, now=world.now)
        if against == "a halt":
            halts.place_halt(scope=Halt.Scope.PLATFORM, target_id=0, reason="A drill.", now=world.now, by=operator)
        if against == "a limit":
            settings.SMARTSYNC_ORDER_VALUE_MAX = 1

        trading.submit_order(order=planned, now=world.now, rules=platform_rules())

        assert not PaperOrder.objects.exists()
        row = Order.objects.get()
        assert (row.status, row.refusal, row.answered_at) == (Order.Status.SUBMITTING, "", None)
        assert not SyncCycle.objects.get(pk=planned.cycle_id).has_rest
        assert not Alarm.objects.filter(kind=Alarm.Kind.LIMIT_REACHED).exists()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("is_halted", [False, True])
    def test_is_waited_for_while_the_claim_is_under_way(
        self, world: World, follower: User, operator: User, monkeypatch: pytest.MonkeyPatch, is_halted: bool
    ) -> None:
        bitcoin = Market.objects.get(symbol="BTC-USDT")
        with monkeypatch.context() as patch:
            # A manual order belongs to no lead, so no other lock stands before its own.
            patch.setattr(trading, "work_off_order", lambda **_: None)
            spot.place_manual_order(
                user=follower, market_id=bitcoin.pk, side="BUY", units=usdt(500), idempotency_key="m", now=world.now
            )
        order = Order.objects.select_related("cycle", "market__base", "market__quote").get()
        if is_halted:
            halts.place_halt(scope=Halt.Scope.PLATFORM, target_id=0, reason="A drill.", now=world.now, by=operator)

        with claimed_by_another_worker(order, world, until=somebody_waits_for_a_lock):
            trading.submit_order(order=order, now=world.now, rules=platform_rules())

        assert not PaperOrder.objects.exists()
        assert Order.objects.get().status == Order.Status.SUBMITTING
