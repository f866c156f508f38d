"""Best execution: what each order cost against its mid, page by page, and summed up."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from copytrading.models import Lead, Order
from copytrading.queries.reports import execution
from copytrading.queries.reports.execution import BEGINNING, ExecutionQuestion
from copytrading.queries.reports.tables import Table
from tests.cast import NOON, World

TODAY = ExecutionQuestion(first_day=NOON.date(), last_day=NOON.date())


def rows(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


@pytest.fixture
def traded(world: World, lead: Lead, follower: User) -> World:
    world.lead_trades(lead, "BTC", "BUY", "0.05")
    world.settle()
    world.start(follower, lead)
    world.settle()
    world.lead_trades(lead, "BTC", "SELL", "0.02")
    world.lead_trades(lead, "ETH", "BUY", "1")
    world.settle()
    return world


class TestOrders:
    def test_show_what_they_cost_against_the_mid(self, traded: World) -> None:
        found = rows(execution.all_orders(TODAY))

        placed = list(
            Order.objects.filter(quantity_units__gt=0).select_related("market__base").order_by("booked_at", "pk")
        )
        assert [row["order"] for row in found] == [order.client_order_id for order in placed]
        for row, order in zip(found, placed, strict=True):
            quantity = Decimal(order.filled_units).scaleb(-order.market.base.decimals)
            average = Decimal(order.value_units).scaleb(-8) / quantity
            sign = 1 if order.side == "BUY" else -1
            assert row["average"] == average.quantize(Decimal("1e-8"))
            assert row["difference, bp"] == (sign * (average / order.price_mid - 1) * 10_000).quantize(Decimal("0.01"))
            # The spread of the paper venue is two basis points: whoever takes pays half of it and more.
            assert Decimal("0.9") <= row["difference, bp"] <= row["limit, bp"]
            assert row["answered in, ms"] == order.answer_milliseconds is not None
            assert (row["lead"], row["fee"]) == ("Basalt", Decimal(order.fee_units).scaleb(-8))
        assert {row["side"] for row in found} == {"buy", "sell"}

    def test_come_page_by_page_each_once(self, traded: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(execution, "ORDERS_A_PAGE", 2)
        monkeypatch.setattr(execution, "ROWS_AT_ONCE", 2)
        seen, place, pages = [], BEGINNING, 0
        while place is not None:
            page, place = execution.order_page(TODAY, after=place)
            seen += rows(page)
            pages += 1
            assert len(seen) <= 2 * pages

        assert seen == rows(execution.all_orders(TODAY))
        assert pages == -(-len(seen) // 2) > 1

    def test_are_chosen_by_day_market_and_venue(self, traded: World) -> None:
        every = rows(execution.all_orders(TODAY))
        market = Order.objects.filter(market__symbol="ETH-USDT").values_list("market_id", flat=True)[0]

        def count(**asked: Any) -> int:
            days = {"first_day": NOON.date(), "last_day": NOON.date()}
            return len(rows(execution.all_orders(ExecutionQuestion(**{**days, **asked}))))

        yesterday = NOON.date() - timedelta(days=1)
        assert count(market_id=market) == len([row for row in every if row["market"] == "ETH-USDT"]) > 0
        assert count(venue=every[0]["venue"]) == len(every)
        assert count(venue="nowhere") == 0
        assert count(first_day=yesterday, last_day=yesterday) == 0
        assert count(first_day=yesterday) == len(every)


class TestTotals:
    def test_are_the_orders_added_up(self, traded: World) -> None:
        orders, found = rows(execution.all_orders(TODAY)), rows(execution.totals(TODAY))

        assert {row["market"] for row in found} == {"BTC-USDT", "ETH-USDT"}
        for row in found:
            own = [one for one in orders if one["market"] == row["market"]]
            at_mid = sum(one["filled"] * one["mid"] for one in own)
            cost = sum((1 if one["side"] == "buy" else -1) * (one["value"] - one["filled"] * one["mid"]) for one in own)
            assert (row["orders"], row["filled"], row["refused"], row["beyond their limit"]) == (
                len(own),
                len(own),
                0,
                0,
            )
            assert (row["value"], row["fees"]) == (sum(one["value"] for one in own), sum(one["fee"] for one in own))
            assert row["difference, bp"] == (cost / at_mid * 10_000).quantize(Decimal("0.01"))
            assert row["answered in, ms"] is not None

    def test_tell_an_order_beyond_its_limit(self, traded: World) -> None:
        order = Order.objects.filter(side="BUY", quantity_units__gt=0).latest("pk")
        Order.objects.filter(pk=order.pk).update(price_limit=order.price_mid / 2)

        assert sum(row["beyond their limit"] for row in rows(execution.totals(TODAY))) == 1

    def test_take_two_statements_whatever_was_traded(self, traded: World) -> None:
        with CaptureQueriesContext(connection) as seen:
            rows(execution.totals(TODAY))

        assert len(seen) == 2
