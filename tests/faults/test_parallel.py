"""Many hands at once, against a real database: one effect each."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import numpy as np
import pytest
from django.db import connections

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount, RequestKey, User
from copytrading.models import Copy, Lead, ProfitShare, SyncCycle
from copytrading.services.books import profit_shares
from copytrading.services.copies import refusals as copy_refusals
from copytrading.services.cycle import syncing
from copytrading.services.refusals import Refusal
from copytrading.services.safety import reconciling
from tests.cast import World, usdt
from tests.services.key_stage import PRESSES, build_stage

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(call: Callable[[int], object], times: int, workers: int = 25) -> list[object]:
    """Call `times` times from many threads that start together; a refusal is a result like any other."""
    barrier = Barrier(min(times, workers))

    def run(number: int) -> object:
        try:
            if number < workers:
                barrier.wait(10)
            return call(number)
        except Refusal as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(times)))


class TestConfirm:
    def test_fifty_presses_make_one_copy_and_one_debit(self, world: World, lead: Lead, follower: User) -> None:
        results = at_once(lambda _: world.start(follower, lead, "1000", idempotency_key="page-1"), times=50)

        assert {getattr(result, "pk", result) for result in results} == {Copy.objects.get().pk}
        assert world.main(follower)["USDT"] == usdt(9_000)
        assert Journal.objects.filter(kind=Journal.Kind.COPY_START).count() == 1

    def test_two_pages_at_once_make_one_copy_and_one_refusal(self, world: World, lead: Lead, follower: User) -> None:
        results = at_once(lambda n: world.start(follower, lead, "1000", idempotency_key=f"page-{n}"), times=10)

        assert Copy.objects.count() == 1
        refusals = [result for result in results if isinstance(result, copy_refusals.AlreadyCopying)]
        assert len(refusals) == 9
        assert world.main(follower)["USDT"] == usdt(9_000)

    def test_the_last_vacancy_is_taken_once(self, world: World, lead: Lead) -> None:
        Lead.objects.filter(pk=lead.pk).update(followers_max=1)
        people = [User.objects.create_user(f"person{number}@example.org") for number in range(8)]
        for person in people:
            world.deposit(person, "1000")

        results = at_once(lambda n: world.start(people[n], lead, "500"), times=8)

        assert Copy.objects.count() == 1
        assert sum(isinstance(result, copy_refusals.LeadFull) for result in results) == 7

    def test_the_same_money_is_spent_once(self, world: World, lead: Lead, follower: User) -> None:
        other = world.make_lead(User.objects.create_user("second@example.org"), name="Quartz")

        results = at_once(lambda n: world.start(follower, [lead, other][n], "6000"), times=2)

        assert Copy.objects.count() == 1
        assert sum(isinstance(result, Refusal) for result in results) == 1
        assert world.main(follower)["USDT"] == usdt(4_000)


class TestEveryVerbThatMovesMoney:
    @pytest.mark.parametrize("name", PRESSES)
    def test_has_one_effect_for_twenty_presses_at_once(
        self, world: World, lead: Lead, follower: User, operator: User, name: str
    ) -> None:
        stage = build_stage(world, lead, follower, operator)
        before = stage.effects()

        results = at_once(lambda _: PRESSES[name](stage, "page-1"), times=20)

        assert {type(result).__name__ for result in results}.isdisjoint({"KeyReused", "KeyNotSent"})
        assert len({result.pk for result in results}) == 1
        effects = stage.effects()
        assert effects != before
        PRESSES[name](stage, "page-1")
        assert stage.effects() == effects
        assert RequestKey.objects.filter(key="page-1").count() == 1


class TestSyncLead:
    def test_many_workers_bring_a_cycle_to_its_end_once(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead, "1000")
        world.settle()
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.wait(1)

        at_once(lambda _: syncing.sync_lead(lead_id=lead.pk, now=world.now), times=12, workers=6)
        world.settle()

        assert not SyncCycle.objects.exclude(status=SyncCycle.Status.DONE).exists()
        account = LedgerAccount.objects.get(copy=copy)
        assert abs(world.held(account)["BTC"] - 1_000_000) < 20_000
        assert reconciling.check_ledger().is_clean


class TestPost:
    def test_movements_over_the_same_accounts_never_wait_in_a_ring(self, world: World) -> None:
        """Whichever way round their lines come: the database moves balances in one order."""
        cash = Asset.objects.get(symbol="USDT")
        people = [User.objects.create_user(f"person{number}@example.org") for number in range(40)]
        for person in people:
            world.deposit(person, "10")
        accounts = np.array([ledger.main_account(user=person, now=world.now).pk for person in people])

        def move(number: int) -> Journal:
            order = np.random.default_rng(number).permutation(accounts)
            return ledger.post(
                kind=Journal.Kind.CORRECTION,
                idempotency_key=f"move-{number}",
                lines=Lines.of(order, cash.pk, np.resize([1, -1], len(order))),
                now=world.now,
            )

        assert len({journal.pk for journal in at_once(move, times=120, workers=6)}) == 120
        assert reconciling.check_ledger().is_clean


class TestSettleProfitShares:
    def test_a_hundred_settlements_at_once_pay_once(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.05")
        world.settle()
        world.start(follower, lead, "1000")
        world.settle()
        world.now = profit_shares.last_monday(world.now) + timedelta(weeks=1, seconds=5)
        world.prices(BTC="75000")

        at_once(lambda _: profit_shares.settle_profit_shares(now=world.now), times=100)

        statement = ProfitShare.objects.get()
        assert statement.share_units > usdt(10)
        assert Journal.objects.filter(kind=Journal.Kind.PROFIT_SHARE).count() == 1
        assert reconciling.check_ledger().is_clean
