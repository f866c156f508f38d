"""What a look at a linked account makes of its balances."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.exchange.markets import MarketStatus
from copytrading.models import Lead, LeadFlow, LinkedAccount, Notice, ObservedTrade
from copytrading.queries.rules import platform_rules
from copytrading.services.leads import linking
from copytrading.services.leads import verbs as leads
from copytrading.services.leads.observing import Sight
from tests.cast import World, usdt
from tests.elsewhere import Elsewhere, look, seen
from tests.services.market.listing_stage import open_market, watch


class TestLookAtLink:
    def test_follows_a_trade_at_once(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        world.settle()
        elsewhere.holds(BTC="0.15", USDT="2497.50")

        assert look(world, link) == Sight.TAKEN
        world.settle()

        trade = ObservedTrade.objects.get()
        assert (trade.market.base.symbol, trade.units, trade.cash_units) == ("BTC", 5 * 10**6, -usdt("2502.50"))
        assert abs(world.held(copy.ledger_account)["BTC"] / 1_500_000 - 1) < 0.01
        assert LeadFlow.objects.count() == 1

    def test_writes_nothing_where_nothing_changed(self, world: World, faraway: Lead, link: LinkedAccount) -> None:
        assert look(world, link) == Sight.UNCHANGED

        link.refresh_from_db()
        assert link.looked_at == world.now
        assert LeadFlow.objects.count() == 1

    def test_looks_twice_before_it_calls_something_a_flow(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        world.settle()
        elsewhere.holds(USDT="7000")

        assert look(world, link) == Sight.DOUBTED
        assert seen(faraway)["USDT"] == usdt(5_000)
        assert look(world, link) == Sight.TAKEN

        faraway.refresh_from_db()
        assert seen(faraway)["USDT"] == usdt(7_000)
        assert LeadFlow.objects.latest("pk").units == usdt(2_000)
        assert faraway.settling_until == world.now + timedelta(minutes=15)
        assert copy.notices.filter(kind=Notice.Kind.LEAD_DEPOSITED).get().units == usdt(2_000)

    def test_sees_both_halves_of_a_trade_that_shows_late(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.holds(BTC="0.15")
        assert look(world, link) == Sight.DOUBTED
        elsewhere.holds(USDT="2500")

        assert look(world, link) == Sight.TAKEN

        assert ObservedTrade.objects.get().cash_units == -usdt(2_500)
        assert LeadFlow.objects.count() == 1
        link.refresh_from_db()
        assert link.doubted_at is None

    def test_calls_no_return_what_came_or_went(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        faraway.refresh_from_db()
        before = leads.equity_of(faraway, now=world.now, rules=platform_rules()) / faraway.units_issued
        elsewhere.holds(BTC="0.3", USDT="1000")

        look(world, link)
        look(world, link)

        faraway.refresh_from_db()
        assert leads.equity_of(faraway, now=world.now, rules=platform_rules()) / faraway.units_issued == pytest.approx(
            before
        )
        assert seen(faraway) == {"BTC": 3 * 10**7, "USDT": usdt(1_000)}

    def test_takes_small_change_without_a_word(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        elsewhere.holds(USDT="5000.50")

        assert look(world, link) == Sight.TAKEN

        assert seen(faraway)["USDT"] == usdt("5000.50")
        assert LeadFlow.objects.count() == 1
        assert not copy.notices.filter(kind=Notice.Kind.LEAD_DEPOSITED).exists()

    def test_waits_for_a_fresh_price_of_a_coin_that_changed(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.holds(BTC="0.15", USDT="2500")
        world.now += timedelta(seconds=60)

        assert linking.look_at_link(link_id=link.pk, now=world.now) == Sight.WAITS_FOR_PRICES

        assert seen(faraway)["BTC"] == 10**7
        assert look(world, link) == Sight.TAKEN

    def test_waits_where_a_coin_may_be_counted_in_another_unit(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, settings: Settings
    ) -> None:
        settings.SMARTSYNC_PRICE_JUMP = 0.1
        open_market("BTC", status=MarketStatus.SUSPENDED)
        watch(world)
        for _ in range(2):
            world.wait(30, BTC="50000000")
        elsewhere.holds(BTC="0.0001")

        assert linking.look_at_link(link_id=link.pk, now=world.now) == Sight.DOUBTED
        assert linking.look_at_link(link_id=link.pk, now=world.now) == Sight.WAITS_FOR_PEOPLE

        assert seen(faraway)["BTC"] == 10**7

    def test_is_made_once_by_whoever_claims_it(
        self, world: World, link: LinkedAccount, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = elsewhere.questions
        world.wait(10)
        stale = LinkedAccount.objects.select_related("lead").get(pk=link.pk)
        linking.look_at_link(link_id=link.pk, now=world.now)

        class _StaleRows:
            def get(self, **_: object) -> LinkedAccount:
                return stale

        monkeypatch.setattr(LinkedAccount.objects, "select_related", lambda *_: _StaleRows())

        assert linking.look_at_link(link_id=link.pk, now=world.now) is None
        assert elsewhere.questions == asked + 1
