"""What followers got: over the lead's own days, after all costs, and nothing where it would tell of one of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from copytrading.models import Copy, CopyFlow, Lead, LeadRecord, LeadSummary
from copytrading.queries.leads import listing as leads
from copytrading.queries.leads.followers_got import FollowersGot, followers_got
from copytrading.queries.leads.listing import LeadFilter, Sorting
from copytrading.services.books import records as recording
from copytrading.services.copies import verbs as copies
from tests.api.program import Program
from tests.cast import NOON, World, usdt
from tests.pasts import record, record_copy
from tests.views.scenes import counted_queries


def follow(world: World, lead: Lead, number: int, *, days: float, worth_then: str = "1000") -> Copy:
    """Start a copy of 1,000 that lies in cash, as if it had begun so many days ago and been worth that much since."""
    user = User.objects.create_user(f"copier{number}@example.org", "x")
    world.deposit(user, "1000")
    copy = world.start(user, lead, "1000")
    began = world.now - timedelta(days=days)
    Copy.objects.filter(pk=copy.pk).update(started_at=began)
    CopyFlow.objects.filter(copy=copy).update(moved_at=began)
    record_copy(copy, began, usdt(worth_then), copy.invested_units)
    return copy


def got_by(lead: Lead, now: datetime) -> FollowersGot:
    return followers_got([lead.pk], now=now)[lead.pk]


@pytest.fixture
def old_lead(lead: Lead, world: World) -> Lead:
    """A lead with a record of a hundred days that rose by a hundredth of its first price each day."""
    LeadRecord.objects.filter(lead=lead).delete()
    record(lead, [1 + day / 100 for day in range(101)], until=world.now)
    return lead


class TestFollowersGot:
    def test_is_counted_over_the_same_days_as_the_lead(self, old_lead: Lead, world: World) -> None:
        for number, then in enumerate(("800", "900", "1000", "1100", "1250")):
            follow(world, old_lead, number, days=40, worth_then=then)

        got = got_by(old_lead, world.now)

        assert (got.days, got.copies) == (30, 5)
        # From 1,000 to 1,000; the lead went from 1.70 to 2.00 in those days.
        assert got.median_fraction == pytest.approx(0.0)
        assert got.lead_fraction == pytest.approx(2.0 / 1.7 - 1)
        assert got.worst_tenth_fraction == pytest.approx(-0.2 + 0.4 * (1000 / 1100 - 0.8))

    def test_takes_the_longest_days_that_five_ran_through(self, old_lead: Lead, world: World) -> None:
        for number in range(5):
            follow(world, old_lead, number, days=95, worth_then="500")
        follow(world, old_lead, 5, days=10, worth_then="2000")

        got = got_by(old_lead, world.now)

        assert (got.days, got.copies, got.median_fraction) == (90, 5, pytest.approx(1.0))

    def test_says_nothing_of_four(self, old_lead: Lead, world: World) -> None:
        for number in range(4):
            follow(world, old_lead, number, days=95)
        follow(world, old_lead, 4, days=6.9)

        got = got_by(old_lead, world.now)

        assert (got.days, got.copies, got.is_known) == (7, 4, False)
        assert (got.median_fraction, got.worst_tenth_fraction, got.lead_fraction) == (None, None, None)

    def test_counts_those_who_stopped_meanwhile_with_what_came_back(self, old_lead: Lead, world: World) -> None:
        followed = [follow(world, old_lead, number, days=40, worth_then="2000") for number in range(5)]
        for copy in followed:
            copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        got = got_by(old_lead, world.now)

        assert not Copy.objects.exclude(status=Copy.Status.STOPPED).exists()
        assert (got.copies, got.median_fraction) == (5, pytest.approx(-0.5))

    def test_leaves_out_who_had_stopped_before(self, old_lead: Lead, world: World) -> None:
        followed = [follow(world, old_lead, number, days=40) for number in range(5)]
        Copy.objects.filter(pk=followed[0].pk).update(
            status=Copy.Status.STOPPED, stopped_at=world.now - timedelta(days=35)
        )

        got = got_by(old_lead, world.now)

        assert (got.days, got.copies) == (7, 4)

    def test_counts_money_that_came_and_went_as_no_gain(self, old_lead: Lead, world: World) -> None:
        for number in range(5):
            copy = follow(world, old_lead, number, days=40)
            world.deposit(copy.follower, "1000")
            copies.increase_copy(copy_id=copy.pk, units=usdt(1000), idempotency_key="more", now=world.now)
            copies.reduce_copy(copy_id=copy.pk, units=usdt(500), idempotency_key="less", now=world.now)
        world.settle()

        got = got_by(old_lead, world.now)

        assert got.median_fraction == pytest.approx(0.0, abs=1e-9)

    def test_is_after_the_profit_share_that_is_due(self, old_lead: Lead, world: World) -> None:
        for number in range(5):
            copy = follow(world, old_lead, number, days=40, worth_then="800")
            Copy.objects.filter(pk=copy.pk).update(mark_value_units=usdt(800), profit_share_rate="0.25")

        got = got_by(old_lead, world.now)

        assert got.median_fraction == pytest.approx(0.25 * 0.75)

    def test_ends_where_the_lead_ended(self, old_lead: Lead, world: World) -> None:
        for number in range(5):
            follow(world, old_lead, number, days=40, worth_then="500")
        Lead.objects.filter(pk=old_lead.pk).update(status=Lead.Status.ENDED, ended_at=world.now)

        got = got_by(old_lead, world.now + timedelta(days=400))

        assert (got.days, got.median_fraction) == (30, pytest.approx(1.0))

    def test_knows_nothing_of_days_before_the_leads_record(self, lead: Lead, world: World) -> None:
        LeadRecord.objects.filter(lead=lead).delete()
        record(lead, [1.0] * 11, until=world.now)
        for number in range(5):
            follow(world, lead, number, days=40)

        assert got_by(lead, world.now).days == 7

    def test_takes_one_statement_for_any_number_of_leads(self, old_lead: Lead, world: World) -> None:
        other = world.make_lead(User.objects.create_user("two@example.org"), name="Two")

        with counted_queries() as counted:
            followers_got([old_lead.pk, other.pk], now=world.now)

        assert len(counted) == 1


class TestWhereItIsShown:
    @pytest.fixture(autouse=True)
    def _noon(self) -> Iterator[None]:
        """Pages read the clock, and the days end now."""
        with time_machine.travel(NOON, tick=False):
            yield

    @pytest.fixture
    def shown_lead(self, old_lead: Lead, world: World) -> Lead:
        for number in range(5):
            follow(world, old_lead, number, days=40, worth_then="800")
        recording.count_summaries(now=world.now)
        return old_lead

    def test_stands_beside_the_lead_in_the_same_days_on_every_page(self, client: Client, shown_lead: Lead) -> None:
        card, page = client.get("/").text, client.get(f"/leads/{shown_lead.slug}/followers/").text

        assert "of 5, 30 days" in card
        assert "Followers really got, 30 days" in page
        assert f"{shown_lead.name} made +17.6\u202f% in the same days" in page
        assert "since each began" not in card + page

    def test_is_hidden_below_five_copies_on_every_page(self, client: Client, shown_lead: Lead, world: World) -> None:
        Copy.objects.filter(pk=Copy.objects.earliest("pk").pk).update(started_at=world.now)
        recording.count_summaries(now=world.now)

        card, page = client.get("/").text, client.get(f"/leads/{shown_lead.slug}/followers/").text

        assert "too few to say" in card
        assert "said once five copies ran through 7 days" in page
        assert "4 did so far" in page
        assert "+25.0" not in card + page

    def test_is_in_the_api_with_its_days_and_number(self, shown_lead: Lead, stranger: User) -> None:
        listed = Program.of(stranger).get("leads").json()["results"][0]["followers_got"]
        one = Program.of(stranger).get(f"leads/{shown_lead.slug}").json()["followers_got"]

        assert listed == one
        assert (one["days"], one["copies"], one["median_fraction"]) == (30, 5, "0.25")
        assert float(one["lead_fraction"]) == pytest.approx(2 / 1.7 - 1, abs=1e-6)

    def test_of_fewer_days_than_leads_are_ranked_by_is_not_ranked(self, shown_lead: Lead, world: World) -> None:
        card = leads.card_of(shown_lead, now=world.now)

        assert card.got.is_known
        assert card.ranked_median is None
        assert next(part.value for part in card.score.parts if part.name == "followers") == 0.0
        assert leads.cards(wanted=LeadFilter(), sorting=Sorting.MEDIAN, now=world.now)[0].ranked_median is None

    def test_is_kept_in_the_summary(self, shown_lead: Lead) -> None:
        summary = LeadSummary.objects.get(lead=shown_lead)

        assert (summary.got_days, summary.got_copies) == (30, 5)
        assert summary.got_lead_fraction == pytest.approx(2 / 1.7 - 1)
