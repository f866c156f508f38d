"""What a copy is worth, what it brought, and how far it is from its lead."""

from datetime import datetime, time, timedelta

import pytest

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.models import Copy, Lead, Mark
from copytrading.queries.copies import own as queries
from copytrading.queries.copies import portfolios
from copytrading.queries.rules import platform_rules
from copytrading.services.copies import verbs as copies
from tests.cast import World, usdt
from tests.pasts import record_copy
from tests.views.scenes import copies_of_new_leads, copy_with_holdings, counted_queries, settle_now


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return copy_with_holdings(world, lead, follower, stop_loss_units=usdt(150))


def record(copy: Copy, when: datetime, worth: str) -> None:
    record_copy(copy, when, usdt(worth), copy.invested_units)


class TestSummaryOf:
    def test_is_worth_its_cash_and_coins_at_the_mark(self, world: World, copy: Copy) -> None:
        world.wait(BTC="60000")
        held = world.held(copy.ledger_account)

        summary = queries.summary_of(copy, now=world.now)

        gross = held["USDT"] + held["BTC"] * 60000
        assert summary.due_units == (gross - usdt(1000)) // 10, "the lead's tenth of the profit"
        assert summary.worth_units == gross - summary.due_units
        assert summary.result_units == summary.worth_units - usdt(1000)
        assert summary.stops_at_units == usdt(850)

    def test_counts_as_result_what_moved_neither_in_nor_out(self, world: World, copy: Copy) -> None:
        before = queries.summary_of(copy, now=world.now).result_units

        copies.increase_copy(copy_id=copy.pk, units=usdt(500), idempotency_key="more", now=world.now)
        copy.refresh_from_db()

        assert queries.summary_of(copy, now=world.now).result_units == before

    def test_counts_as_today_what_came_since_midnight(self, world: World, copy: Copy) -> None:
        midnight = datetime.combine(world.now.date(), time.min, tzinfo=world.now.tzinfo)
        Copy.objects.filter(pk=copy.pk).update(started_at=midnight - timedelta(days=1))
        copy.flows.update(moved_at=midnight - timedelta(days=1))
        record(copy, midnight - timedelta(minutes=5), "900")
        record(copy, midnight - timedelta(minutes=1), "990")

        summary = queries.summary_of(copy, now=world.now)

        assert summary.today_units == summary.worth_units - usdt(990)

    def test_counts_all_as_today_for_a_copy_of_today(self, world: World, copy: Copy) -> None:
        Copy.objects.filter(pk=copy.pk).update(started_at=world.now)
        copy.flows.update(moved_at=world.now)

        summary = queries.summary_of(copy, now=world.now)

        assert summary.today_units == summary.result_units

    def test_tells_what_is_on_its_way_out(self, world: World, copy: Copy) -> None:
        copies.reduce_copy(copy_id=copy.pk, units=usdt(300), idempotency_key="less", now=world.now)

        assert queries.summary_of(copy, now=world.now).leaving_units == usdt(300)
        settle_now(world)
        copy.refresh_from_db()
        assert queries.summary_of(copy, now=world.now).leaving_units == 0

    def test_is_in_sync_until_the_lead_moves_away(self, world: World, copy: Copy, lead: Lead) -> None:
        assert queries.summary_of(copy, now=world.now).state == "in sync"

        world.lead_trades(lead, "SOL", "BUY", "20")
        copies.pause_copy(copy_id=copy.pk, now=world.now)
        settle_now(world)
        Copy.objects.filter(pk=copy.pk).update(status=Copy.Status.ACTIVE)
        copy.refresh_from_db()

        assert queries.summary_of(copy, now=world.now).state == "catching up"


class TestCompare:
    def test_tells_choice_from_delay_for_a_late_joiner(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.09")
        world.settle()
        copy = world.start(follower, lead, buy_existing=False)
        settle_now(world)

        comparison = portfolios.compare([copy], prices=portfolios.price_list(), now=world.now, rules=platform_rules())[
            copy.pk
        ]

        assert comparison.distance == pytest.approx(0.45, abs=0.01)
        assert comparison.distance_wanted == pytest.approx(comparison.distance)
        assert comparison.distance_left == pytest.approx(0, abs=1e-9)

    def test_lists_the_coins_of_both_and_cash_last(self, world: World, copy: Copy, lead: Lead) -> None:
        comparison = portfolios.compare([copy], prices=portfolios.price_list(), now=world.now, rules=platform_rules())[
            copy.pk
        ]

        assert [position.name for position in comparison.positions] == ["Bitcoin", "Cash"] or [
            position.symbol for position in comparison.positions
        ] == ["BTC", "USDT"]
        assert sum(position.weight for position in comparison.positions) == pytest.approx(1)
        assert sum(part.weight for part in comparison.lead_slices) == pytest.approx(1)

    def test_lists_the_leads_largest_first_and_counts_each_followers_own_cap_as_wanted(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        # 5,000 of ETH, 2,000 of SOL and 1,000 of BTC at these marks.
        for symbol, quantity in (("BTC", "0.02"), ("ETH", "2"), ("SOL", "20")):
            world.lead_trades(lead, symbol, "BUY", quantity)
        world.settle()
        free = world.start(follower, lead, "1000")
        capped = world.start(other_follower, lead, "1000", terms=Terms(weight_max=0.3))
        world.settle()

        found = portfolios.compare(
            [free, capped], prices=portfolios.price_list(), now=world.now, rules=platform_rules()
        )

        for copy in (free, capped):
            assert [position.symbol for position in found[copy.pk].positions] == ["ETH", "SOL", "BTC", "USDT"]
        # Half of the lead is in ETH, of which the cap leaves three tenths.
        assert found[free.pk].distance_wanted == 0
        assert found[capped.pk].distance_wanted == pytest.approx(0.2, abs=0.01)

    def test_names_a_coin_without_a_price_and_counts_it_as_nothing(self, world: World, copy: Copy) -> None:
        Mark.objects.filter(market__symbol="BTC-USDT").delete()

        comparison = portfolios.compare([copy], prices=portfolios.price_list(), now=world.now, rules=platform_rules())[
            copy.pk
        ]

        assert comparison.unpriced == ("BTC",)
        assert comparison.gross_units == world.held(copy.ledger_account)["USDT"]

    def test_asks_as_often_for_many_copies_as_for_one(self, world: World, follower: User) -> None:
        few = copies_of_new_leads(world, follower, range(1))
        many = few + copies_of_new_leads(world, follower, range(1, 6))
        prices = portfolios.price_list()
        with counted_queries() as once:
            portfolios.compare(few, prices=prices, now=world.now, rules=platform_rules())

        with counted_queries() as often:
            portfolios.compare(many, prices=prices, now=world.now, rules=platform_rules())

        assert len(often) == len(once)


class TestOverviewOf:
    def test_adds_up_running_and_ended_copies(
        self, world: World, copy: Copy, follower: User, other_follower: User, lead: Lead
    ) -> None:
        world.start(other_follower, lead)
        second = copies_of_new_leads(world, follower, range(1))[0]
        copies.stop_copy(copy_id=second.pk, now=world.now)
        settle_now(world)
        second.refresh_from_db()

        overview = queries.overview_of(follower, now=world.now)

        assert [summary.copy.pk for summary in overview.summaries] == [copy.pk]
        assert overview.ended_count == 1
        assert overview.paid_in_units == usdt(1100)
        first_result = overview.summaries[0].result_units
        assert overview.result_units == first_result + second.paid_out_units - usdt(100)
