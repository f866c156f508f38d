"""What a copy and a lead's own account were worth over time, with the money that moved as steps."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from accounts.models import User
from copytrading.models import Copy, CopyFlow, CopyRecord, Lead, LeadFlow, LeadRecord
from copytrading.queries.copies import curves
from copytrading.queries.copies import own as queries
from copytrading.queries.copies.curves import CopyCurve
from copytrading.queries.rules import platform_rules
from copytrading.services.books import records
from copytrading.services.copies import verbs as copies
from tests.cast import World, usdt
from tests.pasts import record_copy
from tests.views.scenes import copy_with_holdings, settle_now


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """A copy of 1,000 USDT, ten days old, without a record."""
    copy = copy_with_holdings(world, lead, follower)
    CopyRecord.objects.all().delete()
    Copy.objects.filter(pk=copy.pk).update(started_at=world.now - timedelta(days=10))
    copy.flows.update(moved_at=world.now - timedelta(days=10))
    copy.refresh_from_db()
    return copy


def write(copy: Copy, at: datetime, worth: str, invested: str = "1000") -> None:
    record_copy(copy, at, usdt(worth), usdt(invested))


def move(copy: Copy, at: datetime, value: str) -> None:
    kind = CopyFlow.Kind.REDUCE if value.startswith("-") else CopyFlow.Kind.INCREASE
    CopyFlow.objects.create(copy=copy, kind=kind, units=usdt(value), idempotency_key=f"{at}", moved_at=at)


def curve_of(world: World, copy: Copy) -> CopyCurve:
    return curves.curve_of(queries.summary_of(copy, now=world.now), now=world.now)


class TestCurveOf:
    def test_begins_with_the_start_and_ends_with_the_worth_that_the_page_shows(self, world: World, copy: Copy) -> None:
        write(copy, world.now - timedelta(days=4), "990")

        curve = curve_of(world, copy)

        summary = queries.summary_of(copy, now=world.now)
        first, _, last = curve.points
        assert (first.at, first.worth_units, first.result_units) == (copy.started_at, usdt(1000), 0)
        assert (last.at, last.worth_units, last.result_units) == (world.now, summary.worth_units, summary.result_units)
        assert last.invested_units == copy.invested_units

    def test_is_there_in_the_first_second(self, world: World, copy: Copy) -> None:
        Copy.objects.filter(pk=copy.pk).update(started_at=world.now)
        copy.refresh_from_db()

        curve = curve_of(world, copy)

        assert [point.at for point in curve.points] == [copy.started_at, world.now]

    def test_steps_up_by_a_deposit_at_its_moment_and_calls_no_part_of_it_a_result(
        self, world: World, copy: Copy
    ) -> None:
        start = copy.started_at
        write(copy, start + timedelta(days=2), "900")
        write(copy, start + timedelta(days=4), "1380", invested="1500")
        move(copy, start + timedelta(days=3), "500")

        curve = curve_of(world, copy)

        before, after = curve.points[2:4]
        assert before.at == after.at == start + timedelta(days=3)
        assert (before.worth_units, before.invested_units) == (usdt(890), usdt(1000))
        assert (after.worth_units, after.invested_units) == (usdt(1390), usdt(1500))
        assert before.result_units == after.result_units == usdt(-110)
        assert [(moved.units, moved.worth_units) for moved in curve.moves] == [(usdt(500), usdt(1390))]

    def test_keeps_a_losing_copy_a_losing_one_over_every_deposit(self, world: World, copy: Copy) -> None:
        start = copy.started_at
        for day, worth, invested in ((1, "950", "1000"), (3, "1400", "1500"), (5, "2350", "2500")):
            write(copy, start + timedelta(days=day), worth, invested)
        move(copy, start + timedelta(days=2), "500")
        move(copy, start + timedelta(days=4), "1000")

        curve = curve_of(world, copy)

        assert all(point.result_units < 0 for point in curve.points[1:-1])
        assert all(point.worth_units < point.invested_units for point in curve.points[1:-1])

    def test_takes_each_of_two_moves_between_two_records_at_its_own_moment(self, world: World, copy: Copy) -> None:
        start = copy.started_at
        write(copy, start + timedelta(days=1), "1000")
        write(copy, start + timedelta(days=5), "1200", invested="1200")
        move(copy, start + timedelta(days=2), "500")
        move(copy, start + timedelta(days=3), "-300")

        curve = curve_of(world, copy)

        steps = [(point.worth_units, point.invested_units) for point in curve.points[2:6]]
        assert steps == [
            (usdt(1000), usdt(1000)),
            (usdt(1500), usdt(1500)),
            (usdt(1500), usdt(1500)),
            (usdt(1200), usdt(1200)),
        ]
        assert curve.points[-2].result_units == 0

    def test_believes_no_record_that_may_not_have_seen_the_move_beside_it(self, world: World, copy: Copy) -> None:
        start = copy.started_at
        write(copy, start + timedelta(days=3, seconds=4), "1000")
        move(copy, start + timedelta(days=3), "500")
        write(copy, start + timedelta(days=4), "1500", invested="1500")

        curve = curve_of(world, copy)

        assert {point.result_units for point in curve.points[:-1]} == {0}

    def test_counts_as_result_what_was_taken_out(self, world: World, copy: Copy) -> None:
        start = copy.started_at
        write(copy, start + timedelta(days=1), "1500")
        write(copy, start + timedelta(days=3), "1000", invested="667")
        move(copy, start + timedelta(days=2), "-500")

        curve = curve_of(world, copy)

        assert curve.points[-2].result_units == usdt(500)

    def test_leaves_out_what_has_not_moved_yet(self, world: World, copy: Copy) -> None:
        move(copy, world.now - timedelta(days=1), "-300")
        copy.flows.filter(kind="REDUCE").update(status=CopyFlow.Status.REQUESTED)

        curve = curve_of(world, copy)

        assert curve.moves == ()

    def test_ends_an_ended_copy_at_what_came_back(self, world: World, copy: Copy) -> None:
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        settle_now(world)
        copy.refresh_from_db()

        curve = curve_of(world, copy)

        last = curve.points[-1]
        assert last.at == copy.stopped_at
        assert last.worth_units == copy.paid_out_units
        assert last.result_units == copy.paid_out_units - copy.paid_in_units

    def test_knows_no_loss_while_money_waits_to_leave(self, world: World, copy: Copy, lead: Lead) -> None:
        copies.reduce_copy(copy_id=copy.pk, units=usdt(400), idempotency_key="less", now=world.now)
        world.wait(1)
        records.record_lead(lead=lead, now=world.now, rules=platform_rules())
        world.wait(1)

        curve = curve_of(world, copy)

        waiting = curve.points[1]
        assert waiting.worth_units == curve.points[-1].worth_units
        assert waiting.result_units > usdt(-10)

    def test_is_thinned_to_a_few_hundred_points_true_to_time(self, world: World, copy: Copy) -> None:
        for number in range(1, 2001):
            record_copy(copy, copy.started_at + timedelta(minutes=7 * number), usdt(1000 + number), usdt(1000))

        curve = curve_of(world, copy)

        assert curves.POINTS_MAX / 2 < len(curve.points) <= curves.POINTS_MAX + 3
        assert all(one.at < other.at for one, other in pairwise(curve.points))
        assert curve.points[-2].worth_units == usdt(3000)


class TestAccountCurveOf:
    def test_steps_by_what_moved_and_goes_on_with_the_return(self, world: World, lead: Lead) -> None:
        LeadRecord.objects.all().delete()
        LeadFlow.objects.all().delete()
        for hours, worth, price in ((10, 1000, 1.0), (4, 1650, 1.1)):
            LeadRecord.objects.create(
                lead=lead,
                recorded_at=world.now - timedelta(hours=hours),
                equity_units=usdt(worth),
                unit_price=price,
            )
        at = world.now - timedelta(hours=7)
        LeadFlow.objects.create(lead=lead, units=usdt(500), idempotency_key="in", moved_at=at)

        curve = curves.account_curve_of(lead, equity_units=usdt(1700), now=world.now)

        assert [units for _, units in curve.points] == pytest.approx(
            [usdt(1000), usdt(1050), usdt(1550), usdt(1650), usdt(1700)], abs=1
        )
        assert curve.points[-1] == (world.now, usdt(1700))
        assert [(moved.at, moved.units) for moved in curve.moves] == [(at, usdt(500))]

    def test_has_one_point_before_anything_was_recorded(self, world: World, lead: Lead) -> None:
        LeadRecord.objects.all().delete()

        curve = curves.account_curve_of(lead, equity_units=usdt(10), now=world.now)

        assert curve.points == ((world.now, usdt(10)),)
        assert curve.moves == ()
