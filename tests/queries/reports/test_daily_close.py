"""A past day's close equals the exported book counted again by another program, to the unit."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import LedgerAccount, User
from copytrading.models import Lead, Order, ProfitShare
from copytrading.queries.reports.daily_close import daily_close, is_over
from copytrading.queries.reports.tables import Table
from copytrading.services.books import records
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import verbs as leads
from copytrading.services.reference import copies as reference_copies
from copytrading.services.safety import corrections
from copytrading.services.wallet import spot
from tests.cast import NOON, World, usdt
from tests.queries.money.export_reader import exported

pytestmark = pytest.mark.django_db(transaction=True)

DAY = NOON.date()
# What the book calls the accounts of each column.
COLUMNS = {
    "Main": "people", "Lead": "leads", "Copy": "copies", "Fees": "fees", "Dust": "platform (dust)",
    "Suspense": "suspense", "Unassigned": "unassigned",
}  # fmt: skip


def rows(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def keep(world: World) -> None:
    records.record_values(now=world.now, slot=world.now)


def end_the_day(world: World) -> None:
    world.now = datetime.combine(world.now.date() + timedelta(days=1), datetime.min.time(), UTC) - timedelta(seconds=30)
    world.prices()
    keep(world)
    world.now += timedelta(seconds=60)
    world.prices()


def counted_again(day: date) -> dict[str, Counter[str]]:
    """Return what each kind of account had of each coin at the end of a day, from the lines of the exported book."""
    ends_at = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    found: dict[str, Counter[str]] = {}
    for journal in exported():
        for account, coin, quantity in journal.lines if journal.at < ends_at else ():
            kind = account.split(":")[1]
            found.setdefault(coin, Counter())[COLUMNS.get(kind, "custody")] += (  # type: ignore[assignment]
                quantity if kind in COLUMNS else -quantity
            )
    return found


@pytest.fixture
def days(world: World, lead: Lead, follower: User, other_follower: User, operator: User) -> World:
    """Three days with everything in them that moves money; the fourth has begun."""
    second = User.objects.create_superuser("second-operator@example.org", "correct horse battery")
    keep(world)
    world.lead_trades(lead, "BTC", "BUY", "0.05")
    world.settle()
    world.start(follower, lead)
    other = world.start(other_follower, lead, "2000")
    world.settle()
    end_the_day(world)
    world.prices(BTC="60000")
    keep(world)
    world.deposit(lead.user, "500")
    leads.deposit_to_lead(lead_id=lead.pk, units=usdt("500"), idempotency_key="more", now=world.now)
    world.lead_trades(lead, "ETH", "BUY", "1")
    world.settle()
    copies.increase_copy(copy_id=other.pk, units=usdt("300"), idempotency_key="more", now=world.now)
    # The platform's own copy is none of those that follow.
    assert reference_copies.keep_reference_copies(now=world.now) == 1
    spot.place_manual_order(
        user=follower, market_id=lead.orders.latest("pk").market_id, side="BUY", units=usdt(100),
        idempotency_key="own", now=world.now,
    )  # fmt: skip
    world.settle()
    end_the_day(world)
    correction = corrections.request_correction(
        asset_id=lead.orders.latest("pk").market.base_id, account=LedgerAccount.Kind.SUSPENSE, units=77,
        reason="A test", by=operator, idempotency_key="c", now=world.now,
    )  # fmt: skip
    corrections.approve_correction(correction_id=correction.pk, by=second, now=world.now)
    copies.stop_copy(copy_id=other.pk, now=world.now)
    world.settle()
    end_the_day(world)
    world.lead_trades(lead, "BTC", "SELL", "0.02")
    world.settle()
    return world


class TestBalances:
    def test_are_those_of_the_ledger_at_the_last_moment_of_each_day(self, days: World, lead: Lead) -> None:
        for number in range(3):
            day = DAY + timedelta(days=number)
            balances, _, _ = daily_close(day)
            again = counted_again(day)

            found = {row["coin"]: row for row in rows(balances)}
            assert set(found) == {coin for coin, counted in again.items() if any(counted.values())}
            for coin, row in found.items():
                for column in (*COLUMNS.values(), "custody"):
                    assert row[column] == again[coin][column], (day, coin, column)
                assert row["difference"] == 0
                assert row["owed in all"] == row["custody"]
        assert counted_again(DAY) != counted_again(DAY + timedelta(days=1)) != counted_again(DAY + timedelta(days=2))

        before = [rows(table) for table in daily_close(DAY)]
        days.lead_trades(lead, "BTC", "SELL", "0.01")
        days.settle()
        assert [rows(table) for table in daily_close(DAY)] == before
        balances, results, movements = daily_close(DAY - timedelta(days=1))

        assert (rows(balances), rows(results), rows(movements)) == ([], [], [])


class TestResults:
    def test_are_what_worth_changed_by_without_what_moved(self, days: World) -> None:
        for number in range(3):
            (row,) = (row for row in rows(daily_close(DAY + timedelta(days=number))[1]) if str(row["lead"]) == "Basalt")
            assert row["worth before"] + row["moved in"] + row["result"] == row["worth after"]
            assert row["copies before"] + row["copies moved in"] + row["copies' result"] == row["copies after"]

        second = next(row for row in rows(daily_close(DAY + timedelta(days=1))[1]) if str(row["lead"]) == "Basalt")
        assert second["moved in"] == 500
        assert second["copies moved in"] == 300
        # Bitcoin went from 50,000 to 60,000: the lead holds 0.05 of it, the copies 3,000 / 10,000 of that, of which a
        # tenth is due to the lead; and fees were paid.
        assert 480 < second["result"] < 500
        assert 130 < second["copies' result"] < 135
        assert second["return, %"] == pytest.approx(Decimal("4.9"), abs=Decimal("0.2"))

        of_days = [
            next(row for row in rows(daily_close(DAY + timedelta(days=number))[1]) if str(row["lead"]) == "Basalt")
            for number in range(3)
        ]

        for before, after in pairwise(of_days):
            assert (before["until"], before["worth after"]) == (after["from"], after["worth before"])
            assert (before["copies until"], before["copies after"]) == (after["copies from"], after["copies before"])

        found = rows(daily_close(DAY + timedelta(days=2))[1])
        lead_row = next(row for row in found if str(row["lead"]) == "Basalt")
        begins_at = datetime.combine(DAY + timedelta(days=2), datetime.min.time(), UTC)
        orders = Order.objects.filter(
            booked_at__gte=begins_at, booked_at__lt=begins_at + timedelta(days=1), quantity_units__gt=0
        )
        shares = ProfitShare.objects.filter(settled_at__gte=begins_at, settled_at__lt=begins_at + timedelta(days=1))
        assert lead_row["orders"] == orders.count() > 0
        assert lead_row["volume"] == Decimal(sum(order.value_units for order in orders)).scaleb(-8)
        assert lead_row["venue fees"] == Decimal(sum(order.fee_units for order in orders)).scaleb(-8) > 0
        assert lead_row["profit share paid"] == Decimal(sum(share.share_units for share in shares)).scaleb(-8) > 0

        found = rows(daily_close(DAY + timedelta(days=1))[1])

        (own,) = (row for row in found if row["lead"] == "people's own orders")
        assert (own["orders"], own["filled"]) == (1, 1)
        assert own["volume"] == pytest.approx(Decimal(100), abs=Decimal("0.5"))


class TestMovements:
    def test_are_the_journals_of_the_day_in_as_many_statements_as_on_any(self, days: World) -> None:
        for number in range(3):
            day = DAY + timedelta(days=number)
            begins_at = datetime.combine(day, datetime.min.time(), UTC)
            of_day = [one for one in exported() if begins_at <= one.at < begins_at + timedelta(days=1)]
            again: dict[str, list[Any]] = {}
            for journal in of_day:
                sums = again.setdefault(journal.kind, [0, Decimal(0)])
                sums[0] += 1
                sums[1] += sum(
                    quantity
                    for account, coin, quantity in journal.lines
                    if coin == "USDT" and account.split(":")[1] in {"Main", "Lead", "Copy"}
                )

            found = {row["kind"]: [row["journals"], row["cash to people"]] for row in rows(daily_close(day)[2])}

            assert found == again

        def statements(day: date) -> int:
            with CaptureQueriesContext(connection) as seen:
                for table in daily_close(day):
                    rows(table)
            return len(seen)

        assert statements(DAY) == statements(DAY + timedelta(days=1)) == statements(DAY + timedelta(days=2)) <= 14


class TestAClose:
    def test_is_of_a_day_that_is_over(self) -> None:
        today = timezone.now().astimezone(UTC).date()

        assert is_over(today - timedelta(days=1), now=timezone.now())
        assert not is_over(today, now=timezone.now())
