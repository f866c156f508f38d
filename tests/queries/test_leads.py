"""The lists and figures of leads, against small worlds whose answers are known by head."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from copytrading.models import Copy, Lead, LeadOrder, LeadRecord
from copytrading.queries import lead_pages, lead_statistics, leads, records
from copytrading.queries.leads import LeadFilter, Sorting, Standing
from copytrading.services import copies, recording
from copytrading.services import leads as lead_services
from tests.cast import NOON, World, usdt

pytestmark = pytest.mark.django_db


def record(lead: Lead, prices: list[float], *, equity: str = "10000", days: int | None = None) -> None:
    """Give a lead one record a day, the last one now."""
    last = len(prices) - 1
    LeadRecord.objects.bulk_create(
        LeadRecord(
            lead=lead,
            recorded_at=NOON - timedelta(days=last - number),
            equity_units=usdt(equity),
            unit_price=price,
        )
        for number, price in enumerate(prices)
    )
    Lead.objects.filter(pk=lead.pk).update(started_at=NOON - timedelta(days=last if days is None else days))
    lead.refresh_from_db()


def make_leads(world: World, number: int) -> list[Lead]:
    made = []
    for index in range(number):
        user = User.objects.create_user(f"lead{index}@example.org", "correct horse battery")
        made.append(world.make_lead(user, name=f"Lead {index}"))
    return made


def names(**questions: object) -> list[str]:
    sorting = questions.pop("sorting", Sorting.RETURN)
    found = leads.cards(wanted=LeadFilter(**questions), sorting=Sorting(sorting), now=NOON)  # type: ignore[arg-type]
    return [card.lead.name for card in found]


class TestCards:
    def test_say_how_a_lead_did_over_the_period(self, lead: Lead):
        record(lead, [1.0, 1.2, 0.9, 1.1])

        card = leads.card_of(lead, now=NOON)

        assert card.return_fraction == pytest.approx(0.1)
        assert card.fall_fraction == pytest.approx(0.25)
        assert card.own_units == usdt(10000)
        assert card.days_leading == 3

    def test_say_nothing_where_it_is_too_early(self, lead: Lead):
        card = leads.card_of(lead, now=NOON)

        assert card.return_fraction is None
        assert card.fall_fraction is None
        assert card.median_fraction is None

    def test_leave_older_records_out(self, lead: Lead):
        record(lead, [5.0] + [1.0] * 100)

        card = leads.card_of(lead, now=NOON)

        assert card.return_fraction == pytest.approx(0.0)
        assert card.fall_fraction == pytest.approx(0.0)

    def test_read_a_lead_who_ended_up_to_the_end(self, lead: Lead):
        record(lead, [1.0, 2.0])
        Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.ENDED, ended_at=NOON)
        lead.refresh_from_db()

        card = leads.card_of(lead, now=NOON + timedelta(days=400))

        assert card.return_fraction == pytest.approx(1.0)
        assert card.days_leading == 1

    def test_hide_those_who_were_never_approved(self, world: World, stranger: User, lead: Lead):
        Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.APPLIED, started_at=None)

        assert names(with_ended=True) == []

    def test_take_as_many_statements_for_thirty_leads_as_for_three(self, world: World):
        made = make_leads(world, 30)
        for lead in made:
            record(lead, [1.0, 1.1])

        counts = []
        for number in (3, 30):
            Lead.objects.filter(pk__in=[lead.pk for lead in made[number:]]).update(status=Lead.Status.ENDED)
            Lead.objects.filter(pk__in=[lead.pk for lead in made[:number]]).update(status=Lead.Status.ACTIVE)
            with CaptureQueriesContext(connection) as queries:
                found = leads.cards(wanted=LeadFilter(), sorting=Sorting.SCORE, now=NOON)
            counts.append(len(queries))
            assert len(found) == number

        assert counts[0] == counts[1]


class TestSorting:
    @pytest.fixture
    def three(self, world: World) -> list[Lead]:
        first, second, third = make_leads(world, 3)
        record(first, [1.0, 1.3, 1.2], days=5)
        record(second, [1.0, 0.9, 1.5], days=50)
        record(third, [1.0, 1.05, 1.1], days=20)
        return [first, second, third]

    @pytest.mark.parametrize(
        ("sorting", "expected"),
        [
            (Sorting.RETURN, ["Lead 1", "Lead 0", "Lead 2"]),
            (Sorting.FALL, ["Lead 2", "Lead 0", "Lead 1"]),
            (Sorting.DAYS, ["Lead 1", "Lead 2", "Lead 0"]),
        ],
    )
    def test_puts_the_best_first(self, three: list[Lead], sorting: Sorting, expected: list[str]):
        assert names(sorting=sorting) == expected

    def test_puts_those_without_a_record_last(self, three: list[Lead], world: World, stranger: User):
        world.make_lead(stranger, name="Aaron")

        assert names(sorting=Sorting.RETURN)[-1] == "Aaron"

    def test_goes_by_followers(self, three: list[Lead], world: World, follower: User):
        world.start(follower, three[2])

        assert names(sorting=Sorting.FOLLOWERS)[0] == "Lead 2"

    def test_goes_by_own_stake(self, three: list[Lead], world: World, follower: User, other_follower: User):
        world.start(follower, three[0], "2000")
        world.start(other_follower, three[1], "500")

        assert names(sorting=Sorting.STAKE)[:2] == ["Lead 1", "Lead 0"]


class TestFilter:
    def test_finds_a_part_of_a_name(self, world: World):
        make_leads(world, 3)

        assert names(search="ead 2") == ["Lead 2"]

    def test_asks_for_days_leading(self, lead: Lead):
        record(lead, [1.0, 1.1], days=30)

        assert names(days_min=30) == [lead.name]
        assert names(days_min=31) == []

    def test_asks_for_a_small_fall(self, lead: Lead):
        record(lead, [1.0, 0.8])

        assert names(fall_max=0.21) == [lead.name]
        assert names(fall_max=0.19) == []

    def test_asks_for_vacancies(self, lead: Lead, world: World, follower: User):
        Lead.objects.filter(pk=lead.pk).update(followers_max=1)
        world.start(follower, lead)

        assert names() == [lead.name]
        assert names(has_vacancies=True) == []

    def test_asks_for_own_stake(self, lead: Lead, world: World, follower: User):
        record(lead, [1.0, 1.0], equity="100")
        world.start(follower, lead, "2000")

        assert names(stake_min=0.04) == [lead.name]
        assert names(stake_min=0.10) == []

    def test_finds_ended_leads_when_asked(self, lead: Lead):
        lead_services.end_lead(lead_id=lead.pk, now=NOON)

        assert names() == []
        assert names(with_ended=True) == [lead.name]


class TestOutcomes:
    def test_counts_what_followers_got_from_their_own_money(
        self, lead: Lead, world: World, follower: User, other_follower: User
    ):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        world.start(follower, lead, "1000")
        world.start(other_follower, lead, "3000")
        world.settle()

        world.wait(1, BTC="60000")

        outcome = records.outcomes_of([lead.pk])[lead.pk]
        assert outcome.followers == 2
        # Half of the lead is in a coin that rose by a fifth, less fees, spread and a tenth for the lead.
        assert outcome.median_fraction == pytest.approx(0.09, abs=0.002)
        assert outcome.following_units == pytest.approx(usdt(4360), rel=0.002)

    def test_counts_stopped_copies_by_what_was_paid_out(self, lead: Lead, world: World, follower: User):
        copy = world.start(follower, lead, "1000")
        world.settle()
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()
        Copy.objects.filter(pk=copy.pk).update(paid_out_units=usdt(900))

        outcome = records.outcomes_of([lead.pk])[lead.pk]

        assert outcome.followers == 0
        assert outcome.following_units == 0
        assert outcome.median_fraction == pytest.approx(-0.1)

    def test_tell_the_worst_tenth_from_the_median(self, lead: Lead, world: World, follower: User):
        users = [User.objects.create_user(f"f{number}@example.org", "x") for number in range(11)]
        for number, user in enumerate(users):
            world.deposit(user, "1000")
            copy = world.start(user, lead, "1000")
            Copy.objects.filter(pk=copy.pk).update(paid_out_units=usdt(number * 10))

        outcome = records.outcomes_of([lead.pk])[lead.pk]

        assert outcome.median_fraction == pytest.approx(0.05)
        assert outcome.worst_tenth_fraction == pytest.approx(0.01)

    def test_are_net_of_the_profit_share_that_is_owed(self, lead: Lead, world: World, follower: User):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead, "1000")
        world.settle()
        world.wait(1, BTC="60000")
        Copy.objects.filter(pk=copy.pk).update(profit_share_rate=0, mark_value_units=usdt(1000))
        before = records.outcomes_of([lead.pk])[lead.pk].median_fraction

        Copy.objects.filter(pk=copy.pk).update(profit_share_rate="0.3")

        after = records.outcomes_of([lead.pk])[lead.pk].median_fraction
        assert before is not None
        assert after == pytest.approx(before * 0.7, rel=1e-6)


class TestStanding:
    def test_is_open_to_a_person_and_asks_a_stranger_in(self, lead: Lead, follower: User):
        card = leads.card_of(lead, now=NOON)

        assert leads.standing_of(card, follower) == Standing.OPEN
        assert leads.standing_of(card, None) == Standing.STRANGER

    def test_nobody_copies_oneself(self, lead: Lead):
        assert leads.standing_of(leads.card_of(lead, now=NOON), lead.user) == Standing.OWN

    def test_says_that_a_copy_runs(self, lead: Lead, world: World, follower: User):
        world.start(follower, lead)

        assert leads.standing_of(leads.card_of(lead, now=NOON), follower) == Standing.COPIED

    @pytest.mark.parametrize("status", [Lead.Status.PAUSED, Lead.Status.ENDED])
    def test_follows_the_state_of_the_lead(self, lead: Lead, follower: User, status: Lead.Status):
        lead.status = status

        assert leads.standing_of(leads.card_of(lead, now=NOON), follower) == status

    def test_says_that_every_place_is_taken(self, lead: Lead, world: World, follower: User, other_follower: User):
        Lead.objects.filter(pk=lead.pk).update(followers_max=1)
        lead.refresh_from_db()
        world.start(follower, lead)

        assert leads.standing_of(leads.card_of(lead, now=NOON), other_follower) == Standing.FULL


class TestLeadPage:
    def test_shows_the_portfolio_as_shares_of_one(self, lead: Lead, world: World):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        portfolio = lead_pages.portfolio_of(lead)

        assert [holding.symbol for holding in portfolio.holdings] == ["BTC", "Cash"]
        assert sum(holding.weight for holding in portfolio.holdings) == pytest.approx(1.0)
        assert portfolio.holdings[0].weight == pytest.approx(0.5, abs=0.001)

    def test_shows_nothing_of_a_lead_without_money(self, stranger: User, world: World):
        lead = world.make_lead(stranger, name="Poor")
        lead_services.withdraw_from_lead(lead_id=lead.pk, units=usdt(10000), idempotency_key="all", now=world.now)

        assert lead_pages.portfolio_of(lead).holdings == ()

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

        (trade,) = lead_pages.trades_of(lead, series=records.series_of(lead.pk))

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

        trades = lead_pages.trades_of(lead, series=records.series_of(lead.pk))

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

        events = lead_pages.events_of(lead)

        assert [event.status for event in events[:3]] == ["ENDED", "ACTIVE", "PAUSED"]
        assert events[3].units == -usdt(500)
        assert {events[4].units, events[5].units} == {usdt(10000), 0}
        assert "BEGAN" in {event.status for event in events[4:]}


class TestSummaries:
    def test_say_what_a_card_counted_now_says(self, world: World, lead: Lead, follower: User):
        record(lead, [1.0, 1.2, 0.9, 1.1])
        world.start(follower, lead, "1000")
        world.settle()
        counted_now = leads.cards(wanted=LeadFilter(), sorting=Sorting.SCORE, now=world.now)

        recording.count_summaries(now=world.now)

        assert leads.cards(wanted=LeadFilter(), sorting=Sorting.SCORE, now=world.now) == counted_now

    def test_agree_with_the_statistics_of_the_page(self, lead: Lead):
        generator = np.random.default_rng(7)
        record(lead, list(np.exp(generator.normal(0, 0.03, 120).cumsum())))

        card = leads.card_of(lead, now=NOON)
        period = lead_statistics.period_of(lead, days=90, now=NOON, series=records.series_of(lead.pk))

        assert card.is_whole_period
        assert card.return_fraction == pytest.approx(period.return_fraction, rel=1e-12)
        assert period.fall is not None
        assert card.fall_fraction == pytest.approx(period.fall.fraction, rel=1e-12)


class TestScore:
    def test_ranks_a_whole_record_above_a_lucky_week(self, world: World):
        lucky, steady = make_leads(world, 2)
        record(lucky, [1.0, 1.5, 1.9])
        record(steady, [1.0 + number / 1000 for number in range(100)])

        first, second = leads.cards(wanted=LeadFilter(), sorting=Sorting.SCORE, now=NOON)

        assert first.lead == steady
        assert second.score.points < first.score.points <= 100

    def test_counts_no_return_of_less_than_the_period(self, lead: Lead):
        record(lead, [1.0] + [2.0] * 50)

        parts = {part.name: part.value for part in leads.card_of(lead, now=NOON).score.parts}

        assert parts["return"] == 0
        assert parts["calm"] == 0
        assert parts["time"] == pytest.approx(50 / 180)
