"""The figures of the morning page: what counts as the last day, into which quarter it falls, and by which index."""

from datetime import timedelta

import pytest
from django.db import connection

from copytrading.models import Copy, Lead, MoneyUnderCopy, Order, SyncCycle
from copytrading.queries.operating import morning
from copytrading.services.books import records
from tests.cast import NOON, World, usdt


@pytest.fixture
def traded(world: World, lead: Lead) -> World:
    for _ in range(2):
        world.lead_trades(lead, "BTC", "BUY", "0.02")
        world.settle()
    return world


class TestOrders:
    def test_that_ended_within_a_day_are_counted_in_the_quarter_of_an_hour_in_which_they_did(
        self, traded: World
    ) -> None:
        late, early = Order.objects.order_by("pk")
        Order.objects.filter(pk=late.pk).update(booked_at=NOON - timedelta(minutes=16))
        Order.objects.filter(pk=early.pk).update(booked_at=NOON - timedelta(days=1, seconds=1))

        orders = morning.orders_of_the_day(now=NOON)

        assert {one.status: one.ended for one in orders.states if one.ended} == {"FILLED": 1}
        assert [(at, count) for at, count in orders.by_quarter if count] == [(NOON - timedelta(minutes=30), 1.0)]
        assert len(orders.by_quarter) == 96

    def test_that_are_open_have_the_age_of_the_oldest(self, traded: World) -> None:
        first, second = Order.objects.order_by("pk")
        for order, minutes in ((first, 9), (second, 4)):
            planned_at = NOON - timedelta(minutes=minutes)
            Order.objects.filter(pk=order.pk).update(
                status=Order.Status.UNKNOWN, venue_account=str(order.pk), booked_at=None, planned_at=planned_at
            )

        orders = morning.orders_of_the_day(now=NOON)

        (unknown,) = [one for one in orders.states if one.open]
        assert (unknown.status, unknown.open, unknown.since) == ("UNKNOWN", 2, NOON - timedelta(minutes=9))


class TestCycles:
    def test_are_counted_by_the_minute_over_the_last_hour(self, traded: World) -> None:
        first, second = SyncCycle.objects.order_by("pk")
        SyncCycle.objects.filter(pk=first.pk).update(opened_at=NOON - timedelta(minutes=59))
        SyncCycle.objects.filter(pk=second.pk).update(opened_at=NOON - timedelta(minutes=61))

        cycles = morning.cycles_of_the_day(now=NOON)

        assert cycles.a_minute == pytest.approx(1 / 60)
        assert sum(count for _, count in cycles.by_quarter) == 2


class TestMoney:
    def test_is_what_all_followers_hold_and_is_worth_what_they_are(
        self, world: World, lead: Lead, follower: object, other_follower: object
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        for person in (follower, other_follower):
            world.start(person, lead, "1000")  # type: ignore[arg-type]
        world.settle()
        records.record_values(now=world.now, slot=world.now)

        money = morning.money_under_copy(now=world.now)

        assert money is not None
        held = [world.held(copy.ledger_account) for copy in Copy.objects.select_related("ledger_account")]
        assert {coin.symbol: coin.units for coin in money.coins} == {
            symbol: sum(one.get(symbol, 0) for one in held) for symbol in ("BTC", "USDT")
        }
        assert (money.copies, money.is_old) == (2, False)
        assert money.worth_units == pytest.approx(usdt(2000), rel=0.01)
        assert sum(coin.value_units or 0 for coin in money.coins) == pytest.approx(money.worth_units)

    def test_is_old_when_no_minute_was_recorded_since(self, world: World) -> None:
        records.record_values(now=NOON, slot=NOON)

        late = morning.money_under_copy(now=NOON + timedelta(minutes=4))

        assert late is not None and late.is_old
        assert MoneyUnderCopy.objects.get().worth_units == 0

    def test_is_kept_for_two_days(self, world: World) -> None:
        records.record_values(now=NOON, slot=NOON)

        records.thin_records(now=NOON + timedelta(days=2))
        assert MoneyUnderCopy.objects.exists()
        records.thin_records(now=NOON + timedelta(days=2, hours=1))
        assert not MoneyUnderCopy.objects.exists()

    def test_of_the_day_is_the_last_of_each_quarter_of_an_hour(self, world: World) -> None:
        for minute in (0, 7, 14, 15, 40):
            MoneyUnderCopy.objects.create(
                recorded_at=NOON + timedelta(minutes=minute), copies=1, worth_units=minute, asset_ids=[], units=[]
            )

        points = morning.worth_of_the_day(now=NOON + timedelta(hours=1))

        assert [units for _, units in points] == [14, 15, 40]


class TestStatements:
    def test_of_orders_and_cycles_read_no_table_from_end_to_end(self, traded: World) -> None:
        asked = {"since": NOON - timedelta(days=1), "until": NOON, "hour": NOON - timedelta(hours=1)}
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            plans = []
            for statement in (morning.ORDERS_ENDED, morning.CYCLES):
                cursor.execute(f"EXPLAIN {statement}", asked)
                plans.append(" ".join(row[0] for row in cursor.fetchall()))
            plans.append(Order.objects.filter(booked_at__isnull=True).values_list("status").explain())

        assert ["Seq Scan" in plan for plan in plans] == [False] * 3
        assert "order_booked" in plans[0] and "cycle_of_day" in plans[1] and "order_not_booked" in plans[2]
