"""What a booked order means for a lead's own orders, positions and units, case by case."""

from datetime import timedelta

import pytest
from django.db import transaction

from copytrading.models import Lead, LeadOrder, LeadPosition, Market, Order, SyncCycle
from copytrading.services.books import positions
from tests.cast import World, usdt

BTC = 10**8
Status = LeadOrder.Status


@pytest.fixture
def order(world: World, lead: Lead) -> Order:
    """An order of a cycle of the lead's, not saved."""
    cycle = SyncCycle.objects.create(lead=lead, status=SyncCycle.Status.BUYING, opened_at=world.now, request_count=7)
    market = Market.objects.select_related("base", "quote").get(symbol="BTC-USDT")
    return Order(market=market, cycle=cycle, side="BUY")


def own(world: World, order: Order, side: str, units: int, **changes: object) -> LeadOrder:
    columns = {
        "lead": order.cycle.lead, "market": order.market, "cycle": order.cycle, "side": side, "quantity_units": units,
        "idempotency_key": world.key(), "submitted_at": world.now, "expires_at": world.now + timedelta(minutes=1),
    }  # fmt: skip
    return LeadOrder.objects.create(**(columns | changes))


def filled(world: World, order: Order, quantity: int, value: int) -> list[tuple[str, int, int]]:
    """Give the lead's share of an order to its own orders; return what each of them has then."""
    positions._fill_lead_orders(order.cycle.lead, order, quantity, value, world.now)
    rows = LeadOrder.objects.order_by("pk")
    assert all((row.finished_at is not None) is (row.status == Status.FILLED) for row in rows)
    return [(row.status, row.filled_units, row.value_units) for row in rows]


