"""What exchanges pay back: each fee once, in its coin, on the day of its trade; sums equal the fills to the unit."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from accounts.models import Asset, User
from copytrading.models import Fill, Lead, Market, Order
from copytrading.queries.reports import rebates
from copytrading.queries.reports.rebates import RebateQuestion
from copytrading.queries.reports.tables import Table
from tests.cast import NOON, World

DAYS = [(NOON + timedelta(days=days)).date() for days in range(3)]
THREE_DAYS = RebateQuestion(first_day=DAYS[0], last_day=DAYS[2])
RATES = {"binance": Decimal("0.2"), "okx": Decimal("0.333")}


def rows(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def traded(random: Random, *, orders: int) -> None:
    """Write orders of several exchanges, with and without a tag, each with some fills and fees in three coins."""
    markets, coins = list(Market.objects.order_by("pk")), list(Asset.objects.order_by("pk"))
    first = (Order.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    made = Order.objects.bulk_create(
        Order(
            pk=first + number, market=random.choice(markets), venue_account="platform", side="BUY", status="FILLED",
            client_order_id=f"random{first + number}", exchange=random.choice(["binance", "okx", "paper", ""]),
            broker_tag=random.choice(["", "Ab12Cd34"]), quantity_units=1, price_limit=1, price_mid=1, price_buy_max=1,
            participant_ids=[], wish_units=[], planned_at=NOON, booked_at=NOON,
        )
        for number in range(orders)
    )  # fmt: skip
    Fill.objects.bulk_create(
        Fill(
            order=order, venue_account="platform", trade_id=f"{order.pk}:{number}", price=1, quantity_units=1,
            value_units=random.randint(1, 10**15), fee_units=random.choice([0, random.randint(1, 10**12)]),
            fee_base_units=random.choice([0, random.randint(1, 10**12)]),
            fee_other_asset=(other := random.choice([None, *coins])),
            fee_other_units=random.randint(1, 10**12) if other else 0,
            late_at=random.choice([None, NOON]),
            # From the day before on until the day after, and at both ends of each.
            executed_at=datetime.combine(DAYS[0], datetime.min.time(), UTC)
            + timedelta(days=random.randint(-1, 3), microseconds=random.choice([0, 1, 86_399_999_999])),
        )
        for order in made
        for number in range(random.randint(0, 3))
    )  # fmt: skip


def fills_of_these_days() -> list[Fill]:
    begins_at = datetime.combine(DAYS[0], datetime.min.time(), UTC)
    found = Fill.objects.filter(executed_at__gte=begins_at, executed_at__lt=begins_at + timedelta(days=3))
    return list(found.select_related("order__market__base", "order__market__quote", "fee_other_asset"))


def fees_of(fill: Fill) -> list[tuple[Asset, int]]:
    market = fill.order.market
    told = [(market.quote, fill.fee_units), (market.base, fill.fee_base_units)]
    if fill.fee_other_asset is not None:
        told.append((fill.fee_other_asset, fill.fee_other_units))
    return [(coin, units) for coin, units in told if units]


@pytest.mark.django_db
class TestRebates:
    @given(seed=st.integers(0, 10**9))
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_are_the_fills_added_up_to_the_unit(self, world: World, settings: Settings, seed: int) -> None:
        settings.SMARTSYNC_REBATE_RATES = RATES
        Fill.objects.all().delete()
        Order.objects.all().delete()
        traded(Random(seed), orders=30)
        totals, by_market, trades = (rows(table) for table in rebates.rebates(THREE_DAYS))

        paid: dict[tuple[Any, ...], int] = defaultdict(int)
        tagged: dict[tuple[Any, ...], int] = defaultdict(int)
        count: Counter[tuple[Any, ...]] = Counter()
        for fill in fills_of_these_days():
            order, day = fill.order, fill.executed_at.astimezone(UTC).date()
            place = (day, order.exchange or rebates.NOT_NOTED, order.market.symbol)
            count[place] += 1
            for coin, units in fees_of(fill):
                paid[(*place, coin)] += units
                tagged[(*place, coin)] += units if order.broker_tag else 0
        assert {(row["day"], row["exchange"], row["market"]): row["fills"] for row in trades} == dict(count)
        assert sum(row["value"] for row in trades) == Decimal(
            sum(fill.value_units for fill in fills_of_these_days())
        ).scaleb(-8)
        found = {(row["day"], row["exchange"], row["market"], row["coin"]): row for row in by_market}
        assert found.keys() == {(*place, coin.symbol) for *place, coin in paid}
        for (*place, coin), units in paid.items():
            row, part = found[*place, coin.symbol], tagged[*place, coin]
            rate = RATES.get(place[1])
            assert row["fees paid"] == Decimal(units).scaleb(-coin.decimals)
            assert row["of them with our tag"] == Decimal(part).scaleb(-coin.decimals)
            expected = None if rate is None else Decimal(int(part * Fraction(rate))).scaleb(-coin.decimals)
            assert row["rebate"] == expected
        for row in totals:
            own = [one for one in by_market if (one["exchange"], one["coin"]) == (row["exchange"], row["coin"])]
            for column in ("fees paid", "of them with our tag"):
                assert row[column] == sum(one[column] for one in own)
            assert row["rebate"] == (None if row["rate"] is None else sum(one["rebate"] for one in own))

    def test_count_what_the_stack_traded(self, world: World, lead: Lead, follower: User, settings: Settings) -> None:
        settings.SMARTSYNC_REBATE_RATES = {"paper": Decimal("0.5")}
        world.start(follower, lead)
        for side in ("BUY", "SELL"):
            world.lead_trades(lead, "BTC", side, "0.02")
            world.settle()
        Order.objects.filter(side="BUY").update(broker_tag="Ab12Cd34")
        totals, _, trades = (rows(table) for table in rebates.rebates(THREE_DAYS))

        fills = list(Fill.objects.select_related("order"))
        bought = sum(fill.fee_units for fill in fills if fill.order.side == "BUY")
        (total,) = totals
        assert (total["exchange"], total["coin"]) == ("paper", "USDT")
        assert total["fees paid"] == Decimal(sum(fill.fee_units for fill in fills)).scaleb(-8) > 0
        assert total["rebate"] == Decimal(bought // 2).scaleb(-8) > 0
        assert (sum(row["orders"] for row in trades), sum(row["with our tag"] for row in trades)) == (
            len({fill.order.pk for fill in fills}),
            len({fill.order.pk for fill in fills if fill.order.side == "BUY"}),
        )

    def test_take_three_statements_whatever_was_traded(self, world: World) -> None:
        traded(Random(1), orders=50)

        with CaptureQueriesContext(connection) as seen:
            for table in rebates.rebates(THREE_DAYS):
                rows(table)

        assert len(seen) == 3
