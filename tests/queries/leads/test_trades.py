"""What a lead's trades say: positions won, how long they were held, in which coins; here and elsewhere."""

from datetime import timedelta

import pytest

from accounts.models import User
from copytrading.models import Lead, Market, ObservedTrade
from copytrading.queries.leads import trades as lead_trades
from copytrading.queries.shown.visibility import EVERYTHING
from tests.cast import NOON, World, usdt
from tests.queries.leads.lead_stage import statistics_of


class TestTrades:
    def test_tell_positions_won_and_how_long_they_were_held(self, lead: Lead, world: World):
        Lead.objects.filter(pk=lead.pk).update(started_at=world.now - timedelta(days=14))
        lead.refresh_from_db()
        world.lead_trades(lead, "BTC", "BUY", "0.02")
        world.lead_trades(lead, "ETH", "BUY", "0.4")
        world.settle()
        world.wait(3600, BTC="60000", ETH="2000")
        world.lead_trades(lead, "BTC", "SELL", "0.02")
        world.lead_trades(lead, "ETH", "SELL", "0.4")
        world.settle()

        statistics = statistics_of(lead, now=world.now)

        assert statistics.trades == 4
        assert statistics.trades_a_week == pytest.approx(2.0)
        assert statistics.positions.closed_positions == 2
        assert statistics.positions.win_rate == 0.5
        assert statistics.positions.holding_seconds_median == pytest.approx(3600, abs=10)

    def test_tell_in_which_coins_most_was_traded(self, lead: Lead, world: World):
        world.lead_trades(lead, "BTC", "BUY", "0.06")
        world.lead_trades(lead, "ETH", "BUY", "0.4")
        world.settle()

        preferences = statistics_of(lead, now=world.now).preferences

        assert [part.symbol for part in preferences] == ["BTC", "ETH"]
        assert [part.weight for part in preferences] == [pytest.approx(0.75, abs=1e-3), pytest.approx(0.25, abs=1e-3)]

    def test_count_the_lead_alone_and_not_those_who_follow(self, lead: Lead, world: World, follower: User):
        world.start(follower, lead, "5000")
        world.settle()
        world.lead_trades(lead, "BTC", "BUY", "0.02")
        world.settle()

        (trade,) = lead_trades.made_by(lead, visibility=EVERYTHING)

        assert trade.quantity_units == 2 * 10**6
        assert trade.value_units == pytest.approx(usdt(1000), rel=0.001)


class TestTradesElsewhere:
    @pytest.fixture
    def observed(self, stranger: User, world: World) -> Lead:
        return Lead.objects.create(
            user=stranger,
            name="Elsewhere",
            slug="elsewhere",
            source=Lead.Source.OBSERVED,
            status=Lead.Status.ACTIVE,
            applied_at=NOON,
            started_at=NOON - timedelta(days=7),
        )

    @staticmethod
    def see(lead: Lead, *trades: tuple[int, int]) -> None:
        market = Market.objects.get(symbol="BTC-USDT")
        for number, (units, cash_units) in enumerate(trades):
            ObservedTrade.objects.create(
                lead=lead,
                market=market,
                units=units,
                cash_units=cash_units,
                traded_at=NOON - timedelta(days=2) + timedelta(hours=number),
            )

    def test_count_as_positions_too(self, observed: Lead):
        self.see(observed, (100, -5000), (100, -4000), (-200, 8000))

        statistics = statistics_of(observed)

        assert statistics.trades == 3
        assert statistics.positions.closed_positions == 1
        assert statistics.positions.win_rate == 0
        assert statistics.positions.holding_seconds_median == 2 * 3600

    def test_from_before_a_lead_came_here_count_in_its_pace_and_not_in_its_positions_now(
        self, lead: Lead, world: World
    ):
        Lead.objects.filter(pk=lead.pk).update(started_at=world.now - timedelta(days=14))
        lead.refresh_from_db()
        self.see(lead, (100_000, -5000), (-100_000, 6000), (100_000, -5000))
        world.lead_trades(lead, "BTC", "BUY", "0.02")
        world.settle()
        world.lead_trades(lead, "BTC", "SELL", "0.02")
        world.settle()

        statistics = statistics_of(lead, now=world.now)

        assert statistics.trades == 5
        assert statistics.trades_a_week == pytest.approx(2.5)
        # What was open there was put aside: selling everything here closes the position.
        assert statistics.positions.closed_positions == 2

    def test_leave_out_coins_that_nobody_saw_bought(self, observed: Lead):
        self.see(observed, (-50, 2500), (100, -5000), (-150, 9000))

        (bought, sold) = lead_trades.seen_elsewhere(observed, visibility=EVERYTHING)

        assert (bought.quantity_units, bought.value_units) == (100, 5000)
        assert (sold.quantity_units, sold.value_units) == (-100, 6000)
