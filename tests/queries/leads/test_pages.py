"""A lead's page: the portfolio, the curve, the trades and the events that it shows."""

from datetime import timedelta

import pytest

from accounts.models import User
from copytrading.models import Lead, LeadOrder, LeadRecord
from copytrading.queries.leads import pages as lead_pages
from copytrading.queries.leads import records
from copytrading.queries.shown.visibility import EVERYTHING
from copytrading.services.leads import verbs as lead_services
from tests.cast import NOON, World, usdt
from tests.pasts import record


class TestLeadPage:
    def test_shows_the_portfolio_as_shares_of_one(self, lead: Lead, world: World):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        portfolio = lead_pages.portfolio_of(lead, visibility=EVERYTHING)

        assert [holding.symbol for holding in portfolio.holdings] == ["BTC", "Cash"]
        assert sum(holding.weight for holding in portfolio.holdings) == pytest.approx(1.0)
        assert portfolio.holdings[0].weight == pytest.approx(0.5, abs=0.001)

    def test_shows_nothing_of_a_lead_without_money(self, stranger: User, world: World):
        lead = world.make_lead(stranger, name="Poor")
        lead_services.withdraw_from_lead(lead_id=lead.pk, units=usdt(10000), idempotency_key="all", now=world.now)

        assert lead_pages.portfolio_of(lead, visibility=EVERYTHING).holdings == ()

    def test_measures_a_curve_from_its_first_point(self, lead: Lead):
        record(lead, [2.0, 2.2, 2.5])

        curve = lead_pages.curve_of(lead, days=7, now=NOON)

        assert [value for _, value in curve.points] == pytest.approx([0.0, 10.0, 25.0])
        assert curve.return_fraction == pytest.approx(0.25)

    def test_thins_a_long_curve(self, lead: Lead):
        LeadRecord.objects.bulk_create(
            LeadRecord(
                lead=lead, recorded_at=NOON - timedelta(minutes=number), equity_units=1, unit_price=1 + number / 1e4
            )
            for number in range(5000)
        )
        Lead.objects.filter(pk=lead.pk).update(started_at=NOON - timedelta(days=4))
        lead.refresh_from_db()

        curve = lead_pages.curve_of(lead, days=7, now=NOON)

        assert 100 < len(curve.points) <= lead_pages.CURVE_POINTS + 2

    def test_tells_the_last_trades_with_their_share_of_the_portfolio(self, lead: Lead, world: World):
        record(lead, [1.0, 1.0])
        world.wait(10)
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        (trade,) = lead_pages.trades_of(lead, visibility=EVERYTHING, series=records.series_of(lead.pk))

        assert (trade.symbol, trade.units) == ("BTC", 10**7)
        assert trade.price == pytest.approx(50000, rel=0.001)
        assert trade.weight == pytest.approx(0.5, rel=0.001)
        assert not trade.is_jump

    def test_points_out_a_trade_far_above_the_usual_size(self, lead: Lead, world: World):
        record(lead, [1.0, 1.0])
        for number in range(12):
            order = world.lead_trades(lead, "SOL", "BUY", "1" if number < 11 else "20")
            LeadOrder.objects.filter(pk=order.pk).update(
                status="FILLED", filled_units=order.quantity_units, value_units=usdt(100 if number < 11 else 2000)
            )

        trades = lead_pages.trades_of(lead, visibility=EVERYTHING, series=records.series_of(lead.pk))

        assert [trade.is_jump for trade in trades] == [True] + [False] * 11

    def test_tells_when_money_moved_and_when_the_lead_paused(self, lead: Lead, world: World):
        world.wait(10)
        lead_services.withdraw_from_lead(lead_id=lead.pk, units=usdt(500), idempotency_key="out", now=world.now)
        world.wait(10)
        lead_services.pause_lead(lead_id=lead.pk, now=world.now)
        world.wait(10)
        lead_services.resume_lead(lead_id=lead.pk, now=world.now)
        world.wait(10)
        lead_services.end_lead(lead_id=lead.pk, now=world.now)
        lead.refresh_from_db()

        events = lead_pages.events_of(lead, visibility=EVERYTHING)

        assert [event.status for event in events[:3]] == ["ENDED", "ACTIVE", "PAUSED"]
        assert events[3].units == -usdt(500)
        assert {events[4].units, events[5].units} == {usdt(10000), 0}
        assert "BEGAN" in {event.status for event in events[4:]}
