"""Random worlds through the whole stack: engine, services, ledger, paper venue. After every step it adds up."""

import contextlib
import os
from dataclasses import dataclass, field

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Balance, User
from copytrading.models import Allocation, Copy, Lead, LeadOrder, Order
from copytrading.services.books import stops
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import verbs as leads
from copytrading.services.refusals import Refusal
from copytrading.services.safety import reconciling
from tests.cast import COINS, World, build_world, usdt

coin = st.sampled_from(sorted(COINS))
who = st.integers(0, 3)
step = st.one_of(
    st.tuples(st.just("lead_buys"), coin, st.floats(0.05, 0.9)),
    st.tuples(st.just("lead_sells"), coin, st.sampled_from([0.1, 0.5, 1.0])),
    st.tuples(st.just("start"), who, st.sampled_from([100, 137, 1_000, 25_000])),
    st.tuples(st.just("start_without_existing"), who, st.sampled_from([100, 5_000])),
    st.tuples(st.just("increase"), who, st.sampled_from([1, 50, 10_000])),
    st.tuples(st.just("reduce"), who, st.floats(0.1, 0.9)),
    st.tuples(st.just("pause"), who),
    st.tuples(st.just("resume"), who),
    st.tuples(st.just("stop"), who),
    st.tuples(st.just("price"), coin, st.floats(0.6, 1.7)),
    st.tuples(st.just("flow"), st.sampled_from([-500, 3_000])),
    st.tuples(st.just("wait"), st.sampled_from([1, 61, 1_000])),
)


# `make worlds` looks at 200 of them.
WORLDS = int(os.environ.get("WORLDS", "20"))


@dataclass
class Story:
    """One random world: a lead with a stake, four followers, and what happens to them."""

    world: World
    lead: Lead
    followers: list[User]
    done: list[object] = field(default_factory=list)

    def copy_of(self, who: int) -> Copy | None:
        return Copy.objects.filter(follower=self.followers[who]).exclude(status=Copy.Status.STOPPED).first()

    def play(self, event: tuple) -> None:
        verb, *arguments = event
        self.done.append(event)
        with contextlib.suppress(Refusal):
            getattr(self, verb)(*arguments)
        self.world.settle(looks=6)

    def lead_buys(self, symbol: str, fraction: float) -> None:
        cash = self.world.held(self.lead.ledger_account).get("USDT", 0) / 10**8
        quantity = fraction * cash / float(self.world.last[symbol])
        self.world.lead_trades(self.lead, symbol, LeadOrder.Side.BUY, f"{quantity:.5f}")

    def lead_sells(self, symbol: str, fraction: float) -> None:
        held = self.world.held(self.lead.ledger_account).get(symbol, 0) / 10**8
        self.world.lead_trades(self.lead, symbol, LeadOrder.Side.SELL, f"{held * fraction:.8f}")

    def start(self, who: int, value: int) -> None:
        self.world.start(self.followers[who], self.lead, str(value), stop_loss_units=usdt(value * 0.3))

    def start_without_existing(self, who: int, value: int) -> None:
        self.world.start(self.followers[who], self.lead, str(value), buy_existing=False)

    def increase(self, who: int, value: int) -> None:
        if copy := self.copy_of(who):
            copies.increase_copy(
                copy_id=copy.pk, units=usdt(value), idempotency_key=self.world.key(), now=self.world.now
            )

    def reduce(self, who: int, fraction: float) -> None:
        if copy := self.copy_of(who):
            units = int(copy.invested_units * fraction)
            copies.reduce_copy(copy_id=copy.pk, units=units, idempotency_key=self.world.key(), now=self.world.now)

    def pause(self, who: int) -> None:
        if copy := self.copy_of(who):
            copies.pause_copy(copy_id=copy.pk, now=self.world.now)

    def resume(self, who: int) -> None:
        if copy := self.copy_of(who):
            copies.resume_copy(copy_id=copy.pk, now=self.world.now)

    def stop(self, who: int) -> None:
        if copy := self.copy_of(who):
            copies.stop_copy(copy_id=copy.pk, now=self.world.now)

    def price(self, symbol: str, factor: float) -> None:
        self.world.wait(1, **{symbol: f"{float(self.world.last[symbol]) * factor:.2f}"})
        stops.check_stop_losses(now=self.world.now)
        self.world.wait(6)
        stops.check_stop_losses(now=self.world.now)

    def flow(self, value: int) -> None:
        move = leads.deposit_to_lead if value > 0 else leads.withdraw_from_lead
        move(lead_id=self.lead.pk, units=usdt(abs(value)), idempotency_key=self.world.key(), now=self.world.now)

    def wait(self, seconds: int) -> None:
        self.world.wait(seconds)

    def check(self) -> None:
        report = reconciling.check_ledger()
        assert report.is_clean, (report, self.done)
        for order in Order.objects.filter(booked_at__isnull=False):
            shares = Allocation.objects.filter(order=order).aggregate(
                quantity=Sum("quantity_units"), value=Sum("value_units"), fee=Sum("fee_units")
            )
            sign = 1 if order.side == Order.Side.BUY else -1
            got = tuple(shares[name] or 0 for name in ("quantity", "value", "fee"))
            assert got == (sign * order.filled_units, -sign * order.value_units, order.fee_units), self.done
            wishes = dict(zip(order.participant_ids, order.wish_units, strict=True))
            for share in Allocation.objects.filter(order=order):
                assert 0 < share.quantity_units / wishes[share.ledger_account_id] <= 1, self.done
        for copy in Copy.objects.filter(status=Copy.Status.STOPPED):
            balances = Balance.objects.filter(ledger_account=copy.ledger_account)
            assert not balances.exclude(posted=0, held=0).exists(), self.done


def undone() -> transaction.Atomic:
    """Return a transaction for one example, to be rolled back, that durable blocks inside take for a test's own."""
    block = transaction.atomic()
    block._from_testcase = True
    return block


@pytest.mark.django_db
class TestRandomWorlds:
    @settings(
        max_examples=WORLDS,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(events=st.lists(step, min_size=3, max_size=8))
    def test_money_adds_up_and_stopped_copies_hold_nothing(self, events: list[tuple]) -> None:
        django_settings.SMARTSYNC_BELL = False
        with undone():
            world = build_world()
            lead = world.make_lead(User.objects.create_user("lead@example.org"))
            followers = [User.objects.create_user(f"follower{number}@example.org") for number in range(4)]
            for follower in followers:
                world.deposit(follower, "30000")
            story = Story(world, lead, followers)
            story.play(("lead_buys", "BTC", 0.4))
            story.play(("start", 0, 1_000))

            for event in events:
                story.play(event)
                story.check()

            leads.end_lead(lead_id=lead.pk, now=world.now)
            world.settle(looks=80)
            story.check()
            assert not Copy.objects.exclude(status=Copy.Status.STOPPED).exists(), story.done
            assert not Balance.objects.exclude(held=0).exists(), story.done
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            transaction.set_rollback(True)
