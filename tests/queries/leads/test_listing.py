"""The lists of leads: cards, order, filter and score, against small worlds whose answers are known by head."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from copytrading.models import Lead, LeadSummary
from copytrading.queries.leads import listing, records
from copytrading.queries.leads import listing as leads
from copytrading.queries.leads import statistics as lead_statistics
from copytrading.queries.leads.listing import LeadCard, LeadFilter, Sorting, Standing
from copytrading.services.books import records as recording
from copytrading.services.leads import verbs as lead_services
from tests.cast import NOON, World, usdt
from tests.pasts import record
from tests.queries.leads.lead_stage import make_leads

pytestmark = pytest.mark.django_db


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
        assert card.own_units == usdt(11000)
        assert card.days_leading == 3

    def test_say_nothing_where_it_is_too_early(self, lead: Lead):
        card = leads.card_of(lead, now=NOON)

        assert card.return_fraction is None
        assert card.fall_fraction is None
        assert not card.got.is_known

    def test_leave_older_records_out(self, lead: Lead):
        record(lead, [5.0] + [1.0] * 100)

        card = leads.card_of(lead, now=NOON)

        assert card.return_fraction == pytest.approx(0.0)
        assert card.fall_fraction == pytest.approx(0.0)

    def test_draw_a_curve_that_falls_with_the_return_beside_it(self, lead: Lead):
        # Within the period it only rises; what it is measured from was recorded the day before.
        record(lead, [1.0] * 31 + [0.8] + [0.95] * 89)
        lead.records.filter(recorded_at=NOON - timedelta(days=90)).delete()

        card = leads.card_of(lead, now=NOON)

        assert card.return_fraction == pytest.approx(-0.05)
        assert card.returns[-1] == pytest.approx(-0.05)
        assert card.returns[0] == 0.0
        assert len(card.returns) == leads.CARD_STEPS + 1

    def test_draw_a_curve_at_even_steps_of_time(self, lead: Lead):
        record(lead, [1.0, 1.1, 1.2], days=400)
        lead.records.filter(unit_price=1.0).update(recorded_at=NOON - timedelta(days=90))
        lead.records.filter(unit_price=1.1).update(recorded_at=NOON - timedelta(days=46))

        returns = leads.card_of(lead, now=NOON).returns

        assert len(returns) == leads.CARD_STEPS + 1
        assert returns[44:47] == pytest.approx((0.0, 0.1, 0.1))
        assert returns[-2:] == pytest.approx((0.1, 0.2))

    def test_draw_as_much_of_a_curve_as_there_is_record(self, lead: Lead):
        record(lead, [1.0, 1.1, 1.2, 1.3])

        returns = leads.card_of(lead, now=NOON).returns

        assert (len(returns), returns[0], returns[-1]) == (4, 0.0, pytest.approx(0.3))

    def test_share_one_scale_that_has_zero_in_it(self, lead: Lead):
        record(lead, [1.0, 0.7, 0.7, 0.8])
        card = leads.card_of(lead, now=NOON)

        assert leads.scale_of([card]) == pytest.approx((-0.3, 0.0))
        assert leads.scale_of([]) == (0.0, 0.0)

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


class TestRanked:
    def test_reads_in_the_database_what_looking_at_each_lead_would_say(self, world: World) -> None:
        random = np.random.default_rng(11)
        made = make_leads(world, 25)
        for number, lead in enumerate(made):
            lead.started_at = NOON - timedelta(days=float(random.choice([0.5, 7, 7.2, 90, 400])))
            lead.ended_at = NOON - timedelta(hours=3) if number % 6 == 5 else None
            lead.status = random.choice([Lead.Status.ACTIVE, Lead.Status.PAUSED]) if number % 6 != 5 else "ENDED"
            lead.followers_max = int(random.choice([3, 1000]))
            lead.name = str(random.choice(["älva", "Zeta", "alpha"])) + str(number % 3)
            lead.save()
            known = random.random() < 0.7
            summary = LeadSummary(
                lead=lead,
                counted_at=NOON,
                return_fraction=float(random.choice([-0.2, 0.1, 0.4])) if known else None,
                fall_fraction=float(random.choice([0.05, 0.2])) if known else None,
                is_whole_period=bool(random.random() < 0.6),
                own_units=int(random.choice([0, 100, 10_000])),
                following_units=int(random.choice([0, 1_000, 90_000])),
                followers=int(random.choice([0, 3, 200])),
                got_days=int(random.choice([7, 90])),
                median_fraction=float(random.choice([-0.1, 0.05, 0.3])) if known else None,
                risk=int(random.choice([2, 7])) if random.random() < 0.7 else None,
            )
            summary.score = listing._card(lead, summary, NOON).score.points
            summary.save()
        questions = [
            LeadFilter(),
            LeadFilter(with_ended=True, days_min=7),
            LeadFilter(fall_max=0.1, copies_min=3),
            LeadFilter(stake_min=0.1, risk_max=5),
            LeadFilter(has_vacancies=True, own_units_min=50, following_units_min=500),
        ]

        for sorting in Sorting:
            for wanted in questions:
                ranked = leads.ranked(wanted=wanted, sorting=sorting, now=NOON)
                expected = listing._counted(listing._matching(wanted), wanted=wanted, sorting=sorting, now=NOON)
                assert isinstance(ranked, listing.RankedCards)
                # Leads that are equal in all that is asked may stand in either order.
                assert [_standing(card, sorting) for card in ranked] == [_standing(card, sorting) for card in expected]
                assert {card.lead.pk for card in ranked} == {card.lead.pk for card in expected}
                assert len(ranked) == len(expected)

    def test_reads_a_page_and_no_more(self, world: World) -> None:
        made = make_leads(world, 6)
        for lead in made:
            record(lead, [1.0, 1.1])
        recording.count_summaries(now=NOON)

        with CaptureQueriesContext(connection) as queries:
            page = leads.ranked(wanted=LeadFilter(), sorting=Sorting.KEPT, now=NOON)[2:4]

        assert len(page) == 2
        assert len(queries) <= 4
        assert any("LIMIT 2 OFFSET 2" in query["sql"] for query in queries)


def _standing(card: LeadCard, sorting: Sorting) -> tuple[object, ...]:
    worth = listing._WORTH[sorting](card)
    shown = None if worth is None else round(worth, 9)
    return shown, round(card.score.points, 9) if worth is None else 0, card.lead.name.lower()


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
