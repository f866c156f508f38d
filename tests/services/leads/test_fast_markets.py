"""A trade elsewhere is a trade, whatever the market has done between the trade and the look."""

import pytest

from accounts.models import User
from copytrading.models import Copy, Lead, LeadFlow, LinkedAccount, MarkRange, Notice
from copytrading.services.leads import linking
from copytrading.services.leads.observing import Sight
from copytrading.services.market import mark_ranges
from tests.cast import World, usdt
from tests.elsewhere import Elsewhere, connect, look, seen


def moves_of(copy: Copy) -> int:
    return copy.notices.filter(kind__in=[Notice.Kind.LEAD_DEPOSITED, Notice.Kind.LEAD_WITHDREW]).count()


class TestSale:
    @pytest.mark.parametrize("mark", ["48500", "49300", "50600", "51100"])
    def test_is_followed_within_a_minute_wherever_the_mark_is_then(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User, mark: str
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        world.settle()
        elsewhere.holds(BTC="0", USDT="9995")

        assert look(world, link, BTC=mark) == Sight.TAKEN
        world.settle()

        trade = faraway.observed_trades.get()
        assert (trade.units, trade.cash_units) == (-(10**7), usdt(4_995))
        assert set(world.held(copy.ledger_account)) == {"USDT"}
        assert moves_of(copy) == 0
        assert faraway.account_moves.count() == 0

    def test_in_a_look_that_came_late_is_found_in_all_that_was_said_since(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        for mark in ("47000", "45000", "43500", "44000"):
            world.wait(120, BTC=mark)
        elsewhere.holds(BTC="0", USDT="9345")

        assert look(world, link, BTC="44000") == Sight.TAKEN

        assert faraway.observed_trades.get().cash_units == usdt(4_345)

    def test_at_a_price_that_nobody_named_is_asked_about(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere
    ) -> None:
        link = connect(world, faraway, exchange=either_elsewhere.exchange)
        either_elsewhere.trades(
            symbol="BTC-USDT", side="SELL", quantity="0.1", price="46000", fee="4.6", fee_asset="USDT"
        )

        assert look(world, link) == Sight.TAKEN

        assert faraway.observed_trades.get().cash_units == usdt("4595.4")
        assert LeadFlow.objects.count() == 1


class TestPurchase:
    def test_in_a_wick_that_is_over_is_found_in_the_range(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        world.wait(2, BTC="43000")
        world.wait(1, BTC="50000")
        elsewhere.holds(BTC="0.2", USDT="695.70")

        assert look(world, link, seconds=7) == Sight.TAKEN

        assert "trades" not in elsewhere.venue.state()["requests"]
        assert faraway.observed_trades.get().cash_units == -usdt("4304.30")

    @pytest.mark.parametrize("either_elsewhere", ["binance", "okx"], indirect=True)
    def test_in_a_wick_that_nobody_saw_is_asked_about(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere
    ) -> None:
        link = connect(world, faraway, exchange=either_elsewhere.exchange)
        either_elsewhere.trades(symbol="BTC-USDT", side="BUY", quantity="0.1", price="40000")

        assert look(world, link) == Sight.TAKEN

        trade = faraway.observed_trades.get()
        assert (trade.units, trade.cash_units) == (10**7, -usdt(4_000))


class TestSeveralTrades:
    @pytest.mark.parametrize("either_elsewhere", ["binance", "okx"], indirect=True)
    def test_that_come_to_nothing_but_cash_are_no_flow(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, follower: User
    ) -> None:
        link = connect(world, faraway, exchange=either_elsewhere.exchange)
        copy = world.start(follower, faraway, "1000")
        world.settle()
        either_elsewhere.trades(symbol="BTC-USDT", side="BUY", quantity="0.09", price="50000")
        either_elsewhere.trades(symbol="BTC-USDT", side="SELL", quantity="0.09", price="50900")

        assert look(world, link) == Sight.TAKEN

        assert [trade.units for trade in faraway.observed_trades.order_by("pk")] == [9 * 10**6, -9 * 10**6]
        assert seen(faraway) == {"BTC": 10**7, "USDT": usdt(5_081)}
        assert moves_of(copy) == 0

    @pytest.mark.parametrize("either_elsewhere", ["binance", "okx"], indirect=True)
    def test_beside_money_that_came_are_followed_at_once(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, follower: User
    ) -> None:
        link = connect(world, faraway, exchange=either_elsewhere.exchange)
        Lead.objects.filter(pk=faraway.pk).update(settling_until=None)
        copy = world.start(follower, faraway, "1000")
        world.settle()
        either_elsewhere.holds(USDT="8000")
        either_elsewhere.trades(symbol="BTC-USDT", side="SELL", quantity="0.1", price="50000")

        assert look(world, link) == Sight.HALF_TAKEN
        world.settle()
        assert set(world.held(copy.ledger_account)) == {"USDT"}
        assert moves_of(copy) == 0
        assert look(world, link) == Sight.TAKEN

        assert LeadFlow.objects.latest("pk").units == usdt(3_000)
        assert moves_of(copy) == 1
        assert faraway.observed_trades.count() == 1

    def test_with_the_fee_in_another_coin_sell_none_of_it(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere
    ) -> None:
        elsewhere.lists("BNB-USDT", "500")
        elsewhere.holds(BNB="1", USDT="4500")
        look(world, link)
        elsewhere.holds(BTC="0.18", USDT="500", BNB="0.994")

        assert look(world, link) == Sight.TAKEN

        assert faraway.observed_trades.filter(market__base__symbol="BTC").get().cash_units == -usdt(4_000)
        assert LeadFlow.objects.count() == 1
        # The BNB that was bought before the fee, and nothing else.
        assert faraway.account_moves.count() == 1


class TestMarkRanges:
    def test_are_kept_only_while_an_account_is_looked_at(self, world: World, faraway: Lead) -> None:
        world.prices(BTC="50100")

        assert not MarkRange.objects.exists()

    def test_hold_what_was_said_and_nothing_out_of_all_proportion(self, world: World, link: LinkedAccount) -> None:
        began = world.now
        world.wait(1, BTC="51000")
        world.wait(1, BTC="48000")
        world.wait(1, BTC="50000")

        found = mark_ranges.ranges_since(began)

        assert sorted(found.values())[-1] == (48_000, 51_000)

    def test_are_dropped_after_an_hour(self, world: World, link: LinkedAccount) -> None:
        world.wait(1)
        world.wait(3_601)

        linking.look_at_links(now=world.now)

        assert set(MarkRange.objects.values_list("began_at", flat=True)) == {
            world.now.replace(second=world.now.second // 10 * 10)
        }
