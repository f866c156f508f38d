"""All copies of a person as one portfolio: over time, in returns, and what it is spread over."""

from datetime import datetime, timedelta

import pytest
from django.db.models import F

from accounts.models import User
from copytrading.models import Copy, CopyFlow, CopyRecord, Lead
from copytrading.queries.copies import curves
from copytrading.queries.copies import own as queries
from copytrading.queries.copies.together import together_of
from copytrading.services.copies import verbs as copies
from tests.cast import World, usdt
from tests.pasts import record_copy
from tests.views.scenes import copies_of_new_leads, copy_with_holdings, counted_queries, settle_now


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """A copy of 1,000 USDT, ten days old, without a record."""
    copy = copy_with_holdings(world, lead, follower)
    return age(world, copy, days=10)


def age(world: World, copy: Copy, *, days: int) -> Copy:
    CopyRecord.objects.all().delete()
    Copy.objects.filter(pk=copy.pk).update(started_at=world.now - timedelta(days=days))
    copy.flows.update(moved_at=world.now - timedelta(days=days))
    copy.refresh_from_db()
    return copy


def put_in(copy: Copy, at: datetime, value: str) -> None:
    CopyFlow.objects.create(
        copy=copy, kind=CopyFlow.Kind.INCREASE, units=usdt(value), idempotency_key=f"{at}", moved_at=at
    )
    Copy.objects.filter(pk=copy.pk).update(
        paid_in_units=F("paid_in_units") + usdt(value), invested_units=F("invested_units") + usdt(value)
    )
    copy.refresh_from_db()


class TestOverTime:
    def test_of_one_copy_is_its_own_curve(self, world: World, copy: Copy) -> None:
        start = copy.started_at
        put_in(copy, start + timedelta(days=3), "500")
        for day, worth, invested in ((1, "950", "1000"), (5, "1400", "1500"), (8, "1450", "1500")):
            record_copy(copy, start + timedelta(days=day), usdt(worth), usdt(invested))

        together = together_of(copy.follower, now=world.now).curve
        alone = curves.curve_of(queries.summary_of(copy, now=world.now), now=world.now)

        assert together is not None
        assert [(move.at, move.units, move.worth_units) for move in together.moves] == [
            (move.at, move.units, move.worth_units) for move in alone.moves
        ]
        at_moves = [point for point in together.points if point.at == start + timedelta(days=3)]
        assert at_moves == [point for point in alone.points if point.at == start + timedelta(days=3)]
        assert together.points[0] == alone.points[0]
        last, own = together.points[-1], alone.points[-1]
        assert (last.at, last.worth_units, last.result_units) == (own.at, own.worth_units, own.result_units)

    def test_believes_no_record_that_was_written_while_money_moved(self, world: World, copy: Copy) -> None:
        at = copy.started_at + timedelta(days=3)
        put_in(copy, at, "500")
        record_copy(copy, at + timedelta(seconds=5), usdt("1000"), usdt("1000"))
        record_copy(copy, at + timedelta(hours=4), usdt("1500"), usdt("1500"))

        curve = together_of(copy.follower, now=world.now).curve

        assert curve is not None
        around = [point for point in curve.points if abs(point.at - at) < timedelta(hours=4)]
        assert around
        assert {point.result_units for point in around} == {0}, "the deposit is no loss"

    def test_keeps_the_result_of_what_ended_and_not_its_worth(self, world: World, copy: Copy) -> None:
        copies.stop_copy(copy_id=copy.pk, idempotency_key="stop", now=world.now)
        settle_now(world)
        copy.refresh_from_db()
        world.wait(seconds=3600)

        together = together_of(copy.follower, now=world.now)

        assert copy.status == Copy.Status.STOPPED
        assert together.curve is not None
        last = together.curve.points[-2]
        assert (last.worth_units, last.invested_units) == (0, 0)
        assert last.result_units == copy.paid_out_units - copy.paid_in_units == together.overview.result_units
        assert together.taken_out_units == copy.paid_out_units

    def test_is_nothing_for_somebody_who_copies_nobody(self, world: World, follower: User) -> None:
        together = together_of(follower, now=world.now)

        assert (together.curve, together.began_at, together.money_weighted, together.coins) == (None, None, None, ())


class TestReturns:
    def test_tell_money_that_came_late_from_what_a_unit_made(self, world: World, copy: Copy) -> None:
        start = copy.started_at
        at = start + timedelta(days=5)
        record_copy(copy, at - timedelta(minutes=5), usdt("1500"), usdt("1000"))
        put_in(copy, at, "8500")
        record_copy(copy, at + timedelta(minutes=5), usdt("10000"), usdt("9500"))

        together = together_of(copy.follower, now=world.now)

        worth = together.overview.worth_units / usdt(1)
        assert worth < 1000, "8,500 USDT more were put in, and the account still holds a thousand"
        assert together.time_weighted == pytest.approx(1.5 * worth / 10_000 - 1, rel=1e-3)
        half = (1 + (together.money_weighted or 0)) ** 0.5
        assert 1000 * half**2 + 8500 * half == pytest.approx(worth, rel=1e-9)
        assert together.timing

    def test_say_nothing_of_the_time_where_nothing_moved(self, world: World, copy: Copy) -> None:
        together = together_of(copy.follower, now=world.now)

        assert together.money_weighted == pytest.approx(together.time_weighted, abs=1e-12)
        assert together.money_weighted == pytest.approx(together.overview.result_units / usdt(1000), abs=1e-12)
        assert together.timing == ""


class TestSpread:
    def test_sums_coins_over_copies_and_says_where_half_is_one_coin(self, world: World, copy: Copy) -> None:
        together = together_of(copy.follower, now=world.now)

        assert sum(coin.weight for coin in together.coins) == pytest.approx(1)
        assert sum(coin.value_units for coin in together.coins) == pytest.approx(
            together.overview.worth_units + together.overview.due_units, abs=1
        )
        largest = max((coin for coin in together.coins if coin.colour), key=lambda coin: coin.weight)
        assert (together.concentrated_coin == largest) == (largest.weight >= 0.5)
        assert [share.name for share in together.leads] == [copy.lead.name]
        assert together.concentrated_lead is None, "one lead is no part of several"

    def test_takes_as_many_statements_for_two_copies_as_for_five(self, world: World, copy: Copy) -> None:
        copies_of_new_leads(world, copy.follower, range(1))
        with counted_queries() as few:
            together_of(copy.follower, now=world.now)
        copies_of_new_leads(world, copy.follower, range(1, 4))
        with counted_queries() as more:
            together = together_of(copy.follower, now=world.now)

        assert len(together.leads) == 5
        assert len(more) == len(few)
