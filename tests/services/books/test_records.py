"""Records: when they are written, what is kept of them, and the summaries counted from them."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from accounts.models import Asset, User
from copytrading.models import Copy, CopyRecord, Lead, LeadRecord, LeadSummary, MoneyUnderCopy, ScheduledRun
from copytrading.queries import holdings
from copytrading.queries.leads import records
from copytrading.queries.market.board import cash_asset, load_board
from copytrading.queries.rules import platform_rules
from copytrading.services.books import copy_records
from copytrading.services.books import records as recording
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import verbs as lead_services
from tests.cast import NOON, World, usdt
from tests.pasts import record_copy

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_copies(world: World, lead: Lead, follower: User, other_follower: User) -> tuple[Copy, Copy]:
    return world.start(follower, lead, "1000"), world.start(other_follower, lead, "400")


def recorded_of(copy: Copy) -> list[tuple[datetime, int, int]]:
    """Return what was recorded of a copy: time, worth, invested."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM copy_records(%s) ORDER BY recorded_at", [copy.pk])
        return cursor.fetchall()


MINUTE = timedelta(minutes=1)


class TestRecordValues:
    def test_writes_the_lead_and_its_copies_once_a_slot(self, world: World, lead: Lead, follower: User):
        world.start(follower, lead, "1000")
        LeadRecord.objects.all().delete()

        written = [recording.record_values(now=world.now, slot=world.now) for _ in range(2)]

        assert written == [2, 0]
        row = LeadRecord.objects.get()
        assert (row.equity_units, row.following_units) == (usdt(10000), usdt(1000))
        assert CopyRecord.objects.get().equity_units == [usdt(1000)]

    def test_keeps_copies_of_far_apart_numbers_in_rows_of_their_own(self) -> None:
        ids = np.array([700, 5, 301, 6, 300, 299, 7])

        copy_records.write(copy_ids=ids, equity_units=ids * 10, invested_units=ids * 3, now=NOON)

        rows = CopyRecord.objects.order_by("roster__copy_ids").values_list("roster__copy_ids", "equity_units")
        assert list(rows) == [
            ([5, 6, 7], [50, 60, 70]), ([299, 300, 301], [2_990, 3_000, 3_010]), ([700], [7_000]),
        ]  # fmt: skip

    def test_knows_no_unit_price_where_no_units_are_issued_though_there_is_money(self, world: World, lead: Lead):
        LeadRecord.objects.all().delete()
        Lead.objects.filter(pk=lead.pk).update(units_issued=0)

        assert recording.record_values(now=world.now, slot=world.now) == 0
        assert not LeadRecord.objects.exists()

    def test_is_for_every_copy_what_it_was_worth_and_who_counts_is_kept_once(
        self, world: World, lead: Lead, two_copies: tuple[Copy, Copy]
    ):
        expected: dict[int, list[tuple[datetime, int, int]]] = {copy.pk: [] for copy in two_copies}
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        CopyRecord.objects.all().delete()
        for minute in range(6):
            world.wait(60, BTC=str(50_000 + 700 * minute), ETH="2500", SOL="100")
            if minute == 3:
                copies.increase_copy(copy_id=two_copies[0].pk, units=usdt(77), idempotency_key="more", now=world.now)
            recording.record_values(now=world.now, slot=world.now)
            table = holdings.load_copies(
                lead, board=load_board(now=world.now, rules=platform_rules()), cash=cash_asset()
            )
            worth = table.valued(load_board(now=world.now, rules=platform_rules())).worth
            for copy_id, units, invested in zip(
                table.ids.tolist(), worth.tolist(), table.invested_units.tolist(), strict=True
            ):
                expected[copy_id].append((world.now, units, invested))

        assert {copy.pk: recorded_of(copy) for copy in two_copies} == expected
        assert len({units for rows in expected.values() for _, units, _ in rows}) == 12
        assert CopyRecord.objects.count() == 6
        assert CopyRecord.objects.values("roster").distinct().count() == 2

    def test_keeps_what_all_copies_hold_together(self, world: World, lead: Lead, two_copies: tuple[Copy, Copy]):
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        recording.record_values(now=world.now, slot=world.now)

        together = MoneyUnderCopy.objects.get()
        held = [world.held(copy.ledger_account) for copy in two_copies]
        coin = Asset.objects.get(symbol="BTC")
        assert (together.copies, together.recorded_at) == (2, world.now)
        assert together.asset_ids == [cash_asset().pk, coin.pk]
        assert together.units == [sum(each["USDT"] for each in held), sum(each["BTC"] for each in held)]
        assert together.worth_units == sum(units for copy in two_copies for _, units, _ in recorded_of(copy)[-1:])
        assert LeadRecord.objects.latest("recorded_at").following_units == together.worth_units

    def test_writes_nothing_of_a_lead_without_value(self, world: World, lead: Lead):
        lead_services.withdraw_from_lead(lead_id=lead.pk, units=usdt(10000), idempotency_key="all", now=world.now)

        assert recording.record_values(now=world.now, slot=world.now) == 0


class TestCycle:
    def test_leaves_a_record_of_the_lead_when_it_is_done(self, world: World, lead: Lead):
        world.lead_trades(lead, "BTC", "BUY", "0.1")

        world.settle()

        row = LeadRecord.objects.get()
        done_at = lead.cycles.get().done_at
        assert row.recorded_at == done_at
        assert row.following_units is None
        # The fee and half the spread are paid, and seen at once.
        assert row.unit_price == pytest.approx(0.99945, abs=1e-5)


