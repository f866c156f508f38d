"""Markets that come and go at the venue, and a name that comes back as another coin."""

from datetime import timedelta

import pytest

from accounts.models import Asset, User
from copytrading.exchange.markets import MarketStatus
from copytrading.exchange.paper import world as paper
from copytrading.models import Alarm, Copy, Lead, Market, Notice
from copytrading.services.safety import reconciling
from copytrading.services.wallet import spot as spot_orders
from tests.cast import World, come, usdt
from tests.services.market.listing_stage import TEN_MINUTES, copy_of_two_coins, delist, open_market, stop, watch


def status_of(symbol: str) -> str:
    return Market.objects.get(symbol=f"{symbol}-USDT").status


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return come("copy of two coins", world, lambda: copy_of_two_coins(world, lead, follower))


class TestWatchListings:
    def test_changes_nothing_where_nothing_changed(self, world: World) -> None:
        assert watch(world) == []
        assert not Alarm.objects.exists()

    def test_takes_over_a_suspension_and_its_end(self, world: World) -> None:
        open_market("SOL", status=MarketStatus.SUSPENDED)
        suspended = watch(world)
        suspended_at, state = world.now, Market.objects.get(symbol="SOL-USDT")
        open_market("SOL")

        assert suspended == ["SOL-USDT is suspended by the venue."]
        assert (state.status, state.status_since) == (Market.Status.SUSPENDED, suspended_at)
        assert Alarm.objects.get().kind == Alarm.Kind.MARKET_CHANGED
        assert watch(world, after=timedelta(seconds=120)) == ["SOL-USDT trades again."]

    def test_suspends_what_is_missing_once_and_delists_what_stays_missing(self, world: World) -> None:
        paper.close_market("SOL-USDT")

        watch(world)
        first = status_of("SOL")
        watch(world, after=timedelta(seconds=300))
        second = status_of("SOL")
        watch(world, after=timedelta(seconds=301))

        assert (first, second, status_of("SOL")) == ("SUSPENDED", "SUSPENDED", "DELISTED")
        assert "delisted" in Alarm.objects.get().sentence

    def test_forgets_that_a_market_was_missing_for_a_moment(self, world: World) -> None:
        paper.close_market("SOL-USDT")
        watch(world)
        open_market("SOL")
        watch(world, after=timedelta(seconds=120))

        assert status_of("SOL") == Market.Status.TRADING
        assert Asset.objects.get(symbol="SOL").pk == Market.objects.get(symbol="SOL-USDT").base_id

    def test_takes_no_half_answer(self, world: World) -> None:
        for symbol in ("SOL-USDT", "ETH-USDT"):
            paper.close_market(symbol)

        watch(world)
        watch(world, after=TEN_MINUTES)

        assert (status_of("SOL"), status_of("ETH")) == ("TRADING", "TRADING")
        assert Alarm.objects.get().kind == Alarm.Kind.VENUE_SILENT

    def test_lists_what_is_new(self, world: World) -> None:
        open_market("DOT")

        watch(world)

        assert status_of("DOT") == Market.Status.TRADING


class TestAVenueWithoutTheMarket:
    def test_is_noted_at_the_first_order_and_sets_no_lead_aside(self, world: World, lead: Lead, copy: Copy) -> None:
        paper.close_market("SOL-USDT")

        stop(world, copy)

        assert status_of("SOL") == Market.Status.SUSPENDED
        assert set(world.held(copy.ledger_account)) == {"SOL", "USDT"}
        assert Lead.objects.get(pk=lead.pk).failures == 0


class TestADelistedCoin:
    def test_counts_at_its_last_mark_and_the_others_go_on(self, world: World, lead: Lead, copy: Copy) -> None:
        delist(world, "SOL")
        before = world.held(copy.ledger_account)

        world.lead_trades(lead, "BTC", "SELL", "0.04")
        world.settle()
        after = world.held(copy.ledger_account)

        assert after["SOL"] == before["SOL"]
        assert after["BTC"] == pytest.approx(before["BTC"] / 2, rel=0.01)

    def test_is_not_bought_by_whoever_comes_later(
        self, world: World, lead: Lead, copy: Copy, other_follower: User
    ) -> None:
        delist(world, "SOL")

        late = world.start(other_follower, lead, "1000")
        world.settle()

        held = world.held(late.ledger_account)
        assert "SOL" not in held
        assert held["BTC"] > 0
        assert late.adjustments.filter(reason="MARKET_UNAVAILABLE", asset__symbol="SOL").exists()
        assert Copy.objects.get(pk=late.pk).status == Copy.Status.ACTIVE
        assert copy.pk != late.pk

    def test_stays_the_followers_when_the_copy_stops(self, world: World, copy: Copy, follower: User) -> None:
        sol = world.held(copy.ledger_account)["SOL"]
        delist(world, "SOL")

        stop(world, copy)

        copy.refresh_from_db()
        assert copy.status == Copy.Status.STOPPED
        assert world.held(copy.ledger_account) == {}
        assert world.main(follower) == {"USDT": usdt(9_000) + copy.paid_out_units, "SOL": sol}
        notice = Notice.objects.get(copy=copy, kind=Notice.Kind.COINS_FROZEN)
        assert (notice.asset.symbol, notice.units) == ("SOL", sol)
        assert reconciling.check_ledger().is_clean


class TestASuspendedCoin:
    def test_is_waited_for_by_a_stop_and_sold_when_it_trades_again(
        self, world: World, copy: Copy, follower: User
    ) -> None:
        open_market("SOL", status=MarketStatus.SUSPENDED)
        watch(world)
        stop(world, copy)
        waiting = Copy.objects.get(pk=copy.pk).status
        open_market("SOL")
        watch(world, after=timedelta(seconds=120))
        world.settle()
        world.wait(60)
        world.settle()

        assert waiting == Copy.Status.STOPPING
        assert Copy.objects.get(pk=copy.pk).status == Copy.Status.STOPPED
        assert "SOL" not in world.main(follower)

    def test_goes_to_the_follower_after_a_quarter_of_an_hour_to_be_sold_by_hand_later(
        self, world: World, copy: Copy, follower: User
    ) -> None:
        open_market("SOL", status=MarketStatus.SUSPENDED)
        watch(world)
        stop(world, copy)
        world.wait(901)
        world.settle()
        frozen = world.main(follower)["SOL"]
        status = Copy.objects.get(pk=copy.pk).status
        open_market("SOL")
        watch(world)
        world.prices()
        spot_orders.place_manual_order(
            user=follower,
            market_id=Market.objects.get(symbol="SOL-USDT").pk,
            side="SELL",
            units=frozen // 100_000 * 100_000,
            idempotency_key="sell-sol",
            now=world.now,
        )

        assert (status, frozen > 0) == (Copy.Status.STOPPED, True)
        assert world.main(follower).get("SOL", 0) < 100_000
        assert reconciling.check_ledger().is_clean
