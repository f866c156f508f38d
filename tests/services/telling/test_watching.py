"""What nobody did is found and told once: falls, a stop loss that is near, milestones, the result of a week."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from copytrading.models import Copy, CopyFlow, Lead, Notice, NoticeHabits, ProfitShare
from copytrading.queries.rules import platform_rules
from copytrading.services.telling import watching
from tests.cast import NOON, World, usdt
from tests.pasts import record_copy

Kind = Notice.Kind


@pytest.fixture
def copy(world: World, follower: User, lead: Lead) -> Copy:
    return world.start(follower, lead, "1000", stop_loss_units=usdt(100))


def record(copy: Copy, at: datetime, worth: float) -> None:
    record_copy(copy, at, usdt(worth), usdt(1000))


def told(kind: Notice.Kind) -> list[tuple[int | None, int | None]]:
    return list(Notice.objects.filter(kind=kind).order_by("pk").values_list("number", "units"))


class TestFalls:
    def test_are_told_by_each_further_ten_percent_once_a_day(self, world: World, copy: Copy) -> None:
        record(copy, NOON, 1000)
        for minute, worth in enumerate([905, 899, 880, 899, 790], start=1):
            record(copy, NOON + timedelta(minutes=minute), worth)
            watching.tell_falls(now=NOON + timedelta(minutes=minute))
        record(copy, NOON + timedelta(days=1), 790)
        record(copy, NOON + timedelta(days=1, minutes=1), 700)
        watching.tell_falls(now=NOON + timedelta(days=1, minutes=1))

        assert told(Kind.COPY_FELL) == [(1000, usdt(899)), (2000, usdt(790)), (1000, usdt(700))]

    def test_count_no_money_that_was_moved(self, world: World, copy: Copy) -> None:
        record(copy, NOON + timedelta(minutes=1), 1000)
        CopyFlow.objects.create(
            copy=copy, kind=CopyFlow.Kind.REDUCE, units=-usdt(500), idempotency_key="out",
            moved_at=NOON + timedelta(minutes=2),
        )  # fmt: skip
        record(copy, NOON + timedelta(minutes=3), 495)

        watching.tell_falls(now=NOON + timedelta(minutes=3))

        assert told(Kind.COPY_FELL) == []

    def test_begin_with_the_followers_own_day(self, world: World, copy: Copy) -> None:
        # NOON is 21:00 in Tokyo, so the new day begins there at 15:00 UTC.
        NoticeHabits.objects.create(user=copy.follower, time_zone="Asia/Tokyo")
        record(copy, NOON, 1000)
        record(copy, NOON + timedelta(hours=3), 880)
        record(copy, NOON + timedelta(hours=4), 870)

        watching.tell_falls(now=NOON + timedelta(hours=4))

        assert told(Kind.COPY_FELL) == []


class TestStopLoss:
    def test_is_near_at_four_fifths_of_it_and_told_once_a_day(self, world: World, lead: Lead, copy: Copy) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        rules = platform_rules()
        watching.tell_near_stop_losses(now=world.now, rules=rules)
        far = told(Kind.STOP_LOSS_NEAR)
        # Half of it is in BTC.
        world.wait(1, BTC="41500")
        for _ in range(2):
            watching.tell_near_stop_losses(now=world.now, rules=rules)

        assert far == []
        (notice,) = Notice.objects.filter(kind=Kind.STOP_LOSS_NEAR)
        assert notice.units is not None and usdt(80) <= notice.units < usdt(100)
        assert notice.value_units == usdt(100)


class TestLeads:
    def test_are_told_of_their_first_follower_once(self, world: World, lead: Lead, copy: Copy) -> None:
        watching.watch(now=world.now)
        watching.watch(now=world.now)

        assert [number for number, _ in told(Kind.FOLLOWERS_REACHED)] == [1]
        assert Notice.objects.get(kind=Kind.FOLLOWERS_REACHED).user == lead.user

    def test_who_trade_a_quarter_of_the_portfolio_are_told_of_and_no_market_that_moves(
        self, world: World, lead: Lead, copy: Copy
    ) -> None:
        rules = platform_rules()
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        watching.tell_rearranged(now=world.now, rules=rules)
        world.wait(1, BTC="90000")
        watching.tell_rearranged(now=world.now, rules=rules)
        before = told(Kind.LEAD_REARRANGED)
        world.lead_trades(lead, "ETH", "BUY", "1.6")
        world.settle()

        for _ in range(2):
            watching.tell_rearranged(now=world.now, rules=rules)

        assert before == []
        assert [number for number, _ in told(Kind.LEAD_REARRANGED)] == [2900]


class TestResults:
    def test_of_a_week_are_worth_less_what_was_moved_and_told_once(self, world: World, lead: Lead, copy: Copy) -> None:
        monday = datetime(2026, 1, 12, tzinfo=UTC)
        CopyFlow.objects.create(
            copy=copy, kind=CopyFlow.Kind.INCREASE, units=usdt(200), idempotency_key="in",
            moved_at=NOON + timedelta(days=1),
        )  # fmt: skip
        record(copy, monday - timedelta(minutes=1), 1250)
        ProfitShare.objects.create(
            copy=copy, kind="STOP", period=(NOON, NOON + timedelta(days=1)), equity_units=0, mark_value_units=0,
            share_units=usdt(10), platform_units=usdt(2), settled_at=NOON + timedelta(days=1),
        )  # fmt: skip

        for _ in range(2):
            watching.tell_results(watching.week_before(monday + timedelta(hours=1)), now=monday)

        (result,) = Notice.objects.filter(kind=Kind.WEEK_RESULT)
        assert (result.units, result.value_units) == (usdt(50), usdt(1250))
        assert (result.user, result.words) == (copy.follower, "5 January to 11 January")
        (earned,) = Notice.objects.filter(kind=Kind.EARNED)
        assert (earned.user, earned.units, earned.number) == (lead.user, usdt(8), 1)
