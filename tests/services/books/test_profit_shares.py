"""The profit share in the ledger: on new highs only, once a week, and for what leaves."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import Journal, Posting, User
from copytrading.exchange.paper.models import PaperMarket
from copytrading.models import Copy, Lead, ProfitShare
from copytrading.services.books import profit_shares
from copytrading.services.copies import previews
from copytrading.services.copies import verbs as copies
from copytrading.services.safety import reconciling
from tests.cast import NOON, World, usdt

MONDAY = datetime(2026, 1, 12, tzinfo=UTC)
# What whole lots of BTC leave over: a single copy cannot sell for its share more exactly than that.
A_LOT = usdt("0.70")


def earned(lead: Lead) -> int:
    lines = Posting.objects.filter(
        ledger_account__owner=lead.user, ledger_account__kind="MAIN", journal__kind=Journal.Kind.PROFIT_SHARE
    )
    return sum(lines.values_list("units", flat=True))


@pytest.fixture
def free_world(smooth_world: World, settings: object) -> World:
    """No fee, no spread: results are the price's alone."""
    settings.SMARTSYNC_FEE_RATE = 0
    settings.SMARTSYNC_DRIFT_BAND = 1.0
    PaperMarket.objects.update(fee_rate=0)
    return smooth_world


@pytest.fixture
def invested(free_world: World) -> tuple[World, Lead, Copy]:
    """A copy of 1,000 that is all in BTC at 50,000, behind a lead who takes 10 %."""
    lead = free_world.make_lead(User.objects.create_user("lead@example.org"))
    free_world.lead_trades(lead, "BTC", "BUY", "0.19999")
    free_world.settle()
    follower = User.objects.create_user("follower@example.org")
    free_world.deposit(follower, "5000")
    copy = free_world.start(follower, lead, "1000")
    free_world.settle()
    return free_world, lead, copy


def end_week(world: World, week: int, price: str) -> None:
    world.now = MONDAY + timedelta(weeks=week, seconds=-20)
    world.prices(BTC=price)
    world.settle()
    world.now = MONDAY + timedelta(weeks=week, seconds=5)
    world.prices()
    for _ in range(4):
        profit_shares.settle_profit_shares(now=world.now)
        world.settle()


class TestLastMonday:
    def test_is_the_start_of_the_week(self) -> None:
        assert profit_shares.last_monday(NOON) == datetime(2026, 1, 5, tzinfo=UTC)
        assert profit_shares.last_monday(MONDAY) == MONDAY
        assert profit_shares.last_monday(MONDAY - timedelta(microseconds=1)) == datetime(2026, 1, 5, tzinfo=UTC)


