"""Kill switches: pulled once, read in one statement, lifted by a person when there is nothing left to fear."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Asset, User
from copytrading.models import CustodyDifference, Halt, Lead, Market
from copytrading.queries.operating.halts import standing_halts
from copytrading.services.safety import halts
from tests.cast import NOON, World
from tests.faults.test_parallel import at_once


def halt(scope: Halt.Scope, target_id: int = 0, **changes: object) -> Halt:
    how = {"reason": "To be sure", "now": NOON}
    return halts.place_halt(scope=scope, target_id=target_id, **(how | changes))  # type: ignore[arg-type]


def market(symbol: str) -> Market:
    return Market.objects.get(symbol=symbol)


class TestPlaceHalt:
    def test_stands_once_for_a_target_however_often_it_is_pulled(self, lead: Lead, operator: User) -> None:
        first = halt(Halt.Scope.LEAD, lead.pk, by=operator)
        second = halt(Halt.Scope.LEAD, lead.pk, reason="Again")

        assert second == first
        assert (second.placed_by, second.reason) == (operator, "To be sure")

    @pytest.mark.parametrize("scope", [Halt.Scope.LEAD, Halt.Scope.MARKET, Halt.Scope.ASSET])
    def test_is_refused_for_what_does_not_exist(self, world: World, scope: Halt.Scope) -> None:
        with pytest.raises(halts.HaltTargetUnknown):
            halt(scope, 10**9)

    def test_is_refused_without_a_reason(self, world: World) -> None:
        with pytest.raises(halts.HaltReasonMissing):
            halt(Halt.Scope.PLATFORM, reason="  ")


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_pull_one_switch(self) -> None:
        at_once(lambda _: halt(Halt.Scope.PLATFORM), times=8)

        assert Halt.objects.count() == 1


class TestStandingHalts:
    def test_are_read_in_one_statement(self, lead: Lead) -> None:
        halt(Halt.Scope.LEAD, lead.pk)
        halt(Halt.Scope.MARKET, market("ETH-USDT").pk)

        with CaptureQueriesContext(connection) as seen:
            found = standing_halts()

        assert len(seen) == 1
        assert (found.platform, found.lead_ids, found.asset_ids) == (False, {lead.pk}, frozenset())
        assert found.market_ids == {market("ETH-USDT").pk}

    def test_of_a_lead_cover_no_market(self, lead: Lead) -> None:
        halt(Halt.Scope.LEAD, lead.pk)

        found = standing_halts()

        assert found.lead_ids == {lead.pk}
        assert not found.cover_market(market("BTC-USDT"))

    def test_of_a_coin_cover_its_markets_and_of_cash_all_of_them(self, world: World) -> None:
        halt(Halt.Scope.ASSET, Asset.objects.get(symbol="BTC").pk)
        of_coin = standing_halts()
        halt(Halt.Scope.ASSET, Asset.objects.get(symbol="USDT").pk)

        assert [pair.symbol for pair in Market.objects.all() if of_coin.cover_market(pair)] == ["BTC-USDT"]
        assert all(standing_halts().cover_market(pair) for pair in Market.objects.all())

    def test_of_the_platform_cover_everything(self, world: World) -> None:
        halt(Halt.Scope.PLATFORM)

        assert standing_halts().cover_market(market("SOL-USDT"))


class TestLiftHalt:
    def test_lets_orders_go_on_and_remembers_who_did_it(self, world: World, operator: User) -> None:
        placed = halt(Halt.Scope.PLATFORM)

        halts.lift_halt(halt_id=placed.pk, by=operator, now=NOON)

        placed.refresh_from_db()
        assert (placed.lifted_by, placed.lifted_at) == (operator, NOON)
        assert not standing_halts().platform

    def test_is_refused_a_second_time(self, world: World, operator: User) -> None:
        placed = halt(Halt.Scope.PLATFORM)
        halts.lift_halt(halt_id=placed.pk, by=operator, now=NOON)

        with pytest.raises(halts.HaltLifted):
            halts.lift_halt(halt_id=placed.pk, by=operator, now=NOON)

    def test_is_refused_while_custody_and_ledger_differ(self, world: World, operator: User) -> None:
        coin = Asset.objects.get(symbol="BTC")
        placed = halt(Halt.Scope.ASSET, coin.pk)
        CustodyDifference.objects.create(asset=coin, units=1, since=NOON, looked_at=NOON)

        with pytest.raises(halts.CustodyStillDiffers, match="BTC still differ"):
            halts.lift_halt(halt_id=placed.pk, by=operator, now=NOON)

        CustodyDifference.objects.update(units=0)
        halts.lift_halt(halt_id=placed.pk, by=operator, now=NOON)
        assert not standing_halts().asset_ids

    def test_asks_for_a_look_at_the_lead_that_waited(self, lead: Lead, operator: User) -> None:
        Lead.objects.update(sync_wanted_at=None)
        placed = halt(Halt.Scope.LEAD, lead.pk)

        halts.lift_halt(halt_id=placed.pk, by=operator, now=NOON)

        lead.refresh_from_db()
        assert lead.sync_wanted_at == NOON
