"""Why a copy lost on a day: the parts sum to the change, to the cent, and nothing is left unexplained in a made day."""

from datetime import date, timedelta

import pytest

from accounts.models import User
from copytrading.models import Copy, CopyGapRecord, CopyRecord, Lead, LeadRecord
from copytrading.queries.copies.own import summary_of
from copytrading.queries.money.statements import LotMethod, statement_of
from copytrading.queries.operating import copy_story
from copytrading.queries.operating.copy_story import REST, DayStory
from copytrading.queries.operating.figures import in_money, percent
from copytrading.services.copies import verbs as copies
from tests.cast import NOON, World, usdt
from tests.queries.operating.made_days import begin_day, lose
from tests.views.scenes import counted_queries

STARTED, LOST = NOON.date(), NOON.date() + timedelta(days=1)


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """A copy of 1,000 USDT, started at noon, whose lead holds BTC and ETH."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    world.lead_trades(lead, "ETH", "BUY", "1")
    world.settle()
    copy = world.start(follower, lead)
    world.settle()
    copy.refresh_from_db()
    return copy


@pytest.fixture
def lost(world: World, lead: Lead, copy: Copy) -> Copy:
    lose(world, lead, copy)
    copy.refresh_from_db()
    return copy


def story_of(world: World, copy: Copy, day: date) -> DayStory:
    story = copy_story.story_of(copy, day=day, now=world.now)
    assert story is not None
    return story


def line(story: DayStory, name: str) -> int:
    return next((one.units for one in story.lines if one.name == name), 0)


def sums_up(story: DayStory) -> bool:
    """Return whether what is shown of a day sums, to the cent."""
    ends = story.closing_units - story.opening_units
    parts = sum(one.shown_units for one in story.lines)
    return story.change_units + story.flow_units == ends and parts == story.change_units


class TestADayThatIsOver:
    def test_is_explained_to_the_cent_with_nothing_left(self, world: World, lost: Copy) -> None:
        story = story_of(world, lost, LOST)

        assert sums_up(story)
        assert line(story, REST) == 0
        assert {one.name for one in story.lines} == {"BTC", "ETH", "spread", "fees"}
        assert line(story, "BTC") < line(story, "ETH") < 0
        assert sum(one.units for one in story.lines) == pytest.approx(story.units, abs=10)

    def test_begins_and_ends_with_what_was_recorded(self, world: World, lost: Copy) -> None:
        first, last = CopyRecord.objects.order_by("recorded_at").values_list("equity_units", flat=True)

        story = story_of(world, lost, LOST)

        cent = 10**6
        assert (story.opening_units, story.closing_units) == (first[0] // cent * cent, last[0] // cent * cent)
        assert story.units == last[0] - first[0]

    def test_says_why_beside_the_lead(self, world: World, lost: Copy) -> None:
        story = story_of(world, lost, LOST)
        begin, end = LeadRecord.objects.filter(recorded_at__second=5).values_list("unit_price", flat=True)

        assert story.lead_fraction == end / begin - 1
        assert story.sentence == (
            f"It lost {percent(-story.units / story.opening_units)} ({in_money(story.change_units)} USDT):"
            f" BTC {in_money(shown(story, 'BTC'))}, ETH {in_money(shown(story, 'ETH'))},"
            f" {by_size(story, 'fees', 'spread')}. Its lead lost {percent(1 - end / begin)} the same day."
        )

    def test_has_the_gap_of_that_day_alone(self, world: World, lost: Copy) -> None:
        before, after = CopyGapRecord.objects.filter(recorded_on__gte=LOST)

        gap = story_of(world, lost, LOST).gap

        assert gap is not None
        assert gap.units == (after.equity_units - after.ideal_units) - (before.equity_units - before.ideal_units)
        assert sum(units for _, units in gap.parts) == gap.units
        assert dict(gap.parts)["Fees"] == after.fees_units - before.fees_units != 0

    def test_is_the_followers_own_statement(self, world: World, lost: Copy) -> None:
        begins_at = copy_story.begin_of(LOST)
        statement = statement_of(
            user=lost.follower, copy=lost, begins_at=begins_at, ends_at=begins_at + timedelta(days=1),
            method=LotMethod.FIFO,
        )  # fmt: skip

        story = story_of(world, lost, LOST)

        named = {part.symbol or part.name: part.units for part in statement.results}
        assert (line(story, "BTC"), line(story, "fees")) == (named["BTC"], named["Fees"])

    def test_says_honestly_what_nothing_explains(self, world: World, lost: Copy) -> None:
        record = CopyRecord.objects.order_by("recorded_at").last()
        assert record is not None
        record.equity_units = [units - usdt("0.25") for units in record.equity_units]
        record.save()

        story = story_of(world, lost, LOST)

        assert sums_up(story)
        assert line(story, REST) == pytest.approx(-usdt("0.25"), abs=10)

    def test_does_not_take_money_that_moved_for_a_change(self, world: World, lead: Lead, copy: Copy) -> None:
        begin_day(world, copy)
        world.now += timedelta(hours=3)
        world.prices()
        copies.increase_copy(copy_id=copy.pk, units=usdt(500), idempotency_key=world.key(), now=world.now)
        world.settle()
        begin_day(world, copy)

        story = story_of(world, copy, LOST)

        assert sums_up(story)
        assert story.flow_units == usdt(500)
        assert story.change_units < 0
        assert line(story, REST) == 0
        assert story.fraction == pytest.approx(story.units / (story.opening_units + usdt(500)), rel=1e-4)
        assert "500.00 USDT moved into it, which is no part of that." in story.sentence

    def test_counts_the_profit_share_that_was_set_aside(self, world: World, copy: Copy) -> None:
        begin_day(world, copy)
        begin_day(world, copy, BTC="60000")

        story = story_of(world, copy, LOST)

        assert sums_up(story)
        assert line(story, REST) == 0
        shared = line(story, copy_story.PROFIT_SHARE)
        assert shared == pytest.approx(-0.1 * line(story, "BTC"), rel=0.1)
        assert story.sentence.startswith("It made ")

    def test_of_the_start_begins_with_nothing(self, world: World, lost: Copy) -> None:
        story = story_of(world, lost, STARTED)

        assert sums_up(story)
        assert (story.opening_units, story.flow_units) == (0, usdt(1000))
        assert line(story, REST) == 0

    def test_of_the_stop_ends_with_nothing(self, world: World, lead: Lead, copy: Copy) -> None:
        begin_day(world, copy)
        world.now += timedelta(hours=3)
        world.prices(BTC="49000")
        copies.stop_copy(copy_id=copy.pk, idempotency_key=world.key(), now=world.now)
        world.settle()
        copy.refresh_from_db()

        story = story_of(world, copy, LOST)

        assert copy.status == Copy.Status.STOPPED
        assert sums_up(story)
        assert story.closing_units == 0
        assert line(story, REST) == 0

    def test_is_none_where_the_copy_was_not_there(self, world: World, lost: Copy) -> None:
        for day in (STARTED - timedelta(days=1), LOST + timedelta(days=2)):
            assert copy_story.story_of(lost, day=day, now=world.now) is None


class TestToday:
    def test_ends_with_the_worth_that_the_page_shows(self, world: World, lost: Copy) -> None:
        world.now += timedelta(hours=2, minutes=7)
        world.prices(BTC="48000")

        story = story_of(world, lost, LOST + timedelta(days=1))

        worth = summary_of(lost, now=world.now).worth_units
        assert story.closing_units == worth // 10**6 * 10**6
        assert sums_up(story)
        assert line(story, REST) == 0
        assert story.sentence.startswith("It so far made ")


class TestStatements:
    def test_are_as_many_whatever_happened(self, world: World, lead: Lead, copy: Copy) -> None:
        copy = Copy.objects.select_related("lead", "follower").get(pk=copy.pk)
        begin_day(world, copy)
        begin_day(world, copy)
        with counted_queries() as few:
            copy_story.story_of(copy, day=LOST, now=world.now)
        for symbol in ("ETH", "BTC", "SOL"):
            world.lead_trades(lead, symbol, "BUY", "0.02")
            world.settle()
        begin_day(world, copy)

        with counted_queries() as many:
            copy_story.story_of(copy, day=LOST + timedelta(days=1), now=world.now)

        assert len(many) == len(few)


def shown(story: DayStory, name: str) -> int:
    return next(one.shown_units for one in story.lines if one.name == name)


def by_size(story: DayStory, *names: str) -> str:
    ordered = sorted(names, key=lambda name: -abs(shown(story, name)))
    return ", ".join(f"{name} {in_money(shown(story, name))}" for name in ordered)