class TestSettleProfitShares:
    def test_pays_on_new_highs_only(self, invested: tuple[World, Lead, Copy]) -> None:
        world, lead, copy = invested
        paid = []
        # Up by a fifth, down below the mark, up but not above it, up to a new high.
        for week, price in enumerate(["60000", "50000", "58000", "66000"]):
            before = earned(lead)
            end_week(world, week, price)
            paid.append(earned(lead) - before)

        assert abs(paid[0] - usdt(20)) < A_LOT
        assert paid[1:3] == [0, 0]
        # From the mark of 1,180 to 1,295 or so: a tenth of that.
        assert abs(paid[3] - usdt("11.8")) < 2 * A_LOT
        assert ProfitShare.objects.filter(copy=copy, kind="WEEKLY").count() == 4
        assert reconciling.check_ledger().is_clean

    def test_a_week_that_was_missed_is_settled_with_the_next(self, invested: tuple[World, Lead, Copy]) -> None:
        world, lead, copy = invested

        end_week(world, 2, "60000")

        assert abs(earned(lead) - usdt(20)) < A_LOT
        statement = ProfitShare.objects.get(copy=copy)
        assert (statement.period.lower, statement.period.upper) == (copy.started_at, MONDAY + timedelta(weeks=2))

    def test_settling_many_times_pays_once(self, invested: tuple[World, Lead, Copy]) -> None:
        world, lead, _ = invested
        end_week(world, 0, "60000")
        once = earned(lead)

        for _ in range(20):
            profit_shares.settle_profit_shares(now=world.now)

        assert earned(lead) == once

    def test_the_database_refuses_the_same_week_twice(self, invested: tuple[World, Lead, Copy]) -> None:
        world, _, copy = invested
        end_week(world, 0, "60000")
        statement = ProfitShare.objects.get(copy=copy)

        statement.pk = None
        statement.period = DateTimeTZRange(MONDAY - timedelta(hours=1), MONDAY + timedelta(hours=1))
        with pytest.raises(IntegrityError, match="a_week_is_settled_once"), transaction.atomic():
            statement.save()

    def test_the_platform_takes_its_part_and_the_lead_the_unit_that_is_left(
        self, invested: tuple[World, Lead, Copy], settings: object
    ) -> None:
        settings.SMARTSYNC_PLATFORM_SHARE = 0.3333
        world, lead, copy = invested

        end_week(world, 0, "60001.03")

        statement = ProfitShare.objects.get(copy=copy)
        assert statement.share_units * 3333 % 10_000, "else no unit is left"
        assert statement.platform_units == statement.share_units * 3333 // 10_000
        assert earned(lead) == statement.share_units - statement.platform_units

    def test_a_copy_has_two_minutes_to_sell_for_its_share_and_then_pays_what_it_has(
        self, invested: tuple[World, Lead, Copy]
    ) -> None:
        world, lead, copy = invested
        world.now = MONDAY - timedelta(seconds=20)
        world.prices(BTC="60000")
        world.settle()
        settled = []
        for seconds in (5, 5 + 119, 5 + 120):
            world.now = MONDAY + timedelta(seconds=seconds)
            world.prices(BTC="60000")
            # Nobody looks at the lead meanwhile, so nothing is sold.
            settled.append(profit_shares.settle_profit_shares(now=world.now))

        assert settled == [0, 0, 1]
        copy.refresh_from_db()
        assert copy.shared_until == MONDAY
        assert earned(lead) < usdt(1), "the cash that lots had left over"
        assert reconciling.check_ledger().is_clean

    def test_a_stale_price_settles_nothing(self, invested: tuple[World, Lead, Copy]) -> None:
        world, _, _ = invested
        world.now = MONDAY + timedelta(seconds=5)

        assert profit_shares.settle_profit_shares(now=world.now) == 0
        assert not ProfitShare.objects.exists()


class TestRedeem:
    def test_a_stop_settles_what_has_accrued(self, invested: tuple[World, Lead, Copy]) -> None:
        world, lead, copy = invested
        world.wait(1, BTC="60000")

        quote = previews.quote_stop(copy_id=copy.pk, now=world.now)
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        copy.refresh_from_db()
        assert abs(earned(lead) - usdt(20)) < A_LOT
        assert abs(copy.paid_out_units - usdt(1_180)) < A_LOT
        assert abs(quote.payout_units - copy.paid_out_units) < A_LOT
        assert reconciling.check_ledger().is_clean

    def test_a_loss_pays_nothing(self, invested: tuple[World, Lead, Copy]) -> None:
        world, lead, copy = invested
        world.wait(1, BTC="40000")

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        assert earned(lead) == 0
        assert not ProfitShare.objects.exists(), "a stop that settles nothing has no statement"

    def test_a_week_without_profit_has_a_statement_of_nothing(self, invested: tuple[World, Lead, Copy]) -> None:
        world, _, copy = invested

        end_week(world, 1, "40000")

        assert list(ProfitShare.objects.values_list("copy_id", "kind", "share_units")) == [(copy.pk, "WEEKLY", 0)]

    def test_a_reduction_settles_its_part(self, invested: tuple[World, Lead, Copy]) -> None:
        world, lead, copy = invested
        world.wait(1, BTC="60000")

        copies.reduce_copy(copy_id=copy.pk, units=usdt(590), idempotency_key="r", now=world.now)
        world.settle()

        # Half of the net equity of 1,180 left, so half of the share of 20 did.
        assert abs(earned(lead) - usdt(10)) < A_LOT
        assert world.main(copy.follower)["USDT"] == usdt(4_000) + usdt(590)

    def test_an_increase_is_no_profit(self, invested: tuple[World, Lead, Copy]) -> None:
        world, lead, copy = invested

        copies.increase_copy(copy_id=copy.pk, units=usdt(1_000), idempotency_key="i", now=world.now)
        world.settle()
        end_week(world, 0, "50000")

        assert earned(lead) == 0