class TestALeadsShare:
    def test_goes_to_the_oldest_first_at_the_average_price(self, world: World, order: Order) -> None:
        for _ in range(3):
            own(world, order, "BUY", BTC)

        assert filled(world, order, 3 * BTC // 2, usdt(75_000)) == [
            ("FILLED", BTC, usdt(50_000)), ("SUBMITTED", BTC // 2, usdt(25_000)), ("SUBMITTED", 0, 0)
        ]  # fmt: skip

    def test_fills_whole_what_met_inside_on_the_other_side(self, world: World, order: Order) -> None:
        own(world, order, "BUY", 3 * BTC)
        own(world, order, "SELL", BTC)

        # One of the three was bought of the own sale.
        assert filled(world, order, BTC, usdt(50_000)) == [
            ("SUBMITTED", 2 * BTC, usdt(100_000)), ("FILLED", BTC, usdt(50_000))
        ]  # fmt: skip

    def test_of_a_sale_goes_to_sales(self, world: World, order: Order) -> None:
        own(world, order, "SELL", 2 * BTC)
        own(world, order, "BUY", BTC)

        assert filled(world, order, -BTC, usdt(50_000)) == [
            ("FILLED", 2 * BTC, usdt(100_000)), ("FILLED", BTC, usdt(50_000))
        ]  # fmt: skip

    @pytest.mark.parametrize(("left", "status"), [(-1, "FILLED"), (0, "SUBMITTED")])
    def test_counts_as_all_of_it_where_less_than_a_lot_is_left(
        self, world: World, order: Order, left: int, status: str
    ) -> None:
        own(world, order, "BUY", BTC + order.market.lot_units + left)

        assert filled(world, order, BTC, usdt(50_000)) == [(status, BTC, usdt(50_000))]

    def test_counts_for_an_order_that_was_canceled_on_its_way(self, world: World, order: Order) -> None:
        for units in (BTC, BTC):
            own(world, order, "BUY", units, status=Status.CANCELED, finished_at=world.now)

        positions._fill_lead_orders(order.cycle.lead, order, BTC // 2, usdt(25_000), world.now)

        assert list(LeadOrder.objects.order_by("pk").values_list("status", "filled_units")) == [
            ("PARTIALLY_FILLED", BTC // 2), ("CANCELED", 0)
        ]  # fmt: skip

    def test_of_nothing_fills_nothing(self, world: World, order: Order) -> None:
        own(world, order, "BUY", BTC)
        own(world, order, "SELL", BTC)

        assert filled(world, order, 0, 0) == [("SUBMITTED", 0, 0)] * 2

    def test_is_of_the_orders_of_its_cycle_and_market(self, world: World, order: Order) -> None:
        own(world, order, "BUY", BTC, cycle=None)
        own(world, order, "BUY", BTC, market=Market.objects.get(symbol="ETH-USDT"))
        own(world, order, "BUY", BTC)

        assert [units for _, units, _ in filled(world, order, BTC, usdt(50_000))] == [0, 0, BTC]


class TestTheEndOfOrders:
    def test_keeps_what_was_filled_and_counts_those_that_were_open(self, world: World, order: Order) -> None:
        own(world, order, "BUY", BTC)
        own(world, order, "BUY", BTC, filled_units=1)
        own(world, order, "BUY", BTC, status=Status.FILLED, filled_units=BTC, finished_at=world.now)
        world.wait(5)

        with transaction.atomic():
            ended = positions.end_lead_orders(LeadOrder.objects.all(), now=world.now)

        assert ended == 2
        rows = LeadOrder.objects.order_by("pk")
        assert [row.status for row in rows] == ["CANCELED", "PARTIALLY_FILLED", "FILLED"]
        assert [row.finished_at == world.now for row in rows] == [True, True, False]

    def test_comes_with_their_time(self, world: World, order: Order) -> None:
        for seconds in (-1, 0, 1):
            own(world, order, "BUY", BTC, expires_at=world.now + timedelta(seconds=seconds))

        with transaction.atomic():
            positions.expire_lead_orders(lead=order.cycle.lead, now=world.now)

        assert [row.status for row in LeadOrder.objects.order_by("pk")] == ["CANCELED", "CANCELED", "SUBMITTED"]


class TestATrade:
    @staticmethod
    def note(lead: Lead, units: int, held_before: int = 0, request: int = 3) -> LeadPosition:
        coin = Market.objects.get(symbol="BTC-USDT").base_id
        with transaction.atomic():
            positions.note_trade(lead=lead, asset_id=coin, signed_units=units, held_before=held_before, request=request)
        return LeadPosition.objects.get(lead=lead, asset_id=coin)

    def test_is_to_be_followed_and_a_purchase_takes_nothing_off(self, world: World, lead: Lead) -> None:
        first, second = self.note(lead, BTC), self.note(lead, BTC, request=4)

        assert (first.survival, first.epoch, first.touch_request) == (1.0, 0, 3)
        assert (second.survival, second.epoch, second.touch_request) == (1.0, 0, 4)

    def test_that_sells_leaves_less_of_what_was_held_before(self, world: World, lead: Lead) -> None:
        part = self.note(lead, -BTC, held_before=4 * BTC)
        rest = self.note(lead, -3 * BTC, held_before=3 * BTC, request=5)

        assert (part.survival, part.epoch, part.touch_request) == (0.75, 0, 3)
        assert (rest.survival, rest.epoch, rest.touch_request) == (1.0, 1, 5)

    def test_seen_elsewhere_waits_to_be_answered(self, world: World, lead: Lead) -> None:
        position = self.note(lead, BTC)

        with transaction.atomic():
            for units in (5, -2):
                positions.note_pending(lead=lead, asset_id=position.asset_id, signed_units=units)

        position.refresh_from_db()
        assert (position.pending_units, position.pending_orders) == (3, 2)

    def test_is_none_where_coins_only_left(self, world: World, lead: Lead) -> None:
        self.note(lead, BTC, request=2)
        coin = LeadPosition.objects.get().asset_id

        with transaction.atomic():
            positions.note_departure(lead=lead, asset_id=coin, units=BTC, held_before=2 * BTC)

        position = LeadPosition.objects.get()
        assert (position.survival, position.epoch, position.touch_request) == (0.5, 0, 2)


class TestUnitsOfAPortfolio:
    @pytest.mark.parametrize(
        ("issued", "flow", "equity", "expected"),
        [
            (0.0, 500, 0, 500.0),  # the first money
            (100.0, 500, 0, 500.0),  # all was lost or taken out: it begins anew
            (0.0, 500, 300, 500.0),
            (0.0, -500, 0, 0.0),
            (100.0, 50, 200, 125.0),
            (100.0, -50, 200, 75.0),
            (100.0, 50, 0.5, 10_100.0),
        ],
    )
    def test_are_issued_and_redeemed_at_what_one_is_worth(
        self, world: World, lead: Lead, issued: float, flow: float, equity: float, expected: float
    ) -> None:
        Lead.objects.filter(pk=lead.pk).update(units_issued=issued)
        lead.refresh_from_db()

        with transaction.atomic():
            positions.issue_units(lead=lead, flow_units=usdt(flow), equity_before=float(usdt(equity)))

        assert lead.units_issued == Lead.objects.get(pk=lead.pk).units_issued == pytest.approx(expected)
