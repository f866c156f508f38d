"""How much has followed a lead, day by day, beside a count by hand."""

from datetime import datetime, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import User
from copytrading.models import Copy, Lead, LeadRecord
from copytrading.queries.leading.growth import growth_of
from copytrading.services.copies import verbs as copies
from tests.cast import World, usdt

DAY = timedelta(days=1)


def record(lead: Lead, at: datetime, units: int | None) -> None:
    LeadRecord.objects.create(lead=lead, recorded_at=at, equity_units=1, unit_price=1, following_units=units)


def pays(copy: Copy, at: datetime, share: str, platform: str) -> None:
    copy.profit_shares.create(
        kind="STOP",
        period=DateTimeTZRange(at, at),
        equity_units=0,
        mark_value_units=0,
        share_units=usdt(share),
        platform_units=usdt(platform),
        settled_at=at,
    )


class TestGrowth:
    def test_is_empty_before_anybody_follows(self, world: World, lead: Lead) -> None:
        growth = growth_of(lead, now=world.now)

        assert growth.is_empty
        assert [day.copies for day in growth.days] == [0, 0]

    def test_counts_copies_money_and_earnings_as_they_stood_at_each_midnight(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        began = world.now
        first = world.start(follower, lead, "1000")
        world.now = began + DAY
        world.prices()
        world.start(other_follower, lead, "500")
        pays(first, began + DAY, "10", "1")
        world.now = began + 2 * DAY
        world.prices()
        copies.stop_copy(copy_id=first.pk, now=world.now)
        world.settle()
        pays(first, began + 2 * DAY, "3", "0")
        for at, units in ((6, 1_000), (11, 1_010), (36, None), (37, 1_550)):
            record(lead, began + timedelta(hours=at), None if units is None else usdt(units))

        growth = growth_of(lead, now=began + 3 * DAY)

        # NOON of the 5th, then the midnights before the 6th, 7th and 8th, then noon of the 8th.
        assert [day.copies for day in growth.days] == [0, 1, 2, 1, 1]
        assert [day.earned_units for day in growth.days] == [0, 0, usdt(9), usdt(12), usdt(12)]
        assert [day.money_units for day in growth.days] == [None, usdt(1_010), None, usdt(1_550), None]
        assert growth.days[0].at == lead.started_at
        assert not growth.is_empty

    def test_leaves_out_the_platforms_own_copy(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        Copy.objects.filter(pk=copy.pk).update(is_reference=True)

        assert growth_of(lead, now=world.now + DAY).days[-1].copies == 0

    def test_begins_ninety_days_ago_with_what_was_there_then(
        self, world: World, lead: Lead, follower: User, django_assert_num_queries: object
    ) -> None:
        world.start(follower, lead)
        pays(Copy.objects.get(), world.now, "10", "0")

        with django_assert_num_queries(1):  # type: ignore[operator]
            growth = growth_of(lead, now=world.now + 200 * DAY)

        assert len(growth.days) == 92
        assert {(day.copies, day.earned_units) for day in growth.days} == {(1, usdt(10))}

    @pytest.mark.parametrize("hours", [0, 1])
    def test_counts_what_happens_at_this_moment(self, world: World, lead: Lead, follower: User, hours: int) -> None:
        world.start(follower, lead)

        assert growth_of(lead, now=world.now + timedelta(hours=hours)).days[-1].copies == 1
