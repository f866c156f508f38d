"""The last look before an order leaves: what was pulled or passed keeps it here, with its holds given back."""

from typing import Any

import pytest

from accounts.models import Hold, LedgerAccount, User
from copytrading.exchange.paper.models import PaperOrder
from copytrading.models import Alarm, Halt, Lead, Market, Order
from copytrading.queries.rules import platform_rules
from copytrading.services.cycle import syncing
from copytrading.services.orders import trading
from copytrading.services.safety import halts
from tests.cast import World, usdt


@pytest.fixture
def planned(world: World, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> Order:
    """An order that is decided and not yet sent."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    with monkeypatch.context() as patch:
        patch.setattr(trading, "work_off", lambda **_: False)
        world.wait(1)
        syncing.sync_lead(lead_id=lead.pk, now=world.now)
    return Order.objects.get()


def send(world: World, order: Order) -> Order:
    return trading.work_off_order(order_id=order.pk, now=world.now, rules=platform_rules())


class TestReasonNotToSend:
    @pytest.mark.parametrize("scope", list(Halt.Scope))
    def test_is_a_halt_that_covers_it(
        self, world: World, lead: Lead, operator: User, planned: Order, scope: Any
    ) -> None:
        targets = {"PLATFORM": 0, "LEAD": lead.pk, "MARKET": planned.market_id, "ASSET": planned.market.base_id}
        halt = halts.place_halt(scope=scope, target_id=targets[scope], reason="A drill.", now=world.now, by=operator)

        order = send(world, planned)

        assert (order.status, PaperOrder.objects.count()) == (Order.Status.CANCELED, 0)
        assert "halted" in order.refusal
        assert not Hold.objects.filter(released_at__isnull=True).exists()
        world.settle()
        assert Order.objects.count() == 1, "nothing is planned while it stands"
        halts.lift_halt(halt_id=halt.pk, by=operator, now=world.now)
        world.settle(looks=30)
        assert PaperOrder.objects.count() == 1, "and afterwards it is carried out"

    def test_is_none_for_a_halt_elsewhere(self, world: World, operator: User, planned: Order) -> None:
        other = Market.objects.get(symbol="SOL-USDT")
        halts.place_halt(scope=Halt.Scope.MARKET, target_id=other.pk, reason="A drill.", now=world.now, by=operator)

        assert send(world, planned).status == Order.Status.FILLED

    @pytest.mark.parametrize("limit", ["ORDER", "MINUTE", "DAY"])
    def test_is_a_limit_that_it_passes(self, world: World, planned: Order, settings: Any, limit: str) -> None:
        setattr(settings, f"SMARTSYNC_{limit}_VALUE_MAX", 4_999)

        order = send(world, planned)

        assert (order.status, PaperOrder.objects.count()) == (Order.Status.CANCELED, 0)
        assert Alarm.objects.get().kind == Alarm.Kind.LIMIT_REACHED
        assert "4,999 USDT" in Alarm.objects.get().sentence

    def test_counts_what_was_sent_within_the_minute(
        self, world: World, lead: Lead, planned: Order, settings: Any
    ) -> None:
        settings.SMARTSYNC_MINUTE_VALUE_MAX = 9_000
        settings.SMARTSYNC_LEAD_ORDER_SECONDS = 600
        send(world, planned)
        world.settle()

        world.lead_trades(lead, "ETH", "BUY", "1.8")
        world.settle(looks=15)
        within = PaperOrder.objects.count()
        world.wait(61)
        world.settle(looks=15)

        assert (within, PaperOrder.objects.count()) == (1, 2)

    def test_is_a_price_far_from_the_mark(self, world: World, planned: Order) -> None:
        world.prices(BTC="40000")

        order = send(world, planned)

        assert (order.status, PaperOrder.objects.count()) == (Order.Status.CANCELED, 0)
        assert Alarm.objects.get().kind == Alarm.Kind.PRICE_COLLAR

    def test_is_that_it_waited_too_long(self, world: World, planned: Order) -> None:
        world.wait(31)

        assert send(world, planned).status == Order.Status.CANCELED
        world.settle()
        assert Order.objects.latest("pk").status == Order.Status.FILLED, "it is decided anew"


class TestLargeOrders:
    def test_go_in_several_pieces(self, world: World, lead: Lead, settings: Any) -> None:
        settings.SMARTSYNC_ORDER_VALUE_MAX = 2_000
        world.lead_trades(lead, "BTC", "BUY", "0.1")

        world.settle(looks=20)

        orders = Order.objects.order_by("pk")
        assert len(orders) == 3
        assert all(order.value_max_units <= usdt(2_000) for order in orders)
        assert world.held(LedgerAccount.objects.get(lead=lead))["BTC"] == 10_000_000