class TestThinRecords:
    @staticmethod
    def write(lead: Lead, prices: list[float], *, age: timedelta) -> None:
        """Write one record a minute, the first one `age` before noon."""
        LeadRecord.objects.bulk_create(
            LeadRecord(lead=lead, recorded_at=NOON - age + number * MINUTE, equity_units=usdt(10000), unit_price=price)
            for number, price in enumerate(prices)
        )

    @staticmethod
    def prices() -> list[float]:
        return list(LeadRecord.objects.order_by("recorded_at").values_list("unit_price", flat=True))

    def test_keeps_the_last_the_highest_and_the_lowest_of_an_hour(self, lead: Lead):
        self.write(lead, [1.0, 1.3, 1.1, 0.7, 0.9, 1.05], age=timedelta(days=3))

        dropped = recording.thin_records(now=NOON)

        assert dropped == 3
        assert self.prices() == [1.3, 0.7, 1.05]

    @pytest.mark.parametrize("seed", range(8))
    def test_keeps_the_deepest_fall_to_the_last_digit(self, lead: Lead, seed: int):
        steps = np.random.default_rng(seed).normal(0, 0.02, 600)
        self.write(lead, np.exp(steps.cumsum()).tolist(), age=timedelta(days=4))
        before = records.figures_of([lead.pk], days=90, now=NOON)[lead.pk]

        recording.thin_records(now=NOON)

        after = records.figures_of([lead.pk], days=90, now=NOON)[lead.pk]
        assert len(self.prices()) <= 11 * 5
        assert after.fall_fraction == before.fall_fraction

    def test_keeps_a_fall_that_an_hour_made_good(self, lead: Lead):
        self.write(lead, [1.0, 1.1, 1.2, 0.6, 0.9, 1.5, 1.4], age=timedelta(days=3))

        recording.thin_records(now=NOON)

        assert self.prices() == [1.2, 0.6, 1.5, 1.4]

    def test_leaves_the_last_two_days_whole(self, lead: Lead):
        self.write(lead, [1.0] * 50, age=timedelta(hours=47))

        assert recording.thin_records(now=NOON) == 0

    def test_keeps_one_record_an_hour_of_a_copy(self, world: World, lead: Lead, follower: User):
        copy = world.start(follower, lead)
        for number in range(120):
            record_copy(copy, NOON - timedelta(days=3) + number * MINUTE, number, 1)

        recording.thin_records(now=NOON)

        assert [units for _, units, _ in recorded_of(copy) if units < 120] == [59, 119]

    def test_keeps_the_last_record_of_a_copy_that_left_within_the_hour(self, two_copies: tuple[Copy, Copy]):
        stays, leaves = two_copies
        for number in range(60):
            there = [stays.pk, leaves.pk] if number < 20 else [stays.pk]
            copy_records.write(
                copy_ids=np.array(there),
                equity_units=np.full(len(there), number),
                invested_units=np.full(len(there), 1),
                now=NOON - timedelta(days=3) + number * MINUTE,
            )

        recording.thin_records(now=NOON)

        assert [units for _, units, _ in recorded_of(stays) if units < 60] == [19, 59]
        assert [units for _, units, _ in recorded_of(leaves) if units < 60] == [19]

    def test_goes_on_after_a_downtime_where_it_stopped(self, lead: Lead):
        self.write(lead, [1.0] * 300, age=timedelta(days=10))
        recording.thin_records(now=NOON - timedelta(days=8) + timedelta(hours=2))
        halfway = len(self.prices())

        recording.thin_records(now=NOON)

        assert halfway == 2 * 2 + 180
        assert len(self.prices()) == 5 * 2
        assert ScheduledRun.objects.filter(job="thin_records").count() == 2

    def test_does_an_hour_once(self, lead: Lead):
        self.write(lead, [1.0] * 10, age=timedelta(days=3))

        assert [recording.thin_records(now=NOON), recording.thin_records(now=NOON)] == [8, 0]


class TestCountSummaries:
    def test_writes_one_row_a_lead_and_renews_it(self, world: World, lead: Lead, follower: User):
        recording.count_summaries(now=world.now)
        world.start(follower, lead, "1000")
        world.wait(60)

        recording.count_summaries(now=world.now)

        summary = LeadSummary.objects.get()
        assert (summary.followers, summary.following_units) == (1, usdt(1000))
        assert summary.counted_at == world.now

    def test_leaves_those_who_never_led_out(self, lead: Lead):
        Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.APPLIED, started_at=None)

        assert recording.count_summaries(now=NOON) == 0

    def test_leaves_a_lead_who_ended_long_ago_as_it_was(self, world: World, lead: Lead):
        lead_services.end_lead(lead_id=lead.pk, now=world.now)
        counted = [recording.count_summaries(now=world.now + timedelta(days=days)) for days in (0, 3, 4)]

        assert counted == [1, 1, 0]

    def test_counts_a_lead_once_more_when_two_days_are_over(self, world: World, lead: Lead):
        lead_services.end_lead(lead_id=lead.pk, now=world.now)
        over = world.now + timedelta(days=2)

        counted = [recording.count_summaries(now=over + timedelta(seconds=seconds)) for seconds in (0, 1, 2)]

        assert counted == [1, 1, 0]
