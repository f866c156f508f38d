"""What a lead's whole record says, against records and trades that are easy to count by hand."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from copytrading.models import Lead, LeadRecord
from copytrading.queries.leads import records
from copytrading.queries.leads import statistics as lead_statistics
from copytrading.queries.rules import platform_rules
from copytrading.services.books import records as recording
from copytrading.services.leads import verbs as lead_services
from tests.cast import NOON, World, usdt
from tests.pasts import record
from tests.queries.leads.lead_stage import statistics_of

pytestmark = pytest.mark.django_db


class TestPeriods:
    def test_say_nothing_of_a_period_longer_than_the_record(self, lead: Lead):
        record(lead, [1.0] * 10 + [1.1])

        seven, thirty, *_, everything = statistics_of(lead).periods

        assert seven.return_fraction == pytest.approx(0.1)
        assert thirty.return_fraction is None
        assert everything.return_fraction == pytest.approx(0.1)

    def test_say_nothing_at_all_before_the_second_record(self, lead: Lead):
        assert all(not period.is_known for period in statistics_of(lead).periods)

        record(lead, [1.0])

        assert all(not period.is_known for period in statistics_of(lead).periods)

    def test_date_the_deepest_fall(self, lead: Lead):
        record(lead, [1.0, 1.5, 1.2, 0.9, 1.4])

        fall = statistics_of(lead).fall

        assert fall is not None
        assert fall.fraction == pytest.approx(0.4)
        assert fall.began_at == NOON - timedelta(days=3)
        assert fall.ended_at == NOON - timedelta(days=1)
        assert fall.recovered_at is None

    def test_say_when_a_fall_was_made_good(self, lead: Lead):
        record(lead, [1.0, 0.8, 1.1])

        fall = statistics_of(lead).fall

        assert fall is not None
        assert fall.recovered_at == NOON

    def test_count_the_days_that_won(self, lead: Lead):
        record(lead, [1.0, 1.1, 1.0, 1.2, 1.2])

        count = statistics_of(lead).all_time.day_count

        assert (count.won, count.lost, count.win_rate) == (2, 1, pytest.approx(2 / 3))

    def test_stand_still_after_the_end(self, lead: Lead):
        record(lead, [1.0, 1.1, 1.2])
        Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.ENDED, ended_at=NOON)
        lead.refresh_from_db()

        later = NOON + timedelta(days=400)

        assert statistics_of(lead, now=later).periods == statistics_of(lead).periods


class TestMonths:
    def test_compound_to_the_year(self, lead: Lead):
        record(lead, [1.0] * 20 + [1.1] * 28 + [1.21] * 11, until=datetime(2026, 3, 10, 12, tzinfo=NOON.tzinfo))

        years = lead_statistics.years_of(records.series_of(lead.pk))

        year = years[0]
        assert year.number == 2026
        gains = [month.gain for month in year.months]
        assert gains[:3] == [pytest.approx(0.1), pytest.approx(0.1), pytest.approx(0.0)]
        assert gains[3:] == [None] * 9
        assert year.whole == pytest.approx(0.21)


class TestStake:
    def test_tells_own_money_by_the_money_that_followed_day_by_day(self, lead: Lead):
        record(lead, [1.0, 0.5, 1.0], following="20000")

        stake = statistics_of(lead).stake

        assert stake.ratios == pytest.approx([0.5, 0.25, 0.5])
        assert stake.lowest == pytest.approx(0.25)
        assert not stake.is_low

    def test_leaves_out_the_time_when_nobody_followed(self, lead: Lead):
        record(lead, [1.0, 1.0], following="0")

        stake = statistics_of(lead).stake

        assert stake.points == ()
        assert stake.own_units == [usdt(10000)] * 2

    def test_begins_with_the_lead_however_long_ago(self, lead: Lead):
        prices = [1 + number / 1000 for number in range(400)]
        record(lead, prices, following="20000")

        stake = statistics_of(lead).stake

        assert len(stake.own_units) == len(stake.ratios) == 90
        assert (stake.own_units[0], stake.own_units[-1]) == (usdt(10000), usdt(10000 * prices[-1]))
        assert stake.own_values[0][0] == NOON - timedelta(days=399)

    def test_warns_when_little_own_money_is_left(self, lead: Lead, world: World, follower: User):
        world.start(follower, lead, "5000")
        lead_services.withdraw_from_lead(lead_id=lead.pk, units=usdt(9600), idempotency_key="out", now=world.now)
        recording.record_lead(lead=Lead.objects.get(pk=lead.pk), now=world.now, rules=platform_rules())
        lead.refresh_from_db()

        assert statistics_of(lead, now=world.now).stake.is_low


class TestDepositInTheMiddle:
    """Through the whole stack: real trades, a real transfer in the ledger, the records of every hour and cycle."""

    @pytest.fixture
    def led(self, world: World, lead: Lead) -> Lead:
        """A lead with three weeks of records, trades and prices behind."""
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        for number in range(21):
            recording.record_lead(lead=Lead.objects.get(pk=lead.pk), now=world.now, rules=platform_rules())
            world.wait(86_400, BTC=str(50_000 + 1_000 * (number * 7 % 5)))
        recording.record_lead(lead=Lead.objects.get(pk=lead.pk), now=world.now, rules=platform_rules())
        world.deposit(lead.user, "50000")
        return Lead.objects.get(pk=lead.pk)

    @staticmethod
    def figures(lead: Lead, *, now: datetime) -> list[float]:
        periods = lead_statistics.periods_of(records.series_of(lead.pk), until=now)
        return [
            figure
            for period in periods
            if period.is_known
            for figure in (
                period.return_fraction,
                period.fall.fraction if period.fall else 0.0,
                period.volatility,
                period.sharpe_ratio,
                period.sortino_ratio,
                period.day_count.won,
                period.day_count.lost,
            )
            if figure is not None
        ]

    @pytest.mark.parametrize("units", [usdt(50_000), usdt(1), -usdt(4_000)])
    def test_changes_none_of_the_figures(self, world: World, led: Lead, units: int):
        before = self.figures(led, now=world.now)
        move = lead_services.deposit_to_lead if units > 0 else lead_services.withdraw_from_lead

        move(lead_id=led.pk, units=abs(units), idempotency_key="middle", now=world.now)
        world.wait(1)
        recording.record_lead(lead=Lead.objects.get(pk=led.pk), now=world.now, rules=platform_rules())

        after = self.figures(led, now=world.now)
        assert len(before) == 2 * 7
        assert after == pytest.approx(before, rel=1e-9, abs=1e-9)

    def test_lets_what_follows_count_on_all_of_the_money(self, world: World, led: Lead):
        lead_services.deposit_to_lead(lead_id=led.pk, units=usdt(50_000), idempotency_key="middle", now=world.now)
        world.wait(1)
        recording.record_lead(lead=Lead.objects.get(pk=led.pk), now=world.now, rules=platform_rules())

        world.wait(86_400, BTC="70000")
        recording.record_lead(lead=Lead.objects.get(pk=led.pk), now=world.now, rules=platform_rules())

        series = records.series_of(led.pk)
        assert series.unit_prices[-1] / series.unit_prices[-2] == pytest.approx(
            series.equity_units[-1] / series.equity_units[-2], rel=1e-9
        )


class TestStatements:
    def test_do_not_grow_with_the_record(self, lead: Lead, world: World):
        counts = []
        for days in (3, 60):
            LeadRecord.objects.all().delete()
            record(lead, [1.0 + number / 100 for number in range(days)])
            with CaptureQueriesContext(connection) as queries:
                statistics_of(lead)
            counts.append(len(queries))

        assert counts[0] == counts[1]
